// The density of a fraction v, the Beta that resembles it, and the draw that a uniform number u is mapped to: dragging v in
// the chart, or u below it, draws anew on every frame. Densities come from Python; only the map from u to v is known
// here. After decoder.js, make.js, room.js, pointer.js and letters.js.

const LEAST_HEIGHT = 200, MOST_HEIGHT = 320, BESIDE = 40; // of the chart, and of the slider below it
const LEFT = 52, RIGHT = 10, TOP = 10, BOTTOM = 46; // around it, left and below by the letters, which may be larger
const HANDLE = 28, KEY_STEP = 0.01, DIGITS = 6;
const ENDS = 10; // points at either end which may be as high as they like, where a density is infinite
const SVG = "http://www.w3.org/2000/svg";

export default function ({ parentElement, data, setStateValue }) {
  const root = parentElement.querySelector(".bench");
  root.bench ??= new Bench(root, data);
  root.bench.tell = setStateValue; // every run brings a new one, and old ones are ignored
  root.bench.take(data);
}

const draw = (tag, attributes = {}, ...children) => {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
};

const superscript = (power) => [...String(power)].map((c) => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[c])).join("");

function shown(value, digits) {
  if (value === 0 || (value >= 1e-4 && value < 1e5)) return value.toFixed(digits);
  const [factor, power] = value.toExponential(1).split("e");
  return `${factor} × 10${superscript(Number(power))}`;
}

// A step of 1, 2 or 5 times a power of ten, of which about four lead to the top.
function step(top) {
  const power = 10 ** Math.floor(Math.log10(top / 4));
  return power * [1, 2, 5, 10].find((times) => times * power >= top / 5);
}

class Bench {
  // data: { u, range: [lowest, highest], steps: of u in 1, colours, … }
  constructor(root, { u, range, steps, colours }) {
    Object.assign(this, { root, u, said: u, range, steps, waiting: false, pointer: null, held: 0 });
    const ours = { fill: "none", stroke: colours.density, "stroke-width": 2.5 };
    const beta = { fill: "none", stroke: colours.matched, "stroke-width": 2, "stroke-dasharray": "2 3" };
    const dashed = { stroke: colours.matched, "stroke-width": 2, "stroke-dasharray": "7 5" };
    const shade = { fill: colours.density, "fill-opacity": 0.25 };

    // ---- the numbers, which are the chart's legend, too
    const number = (name, ...marks) => {
      const value = make("dd");
      const mark = draw("svg", { width: 20, height: 14, "aria-hidden": "true" }, ...marks);
      return { value, box: make("div", {}, make("dt", {}, mark, name), value) };
    };
    this.numbers = {
      u: number("u", draw("rect", { y: 2, width: 20, height: 10, ...shade })),
      v: number("v", draw("line", { x1: 10, x2: 10, y2: 14, ...dashed, "stroke-dasharray": "5 4" })),
      density: number("Kumaraswamy at v", draw("line", { x2: 20, y1: 7, y2: 7, ...ours })),
      matched: number("Beta at v", draw("line", { x2: 20, y1: 7, y2: 7, ...beta })),
    };

    // ---- the chart
    this.axes = draw("g", { fill: "currentColor" });
    this.window = draw("rect", { y: TOP });
    this.area = draw("path", shade);
    this.curves = { density: draw("path", { class: "curve", ...ours }), matched: draw("path", { class: "curve", ...beta }) };
    this.line = draw("line", { class: "line", y1: TOP, ...dashed });
    this.dots = {
      density: draw("circle", { r: 5, fill: colours.density, class: "dot" }),
      matched: draw("circle", { r: 3.5, fill: colours.matched, class: "dot" }),
    };
    this.grip = draw("circle", { r: 6, fill: "currentColor", class: "grip" });
    this.handle = draw("rect", { y: TOP, width: HANDLE, fill: "transparent", class: "handle" });
    const inside = draw("g", { "clip-path": "url(#window)" }, this.area, this.curves.density, this.curves.matched);
    this.svg = draw("svg", { role: "img" }, draw("clipPath", { id: "window" }, this.window), this.axes,
      inside, this.line, this.dots.density, this.dots.matched, this.grip, this.handle);
    this.handle.onpointerdown = (event) => {
      if (this.pointer !== null || !event.isPrimary || event.button !== 0) return;
      this.handle.setPointerCapture(event.pointerId);
      this.pointer = event.pointerId;
      this.held = event.clientX - this.x(this.v); // the line keeps its distance from the pointer
      event.preventDefault();
    };
    this.handle.onpointermove = (event) => {
      if (event.pointerId !== this.pointer) return;
      if (!isHeld(event)) { this.handle.onpointerup(event); return; }
      this.move(this.survival((event.clientX - this.held - this.left) / this.span));
    };
    this.handle.onpointerup = this.handle.onpointercancel = this.handle.onlostpointercapture = (event) => {
      if (event.pointerId !== this.pointer) return;
      this.pointer = null;
      this.settle();
    };

    // ---- the slider
    this.slider = make("input", { type: "range", min: range[0], max: range[1], step: KEY_STEP });
    this.slider.value = u;
    this.slider.oninput = () => this.move(Number(this.slider.value));
    this.slider.onchange = () => this.settle();
    const label = make("label", {}, "u", this.slider);
    label.dataset.aside = ""; // not in a picture of the chart
    root.replaceChildren(make("dl", {}, ...Object.values(this.numbers).map(({ box }) => box)), this.svg, label);
    new ResizeObserver(() => this.lay()).observe(root);
    onNewRoom(root, () => this.lay());
  }

