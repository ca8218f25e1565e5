// E_q[π_k|x] of one digit as bars and as a stick, under the prior that sliders choose: computed here, on every frame.
// Above, how they change with alpha. After encoder.js, alpha.js and alpha_curves.js.

const MEAN_STEP = 0.05;

export default function ({ parentElement, data, setStateValue }) {
  const root = parentElement.querySelector(".turned-weights");
  root.tell = setStateValue; // every run brings a new one, and old ones are ignored
  const { amortised, encoder, colours, inks } = data;
  const image = floats(data.image);
  if (root.dataset.encoder === encoder.path) return root.look(image);
  root.dataset.encoder = encoder.path;
  const means = [...data.now.means];
  let alpha = data.now.alpha, model = null, units = null, seen = image, waiting = false;
  let isOld = true; // the curves, since a mean has moved
  const settled = () => root.tell("now", { means: [...means], alpha });
  const moved = (isTraced = true) => {
    isOld ||= isTraced;
    if (waiting || units === null) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      draw();
      root.dataset.frames = Number(root.dataset.frames ?? 0) + 1;
    });
  };

  // ---- what is on the page
  const dial = alphaSlider(amortised, alpha, (value) => { alpha = value; moved(false); }, settled);
  const reset = element("button", { type: "button", textContent: "Reset" });
  reset.onclick = () => {
    dial.set(alpha = amortised.own.alpha);
    amortised.own.means.forEach((mean, k) => { means[k] = columns[k].input.value = mean; });
    moved();
    settled();
  };
  const reach = amortised.largestMean;
  const columns = means.map((mean, k) => {
    const input = element("input", { type: "range", min: -reach, max: reach, step: MEAN_STEP });
    input.value = mean;
    input.setAttribute("aria-label", `mean of component ${k + 1}`);
    input.oninput = () => { means[k] = Number(input.value); moved(); };
    input.onchange = settled;
    input.dataset.aside = ""; // not in a picture
    const bar = element("div", { className: "bar" }), words = element("span"), weight = element("strong");
    bar.style.background = colours[k];
    const segment = element("div", { className: "piece" });
    Object.assign(segment.style, { background: colours[k], color: inks[k] });
    const foot = element("label", { className: "foot" }, weight, input, words);
    return { input, bar, words, weight, segment, foot };
  });
  const plot = element("div", { className: "plot" }, ...[0, 0.5, 1].map((share) => {
    const tick = element("div", { className: "tick" }, element("span", { textContent: share }));
    tick.style.bottom = `${100 * share}%`;
    return tick;
  }), element("div", { className: "bars" }, ...columns.map(({ bar }) => element("div", {}, bar))));
  const curves = alphaCurves(amortised, colours);
  const stick = element("div", { className: "whole" }, ...columns.map(({ segment }) => segment));
  const status = element("p", { className: "status", textContent: "Fetching the encoder …" });
  status.setAttribute("role", "status");
  const bar = element("div", { className: "controls" }, dial.box, reset);
  bar.dataset.aside = "";
  const title = (words) => element("div", { className: "title", textContent: words });
  root.replaceChildren(bar, status, title("weights E[π|x] of this digit, against α"), curves.box,
    title("at the α of the slider"), plot, element("div", { className: "feet" }, ...columns.map(({ foot }) => foot)), stick);

  // ---- drawing
  const draw = () => {
    const at = (each) => model.sticks(units, { means, alpha: each }), { weights, pieces } = at(alpha);
    if (isOld) curves.trace((each) => at(each).weights);
    isOld = false;
    curves.mark(alpha);
    columns.forEach(({ bar, words, weight, segment, input }, k) => {
      bar.style.height = `${100 * weights[k]}%`;
      weight.textContent = weights[k].toFixed(2);
      words.textContent = `mean ${means[k].toFixed(2).replace("-", "−")}`;
      input.setAttribute("aria-valuetext", means[k].toFixed(2));
      segment.style.width = `${100 * weights[k]}%`;
      segment.textContent = weights[k] > 0.06 ? k + 1 : "";
      segment.style.order = pieces.indexOf(k);
    });
    const shown = weights.map((weight, k) => `component ${k + 1} ${weight.toFixed(2)}`).join(", ");
    for (const each of [plot, stick]) each.setAttribute("role", "img"); // not before there are words for it
    plot.setAttribute("aria-label", `Weights at α = ${alpha}: ${shown}`);
    stick.setAttribute("aria-label", `Stick, broken in the order of components ${pieces.map((k) => k + 1).join(", ")}`);
    reset.disabled = alpha === amortised.own.alpha && means.every((mean, k) => mean === amortised.own.means[k]);
  };
  const read = () => {
    units = model.read(seen);
    isOld = true;
    draw();
  };
  root.look = (next) => {
    if (isSameImage(seen, next)) return;
    seen = next;
    if (model !== null) read();
  };
  encoderOf(encoder).then(
    (found) => { model = found; read(); status.textContent = ""; root.dataset.ready = "yes"; },
    (error) => { status.textContent = `The encoder could not be fetched (${error.message}): reload the page.`; });
  onPen(root, (drawn) => { if (drawn !== null) root.look(drawn); });
}
