// Tells Python, once, that a digit has been looked at for a while; a pen that moves before that begins it anew. After following.js
// and rest.js.

const LOOK = 500; // milliseconds

export default function ({ parentElement, data: { mark }, setStateValue }) {
  const root = parentElement.querySelector(".still");
  const ask = () => {
    if (!root.isConnected || window.dlgmmPen?.isAhead || root.told === mark) return;
    root.told = mark;
    setStateValue("mark", mark);
    clicksWait();
  };
  const wait = () => {
    clearTimeout(root.timer);
    root.timer = setTimeout(ask, LOOK);
  };
  onPen(root, wait);
  wait();
}
