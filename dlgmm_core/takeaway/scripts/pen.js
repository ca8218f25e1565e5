// A pen on a canvas, for pointers and for the keyboard: white ink on black. The app's drawing pad and that of the page that can be
// taken away share it.

const PEN_STEP = 8; // pixels that an arrow key moves
const MOST_STROKES = 50; // that can be undone, 200 KB each
const PRIMARY_BUTTON = 1;
const PEN_ARROWS = { ArrowLeft: [-PEN_STEP, 0], ArrowRight: [PEN_STEP, 0], ArrowUp: [0, -PEN_STEP], ArrowDown: [0, PEN_STEP] };

// broad() gives the pen's width; changed() is called for every change of the drawing, rested() once a stroke is whole or one is
// taken back, and posed(pen) when the keyboard's pen { at, isDown } has moved. `area` is where Ctrl-Z undoes. `before` holds what can
// be undone; of a pen that takes the place of another one, it is the other's.
function penOn(canvas, area, { broad, changed, rested, posed, before = [] }) {
  const context = canvas.getContext("2d", { willReadFrequently: true }); // on every frame
  const pen = { at: [canvas.width / 2, canvas.height / 2], isDown: false };
  let pointer = null, last = null, isBlank = true, shown = null;
  Object.assign(context, { strokeStyle: "#fff", lineCap: "round", lineJoin: "round" });
  context.fillRect(0, 0, canvas.width, canvas.height);

  const line = (from, to) => {
    context.lineWidth = broad();
    context.beginPath();
    context.moveTo(...from);
    context.lineTo(...to);
    context.stroke();
    isBlank = false;
    shown = null;
    changed();
  };
  const remember = () => {
    before.push({ isBlank, shown, pixels: context.getImageData(0, 0, canvas.width, canvas.height) });
    if (before.length > MOST_STROKES) before.shift();
  };
  const begin = (at) => {
    remember();
    line(at, [at[0] + 0.01, at[1]]); // of no length, it would leave no dot
  };
  const isHeldDown = () => pointer !== null || pen.isDown;

  // ---- pointers
  const where = (event) => {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) * canvas.width) / box.width, ((event.clientY - box.top) * canvas.height) / box.height];
  };
  const release = (event) => {
    if (event.pointerId !== pointer) return;
    pointer = null;
    rested();
  };
  canvas.onpointerdown = (event) => {
    if (isHeldDown() || !event.isPrimary || event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    pointer = event.pointerId;
    last = where(event);
    begin(last);
  };
  canvas.onpointermove = (event) => {
    if (event.pointerId !== pointer) return;
    // where the primary button is released while another one is down, no pointerup tells
    if (!(event.buttons & PRIMARY_BUTTON)) return release(event);
    const next = where(event);
    line(last, next);
    last = next;
  };
  canvas.onpointerup = canvas.onpointercancel = canvas.onlostpointercapture = release;

  // ---- the keyboard
  const lift = () => {
    if (!pen.isDown) return;
    pen.isDown = false;
    posed(pen);
    rested();
  };
  canvas.onkeydown = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const arrow = PEN_ARROWS[event.key];
    if (arrow) {
      const next = pen.at.map((value, axis) => Math.max(0, Math.min(axis ? canvas.height : canvas.width, value + arrow[axis])));
      if (pen.isDown) line(pen.at, next);
      pen.at = next;
    } else if (event.key === " " && pen.isDown) lift();
    else if (event.key === " " && pointer === null) {
      pen.isDown = true;
      begin(pen.at);
    } else return;
    event.preventDefault();
    event.stopPropagation(); // the app has keys of its own
    posed(pen);
  };
  canvas.onblur = lift;

  // ---- taking back
  const undo = () => {
    if (isHeldDown() || !before.length) return;
    const past = before.pop();
    context.putImageData(past.pixels, 0, 0);
    ({ isBlank, shown } = past);
    changed();
    rested();
  };
  area.onkeydown = (event) => {
    if (event.key.toLowerCase() !== "z" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    undo();
  };
  return {
    pen,
    undo,
    remember,
    clear() {
      remember();
      context.fillRect(0, 0, canvas.width, canvas.height);
      isBlank = true;
      shown = null;
      changed();
      rested();
    },
    // Puts something else on the pad, which nothing is told of: paint(context) draws it, and `shown` tells what it is until a pen or
    // Clear changes it, and after Undo again.
    show(paint, what = null) {
      context.fillRect(0, 0, canvas.width, canvas.height);
      paint(context);
      isBlank = false;
      shown = what;
    },
    get isBlank() { return isBlank; },
    get shown() { return shown; },
    get canUndo() { return before.length > 0; },
    get isMoving() { return isHeldDown(); },
    get pointer() { return pointer; },
  };
}
