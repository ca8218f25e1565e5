// Linked maps: what they share, the controls above them, and the messages to Python.

const TITLES = { class: "class", component: "component of largest weight E[π|x]",
  responsibility: "most probable component, by p(k|x)", entropy: "entropy of the weights", nll: "−log p(x)" };
const DRAGS = { pan: "pan", lasso: "lasso", box: "box" };
const HELP = "Wheel or pinch zooms. Click an image to select it, shift-click a second one, or enter numbers under More."
  + " Lasso or box groups images.";
const LEAST_HEIGHT = 280; // pixels of a map

export default function ({ parentElement, data, setStateValue }) {
  const root = parentElement.querySelector(".maps");
  root.tell = setStateValue; // every run brings a new one, and old ones are ignored
  const app = (root.app ??= new MapApp(root));
  app.take(data);
}

class MapApp {
  constructor(root) {
    this.root = root;
    this.plots = [];
    this.hot = null; // the image pointed at
    this.group = null; // one byte an image: whether it lies within the outline
    this.waiting = new Set(); // plots to be drawn on the next frame
    this.made = new Map(); // stamps, by size and colours
    this.colour = make("select", { "aria-label": "Colour by" },
      ...Object.entries(TITLES).map(([value, textContent]) => make("option", { value, textContent })));
    this.colour.onchange = () => {
      Object.assign(this.now, { colour: this.colour.value, only: null });
      this.recolour();
      this.tell();
    };
    this.drags = Object.entries(DRAGS).map(([value, words]) => {
      const input = make("input", { type: "radio", name: "drag", value });
      input.onchange = () => { this.now.mode = value; this.redraw(); this.tell(); };
      return make("label", {}, input, make("span", { textContent: words }));
    });
    this.legend = make("div", { className: "legend" });
    this.words = make("p", { className: "words", role: "status" });
    this.clear = make("button", { type: "button", className: "clear", textContent: "Clear", "data-aside": "" });
    this.clear.onclick = () => this.escape();
    this.strip = make("canvas", { className: "strip", role: "img" });
    this.below = make("div", { className: "below" }, make("div", {}, this.words, this.clear), this.strip);
    this.spoken = make("p", { className: "spoken", role: "status" }); // for screen readers
    this.grid = make("div", { className: "grid" });
    const drag = make("fieldset", { className: "drag" }, make("legend", { textContent: "Drag to" }), ...this.drags);
    root.replaceChildren(
      make("div", { className: "top" },
        make("div", { className: "controls", "data-aside": "" }, make("label", {}, "Colour by", this.colour), drag), this.legend),
      this.grid, this.below, this.spoken);
    root.onkeydown = (event) => { if (event.key === "Escape") this.escape(); };
    // A theme changes the text's colour, which the style sheet lets take a millisecond.
    root.ontransitionend = (event) => { if (event.target === root) this.retheme(); };
    const fit = () => { this.fit(); this.showGroup(); };
    new ResizeObserver(fit).observe(root);
    onNewRoom(root, fit);
  }

  // A row of maps is as high as lets it stand in the window, with the words above and below it.
  fit() {
    const row = this.plots[0], words = row ? row.figure.offsetHeight - row.stage.offsetHeight : 0;
    this.root.style.setProperty("--tallest", `${Math.max(LEAST_HEIGHT, Math.floor(roomBelow(this.grid) - words))}px`);
    for (const plot of this.plots) plot.resize();
  }

  // ---- from Python and to Python
  take(data) {
    const sent = JSON.stringify(data.now);
    // Python's view is outdated while it has not received the last message from here.
    const fresh = !this.now || (data.now.turn >= this.now.turn && sent !== this.received);
    this.data = data;
    this.root.classList.toggle("presented", data.presented);
    if (fresh) {
      this.now = structuredClone(data.now);
      this.received = sent;
    }
    const signature = JSON.stringify(data.maps.map((map) => map.points));
    if (signature !== this.signature) {
      this.signature = signature;
      this.build();
      this.retheme();
    }
    this.fetchAll();
    if (fresh) this.recolour();
  }

  tell() {
    this.now.turn += 1;
    this.received = JSON.stringify(this.now);
    this.root.tell("now", structuredClone(this.now));
  }

