// On paper, charts and tables keep the width that they have in the window: the page is printed as wide, and smaller.
(() => {
  if (window.fitsPaper) return;
  window.fitsPaper = true;
  window.addEventListener("beforeprint", () => {
    const block = document.querySelector("[data-testid=stMainBlockContainer]");
    const { paddingLeft, paddingRight } = getComputedStyle(block);
    const width = block.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
    document.documentElement.style.setProperty("--printed", `${width}px`);
  });
})();
