// A drawing pad for pointers and for the keyboard: white ink on black. `changed` is called with the picture's canvas.

const PAD = 280, PAD_STEP = 10, PEN = 20;

function drawingPad(info, changed) {
  const canvas = element("canvas", { className: "pad", width: PAD, height: Math.round((PAD * info.height) / info.width), tabIndex: 0 });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const pen = { at: [canvas.width / 2, canvas.height / 2], down: false };
  let pointer = null, last = null;
  canvas.setAttribute("role", "application");
  canvas.setAttribute("aria-label", `Drawing pad: draw one ${info.object}; arrow keys move the pen, space puts it down and lifts it`);
  const line = (from, to) => {
    Object.assign(context, { strokeStyle: "#fff", lineCap: "round", lineJoin: "round", lineWidth: PEN });
    context.beginPath();
    context.moveTo(...from);
    context.lineTo(to[0] + 0.01, to[1]); // of no length, it would leave no dot
    context.stroke();
    changed(canvas);
  };
  const clear = () => { context.fillStyle = "#000"; context.fillRect(0, 0, canvas.width, canvas.height); };
  const where = (event) => {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) * canvas.width) / box.width, ((event.clientY - box.top) * canvas.height) / box.height];
  };
  canvas.onpointerdown = (event) => {
    if (pointer !== null || !event.isPrimary || event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    pointer = event.pointerId;
    last = where(event);
    line(last, last);
  };
  canvas.onpointermove = (event) => {
    if (event.pointerId !== pointer) return;
    const next = where(event);
    line(last, next);
    last = next;
  };
  canvas.onpointerup = canvas.onpointercancel = canvas.onlostpointercapture = (event) => {
    if (event.pointerId === pointer) pointer = null;
  };
  canvas.onkeydown = (event) => {
    const step = { ArrowLeft: [-PAD_STEP, 0], ArrowRight: [PAD_STEP, 0], ArrowUp: [0, -PAD_STEP], ArrowDown: [0, PAD_STEP] }[event.key];
    if (step) {
      const next = pen.at.map((value, axis) => Math.max(0, Math.min(PAD, value + step[axis])));
      if (pen.down) line(pen.at, next);
      pen.at = next;
    } else if (event.key === " ") {
      pen.down = !pen.down;
      if (pen.down) line(pen.at, pen.at);
    } else return;
    event.preventDefault();
  };
  canvas.onblur = () => { pen.down = false; };
  clear();
  return {
    canvas,
    clear,
    show(image) { // of 0 and 1
      clear();
      drawDigit(context, image, info, 0, 0, canvas.width / info.width);
    },
  };
}

// The image of 0 and 1 that the model reads: the ink scaled to fit five sevenths of its sides, and moved by whole pixels until
// its centre of mass is in the middle, as MNIST's digits were (LeCun et al., 1998). Null where there is no ink.
function preparedImage(canvas, { height, width }) {
  const { data } = canvas.getContext("2d", { willReadFrequently: true }).getImageData(0, 0, canvas.width, canvas.height);
  let left = canvas.width, right = -1, top = canvas.height, bottom = -1;
  for (let y = 0, i = 0; y < canvas.height; y++) {
    for (let x = 0; x < canvas.width; x++, i += 4) {
      if (data[i] < 128) continue;
      left = Math.min(left, x); right = Math.max(right, x); top = Math.min(top, y); bottom = y;
    }
  }
  if (right < 0) return null;
  const inkWidth = right - left + 1, inkHeight = bottom - top + 1;
  const scale = Math.min((5 / 7) * width / inkWidth, (5 / 7) * height / inkHeight);
  const small = element("canvas", { width, height }), context = small.getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  const paste = (x, y) => {
    context.fillRect(0, 0, width, height);
    context.drawImage(canvas, left, top, inkWidth, inkHeight, x, y, scale * inkWidth, scale * inkHeight);
    return context.getImageData(0, 0, width, height).data;
  };
  const x0 = (width - scale * inkWidth) / 2, y0 = (height - scale * inkHeight) / 2;
  const first = paste(x0, y0);
  let mass = 0, sumX = 0, sumY = 0;
  for (let i = 0; i < width * height; i++) {
    const ink = first[4 * i];
    mass += ink; sumX += ink * ((i % width) + 0.5); sumY += ink * (Math.floor(i / width) + 0.5);
  }
  const moved = paste(x0 + Math.round(width / 2 - sumX / mass), y0 + Math.round(height / 2 - sumY / mass));
  return Uint8Array.from({ length: width * height }, (_, i) => (moved[4 * i] > 127 ? 1 : 0));
}