  build() {
    const before = new Map(this.plots.map((plot) => [plot.info.points, plot]));
    this.plots = this.data.maps.map((info) => {
      const old = before.get(info.points);
      if (old) return old;
      const plot = new MapPlot(this, info);
      giveHand(this, plot);
      return plot;
    });
    for (const plot of before.values()) if (!this.plots.includes(plot)) plot.figure.remove();
    // a map that stays where it is may be under a pointer, which would lose it
    this.plots.forEach(({ figure }, at) => {
      if (this.grid.children[at] !== figure) this.grid.insertBefore(figure, this.grid.children[at] ?? null);
    });
    this.grid.dataset.count = this.plots.length;
    this.fit();
    this.root.dataset.ready = "";
  }

  fetchAll() {
    const { plots, data } = this, waits = [];
    const get = (promise, arrived) => waits.push(promise.then((found) => { if (plots === this.plots) arrived(found); }));
    get(fetchImages(data.images, data.count, data.shape), (images) => { this.images = images; this.showGroup(); });
    for (const [at, plot] of plots.entries()) {
      plot.info = data.maps[at];
      if (!plot.places) get(fetchPoints(plot.info.points, data.count), (points) => {
        plot.setPoints(points);
        this.recolour();
      });
      if (plot.info.weights && !plot.weights) get(fetchWeights(plot.info.weights, data.count), (weights) => {
        plot.weights = weights;
        this.recolour();
      });
      const estimated = plot.info.estimates;
      if (estimated && plot.estimatedBy !== estimated) get(fetchEstimates(estimated, data.count, plot.info.piece === "component"), (estimates) => {
        Object.assign(plot, { estimates, estimatedBy: estimated });
        this.recolour();
      });
    }
    Promise.all(waits).then(
      () => requestAnimationFrame(() => { if (plots === this.plots) this.root.dataset.ready = "yes"; }),
      (error) => { this.words.textContent = `A map could not be fetched (${error.message}): reload the page.`; });
  }

  // ---- colours
  colourWords() {
    const { colour, only } = this.now;
    const shown = only === null ? "" : `, only ${colour === "class" ? `class ${this.data.classes.names[only]}` : `component ${only + 1}`}`;
    return TITLES[colour] + shown;
  }

  // Which stamp every point gets, and the legend.
  recolour() {
    const { now, data, plots } = this;
    const drawn = plots.filter((plot) => plot.places);
    const values = (plot) => (now.colour === "nll" ? plot.estimates?.nll : plot.weights?.entropy);
    const isScale = now.colour === "entropy" || now.colour === "nll";
    const known = isScale ? drawn.filter(values) : [];
    const [low, high] = known.length ? quantiles(known.map(values)) : [0, 0];
    for (const plot of drawn) {
      const signs = signsOf(plot, now.colour, data.classes.names.length > 0);
      plot.isPlain = isScale ? !values(plot) : !signs;
      plot.looks = plot.isPlain ? new Uint8Array(data.count)
        : isScale ? shadesOf(values(plot), low, high)
          : now.only === null ? signs : signs.map((sign) => (sign === now.only ? sign : NOWHERE));
      plot.note = noteOf(plot, now.colour, signs);
      const names = now.colour === "class" ? data.classes.names : data.components.map((_, k) => String(k + 1));
      plot.labels = isScale || plot.isPlain || names.some((name) => name.length > 2) ? []
        : labelPlaces(plot.places, plot.looks).map(([look, index]) => [names[look], index]);
    }
    this.colour.value = now.colour;
    for (const drag of this.drags) drag.firstChild.checked = drag.firstChild.value === now.mode;
    this.regroup();
    this.drawLegend(low, high);
    this.redraw();
  }

  drawLegend(low, high) {
    const { now, data, plots } = this, { classes } = data;
    // as many as the maps that are coloured have: another kind of weights may come in more pieces
    const most = Math.max(0, ...plots.filter((plot) => plot.places && !plot.isPlain).map((plot) => plot.info.pieces));
    const components = data.components.slice(0, most);
    const numbers = components.map((_, k) => String(k + 1)), shapes = components.map((_, k) => SHAPES[shapeOf(k)]);
    const ofComponents = () => signLegend(this, "component", numbers, shapes, components);
    const scale = (title, digits) => scaleLegend(title, this.shades,
      low < high ? [`≤ ${low.toFixed(digits)}`, ((low + high) / 2).toFixed(digits), `≥ ${high.toFixed(digits)}`] : []);
    this.legend.replaceChildren(...{
      class: () => signLegend(this, "class", classes.names, classes.glyphs, this.inks),
      component: ofComponents,
      responsibility: ofComponents,
      entropy: () => scale("entropy of E[π|x], nats", 2),
      nll: () => scale(`−log p(x), nats, S = ${data.samples.join(", ")}`, 0),
    }[now.colour]());
  }

