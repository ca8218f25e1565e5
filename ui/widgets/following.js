// What the pen draws on the pad, for widgets elsewhere on the page: the pad tells of it on every frame, by an event of the window.

const PEN_EVENT = "dlgmm-pen";

// image: (pixels) of 0 and 1, as the model reads it; null where nothing is drawn, the same array while it does not change.
// isAhead: whether the server has not been told.
function tellOfPen(image, isAhead) {
  const before = window.dlgmmPen;
  window.dlgmmPen = { image, isAhead };
  document.documentElement.classList.toggle("pen-moves", isAhead);
  if (image !== before?.image || isAhead !== before.isAhead) window.dispatchEvent(new Event(PEN_EVENT));
}

const isSameImage = (one, other) =>
  one === other || (one !== null && other !== null && one.every((pixel, i) => pixel === other[i]));

// Calls heard(image) whenever the drawing changes, while the element is on the page, in place of an earlier function; and at once if
// the server does not know it.
function onPen(element, heard) {
  element.forgetPen?.();
  const listen = () => (element.isConnected ? heard(window.dlgmmPen.image) : element.forgetPen());
  element.forgetPen = () => window.removeEventListener(PEN_EVENT, listen);
  window.addEventListener(PEN_EVENT, listen);
  if (window.dlgmmPen?.isAhead) listen();
}
