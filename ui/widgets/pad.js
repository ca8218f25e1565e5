// The drawing pad: tells widgets of every frame, and Python of whole strokes: of one at once, of several in a row once the pen
// rests. After pen.js, prepare.js, following.js, rest.js and answer.js.

const STROKES = (window.dlgmmStrokes ??= new Map()); // by the picture told last: what Undo brings back, for a pad that shows it again

export default function ({ parentElement, setStateValue, data }) {
  const [pad, canvas, ring, hint, spoken, undo, clear, width] =
    [".pad", "canvas", ".pen", ".hint", ".spoken", ".undo", ".clear", "input"].map((part) => parentElement.querySelector(part));
  canvas.tell = setStateValue; // every run brings a new one, and old ones are ignored
  canvas.answers ??= answers(canvas);
  canvas.answers.knows(data.picture);
  const left = leftUntold("pad", (canvas.known = data.picture)), picture = left ? left.state : data.picture;
  if (canvas.pen) return left && canvas.tellSoon();
  const sizes = { ...data.shape, levels: Uint8Array.from(atob(data.levels), (c) => c.charCodeAt(0)) };
  let isWaiting = false, isOld = true, image = null; // what is drawn, as the model reads it
  const before = STROKES.get(picture) ?? [];
  const drawn = () => {
    const picture = canvas.pen.isBlank ? null : canvas.toDataURL("image/png");
    STROKES.clear();
    STROKES.set(picture, before);
    return picture;
  };
  const told = atRest(pad, () => {
    const picture = drawn();
    canvas.tell("picture", picture);
    canvas.answers.tells(picture);
    follow();
  }, () => {
    LEFT.set("pad", { known: canvas.known, state: drawn() });
    follow();
  }, true);
  canvas.tellSoon = () => {
    told.soon();
    follow();
  };
  const follow = () => {
    if (isWaiting) return;
    isWaiting = true;
    requestAnimationFrame(() => {
      isWaiting = false;
      const next = !isOld ? image : canvas.pen.isBlank ? null : preparedImage(canvas, sizes);
      isOld = false;
      if (!isSameImage(image, next)) image = next;
      tellOfPen(image, canvas.pen.isMoving || told.isWaiting);
    });
  };
  const show = () => {
    const { pen: { at, isDown }, isBlank, isMoving, canUndo } = canvas.pen;
    ring.style.left = `${(100 * at[0]) / canvas.width}%`;
    ring.style.top = `${(100 * at[1]) / canvas.height}%`;
    ring.style.width = ring.style.height = `${width.value}px`;
    ring.classList.toggle("down", isDown);
    hint.hidden = !isBlank || isMoving;
    undo.disabled = !canUndo;
    clear.disabled = isBlank;
  };
  const say = ({ at, isDown }) => {
    const [column, row] = at.map((value) => Math.round(value / PEN_STEP));
    spoken.textContent = `pen ${isDown ? "down" : "up"}, row ${row}, column ${column}`;
  };
  canvas.pen = penOn(canvas, pad, {
    broad: () => Number(width.value),
    changed() { isOld = true; follow(); show(); },
    rested() { canvas.tellSoon(); show(); },
    posed(pen) { show(); say(pen); },
    before,
  });
  if (picture) {
    const image = new Image();
    image.onload = () => {
      canvas.pen.show((context) => context.drawImage(image, 0, 0));
      show();
      if (left) canvas.tellSoon();
    };
    image.src = picture;
  } else if (left) canvas.tellSoon();
  undo.onclick = () => canvas.pen.undo();
  clear.onclick = () => canvas.pen.clear();
  width.value = window.dlgmmPenWidth ?? width.value; // of a pad that was here before
  width.oninput = () => {
    window.dlgmmPenWidth = width.value;
    show();
  };
  show();
}
