// Rows of samples, one a component; dragging a mean or a scale decodes that row again on every frame.

const GAP = 2, MOST = 16, REACH = 4, STEP = 0.05, LARGEST_SCALE = 2, SMALLEST_SCALE = 0.05, PREVIEWS = 5;
const shown = (value) => (value < 0 ? "−" : "") + Math.abs(value).toFixed(2);
const percent = (share) => (share > 0 && share < 0.01 ? "<1 %" : `${Math.round(100 * share)} %`);

export default function ({ parentElement, data, setStateValue }) {
  const root = parentElement.querySelector(".live");
  root.tell = setStateValue; // every run brings a new one, and old ones are ignored
  if (root.dataset.decoder === data.decoder.path) return root.renew(data);
  root.dataset.decoder = data.decoder.path;
  root.observer?.disconnect();
  const { decoder, means: trainedMeans, scales: trainedScales } = data;
  const dim = decoder.code, { height, width } = decoder; // of a digit, pixels
  const offsets = floats(data.offsets), stretches = floats(data.stretches); // (K, dim), of a learnt prior's coordinates
  const means = [...data.now.means], scales = [...data.now.scales];
  const view = { ...data.now.view };
  let seed, next, noise, drawn; // next: the last seed that was asked for
  const draw = (from) => {
    seed = next = from.seed;
    noise = { own: floats(from.noise), shared: floats(from.shared) }; // (K, MOST, dim)
    drawn = { components: from.ancestral, noise: floats(from.ancestral_noise) };
  };
  draw(data);
  // Only the noise comes from Python: where the sliders stand, Python may not know yet.
  root.renew = (from) => { if (from.seed !== seed && from.seed >= next) { draw(from); all(); } };
  const code = new Float32Array(dim), pixels = new Float32Array(decoder.pixels);
  let model = null, zoom = 1, count = MOST;

  // ---- what is on the page
  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      name in element && name !== "list" ? (element[name] = value) : element.setAttribute(name, value);
    }
    element.append(...children);
    return element;
  };
  const slider = (label, low, high, value, trained) => {
    const input = make("input", { type: "range", min: low, max: high, step: STEP });
    input.value = value;
    input.setAttribute("aria-label", label);
    const tick = make("span", { className: "tick", title: `trained: ${shown(trained)}` });
    tick.style.left = `calc(14px + (100% - 28px) * ${(trained - low) / (high - low)})`; // a thumb's centre stops short
    return { input, box: make("span", { className: "track" }, input, tick) };
  };
  const rows = trainedMeans.map((_, k) => {
    const low = Math.min(-REACH, trainedMeans[k]), high = Math.max(REACH, trainedMeans[k]);
    const lowScale = Math.min(SMALLEST_SCALE, trainedScales[k]), highScale = Math.max(LARGEST_SCALE, trainedScales[k]);
    const mean = slider(`mean of component ${k + 1}`, low, high, means[k], trainedMeans[k]);
    const scale = slider(`scale of component ${k + 1}`, lowScale, highScale, scales[k], trainedScales[k]);
    const film = make("span", { className: "film" });
    const previews = Array.from({ length: PREVIEWS }, (_, i) => {
      const at = low + ((high - low) * i) / (PREVIEWS - 1);
      const canvas = make("canvas", { width, height });
      const button = make("button", { type: "button", className: "preview", title: `mean ${shown(at)}` }, canvas);
      button.setAttribute("aria-label", `set the mean of component ${k + 1} to ${shown(at)}`);
      button.onclick = () => { means[k] = at; mean.input.value = at; moved(k); settled(); };
      film.append(button);
      return { at, canvas };
    });
    const words = make("span", { className: "words" });
    const badge = make("span", { className: "badge", textContent: "not retrained" });
    const samples = make("canvas", { className: "samples" });
    samples.setAttribute("role", "img");
    const swatch = make("span", { className: "swatch" });
    swatch.style.background = data.colours[k];
    const head = make("div", { className: "head" }, swatch, words, badge);
    const used = data.usage?.[k];
    if (used !== undefined) {
      badge.before(make("span", { className: "usage", title: "test images whose largest weight E[π|x] is this component's",
        textContent: `${percent(used)} of test images, by weights` }));
    }
    const scaleBox = make("label", { className: "scale" }, "scale", scale.box);
    const controls = make("div", { className: "controls", "data-aside": "" }, make("div", { className: "mean" }, mean.box, film), scaleBox);
    mean.input.oninput = () => { means[k] = Number(mean.input.value); moved(k); };
    scale.input.oninput = () => { scales[k] = Number(scale.input.value); moved(k); };
    mean.input.onchange = scale.input.onchange = () => settled();
    const section = make("section", { className: used < data.unused ? "unused" : "" },
      make("div", { className: "panel" }, head, controls), samples);
    return { section, mean, scale, previews, words, badge, samples };
  });
  const ancestral = make("canvas", { className: "samples" });
  ancestral.setAttribute("role", "img");
  ancestral.setAttribute("aria-label", "ancestral samples"); // until they are drawn
  const marks = make("div", { className: "marks" });
  const toggle = (label, name) => {
    const input = make("input", { type: "checkbox", checked: view[name] });
    input.onchange = () => { view[name] = input.checked; all(); settled(); };
    return make("label", {}, input, label);
  };
  const reset = make("button", { type: "button", textContent: "Reset to trained" });
  reset.onclick = () => {
    trainedMeans.forEach((_, k) => {
      means[k] = rows[k].mean.input.value = trainedMeans[k];
      scales[k] = rows[k].scale.input.value = trainedScales[k];
    });
    all();
    settled();
  };
  const fresh = make("button", { type: "button", textContent: "New noise" });
  fresh.onclick = () => root.tell("seed", ++next);
  const scalesToo = make("input", { type: "checkbox", checked: view.scales });
  scalesToo.onchange = () => {
    view.scales = scalesToo.checked;
    root.classList.toggle("with-scales", view.scales);
    settled();
  };
  const more = make("details", { open: !view.same || view.ink || view.scales }, make("summary", {}, "More"),
    make("div", { className: "more" }, toggle("the same noise in every row", "same"),
      toggle("ink where its probability exceeds one half", "ink"), make("label", {}, scalesToo, "scales, too")));
  const status = make("p", { className: "status" });
  status.setAttribute("role", "status");
  root.replaceChildren(
    make("div", { className: "bar", "data-aside": "" }, reset, fresh, more), status, ...rows.map((row) => row.section),
    make("section", {}, make("div", { className: "panel" }, make("div", { className: "head" },
      make("span", { className: "words", textContent: "Ancestral samples: π, then k, then z, then x" }))), ancestral, marks));
  root.classList.toggle("with-scales", view.scales);
  const marked = rows[data.marked]?.section; // that another page has led to
  marked?.classList.add("marked");
  marked?.scrollIntoView({ block: "center" });

  // ---- drawing
  const again = (error) => { // the server has decoded what was not known
    status.textContent = error ? `The digits could not be decoded: ${error.message}` : "";
    if (!error) all();
  };
  const sizeOf = (canvas) => {
    const cell = width * zoom + GAP;
    if (canvas.width !== count * cell - GAP) { canvas.width = count * cell - GAP; canvas.height = height * zoom; }
    return canvas.getContext("2d");
  };
  const place = (k, mean, from, at) => { // the code of one noise, seen through component k about that mean
    for (let d = 0; d < dim; d++) {
      code[d] = mean + offsets[k * dim + d] + scales[k] * stretches[k * dim + d] * from[at * dim + d];
    }
  };
  const digit = (context, index, k, from, at) => {
    place(k, means[k], from, at);
    drawDigit(context, model.decode(code, pixels, again), decoder, index * (width * zoom + GAP), 0, zoom, view.ink);
  };
  const row = (k) => {
    const context = sizeOf(rows[k].samples);
    for (let i = 0; i < count; i++) digit(context, i, k, view.same ? noise.shared : noise.own, k * MOST + i);
  };
  const lineage = (only) => {
    const context = sizeOf(ancestral);
    for (let i = 0; i < count; i++) {
      if (only === undefined || drawn.components[i] === only) digit(context, i, drawn.components[i], drawn.noise, i);
    }
  };
  const film = (k) => {
    for (const { at, canvas } of rows[k].previews) {
      place(k, at, view.same ? noise.shared : noise.own, k * MOST);
      drawDigit(canvas.getContext("2d"), model.decode(code, pixels, again), decoder, 0, 0, 1, view.ink);
    }
  };
  const say = (k) => {
    const { words, badge, samples, mean, scale } = rows[k];
    words.textContent = `component ${k + 1}: mean ${shown(means[k])}, scale ${shown(scales[k])}`;
    const off = Math.abs(means[k] - trainedMeans[k]) > 1e-6 || Math.abs(scales[k] - trainedScales[k]) > 1e-6;
    badge.classList.toggle("on", off);
    mean.input.setAttribute("aria-valuetext", shown(means[k]));
    scale.input.setAttribute("aria-valuetext", shown(scales[k]));
    samples.setAttribute("aria-label",
      `${count} digits of component ${k + 1}, mean ${shown(means[k])}, scale ${shown(scales[k])}`);
    reset.disabled = !rows.some((r) => r.badge.classList.contains("on"));
  };
  const waiting = new Set(); // components to be drawn on the next frame
  const moved = (k) => {
    say(k);
    if (model === null) return;
    if (waiting.size === 0) {
      requestAnimationFrame(() => {
        for (const each of waiting) { row(each); lineage(each); }
        waiting.clear();
        root.dataset.frames = Number(root.dataset.frames ?? 0) + 1;
      });
    }
    waiting.add(k);
  };
  const settled = () => {
    if (model !== null) rows.forEach((_, k) => film(k));
    root.tell("now", { means: [...means], scales: [...scales], view: { ...view } });
  };
  const all = () => {
    rows.forEach((_, k) => say(k));
    if (model === null) return;
    rows.forEach((_, k) => { row(k); film(k); });
    lineage();
    marks.replaceChildren(...drawn.components.slice(0, count).map((k) => {
      const mark = make("span", { textContent: k + 1 });
      mark.style.cssText = `width:${width * zoom}px;border-color:${data.colours[k]}`;
      return mark;
    }));
    ancestral.setAttribute("aria-label",
      `${count} ancestral samples, of components ${drawn.components.slice(0, count).map((k) => k + 1).join(", ")}`);
  };
  const fit = () => {
    const room = root.clientWidth;
    const before = [zoom, count].join();
    zoom = (width * 2 + GAP) * 8 - GAP <= room ? 2 : 1; // twice as large where at least eight fit
    count = Math.max(1, Math.min(MOST, Math.floor((room + GAP) / (width * zoom + GAP))));
    return before !== [zoom, count].join();
  };
  fit();
  all();
  root.observer = new ResizeObserver(() => { if (fit()) all(); });
  root.observer.observe(root);
  status.textContent = "Fetching the decoder …";
  decoderOf(decoder).then(
    (found) => { model = found; status.textContent = ""; fit(); all(); root.dataset.ready = "yes"; },
    (error) => { status.textContent = `The decoder could not be fetched (${error.message}): reload the page.`; });
}