  stamps(plot) {
    const { colour } = this.now, { classes, components } = this.data;
    const isSign = !plot.isPlain && colour === "class";
    const size = Math.round((isSign ? 7 : 4) * Math.min(2.2, plot.zoom ** 0.4)) + (isSign ? 1 : 0);
    const key = [plot.isPlain ? "plain" : colour, size, plot.density, this.paper].join();
    if (!this.made.has(key)) {
      this.made.set(key, plot.isPlain ? discStamps([PLAIN], size, plot.density)
        : colour === "class" ? signStamps(classes.glyphs, this.inks, size, plot.density)
          : colour === "component" || colour === "responsibility" ? shapeStamps(components, size, plot.density)
            : discStamps(this.shades, size, plot.density));
    }
    return this.made.get(key);
  }

  retheme() {
    const style = getComputedStyle(this.root);
    this.text = style.color;
    this.paper = style.getPropertyValue("--st-background-color") || "white";
    const { scale, classes } = this.data, paper = parseColour(this.paper);
    this.shades = themeShades(scale, paper);
    this.inks = classes.colours[isDark(paper) ? "dark" : "light"];
    this.made.clear();
    if (this.now) this.recolour();
  }

  // ---- what is pointed at, selected, grouped
  pointAt(index, plot, speak = false) {
    for (const each of this.plots) each.showTip(each === plot ? index : null);
    if (index === this.hot) return;
    this.hot = index;
    this.mark();
    if (speak) this.spoken.textContent = plot.says.textContent;
  }

  select(index, second, plot) {
    const [first] = this.now.images;
    this.now.images = second && first !== undefined && first !== index ? [first, index] : [index];
    this.pointAt(index, plot);
    this.mark();
    this.tell();
  }

  groupWithin(plot, outline) {
    const rounded = outline.map((corner) => corner.map((value) => Number(value.toFixed(3))));
    this.now.group = { map: plot.info.name, outline: rounded };
    this.regroup();
    this.redraw();
    this.tell();
  }

  // The images in the outline, but for those that are hidden.
  regroup() {
    const { group } = this.now, plot = this.plots.find((each) => each.info.name === group?.map);
    this.group = plot?.places ? within(plot.places, group.outline).map((isIn, i) => isIn && plot.looks[i] !== NOWHERE) : null;
    this.showGroup();
  }

  showGroup() {
    const { group, strip } = this, [height, width] = this.data?.shape ?? [0, 0]; // before anything has come from Python
    const classes = this.plots.find((plot) => plot.classes)?.classes;
    this.words.textContent = group ? groupWords(classes, group, this.data.classes.names) : HELP;
    this.words.classList.toggle("help", !group);
    this.words.toggleAttribute("data-aside", !group);
    this.below.classList.toggle("on", Boolean(group));
    const members = group ? [...group.keys()].filter((i) => group[i]) : [];
    const count = Math.min(members.length, Math.max(1, Math.floor((this.root.clientWidth + 2) / (width + 2))));
    Object.assign(strip, { width: Math.max(1, count * (width + 2) - 2), height });
    strip.setAttribute("aria-label", `${count} of the images in the group`);
    if (!this.images) return;
    for (let i = 0; i < count; i++) { // evenly spread over the group
      const member = members[Math.floor((i * members.length) / count)];
      drawImage(strip.getContext("2d"), this.images, member, this.data.shape, i * (width + 2));
    }
  }

  // First the group, then the images, then the class shown alone.
  escape() {
    const { now } = this;
    if (now.group) now.group = null;
    else if (now.images.length) now.images = [];
    else if (now.only !== null) now.only = null;
    else return;
    this.recolour();
    this.tell();
  }

  // ---- frames
  draw(plot) {
    this.waiting.add(plot);
    this.mark();
  }

  redraw() { for (const plot of this.plots) this.draw(plot); }

  mark() {
    if (this.frame) return;
    for (const plot of this.plots) plot.describe();
    this.frame = requestAnimationFrame(() => {
      this.frame = null;
      for (const plot of this.waiting) plot.drawPoints();
      this.waiting.clear();
      for (const plot of this.plots) { plot.drawMarks(); plot.describe(); }
    });
  }
}
