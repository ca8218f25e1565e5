// A drawing pad for pointers and for the keyboard, whose pen is a ring over the canvas.

const PIXEL = 8; // of the pad, one of a digit's 28: what an arrow key moves
const ARROWS = { ArrowLeft: [-PIXEL, 0], ArrowRight: [PIXEL, 0], ArrowUp: [0, -PIXEL], ArrowDown: [0, PIXEL] };

export default function ({ parentElement, setStateValue, data }) {
  const [canvas, ring, spoken, clear] = ["canvas", ".pen", ".spoken", "button"].map((part) => parentElement.querySelector(part));
  const context = canvas.getContext("2d", { willReadFrequently: true }); // after every stroke
  if (!canvas.dataset.ready) {
    canvas.dataset.ready = "yes";
    context.fillRect(0, 0, canvas.width, canvas.height);
    if (data && data.picture) {
      const image = new Image();
      image.onload = () => context.drawImage(image, 0, 0);
      image.src = data.picture;
    }
  }
  context.strokeStyle = "#fff";
  context.lineWidth = 18;
  context.lineCap = context.lineJoin = "round";
  const line = (from, to) => {
    context.beginPath(); context.moveTo(...from); context.lineTo(...to); context.stroke();
  };
  const tell = () => setStateValue("picture", canvas.toDataURL("image/png"));

  // ---- pointers: runs of this function share what the first one is doing, since every stroke brings a new run
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
    line(hand.last, hand.last);
  };
  canvas.onpointermove = (event) => {
    if (event.pointerId !== hand.pointer) return;
    const next = where(event);
    line(hand.last, next);
    hand.last = next;
  };
  canvas.onpointerup = canvas.onpointercancel = canvas.onlostpointercapture = (event) => {
    if (event.pointerId !== hand.pointer) return;
    hand.pointer = null;
    tell();
  };

  // ---- the keyboard, whose pen runs share likewise
  const pen = (canvas.pen ??= { at: [canvas.width / 2, canvas.height / 2], down: false });
  const show = () => {
    ring.style.left = `${(100 * pen.at[0]) / canvas.width}%`;
    ring.style.top = `${(100 * pen.at[1]) / canvas.height}%`;
    ring.classList.toggle("down", pen.down);
  };
  const say = () => {
    const [column, row] = pen.at.map((value) => Math.round(value / PIXEL));
    spoken.textContent = `pen ${pen.down ? "down" : "up"}, row ${row}, column ${column}`;
  };
  const lift = () => {
    if (!pen.down) return;
    pen.down = false;
    show();
    tell();
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
      line(pen.at, pen.at);
    } else return;
    event.preventDefault();
    event.stopPropagation(); // Streamlit has keys of its own
    show();
    say();
  };
  canvas.onblur = lift;
  clear.onclick = () => {
    context.fillRect(0, 0, canvas.width, canvas.height);
    setStateValue("picture", null);
  };
  show();
}
