// A square of the plane of codes: a heat map or the codes of images, Gaussians as ellipses, and the digit at the pointer,
// decoded on every frame. A code of a stick is a place in a triangle. After decoder.js, make.js, pointer.js,
// letters.js, room.js, plane_prior.js and plane_words.js.

const MOST_SIDE = 620, LEAST_SIDE = 220, DIGIT = 3, STEP = 1 / 60, AROUND = 192; // pixels; of the square's side; points
const EDGE_KEPT = 190, BELOW = 107; // pixels for what stands below the square; where it is presented, all of it is in sight

export default function ({ parentElement, data, setStateValue }) {
  const root = parentElement.querySelector(".plane");
  root.tell = setStateValue; // every run brings a new one, and old ones are ignored
  if (root.dataset.signature === data.signature) return;
  root.dataset.signature = data.signature;
  root.observer?.disconnect();
  new Plane(root, data);
}

// The pieces of a stick at a place; outside the triangle some are negative.
const piecesAt = ([x, y]) => {
  const third = y / Math.sqrt(0.75), second = x - third / 2;
  return [1 - second - third, second, third];
};

class Plane {
  constructor(root, data) {
    Object.assign(this, { root, data, at: data.now.at, pinned: data.now.at, digits: data.now.digits, across: data.now.across });
    const { decoder } = data;
    this.pixels = new Float32Array(decoder.pixels);
    this.dots = data.dots && { places: floats(data.dots.places), labels: Uint8Array.from(atob(data.dots.labels), (c) => c.charCodeAt(0)) };
    if (data.heat) (this.heat = new Image()).src = data.heat;
    this.canvas = make("canvas", { tabIndex: 0 });
    this.canvas.setAttribute("role", "application");
    this.canvas.setAttribute("aria-label", data.words);
    this.zoom = fitting(DIGIT, decoder);
    this.shown = make("canvas", { width: this.zoom * decoder.width, height: this.zoom * decoder.height, className: "digit" });
    this.written = new Words(this);
    this.words = make("output", { className: "words" });
    this.words.setAttribute("aria-live", "polite");
    this.stick = data.triangle ? make("div", { className: "stick", hidden: true }, ...data.pieces.map((colour) => {
      const piece = make("i");
      piece.style.background = colour;
      return piece;
    })) : null;
    const below = make("div", { className: "below" }, this.words, ...(this.stick ? [this.stick] : []));
    this.prior = data.gridded && data.ellipses.length ? new PriorHand(this, data.now.means) : null;
    root.replaceChildren(make("div", { className: "square" }, this.canvas, this.shown, ...(this.prior?.handles ?? [])), below,
      ...(data.gridded ? [this.switches()] : []), ...(this.prior ? [this.prior.controls] : []));
    this.listen();
    root.observer = new ResizeObserver(() => this.fit());
    root.observer.observe(root);
    onNewRoom(root, () => this.fit());
    root.ontransitionend = () => this.paint(); // of the colour, when the theme changes
    const heat = this.heat?.decode().then(() => this.paint(), () => {});
    decoderOf(decoder).then((model) => { this.model = model; this.renew(); this.paint(); return heat; }).then(
      () => { root.dataset.ready = "yes"; },
      (error) => { this.words.textContent = `The decoder could not be fetched (${error.message}): reload the page.`; });
  }

  switches() {
    const digits = make("input", { type: "checkbox", checked: this.digits });
    const across = make("input", { type: "range", min: 8, max: 32, step: 4, value: this.across, disabled: !this.digits });
    across.setAttribute("aria-label", "decoded images in a row");
    digits.onchange = () => { this.digits = digits.checked; across.disabled = !digits.checked; this.renew(); this.paint(); this.say(); };
    across.oninput = () => { this.across = Number(across.value); this.renew(); this.paint(); };
    across.onchange = () => this.say();
    return make("div", { className: "switches" }, make("label", {}, digits, "decoded images"), make("label", { title: "decoded images in a row" }, across));
  }

  say() {
    this.root.tell("now", { at: this.pinned, digits: this.digits, across: this.across, means: this.prior?.told ?? null });
  }

  placeOf(event) {
    const { low, side } = this.data, box = this.canvas.getBoundingClientRect();
    return [low[0] + (side * (event.clientX - box.left)) / box.width, low[1] + side * (1 - (event.clientY - box.top) / box.height)];
  }

