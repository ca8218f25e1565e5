// Pointing at a map: pointers (mouse, touch, pen), the wheel, the keyboard.

const STILL = 4, STEP_LEAST = 3, THIN = 3, CORNERS = 200, WHEEL_PAUSE = 300;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

// The page was scrolled just now: the wheel goes on scrolling it, though a map has come under the pointer.
let lastScroll = -Infinity;
document.addEventListener("scroll", () => { lastScroll = performance.now(); }, { capture: true, passive: true });

function giveHand(app, plot) {
  const canvas = plot.marks;
  const pressed = new Map(); // pointers that are down, by id, where they last were
  let start = null, moved = false, isTouch = false, pinched = false; // of the first pointer

  const where = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const hover = (at) => {
    const index = plot.looks ? plot.nearest(...at) : -1;
    app.pointAt(index < 0 ? null : index, plot);
  };

  const outlineTo = (at) => {
    if (app.now.mode === "box") {
      const corners = [start, [at[0], start[1]], at, [start[0], at[1]]];
      plot.drawing = corners.map((corner) => plot.toMap(...corner));
    } else {
      plot.drawing ??= [plot.toMap(...start)];
      const last = plot.toScreen(...plot.drawing.at(-1));
      if (Math.hypot(at[0] - last[0], at[1] - last[1]) >= THIN) plot.drawing.push(plot.toMap(...at));
    }
    app.mark();
  };
  const endOutline = () => {
    const outline = plot.drawing;
    plot.drawing = null;
    const every = Math.ceil(outline.length / CORNERS);
    if (outline.length > 2) app.groupWithin(plot, outline.filter((_, i) => i % every === 0));
    app.mark();
  };

  canvas.onpointerdown = (event) => {
    // One finger draws and two zoom; a mouse or a pen acts alone, by its first button.
    if (!plot.looks || event.button !== 0 || pressed.size === 2) return;
    if (pressed.size === 1 && !(isTouch && event.pointerType === "touch")) return;
    canvas.focus({ preventScroll: true });
    canvas.setPointerCapture(event.pointerId);
    pressed.set(event.pointerId, where(event));
    if (pressed.size === 1) {
      start = where(event);
      moved = pinched = false;
      isTouch = event.pointerType === "touch";
    } else {
      moved = pinched = true;
      plot.drawing = null;
    }
  };
  canvas.onpointermove = (event) => {
    const at = where(event), last = pressed.get(event.pointerId);
    if (!last) { if (event.pointerType !== "touch") hover(at); return; }
    if (!isHeld(event)) { canvas.onpointerup(event); return; }
    if (pressed.size === 2) { // two fingers: spread to zoom, move to pan
      const [other] = [...pressed].filter(([id]) => id !== event.pointerId).map(([, place]) => place);
      const spread = (place) => Math.hypot(place[0] - other[0], place[1] - other[1]) || 1;
      plot.zoomAt((at[0] + other[0]) / 2, (at[1] + other[1]) / 2, spread(at) / spread(last));
      plot.move((at[0] - last[0]) / 2, (at[1] - last[1]) / 2);
    } else {
      moved ||= Math.hypot(at[0] - start[0], at[1] - start[1]) > STILL;
      if (!moved) return; // and the way so far is made up for when it is further
      app.pointAt(null, plot);
      if (app.now.mode === "pan") plot.move(at[0] - last[0], at[1] - last[1]);
      else if (!pinched) outlineTo(at); // a finger that stays after zooming draws nothing
    }
    pressed.set(event.pointerId, at);
  };
  canvas.onpointerup = (event) => {
    if (!pressed.delete(event.pointerId)) return;
    if (plot.drawing) endOutline();
    else if (!moved) {
      const index = plot.nearest(...where(event), event.pointerType === "touch" ? 24 : NEAR);
      if (index >= 0) app.select(index, event.shiftKey, plot);
    }
  };
  canvas.onpointercancel = canvas.onlostpointercapture = (event) => {
    if (!pressed.delete(event.pointerId)) return;
    plot.drawing = null;
    app.mark();
  };
  canvas.onpointerleave = (event) => { // a finger leaves as it is lifted: what it tapped stays in sight
    if (pressed.size === 0 && event.pointerType !== "touch") app.pointAt(null, plot);
  };

  canvas.addEventListener("wheel", (event) => {
    const outwards = event.deltaY > 0;
    if (!plot.looks || (outwards && plot.zoom === 1) || performance.now() - lastScroll < WHEEL_PAUSE) return;
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 20 : 1; // Firefox counts lines
    plot.zoomAt(...where(event), Math.exp(-Math.max(-120, Math.min(120, event.deltaY * lines)) / 300));
    hover(where(event));
  }, { passive: false });

  // Goes from the marked point to the nearest one in a quarter of the plane; Shift goes further.
  const step = ([dx, dy], far) => {
    const from = app.hot ?? app.now.images[0];
    if (from === undefined) return plot.nearest(plot.width / 2, plot.height / 2, Infinity);
    const [x, y] = plot.screenOf(from);
    const least = far ? 40 : STEP_LEAST;
    return plot.nearest(x, y, Infinity, (right, down) => {
      const along = right * dx + down * dy, across = Math.abs(right * dy) + Math.abs(down * dx);
      return along >= least && across <= along;
    });
  };
  canvas.onkeydown = (event) => {
    if (!plot.looks || event.ctrlKey || event.metaKey || event.altKey) return;
    const arrow = ARROWS[event.key];
    if (arrow) {
      const index = step(arrow, event.shiftKey);
      if (index >= 0) app.pointAt(index, plot, true);
    } else if (event.key === "Enter" && app.hot !== null) app.select(app.hot, event.shiftKey, plot);
    else if (event.key === "+" || event.key === "=") plot.zoomAt(plot.width / 2, plot.height / 2, 1.4);
    else if (event.key === "-") plot.zoomAt(plot.width / 2, plot.height / 2, 1 / 1.4);
    else if (event.key === "0") plot.showWhole();
    else return;
    event.preventDefault();
    event.stopPropagation(); // Streamlit has keys of its own
  };
  canvas.onblur = () => app.pointAt(null, plot);
}
