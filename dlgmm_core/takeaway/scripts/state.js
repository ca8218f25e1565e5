// What the visitor has chosen, and the page's address, which says it: after `?`, or nothing where a value is the usual one.

const HIGHEST = 5, SMALLEST_SCALE = 0.1, LARGEST_SCALE = 3, VIEWS = { components: "Components", digit: "Digit", plane: "Plane" };

function element(tag, properties = {}, ...children) {
  const found = Object.assign(document.createElement(tag), properties);
  found.append(...children);
  return found;
}

const shown = (value) => String(Number(value.toFixed(2))).replace("-", "−");

// Numbers of a parameter, if there are exactly `count`, all within the limits; null otherwise.
function numbersIn(query, name, count, low, high) {
  const text = query.get(name);
  if (text === null || text.length > 1000) return null;
  const values = text.split(",").map((each) => (/^[-+.\deE]+$/.test(each) ? Number(each) : NaN));
  return values.length === count && values.every((each) => each >= low && each <= high) ? values : null;
}

const reachOf = (info) => (info.contexts ? info.contexts.largestMean : Math.max(HIGHEST, ...info.means.map(Math.abs)));
const stretchOf = ({ scales }) => [Math.min(SMALLEST_SCALE, ...scales), Math.max(LARGEST_SCALE, ...scales)];

// Gives { model, view, priors, images }: which model and which of its views are shown; of every model its prior as it is dragged,
// { means, scales, alpha }; and of every data set the image that is read, { digit, drawn, before }. What an address has not, or has
// wrong, is the usual value. `drawn` is { image, sheet } of a drawing, which no address has: what the model reads, and the pad;
// `before` is what Undo brings back.
function stateOf(models, query) {
  const model = Math.max(0, models.findIndex(({ name }) => name === query.get("model"))), info = models[model];
  const digit = numbersIn(query, "digit", 1, 1, shelfSize(info))?.[0];
  const state = { model, view: viewOf(info, query.get("view")), priors: models.map(trainedPrior), images: new Map() };
  for (const { dataset } of models) state.images.set(dataset, { digit: 1, drawn: null, before: [] });
  if (Number.isInteger(digit)) state.images.get(info.dataset).digit = digit;
  Object.assign(state.priors[model], priorIn(query, info));
  return state;
}

const trainedPrior = ({ means, scales, alpha }) => ({ means: [...means], scales: [...scales], alpha });

// What an address says of the prior of a model.
function priorIn(query, info) {
  const { contexts } = info, k = info.means.length, reach = reachOf(info);
  const means = numbersIn(query, "means", k, -reach, reach);
  const scales = contexts ? null : numbersIn(query, "scales", k, ...stretchOf(info));
  const alpha = contexts ? numbersIn(query, "alpha", 1, contexts.smallestAlpha, contexts.largestAlpha) : null;
  return { ...(means && { means }), ...(scales && { scales }), ...(alpha && { alpha: alpha[0] }) };
}

const shelfSize = (info) => Math.floor(atob(info.shelf.bits).length / Math.ceil(info.pixels / 8));
const viewsOf = ({ kind, plane }) =>
  Object.keys(VIEWS).filter((name) => name === "digit" || (name === "plane" ? plane : kind === "real"));

const viewOf = (info, asked) => (viewsOf(info).includes(asked) ? asked : viewsOf(info)[0]);

// Writes what is shown into the address; a frame without an address of its own goes without.
function tellAddress(models, { model, view, priors, images }) {
  const info = models[model], query = new URLSearchParams({ view }), prior = priors[model], { digit, drawn } = images.get(info.dataset);
  const list = (values) => values.map((each) => Number(each.toFixed(3))).join();
  if (models.length > 1) query.set("model", info.name);
  if (list(prior.means) !== list(info.means)) query.set("means", list(prior.means));
  if (list(prior.scales) !== list(info.scales)) query.set("scales", list(prior.scales));
  if (prior.alpha !== info.alpha) query.set("alpha", prior.alpha);
  if (digit > 1 && !drawn) query.set("digit", digit);
  try { history.replaceState(null, "", `?${query}`); } catch { /* as in a frame of `srcdoc` */ }
}

// A slider with its words: { box, set }. `moved` is called with the value.
function slider({ label, spoken, low, high, value, own, isLog = false }, moved) {
  const to = isLog ? Math.log : Number, from = isLog ? Math.exp : Number;
  const input = element("input", { type: "range", min: to(low), max: to(high), step: "any" });
  const number = element("output");
  const say = (now) => { number.textContent = shown(now); input.setAttribute("aria-valuetext", shown(now)); };
  const set = (now) => { input.value = to(now); say(now); };
  input.setAttribute("aria-label", spoken);
  input.oninput = () => {
    const near = Math.abs(input.value - to(own)) < 0.01 * (to(high) - to(low)); // it is easily found again
    const now = near ? own : Math.min(high, Math.max(low, Number(from(input.value).toFixed(3))));
    say(now);
    moved(now);
  };
  input.onkeydown = (event) => {
    const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    input.value = Number(input.value) + (step * (to(high) - to(low))) / 50;
    const now = Math.min(high, Math.max(low, Number(from(input.value).toFixed(3))));
    say(now);
    moved(now);
  };
  set(value);
  return { box: element("label", { className: "slider" }, element("span", { textContent: label }), input, number), set };
}

// Calls `draw` on the next frame, once however often it is asked.
function onFrame(draw) {
  let isWaiting = false;
  return () => {
    if (isWaiting) return;
    isWaiting = true;
    requestAnimationFrame(() => { isWaiting = false; draw(); });
  };
}

function alphaSlider(info, prior, moved) {
  const { smallestAlpha, largestAlpha } = info.contexts;
  return slider({
    label: "α", spoken: "alpha, the concentration of the weights", low: smallestAlpha, high: largestAlpha,
    value: prior.alpha, own: info.alpha, isLog: true,
  }, (value) => { prior.alpha = value; moved(); });
}