  // The nearest place in the square, to five digits.
  inSquare(place) {
    const { low, side } = this.data;
    return place.map((x, i) => Number(Math.min(low[i] + side, Math.max(low[i], x)).toPrecision(5)));
  }

  listen() {
    const { canvas, prior } = this, { low, side } = this.data;
    let isTaken = false; // a component by its ellipse; a finger takes the handles
    canvas.onpointerdown = (event) => {
      isTaken = event.pointerType !== "touch" && prior !== null && prior.take(event, prior.at(this.placeOf(event)));
    };
    canvas.onpointermove = (event) => {
      if (prior?.held) { prior.follow(event); return; }
      canvas.style.cursor = prior && prior.at(this.placeOf(event)) >= 0 ? "move" : "";
      this.moveTo(this.placeOf(event));
    };
    canvas.onpointerup = canvas.onpointercancel = canvas.onlostpointercapture = (event) => prior?.release(event);
    canvas.onpointerleave = () => { if (!prior?.held) this.moveTo(this.pinned); };
    const pin = (place) => { this.pinned = this.inSquare(place); this.moveTo(this.pinned); };
    canvas.onclick = (event) => {
      if (isTaken) return;
      pin(this.placeOf(event));
      this.say();
    };
    this.listenToKeys(canvas, () => this.pinned ?? [low[0] + side / 2, low[1] + side / 2], pin);
  }

