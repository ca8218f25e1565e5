// A name that its box has no room for ends in an ellipsis, and is shown whole at the pointer.
(() => {
  if (window.showsWholeNames) return;
  window.showsWholeNames = true;
  window.addEventListener("pointerover", (event) => {
    const box = event.target.closest?.("[data-testid=stSelectbox] input");
    if (box) box.title = box.scrollWidth > box.clientWidth ? box.value : "";
  });
})();
