// Tells Python, once, that a digit has been looked at for a while; whoever moves the pen, clicks or types before that begins it
// anew. After following.js and rest.js.

const LOOK = 500; // milliseconds
const TOUCHES = ["pointerdown", "click", "keydown"];

export default function ({ parentElement, data: { mark }, setStateValue }) {
  const root = parentElement.querySelector(".still");
  const ask = () => {
    if (!root.isConnected || window.dlgmmPen?.isAhead || root.told === mark) return;
    // Streamlit sends together what changes within milliseconds, and runs one fragment only: the click would be lost
    if (performance.now() - root.touched < LOOK) return wait();
    root.told = mark;
    setStateValue("mark", mark);
    clicksWait();
  };
  const wait = () => {
    clearTimeout(root.timer);
    root.timer = setTimeout(ask, LOOK);
  };
  if (root.touched === undefined) {
    root.touched = -LOOK;
    const touch = () => {
      if (root.isConnected) root.touched = performance.now();
      else for (const name of TOUCHES) window.removeEventListener(name, touch, { capture: true });
    };
    for (const name of TOUCHES) window.addEventListener(name, touch, { capture: true });
  }
  onPen(root, wait);
  wait();
}
