// Rows of samples, one a component, below the prior's density; dragging a mean or a scale draws both on every frame.
// Of a model that is amortised over its prior, alpha has a slider too, and each slider draws all rows: `tune` gives the
// decoder at a prior, beside which that of the model's own prior can be seen. Of a model of several layers, the rows of
// the second layer's components can be opened below one of the first.
// Digits are as large, in whole multiples, as lets up to five rows stand in the window; more rows scroll inside.

const GAP = 2, MOST = 16, REACH = 4, LARGEST_SCALE = 2, SMALLEST_SCALE = 0.05;
const FEWEST = 8, MOST_IN_SIGHT = 5, MOST_ZOOM = 5; // digits in a row, rows, pixels of the page a pixel of a digit
const NARROW = 640, LEAST_HEIGHT = 330, LEAST_ROW = 50, ROW_GAP = 4, WHOLE = 52; // pixels, as in the style

export default function ({ parentElement, data, setStateValue }) {
  const root = parentElement.querySelector(".live");
  root.tell = setStateValue; // every run brings a new one, and old ones are ignored
  root.presented = data.presented;
  const left = leftUntold(data.decoder.path, (root.known = JSON.stringify(data.now))), now = left?.state ?? data.now;
  if (root.dataset.decoder === data.decoder.path) return root.renew(data, left);
  root.dataset.decoder = data.decoder.path;
  root.observer?.disconnect();
  const { decoder, amortised, means: trainedMeans, scales: trainedScales } = data;
  const dim = decoder.below?.first ?? decoder.code, { height, width } = decoder; // of a digit, pixels
  const offsets = floats(data.offsets), stretches = floats(data.stretches); // (K, dim), of a learnt prior's coordinates
  const means = [...now.means], scales = [...now.scales], view = { ...now.view };
  let seed, next, noise, drawn, below; // next: the last seed that was asked for
  let branch = (now.branch ?? 0) - 1; // the row whose components below are in sight; -1 for none
  const draw = (from) => {
    seed = next = from.seed;
    noise = { own: floats(from.noise), shared: floats(from.shared) }; // (K, MOST, dim)
    drawn = { components: from.ancestral, noise: floats(from.ancestral_noise) };
    below = from.below && { ...from.below, noise: floats(from.below.noise) }; // (K + 1, MOST, its code), the last row ancestral
  };
  draw(data);
  // Only the noise comes from Python: where the sliders stand, Python may not know yet.
  root.renew = (from, left) => {
    refit();
    if (left) told.soon();
    if (from.seed !== seed && from.seed >= next) { draw(from); all(); }
  };
  const codes = new Float32Array(dim + (below?.code ?? 0)), code = codes.subarray(0, dim); // the second layer's code follows
  const pixels = new Float32Array(decoder.pixels);
  let model = null, zoom = 1, count = MOST; // model: the decoder, once it is fetched
  let tune = null, frozen = null, alpha = now.alpha, compared = now.compared;

  // ---- what is on the page
  const kind = amortised ? "own prior" : "trained"; // of the value that a slider's tick marks
  const low = Math.min(-REACH, ...trainedMeans), high = Math.max(REACH, ...trainedMeans);
  const [lowMean, highMean] = amortised ? [-amortised.largestMean, amortised.largestMean] : [low, high];
  const plot = densityPlot(low, high, data.weights, data.colours, data.title, data.note);
  const rows = trainedMeans.map((_, k) => {
    const lowScale = Math.min(SMALLEST_SCALE, trainedScales[k]), highScale = Math.max(LARGEST_SCALE, trainedScales[k]);
    const mean = tickedSlider(`mean of component ${k + 1}`, [lowMean, highMean], means[k], trainedMeans[k], kind);
    const scale = tickedSlider(`scale of component ${k + 1}`, [lowScale, highScale], scales[k], trainedScales[k], kind);
    const words = make("span", { className: "words" });
    const badge = make("button", { type: "button", className: "badge", textContent: "not retrained" });
    badge.disabled = data.retrained.length === 0;
    badge.onclick = () => { told.now(); root.tell("open", nearest().name); };
    const samples = make("canvas", { className: "samples" });
    samples.setAttribute("role", "img");
    const swatch = make("span", { className: "swatch" });
    swatch.style.background = data.colours[k];
    const head = make("div", { className: "head" }, swatch, words, ...(amortised ? [] : [badge]));
    const used = data.usage?.[k];
    const isUnused = used < data.unused; // false where nothing is known
    if (used !== undefined) head.append(usageWords(used, isUnused));
    const scaleBox = make("label", { className: "scale" }, "scale", scale.box);
    const controls = make("div", { className: "controls", "data-aside": "" }, make("div", { className: "mean" }, mean.box), scaleBox);
    const opener = below?.count > 1 ? make("button", { type: "button", className: "opener" }) : null;
    if (opener) {
      opener.setAttribute("aria-label", `components below component ${k + 1}`);
      opener.onclick = () => { branch = branch === k ? -1 : k; fit(); all(); told.soon(); };
      head.prepend(opener);
    }
    mean.input.oninput = () => { means[k] = Number(mean.input.value); moved(k); };
    scale.input.oninput = () => { scales[k] = Number(scale.input.value); moved(k); };
    mean.input.onchange = scale.input.onchange = () => told.soon();
    const section = make("section", { className: `row${isUnused ? " unused" : ""}` },
      make("div", {}, head, controls), samples);
    if (amortised) alignWith(mean.box, (lowMean - low) / (high - low), (highMean - low) / (high - low));
    return { section, head, mean, scale, words, badge, samples, opener };
  });
  const leaves = Array.from({ length: below?.count ?? 0 }, (_, j) => { // the rows below the one that is open
    const samples = make("canvas", { className: "samples" });
    samples.setAttribute("role", "img");
    const weight = decoder.below.layers[0].weights[j].toFixed(2);
    const words = make("span", { className: "words", textContent: `component ${j + 1} below it, weight ${weight}` });
    return { samples, section: make("section", { className: "row leaf" }, make("div", { className: "head" }, words), samples) };
  });
  const nearest = () => { // of the models that were trained under other priors
    const far = (other) => means.reduce((sum, mean, k) => sum + (mean - other.means[k]) ** 2 + (scales[k] - other.scales[k]) ** 2, 0);
    return data.retrained.reduce((best, other) => (far(other) < far(best) ? other : best));
  };
  const ancestral = make("canvas", { className: "samples" });
  ancestral.setAttribute("role", "img");
  ancestral.setAttribute("aria-label", "ancestral samples"); // until they are drawn
  const marks = make("div", { className: "marks" });
  const toggle = (label, name) => {
    const input = make("input", { type: "checkbox", checked: view[name] });
    input.onchange = () => { view[name] = input.checked; all(); told.soon(); };
    return make("label", {}, input, label);
  };
  const dial = amortised && alphaSlider(amortised, alpha, (value) => { alpha = value; moved(0); }, () => told.soon());
  const curve = data.measured && boundCurve(data.measured, amortised);
  const retrained = amortised && retrainedBadge(compared, (on) => {
    compared = on;
    for (const canvas of root.querySelectorAll("canvas")) canvas.width = 0; // not all of it is drawn over
    all();
    told.soon();
  });
  const reset = make("button", { type: "button", textContent: amortised ? "Reset" : "Reset to trained values" });
  reset.onclick = () => {
    if (dial) dial.set(alpha = amortised.own.alpha);
    trainedMeans.forEach((_, k) => {
      means[k] = rows[k].mean.input.value = trainedMeans[k];
      scales[k] = rows[k].scale.input.value = trainedScales[k];
    });
    all();
    told.soon();
  };
  const fresh = make("button", { type: "button", textContent: "New noise" });
  fresh.onclick = () => { told.now(); root.tell("seed", ++next); };
  const scalesToo = make("input", { type: "checkbox", checked: view.scales });
  scalesToo.onchange = () => {
    view.scales = scalesToo.checked;
    root.classList.toggle("with-scales", view.scales);
    told.soon();
  };
  const more = make("details", { open: !view.same || view.ink || view.scales }, make("summary", {}, "More"),
    make("div", { className: "more" }, toggle("the same noise in every row", "same"),
      toggle("ink where its probability exceeds one half", "ink"), ...(amortised ? [] : [make("label", {}, scalesToo, "scales, too")])));
  const status = make("p", { className: "status" });
  status.setAttribute("role", "status");
  const whole = make("section", { className: "row whole" }, plot.box, make("div", {}, make("div", { className: "head" },
    make("span", { className: "words", textContent: below
      ? "Ancestral samples: z₁, then z₂ given z₁, then x" : "Ancestral samples: π, then k, then z, then x" })), ancestral, marks));
  const list = make("div", { className: "rows" }, whole, ...rows.map((row) => row.section));
  const bar = make("div", { className: "bar", "data-aside": "" }, ...(dial ? [dial.box] : []), reset, fresh, more);
  root.replaceChildren(make("div", { className: "top" }, make("div", {}, bar, ...(retrained ? [retrained.box] : [])),
    ...(curve ? [curve.box] : [])), status, list);
  root.classList.toggle("with-scales", view.scales && !amortised); // whose scales are fixed
  root.classList.toggle("tree", Boolean(below));
  const marked = rows[data.marked]?.section; // that another page has led to
  marked?.classList.add("marked");

  // ---- drawing
  const again = (error) => { // the server has decoded what was not known
    status.textContent = error ? `The images could not be decoded: ${error.message}` : "";
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
  const show = (context, index, by = model) =>
    drawDigit(context, by.decode(codes, pixels, again), decoder, index * (width * zoom + GAP), 0, zoom, view.ink);
  const numberOf = () => (compared ? Math.floor((count - 1) / 2) : count); // of different digits in a row
  const digit = (context, index, k, from, at, line) => { // line: of the draws below
    place(k, means[k], from, at);
    if (below) {
      model.priors[0].read(code);
      model.priors[0].draw(below.components[line][index], below.noise, (line * MOST + index) * below.code, codes);
    }
    show(context, index);
    if (compared) show(context, index + count - numberOf(), frozen);
  };
  const row = (k) => {
    const context = sizeOf(rows[k].samples), line = view.same ? 0 : k;
    for (let i = 0; i < numberOf(); i++) digit(context, i, k, view.same ? noise.shared : noise.own, k * MOST + i, line);
    if (k !== branch) return;
    const contexts = leaves.map((leaf) => sizeOf(leaf.samples));
    for (let i = 0; i < count; i++) {
      place(k, means[k], view.same ? noise.shared : noise.own, k * MOST + i);
      model.priors[0].read(code);
      contexts.forEach((each, j) => {
        model.priors[0].draw(j, below.noise, (line * MOST + i) * below.code, codes);
        show(each, i);
      });
    }
  };
  const lineage = (only) => {
    const context = sizeOf(ancestral);
    for (let i = 0; i < numberOf(); i++) {
      if (only === undefined || drawn.components[i] === only) digit(context, i, drawn.components[i], drawn.noise, i, rows.length);
    }
  };
  const say = (k) => {
    const { words, head, badge, samples, mean, scale } = rows[k];
    words.textContent = `component ${k + 1}: mean ${shown(means[k])}, scale ${shown(scales[k])}`;
    const off = Math.abs(means[k] - trainedMeans[k]) > 1e-6 || Math.abs(scales[k] - trainedScales[k]) > 1e-6;
    head.classList.toggle("moved", off);
    if (off && !badge.disabled) badge.title = `the model trained with the nearest prior: ${nearest().name}`;
    mean.input.setAttribute("aria-valuetext", shown(means[k]));
    scale.input.setAttribute("aria-valuetext", shown(scales[k]));
    samples.setAttribute("aria-label",
      `${numberOf()} samples of component ${k + 1}, mean ${shown(means[k])}, scale ${shown(scales[k])}`);
    if (k === branch) {
      leaves.forEach((leaf, j) => {
        leaf.section.style.setProperty("--above", data.colours[k]);
        leaf.samples.setAttribute("aria-label", `${count} samples of component ${j + 1} below component ${k + 1}`);
      });
    }
    const isTurned = rows.some((each) => each.head.classList.contains("moved")) || (dial && alpha !== amortised.own.alpha);
    reset.disabled = !isTurned;
    retrained?.show(isTurned);
    root.classList.toggle("turned", Boolean(isTurned));
  };
  const waiting = new Set(); // components to be drawn on the next frame
  const moved = (which) => {
    const changed = amortised ? rows.map((_, k) => k) : [which];
    changed.forEach(say);
    plot.draw(means, scales);
    curve?.draw(means, alpha);
    if (model === null) return;
    if (waiting.size === 0) {
      requestAnimationFrame(() => {
        if (tune) model = tune(means, alpha);
        for (const each of waiting) { row(each); lineage(each); }
        waiting.clear();
        root.dataset.frames = Number(root.dataset.frames ?? 0) + 1;
      });
    }
    for (const k of changed) waiting.add(k);
  };
  const state = () => ({ means: [...means], scales: [...scales], view: { ...view }, ...(below && { branch: branch + 1 }),
    ...(amortised && { alpha, compared }) });
  const told = atRest(root, () => root.tell("now", state()), () => LEFT.set(decoder.path, { known: root.known, state: state() }));
  const all = () => {
    rows.forEach((each, k) => {
      say(k);
      each.opener?.setAttribute("aria-expanded", k === branch);
    });
    plot.draw(means, scales);
    curve?.draw(means, alpha);
    if (model === null) return;
    if (tune) model = tune(means, alpha);
    rows.forEach((_, k) => row(k));
    lineage();
    const shownNow = drawn.components.slice(0, numberOf());
    const under = (i) => below.components[rows.length][i] + 1; // the component of the second layer, from 1
    const marked = () => shownNow.map((k, i) => {
      const mark = make("span", { textContent: leaves.length > 1 ? `${k + 1}\u202f›\u202f${under(i)}` : k + 1 });
      mark.style.cssText = `width:${width * zoom}px;border-color:${data.colours[k]}`;
      return mark;
    });
    const space = make("i");
    space.style.width = `${(count - 2 * numberOf()) * (width * zoom + GAP) - GAP}px`;
    marks.replaceChildren(...marked(), ...(compared ? [space, ...marked()] : []));
    ancestral.setAttribute("aria-label",
      `${numberOf()} ancestral samples, of components ${
        shownNow.map((k, i) => (leaves.length > 1 ? `${k + 1} and ${under(i)} below it` : k + 1)).join(", ")}`);
  };
  const fit = () => {
    const before = [zoom, count].join(), narrow = root.clientWidth < NARROW;
    const open = rows[branch]?.opener ? leaves : [], tallest = rows.length + open.length;
    for (const leaf of leaves) if (!open.includes(leaf)) leaf.section.remove();
    if (open.length && rows[branch].section.nextSibling !== open[0].section) {
      rows[branch].section.after(...open.map((leaf) => leaf.section));
    }
    const inSight = Math.min(tallest, MOST_IN_SIGHT);
    root.classList.toggle("narrow", narrow);
    const free = roomBelow(list);
    list.style.maxHeight = narrow || inSight === tallest ? "" : `${Math.max(LEAST_HEIGHT, free)}px`;
    const small = fitting(2, decoder);
    for (zoom = narrow ? small : fitting(MOST_ZOOM, decoder); ; zoom--) {
      root.classList.toggle("large", zoom > small);
      count = Math.floor((ancestral.parentElement.clientWidth + GAP) / (width * zoom + GAP));
      const tall = WHOLE + height * zoom + inSight * (Math.max(LEAST_ROW, height * zoom) + ROW_GAP);
      if (zoom === 1 || (count >= FEWEST && (zoom <= small || tall <= free))) break;
    }
    count = Math.max(1, Math.min(MOST, count));
    // Where it is presented, the density takes what the rows leave, up to as much again.
    const usual = Math.max(60, height * zoom + 14);
    const spare = free - WHOLE * letters() - height * zoom - inSight * (Math.max(LEAST_ROW, height * zoom) + ROW_GAP);
    const more = root.presented && !narrow ? Math.min(usual, Math.max(0, spare)) : 0;
    plot.box.firstChild.style.height = `${usual + more}px`;
    return before !== [zoom, count].join();
  };
  fit();
  all();
  if (left) told.soon();
  const refit = () => { if (fit()) all(); };
  root.observer = new ResizeObserver(refit);
  root.observer.observe(root);
  onNewRoom(root, refit);
  status.textContent = "Fetching the decoder …";
  (amortised ? amortisedDecoder(amortised) : decoderOf(decoder)).then(
    (found) => {
      if (amortised) { tune = found; model = frozen = found(amortised.own.means, amortised.own.alpha); }
      else model = found;
      status.textContent = "";
      fit();
      all();
      root.dataset.ready = "yes";
    },
    (error) => { status.textContent = `The decoder could not be fetched (${error.message}): reload the page.`; });
}