  // Curves of other parameters; where u stands is known here, and Python may not know it yet.
  take({ a, b, fractions, density, matched, draws }) {
    if (this.a === a && this.b === b) return;
    Object.assign(this, { a, b, fractions: floats(fractions) });
    this.values = { density: floats(density), matched: floats(matched) };
    this.draws = { density: floats(draws.density), matched: floats(draws.matched) }; // of every u in range
    const inner = Object.values(this.values).map((values) => Math.max(...values.subarray(ENDS, -ENDS)));
    this.top = 1.1 * Math.max(1, ...inner); // a density is one on average, so less would only show its tail
    this.lay();
  }

  // ---- geometry
  get v() { return (-Math.expm1(Math.log(this.u) / this.b)) ** (1 / this.a); } // (1 - u^(1/b))^(1/a)

  survival(v) { return v <= 0 ? 1 : v >= 1 ? 0 : Math.exp(this.b * Math.log1p(-(v ** this.a))); }

  get span() { return this.width - this.left - RIGHT; }

  x(v) { return this.left + v * this.span; }

  get bottom() { return this.height - BOTTOM * this.scale; }

  y(value) { return this.bottom - Math.min(2, value / this.top) * (this.bottom - TOP); }

  // All that does not depend on u.
  lay() {
    this.scale = letters();
    this.left = LEFT * this.scale;
    this.width = Math.max(this.root.clientWidth, this.left + RIGHT + 1);
    this.height = Math.min(MOST_HEIGHT * this.scale, Math.max(LEAST_HEIGHT, Math.floor(roomBelow(this.svg) - BESIDE * this.scale)));
    this.svg.setAttribute("width", this.width);
    this.svg.setAttribute("height", this.height);
    this.window.setAttribute("x", this.left);
    this.window.setAttribute("width", this.span);
    this.window.setAttribute("height", this.bottom - TOP);
    this.handle.setAttribute("height", this.bottom - TOP + 8);
    this.line.setAttribute("y2", this.bottom);
    this.grip.setAttribute("cy", this.bottom);
    const { bottom } = this, middle = (TOP + bottom) / 2, title = { class: "title", "text-anchor": "middle" };
    const by = step(this.top), digits = Math.max(0, -Math.floor(Math.log10(by) + 1e-9));
    const levels = Array.from({ length: Math.floor(this.top / by) + 1 }, (_, i) => i * by);
    const rule = (value) => {
      const y = Math.round(this.y(value)) + 0.5;
      return draw("line", { x1: this.left, x2: this.left + this.span, y1: y, y2: y, stroke: "currentColor", "stroke-opacity": 0.1 });
    };
    this.axes.replaceChildren(
      ...levels.map(rule),
      ...levels.map((value) =>
        draw("text", { x: this.left - 8, y: this.y(value) + 4 * this.scale, "text-anchor": "end" }, Number(value.toFixed(digits)))),
      ...[0, 0.25, 0.5, 0.75, 1].map((v) => draw("text", { x: this.x(v), y: bottom + 18 * this.scale, "text-anchor": "middle" }, v)),
      draw("text", { x: this.x(0.5), y: this.height - 6, ...title }, "fraction v"),
      draw("text", { transform: `translate(${14 * this.scale} ${middle}) rotate(-90)`, ...title }, "density, per unit of v"));
    for (const [name, curve] of Object.entries(this.curves)) curve.setAttribute("d", `M${this.way(this.values[name])}`);
    this.show();
  }

  // Points of a curve, from the first one right of `from`.
  way(values, from = 0) {
    const points = [];
    this.fractions.forEach((v, i) => { if (v > from) points.push(`${this.x(v).toFixed(2)} ${this.y(values[i]).toFixed(2)}`); });
    return points.join("L");
  }

  // ---- dragging
  move(u) {
    const [lowest, highest] = this.range;
    this.u = Math.min(highest, Math.max(lowest, Math.round(u * this.steps) / this.steps));
    this.slider.value = this.u;
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.show();
      this.root.dataset.frames = Number(this.root.dataset.frames ?? 0) + 1;
    });
  }

  settle() {
    if (this.u !== this.said) this.tell("u", (this.said = this.u));
  }

  show() {
    const { u, v } = this, at = Math.round((u - this.range[0]) * this.steps);
    const density = this.draws.density[at], matched = this.draws.matched[at], x = this.x(v);
    const end = `${this.x(Math.max(v, this.fractions.at(-1)))} ${this.y(0)}`;
    const edge = [`${x} ${this.y(0)}`, `${x} ${this.y(density)}`, this.way(this.values.density, v), end];
    this.area.setAttribute("d", `M${edge.filter(Boolean).join("L")}Z`);
    for (const end of ["x1", "x2"]) this.line.setAttribute(end, x);
    this.grip.setAttribute("cx", x);
    this.handle.setAttribute("x", x - HANDLE / 2);
    for (const [name, value] of [["density", density], ["matched", matched]]) {
      this.dots[name].setAttribute("cx", x);
      this.dots[name].setAttribute("cy", this.y(value));
      this.dots[name].setAttribute("visibility", value <= this.top ? "visible" : "hidden");
    }
    const words = { u: u.toFixed(3), v: shown(v, DIGITS), density: shown(density, 3), matched: shown(matched, 3) };
    for (const [name, text] of Object.entries(words)) this.numbers[name].value.textContent = text;
    this.slider.setAttribute("aria-valuetext", `u = ${words.u}, v = ${words.v}`);
    this.svg.setAttribute("aria-label", `Densities of a fraction v from 0 to 1: Kumaraswamy(a = ${this.a}, b = ${this.b}),`
      + ` and the Beta with its mean and variance, dotted. A line stands at v = ${words.v}, where they are`
      + ` ${words.density} and ${words.matched}; the area under the Kumaraswamy right of it is u = ${words.u}.`);
  }
}
