// Height that the window has left below the top of an element while the page is not scrolled, pixels.

const EDGE = 16; // kept free

function roomBelow(element) {
  const scrolled = document.querySelector("[data-testid=stMain]")?.scrollTop ?? 0;
  return window.innerHeight - EDGE - element.getBoundingClientRect().top - scrolled;
}

// Calls `action` whenever the window gets another size, while the element is on the page; replaces an earlier action.
function onWindowResize(element, action) {
  element.forget?.();
  const changed = () => (element.isConnected ? action() : element.forget());
  element.forget = () => window.removeEventListener("resize", changed);
  window.addEventListener("resize", changed);
}
