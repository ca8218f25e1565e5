// A drawing pad for pointers and for the keyboard, whose pen is a ring over the canvas.

const PIXEL = 8; // of the pad, one of a digit's 28: what an arrow key moves
const MOST = 50; // strokes that can be undone, 200 KB each
const ARROWS = { ArrowLeft: [-PIXEL, 0], ArrowRight: [PIXEL, 0], ArrowUp: [0, -PIXEL], ArrowDown: [0, PIXEL] };

export default function ({ parentElement, setStateValue, data }) {
  const [pad, canvas, ring, hint, spoken, undo, clear, width] =
    [".pad", "canvas", ".pen", ".hint", ".spoken", ".undo", ".clear", "input"].map((part) => parentElement.querySelector(part));
  const context = canvas.getContext("2d", { willReadFrequently: true }); // after every stroke
  // What runs of this function share, since every stroke brings a new run: what Python was told, and what can be undone.
  const drawn = (canvas.drawn ??= { told: data.picture, before: [] });
  if (!canvas.dataset.ready) {
    canvas.dataset.ready = "yes";
    context.fillRect(0, 0, canvas.width, canvas.height);
    if (data.picture) {
      const image = new Image();
      image.onload = () => context.drawImage(image, 0, 0);
      image.src = data.picture;
    }
  }
  context.strokeStyle = "#fff";
  context.lineCap = context.lineJoin = "round";
  const line = (from, to) => {
    context.lineWidth = Number(width.value);
    context.beginPath(); context.moveTo(...from); context.lineTo(...to); context.stroke();
  };
  const remember = () => {
    drawn.before.push({ told: drawn.told, pixels: context.getImageData(0, 0, canvas.width, canvas.height) });
    if (drawn.before.length > MOST) drawn.before.shift();
  };
  const tell = (picture) => {
    drawn.told = picture;
    setStateValue("picture", picture);
    show();
  };
  const begin = (at) => {
    remember();
    line(at, [at[0] + 0.01, at[1]]); // of no length, it would leave no dot
    hint.hidden = true;
  };
  const end = () => tell(canvas.toDataURL("image/png"));

  // ---- pointers
  const hand = (canvas.hand ??= { pointer: null, last: null });
  const where = (event) => {
    const box = canvas.getBoundingClientRect();
    return [(event.clientX - box.left) * canvas.width / box.width,
            (event.clientY - box.top) * canvas.height / box.height];
  };
  canvas.onpointerdown = (event) => {
    if (hand.pointer !== null || !event.isPrimary || event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    hand.pointer = event.pointerId;
    hand.last = where(event);
    begin(hand.last);
  };
  canvas.onpointermove = (event) => {
    if (event.pointerId !== hand.pointer) return;
    if (!isHeld(event)) { canvas.onpointerup(event); return; }
    const next = where(event);
    line(hand.last, next);
    hand.last = next;
  };
  canvas.onpointerup = canvas.onpointercancel = canvas.onlostpointercapture = (event) => {
    if (event.pointerId !== hand.pointer) return;
    hand.pointer = null;
    end();
  };

  // ---- the keyboard, whose pen runs share likewise
  const pen = (canvas.pen ??= { at: [canvas.width / 2, canvas.height / 2], down: false });
  const show = () => {
    ring.style.left = `${(100 * pen.at[0]) / canvas.width}%`;
    ring.style.top = `${(100 * pen.at[1]) / canvas.height}%`;
    ring.style.width = ring.style.height = `${width.value}px`;
    ring.classList.toggle("down", pen.down);
    hint.hidden = Boolean(drawn.told) || pen.down || hand.pointer !== null;
    undo.disabled = !drawn.before.length;
    clear.disabled = !drawn.told;
  };
  const say = () => {
    const [column, row] = pen.at.map((value) => Math.round(value / PIXEL));
    spoken.textContent = `pen ${pen.down ? "down" : "up"}, row ${row}, column ${column}`;
  };
  const lift = () => {
    if (!pen.down) return;
    pen.down = false;
    end();
  };
  canvas.onkeydown = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const arrow = ARROWS[event.key];
    if (arrow) {
      const next = pen.at.map((value, axis) => Math.max(0, Math.min(canvas.width, value + arrow[axis])));
      if (pen.down) line(pen.at, next);
      pen.at = next;
    } else if (event.key === " " && pen.down) lift();
    else if (event.key === " ") {
      pen.down = true;
      begin(pen.at);
    } else return;
    event.preventDefault();
    event.stopPropagation(); // Streamlit has keys of its own
    show();
    say();
  };
  canvas.onblur = lift;

  // ---- taking back
  const back = () => {
    if (hand.pointer !== null || pen.down || !drawn.before.length) return;
    const { told, pixels } = drawn.before.pop();
    context.putImageData(pixels, 0, 0);
    tell(told);
  };
  undo.onclick = back;
  clear.onclick = () => {
    remember();
    context.fillRect(0, 0, canvas.width, canvas.height);
    tell(null);
  };
  pad.onkeydown = (event) => {
    if (event.key.toLowerCase() !== "z" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    back();
  };
  width.oninput = show;
  show();
}
