// One map: where its points lie on the screen, and two canvases, the points and above them the marks.

const MARGIN = 14, NEAR = 14, DEEPEST = 60, THUMB_ZOOM = 3, NOWHERE = 255, LABEL = 20;

class MapPlot {
  // app: what all maps share, see maps.js
  constructor(app, info) {
    this.app = app;
    this.info = info;
    this.zoom = 1;
    this.centre = null; // what lies in the middle, in the map's coordinates
    this.looks = null; // one byte a point: which stamp it gets, NOWHERE for none
    this.points = make("canvas", { "aria-hidden": "true" });
    this.marks = make("canvas", { className: "marks", role: "img", tabIndex: 0 });
    const [height, width] = app.data.shape, zoom = fitting(THUMB_ZOOM, { height, width });
    this.thumb = make("canvas", { width, height });
    Object.assign(this.thumb.style, { width: `${zoom * width}px`, height: `${zoom * height}px` });
    this.tipWords = make("div");
    this.tip = make("div", { className: "tip", "aria-hidden": "true" }, this.thumb, this.tipWords);
    this.whole = make("button", { type: "button", className: "whole", textContent: "Whole map", "data-aside": "" });
    this.whole.onclick = () => this.showWhole();
    this.stage = make("div", { className: "stage" }, this.points, this.marks, this.tip, this.whole);
    this.says = make("p", { className: "says" });
    this.figure = make("figure", {},
      make("figcaption", {}, make("b", { textContent: info.title }), make("span", { textContent: info.settings })),
      this.stage, this.says);
  }

  // ---- geometry
  setPoints({ places, classes }) {
    this.places = places;
    this.classes = classes;
    const low = [Infinity, Infinity], high = [-Infinity, -Infinity];
    places.forEach((value, at) => {
      low[at % 2] = Math.min(low[at % 2], value);
      high[at % 2] = Math.max(high[at % 2], value);
    });
    this.middle = [(low[0] + high[0]) / 2, (low[1] + high[1]) / 2];
    this.extent = [high[0] - low[0] || 1, high[1] - low[1] || 1];
    this.centre ??= [...this.middle];
    this.resize();
  }

  resize() {
    const density = window.devicePixelRatio || 1;
    const width = this.stage.clientWidth, height = this.stage.clientHeight;
    if (width === this.width && height === this.height && density === this.density) return;
    Object.assign(this, { width, height, density });
    for (const canvas of [this.points, this.marks]) {
      canvas.width = Math.round(width * density);
      canvas.height = Math.round(height * density);
    }
    this.dirty();
  }

  get scale() {
    const fits = Math.min((this.width - 2 * MARGIN) / this.extent[0], (this.height - 2 * MARGIN) / this.extent[1]);
    return fits * this.zoom;
  }

  toScreen(x, y) {
    const scale = this.scale;
    return [this.width / 2 + (x - this.centre[0]) * scale, this.height / 2 - (y - this.centre[1]) * scale];
  }

  toMap(left, top) {
    const scale = this.scale;
    return [this.centre[0] + (left - this.width / 2) / scale, this.centre[1] - (top - this.height / 2) / scale];
  }

  screenOf(index) { return this.toScreen(this.places[2 * index], this.places[2 * index + 1]); }

  move(dx, dy) {
    const scale = this.scale;
    for (const [axis, step] of [[0, -dx / scale], [1, dy / scale]]) {
      const reach = this.extent[axis] / 2;
      const moved = this.centre[axis] + step;
      this.centre[axis] = Math.max(this.middle[axis] - reach, Math.min(this.middle[axis] + reach, moved));
    }
    this.dirty();
  }

  // Zooms so that what lies at (left, top) stays there.
  zoomAt(left, top, factor) {
    const [x, y] = this.toMap(left, top);
    this.zoom = Math.max(1, Math.min(DEEPEST, this.zoom * factor));
    const [newLeft, newTop] = this.toScreen(x, y);
    this.move(left - newLeft, top - newTop);
    if (this.zoom === 1) this.centre = [...this.middle];
    this.dirty();
  }

  showWhole() {
    this.zoom = 1;
    this.centre = [...this.middle];
    this.dirty();
  }

  // The point nearest to (left, top) among those that are shown and that `allowed` allows; -1 for none.
  nearest(left, top, reach = NEAR, allowed = () => true) {
    const scale = this.scale;
    let best = -1, least = reach * reach;
    for (let i = 0; i < this.looks.length; i++) {
      if (this.looks[i] === NOWHERE) continue;
      const dx = this.width / 2 + (this.places[2 * i] - this.centre[0]) * scale - left;
      const dy = this.height / 2 - (this.places[2 * i + 1] - this.centre[1]) * scale - top;
      const distance = dx * dx + dy * dy;
      if (distance < least && allowed(dx, dy)) { least = distance; best = i; }
    }
    return best;
  }

  // ---- drawing
  dirty() { this.app.draw(this); }

