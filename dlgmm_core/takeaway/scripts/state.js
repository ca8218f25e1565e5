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

// Gives { model, view, means, scales, alpha, digit, drawn }; what an address has not, or has wrong, is the usual value.
// `drawn` is { image, sheet } of a digit that was drawn, which no address has: what the model reads, and the pad.
function stateOf(models, query) {
  const model = Math.max(0, models.findIndex(({ name }) => name === query.get("model")));
  const info = models[model], k = info.means.length, reach = reachOf(info), contexts = info.contexts;
  const views = viewsOf(info), asked = query.get("view"), digit = numbersIn(query, "digit", 1, 1, shelfSize(info))?.[0];
  return {
    model,
    view: views.includes(asked) ? asked : views[0],
    means: numbersIn(query, "means", k, -reach, reach) ?? [...info.means],
    scales: (contexts ? null : numbersIn(query, "scales", k, ...stretchOf(info))) ?? [...info.scales],
    alpha: (contexts ? numbersIn(query, "alpha", 1, contexts.smallestAlpha, contexts.largestAlpha) : null)?.[0] ?? info.alpha,
    digit: Number.isInteger(digit) ? digit : 1,
    drawn: null,
  };
}

const shelfSize = (info) => Math.floor(atob(info.shelf.bits).length / Math.ceil(info.pixels / 8));
const viewsOf = ({ kind, plane }) =>
  Object.keys(VIEWS).filter((name) => name === "digit" || (name === "plane" ? plane : kind === "real"));

// Writes the state into the address; a frame without an address of its own goes without.
function tellAddress(models, state) {
  const info = models[state.model], query = new URLSearchParams(), list = (values) => values.map((each) => Number(each.toFixed(3))).join();
  query.set("view", state.view);
  if (models.length > 1) query.set("model", info.name);
  if (list(state.means) !== list(info.means)) query.set("means", list(state.means));
  if (list(state.scales) !== list(info.scales)) query.set("scales", list(state.scales));
  if (state.alpha !== info.alpha) query.set("alpha", state.alpha);
  if (state.digit > 1 && !state.drawn) query.set("digit", state.digit);
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

function alphaSlider(info, state, moved) {
  const { smallestAlpha, largestAlpha } = info.contexts;
  return slider({
    label: "α", spoken: "alpha, the concentration of the weights", low: smallestAlpha, high: largestAlpha,
    value: state.alpha, own: info.alpha, isLog: true,
  }, (value) => { state.alpha = value; moved(); });
}