  listenToKeys(element, from, move) {
    element.onkeydown = (event) => {
      const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] }[event.key];
      if (!by) return;
      event.preventDefault();
      event.stopPropagation();
      const step = this.data.side * STEP * (event.shiftKey ? 0.2 : 1);
      move(from().map((x, i) => x + step * by[i]));
    };
    element.onkeyup = (event) => { if (event.key.startsWith("Arrow")) this.say(); };
  }

  moveTo(at) {
    this.at = at;
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.paint();
      this.root.dataset.frames = Number(this.root.dataset.frames ?? 0) + 1;
    });
  }

  // The code at a place: of a stick, the nearest one in the triangle.
  code(place) {
    if (!this.data.triangle) return place;
    const pieces = piecesAt(place).map((piece) => Math.max(piece, 0));
    const sum = pieces.reduce((all, piece) => all + piece);
    return pieces.map((piece) => piece / sum);
  }

  isInside(place) { return !this.data.triangle || Math.min(...piecesAt(place)) >= 0; }

  fit() {
    const usual = Math.max(LEAST_SIDE, window.innerHeight - EDGE_KEPT), free = roomBelow(this.root) - BELOW * letters();
    const room = this.data.presented && free >= LEAST_SIDE ? free : usual;
    const side = Math.floor(Math.min(this.root.clientWidth, MOST_SIDE, room)), density = window.devicePixelRatio;
    if (side <= 0 || (side === this.side && density === this.density)) return;
    Object.assign(this, { side, density, cloud: null });
    this.canvas.width = this.canvas.height = Math.round(side * density);
    this.canvas.style.width = this.canvas.style.height = `${side}px`;
    this.canvas.parentElement.style.width = `${side}px`;
    this.renew();
    this.paint();
  }

  x(value) { return (this.side * (value - this.data.low[0])) / this.data.side; }
  y(value) { return this.side * (1 - (value - this.data.low[1]) / this.data.side); }

  // Decodes the grid of digits, some rows a frame.
  renew() {
    this.sheet = null;
    if (!this.digits || !this.model || !this.side) return;
    const { decoder, low, side } = this.data, n = this.across, sheet = make("canvas", { width: n * decoder.width, height: n * decoder.height });
    const context = sheet.getContext("2d");
    this.sheet = sheet;
    const again = (error) => { if (!error && this.sheet === sheet) rows(0); };
    const rows = (row) => {
      if (this.sheet !== sheet || row === n) return;
      for (let column = 0; column < n; column++) {
        const place = [low[0] + (side * (column + 0.5)) / n, low[1] + side * (1 - (row + 0.5) / n)];
        if (!this.isInside(place)) continue;
        drawDigit(context, this.model.decode(this.code(place), this.pixels, again), decoder, column * decoder.width, row * decoder.height, 1);
      }
      this.paint();
      requestAnimationFrame(() => rows(row + 1));
    };
    requestAnimationFrame(() => rows(0));
  }

  paint() {
    if (!this.side) return;
    const context = this.canvas.getContext("2d"), { data, side } = this, ink = getComputedStyle(this.root).color;
    context.setTransform(this.density, 0, 0, this.density, 0, 0);
    context.clearRect(0, 0, side, side);
    context.lineWidth = 1;
    context.imageSmoothingEnabled = true;
    if (this.heat?.complete) context.drawImage(this.heat, 0, 0, side, side);
    if (this.sheet) context.drawImage(this.sheet, 0, 0, side, side);
    else if (this.dots) context.drawImage((this.cloud ??= this.drawDots()), 0, 0, side, side);
    if (data.triangle) {
      context.globalAlpha = this.heat ? 0.6 : 1; // fainter than outlines of q
      context.strokeStyle = this.heat ? "#fff" : ink;
      context.beginPath();
      for (const [x, y] of data.corners) context.lineTo(this.x(x), this.y(y));
      context.closePath();
      context.stroke();
      context.globalAlpha = 1;
    }
    const lines = data.ellipses.map((each, k) => this.paintEllipse(context, each, this.prior?.means[k] ?? each.mean));
    this.prior?.show();
    this.written.paint(context, ink, lines);
    this.paintPointer(context);
  }

  // The codes, drawn once for a size of the square: there are thousands, and the pointer moves at every frame.
  drawDots() {
    const { places, labels } = this.dots, { colours } = this.data, size = this.side > 400 ? 2 : 1.5;
    const cloud = make("canvas", { width: this.canvas.width, height: this.canvas.height }), context = cloud.getContext("2d");
    context.setTransform(this.density, 0, 0, this.density, 0, 0);
    context.globalAlpha = 0.55;
    labels.forEach((label, i) => {
      context.fillStyle = colours[label];
      context.fillRect(this.x(places[2 * i]) - size / 2, this.y(places[2 * i + 1]) - size / 2, size, size);
    });
    return cloud;
  }

  // One and two standard deviations; light and dark, so that it is seen on anything. Returns the points of both lines.
  paintEllipse(context, { factor, colour }, mean) {
    return [1, 2].map((deviations) => {
      const points = Array.from({ length: AROUND + 1 }, (_, i) => {
        const u = Math.cos((2 * Math.PI * i) / AROUND), v = Math.sin((2 * Math.PI * i) / AROUND);
        const [x, y] = [0, 1].map((d) => mean[d] + deviations * (factor[d][0] * u + factor[d][1] * v));
        return [this.x(x), this.y(y)];
      });
      context.beginPath();
      for (const point of points) context.lineTo(...point);
      context.setLineDash(deviations === 2 ? [5, 4] : []);
      context.lineWidth = 3.5;
      context.strokeStyle = this.heat ? "#000" : getComputedStyle(this.root).getPropertyValue("--st-background-color");
      context.stroke();
      context.lineWidth = 1.75;
      context.strokeStyle = colour;
      context.stroke();
      context.setLineDash([]);
      return points;
    });
  }

  paintPointer(context) {
    const { at, data } = this, { decoder } = data;
    this.shown.hidden = !at || !this.model;
    if (this.stick) this.stick.hidden = !at;
    if (!at) { this.words.textContent = this.model ? data.hint : ""; return; }
    const code = this.code(at), [x, y] = [this.x(at[0]), this.y(at[1])];
    for (const [width, colour] of [[4, "#000"], [2, "#fff"]]) {
      context.lineWidth = width;
      context.strokeStyle = colour;
      context.beginPath();
      context.arc(x, y, 6, 0, 2 * Math.PI);
      context.stroke();
    }
    this.words.textContent = `${data.triangle ? "π" : "z"} = (${code.map(twoDigits).join(", ")})`;
    this.stick?.querySelectorAll("i").forEach((piece, i) => { piece.style.width = `${100 * code[i]}%`; });
    if (!this.model) return;
    const again = (error) => { if (!error && this.at === at) this.paint(); };
    drawDigit(this.shown.getContext("2d"), this.model.decode(code, this.pixels, again), decoder, 0, 0, this.zoom);
    this.shown.style.left = x < this.side / 2 ? "auto" : "6px"; // in the corner that is away from the pointer
    this.shown.style.right = x < this.side / 2 ? "6px" : "auto";
  }
}