  drawPoints() {
    const isWhole = this.zoom === 1 && this.centre?.every((value, axis) => value === this.middle[axis]);
    this.whole.classList.toggle("on", !isWhole);
    this.marks.style.touchAction = this.zoom > 1 || this.app.now.mode !== "pan" ? "none" : "pan-y";
    if (!this.looks) return;
    const { group } = this.app, stamps = this.app.stamps(this);
    const { width, height } = this.points, { side } = stamps[0], scale = this.scale * this.density;
    if (!this.sheet?.fits(width, height, side)) this.sheet = new Sheet(width, height, side);
    this.sheet.clear(parseColour(this.app.paper));
    const left = width / 2 - this.centre[0] * scale - side / 2, top = height / 2 + this.centre[1] * scale - side / 2;
    for (const inside of group ? [0, 1] : [1]) { // points outside the group first, faintly
      for (let i = 0; i < this.looks.length; i++) {
        if (this.looks[i] === NOWHERE || (group && group[i] !== inside)) continue;
        const x = Math.round(left + this.places[2 * i] * scale), y = Math.round(top - this.places[2 * i + 1] * scale);
        this.sheet.put(stamps[this.looks[i]], x, y, inside ? 1 : 0.05);
      }
    }
    this.sheet.show(this.points.getContext("2d"));
  }

  drawMarks() {
    const context = this.marks.getContext("2d");
    context.setTransform(this.density, 0, 0, this.density, 0, 0);
    context.clearRect(0, 0, this.width, this.height);
    if (!this.places) return;
    const { now, hot, text, paper } = this.app;
    const twice = (draw) => { // seen on any ground: a wide stroke in the page's colour beneath
      for (const [width, colour] of [[5, paper], [2, text]]) {
        context.lineWidth = width;
        context.strokeStyle = colour;
        draw();
      }
    };
    const ring = (index, radius) => twice(() => {
      context.beginPath();
      context.arc(...this.screenOf(index), radius, 0, 2 * Math.PI);
      context.stroke();
    });
    const outline = this.drawing ?? (now.group?.map === this.info.name ? now.group.outline : null);
    if (outline) {
      context.setLineDash([5, 4]);
      context.beginPath();
      for (const corner of outline) context.lineTo(...this.toScreen(...corner));
      context.closePath();
      context.lineWidth = 1.5;
      context.strokeStyle = text;
      context.stroke();
      context.setLineDash([]);
    }
    const scale = letters();
    const write = (words, size, x, y) => {
      context.font = `600 ${size * scale}px system-ui, sans-serif`;
      context.lineJoin = "round";
      context.lineWidth = 4;
      context.strokeStyle = paper;
      context.fillStyle = text;
      context.strokeText(words, x, y);
      context.fillText(words, x, y);
    };
    context.textAlign = "center";
    for (const [words, index] of this.labels ?? []) {
      const [x, y] = this.screenOf(index);
      write(words, LABEL, x, y + 0.36 * LABEL * scale); // digits are 0.72 high
    }
    context.textAlign = "start";
    now.images.forEach((index, which) => {
      ring(index, 9);
      const [x, y] = this.screenOf(index);
      if (now.images.length === 2) write("AB"[which], 14, x + 12, y - 8);
    });
    if (hot !== null) ring(hot, 7);
  }

  // ---- words
  describe() {
    const { app, info } = this;
    const index = app.hot ?? app.now.images[0];
    this.says.textContent = index === undefined || !this.classes ? this.note ?? ""
      : `image ${index}${this.classOf(index)}${this.weightOf(index)}${this.valueOf(index)}`;
    this.marks.setAttribute("aria-label",
      `t-SNE map of ${info.title}: ${app.data.count} test images, coloured by ${app.colourWords()}`);
  }

  classOf(index) {
    const { names } = this.app.data.classes;
    return names.length ? `, class ${names[this.classes[index]]}` : "";
  }

  weightOf(index) {
    if (!this.info.weights) return ", no weights";
    if (!this.weights) return "";
    const { component, largest } = this.weights;
    return `: ${this.info.piece} ${component[index] + 1}, weight ${largest[index].toFixed(2)}`;
  }

  valueOf(index) {
    const { colour } = this.app.now;
    const { nll, largest, component } = this.estimates ?? {};
    if (colour === "responsibility" && component) {
      return `, p(k|x) ${largest[index].toFixed(2)} of component ${component[index] + 1}`;
    }
    if (colour === "entropy" && this.weights) return `, entropy ${this.weights.entropy[index].toFixed(2)} nats`;
    return colour === "nll" && nll ? `, −log p(x) ${nll[index].toFixed(1)} nats` : "";
  }

  // The card beside the pointer; null hides it.
  showTip(index) {
    this.tip.classList.toggle("on", index !== null);
    if (index === null) return;
    if (this.app.images) drawImage(this.thumb.getContext("2d"), this.app.images, index, this.app.data.shape);
    const lines = [`image ${index}`, this.classOf(index).slice(2)];
    const weight = this.weightOf(index).replace(/^[:,] /, "");
    this.tipWords.replaceChildren(...[...lines, ...weight.split(", "), this.valueOf(index).slice(2)]
      .filter((line) => line).map((line) => make("div", { textContent: line })));
    const [x, y] = this.screenOf(index);
    const { offsetWidth: width, offsetHeight: height } = this.tip;
    const left = x + 18 + width > this.width ? x - 18 - width : x + 18;
    const top = Math.max(2, Math.min(this.height - height - 2, y - height / 2));
    this.tip.style.transform = `translate(${Math.round(Math.max(2, left))}px, ${Math.round(top)}px)`;
  }
}
