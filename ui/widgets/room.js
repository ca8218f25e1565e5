// Height that the window has left below the top of an element while the page is not scrolled, pixels.

const EDGE = 16; // kept free

function roomBelow(element) {
  const scrolled = document.querySelector("[data-testid=stMain]")?.scrollTop ?? 0;
  return window.innerHeight - EDGE - element.getBoundingClientRect().top - scrolled;
}

// Calls `action` whenever the window gets another size, or what is above the element does, as when its words are set in
// another font; while the element is on the page, and in place of an earlier action.
function onNewRoom(element, action) {
  element.forget?.();
  let room = roomBelow(element);
  const resized = () => (element.isConnected ? action() : element.forget());
  const moved = new ResizeObserver(() => {
    if (!element.isConnected) return element.forget();
    const before = room;
    room = roomBelow(element);
    if (Math.abs(room - before) >= 1) action();
  });
  const content = document.querySelector("[data-testid=stMainBlockContainer]");
  if (content) moved.observe(content);
  window.addEventListener("resize", resized);
  element.forget = () => {
    moved.disconnect();
    window.removeEventListener("resize", resized);
  };
}
