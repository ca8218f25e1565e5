// A stick of length one, broken fraction by fraction: v_k of what is left becomes piece k.
// Where the pieces are the code itself, breaks can be dragged and the digit is decoded on every frame. The stick follows the pen where
// `live` is an encoder's address. After make.js and stick_density.js.

const WIDTH = 320, HEIGHT = 120, NARROWEST = 0.15, STEP_MILLISECONDS = 350, KEY_STEP = 0.01, ZOOM = 6;
const SVG = "http://www.w3.org/2000/svg";
const two = (value) => value.toFixed(2);

// Three significant figures.
const figures = (value) => {
  const rounded = Number(value.toPrecision(3)), size = Math.abs(rounded);
  if (size !== 0 && (size < 0.001 || size >= 1e6)) {
    const [digits, power] = rounded.toExponential(2).split("e");
    return `${digits} × 10${[...power.replace("+", "")].map((sign) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(sign)]).join("")}`;
  }
  return size >= 100 ? rounded.toLocaleString("en-US") : value.toPrecision(3);
};

export default function ({ parentElement, data, setStateValue }) {
  const root = parentElement.querySelector(".stick");
  root.tell = setStateValue; // every run brings a new one, and old ones are ignored
  const told = data.signature && { ...data, mean: floats(data.mean), draws: floats(data.draws) };
  if (told && root.dataset.signature !== told.signature) drawStick(root, told);
  // after a stroke that leaves the digit as it is, the server has nothing new to tell
  const drawn = ({ q }) => drawStick(root, isTold(told, q) ? told : { ...data, signature: "", ...liveStick(q) });
  followPen(root, data.live, {
    none: () => { root.dataset.signature = ""; root.replaceChildren(); },
    drawn,
    stays: drawn,
  });
}

// Whether the pen rests, and the server has told the stick of that posterior.
const isTold = (told, { fractions }) =>
  told && !window.dlgmmPen.isAhead && fractions.every((fraction, k) => Math.abs(fraction - told.mean[k]) < 1e-4);

// The same data as from ui/digit/stick.py, for the posterior q of what the pen draws.
const liveStick = ({ concentrations, fractions }) => ({ concentrations, mean: Float64Array.from(fractions), draws: [] });

function drawStick(root, data) {
  root.dataset.signature = data.signature;
  const { concentrations, colours, inks, decoder, mean, draws } = data;
  const breaks = concentrations.length, T = breaks + 1;
  const v = Float64Array.from(mean), pieces = new Float64Array(T);
  let next = 0, chosen = 0, visible = T, model = null, timer = null;
  let role = ""; // of the fractions that are shown

  const draw = (tag, attributes) => {
    const element = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  };

  // ---- the stick
  const stick = make("div", { className: "whole" });
  const segments = Array.from({ length: T }, (_, k) => {
    const segment = make("button", { type: "button", className: "piece" });
    Object.assign(segment.style, { background: colours[k], color: inks[k] });
    segment.onpointerenter = segment.onfocus = () => { chosen = Math.min(k, breaks - 1); explain(); };
    segment.onclick = segment.onpointerenter;
    stick.append(segment);
    return segment;
  });
  const handles = decoder === null ? [] : Array.from({ length: breaks }, (_, k) => {
    const handle = make("span", { className: "handle", tabIndex: 0 });
    handle.setAttribute("role", "slider");
    handle.setAttribute("aria-label", `break ${k + 1}`);
    handle.setAttribute("aria-valuemin", 0);
    handle.setAttribute("aria-valuemax", 1);
    let pointer = null; // which one holds it
    handle.onpointerdown = (event) => {
      if (pointer !== null || !event.isPrimary || event.button !== 0) return;
      handle.setPointerCapture(event.pointerId);
      pointer = event.pointerId;
      event.preventDefault();
    };
    handle.onpointermove = (event) => {
      if (event.pointerId !== pointer) return;
      if (!isHeld(event)) { handle.onpointerup(event); return; }
      const box = stick.getBoundingClientRect();
      const before = pieces.subarray(0, k).reduce((sum, piece) => sum + piece, 0);
      set(k, ((event.clientX - box.left) / box.width - before) / Math.max(1e-6, 1 - before));
    };
    handle.onpointerup = handle.onpointercancel = handle.onlostpointercapture = (event) => {
      if (event.pointerId !== pointer) return;
      pointer = null;
      tell([...v]);
    };
    handle.onkeydown = (event) => {
      const step = { ArrowRight: KEY_STEP, ArrowUp: KEY_STEP, ArrowLeft: -KEY_STEP, ArrowDown: -KEY_STEP }[event.key];
      if (step === undefined) return;
      event.preventDefault();
      event.stopPropagation(); // Streamlit has keys of its own
      set(k, v[k] + step);
    };
    handle.onkeyup = (event) => { if (event.key.startsWith("Arrow")) tell([...v]); };
    handle.onfocus = () => { chosen = k; explain(); };
    stick.append(handle);
    return handle;
  });
  const tell = (fractions) => root.tell("now", { signature: data.signature, fractions });
  const set = (k, fraction) => {
    v[k] = Math.min(0.999, Math.max(0.001, fraction));
    chosen = k;
    role = "set by hand; its posterior is";
    said("Breaks moved by hand.");
    show();
  };

  // ---- what lies behind a break
  const steady = { "vector-effect": "non-scaling-stroke" };
  const svg = draw("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img" });
  const curve = draw("path", { fill: "none", "stroke-width": 2, ...steady });
  const marker = draw("line", { y1: 0, y2: HEIGHT, stroke: "currentColor", "stroke-dasharray": "3 3", ...steady });
  svg.append(draw("line", { x1: 0, x2: WIDTH, y1: HEIGHT, y2: HEIGHT, stroke: "currentColor", ...steady }), curve, marker);
  const ends = make("div", { className: "ends" }, ...["v = 0", "0.5", "1"].map((textContent) => make("span", { textContent })));
  const plot = make("div", { className: "density" }, svg, ends);
  const words = make("p", { className: "words" });
  const explain = () => {
    curve.setAttribute("d", densityPath(concentrations[chosen], WIDTH, HEIGHT));
    curve.setAttribute("stroke", colours[chosen]);
    marker.setAttribute("x1", v[chosen] * WIDTH);
    marker.setAttribute("x2", v[chosen] * WIDTH);
    // v runs over what is left of the stick, below which it is drawn unless that is too narrow
    const before = pieces.subarray(0, chosen).reduce((sum, piece) => sum + piece, 0);
    plot.style.marginLeft = 1 - before < NARROWEST ? 0 : `${100 * before}%`;
    const [a, b] = concentrations[chosen];
    words.textContent = `Break ${chosen + 1} takes v = ${figures(v[chosen])} of what is left, ${role}`
      + ` Kumaraswamy(a = ${figures(a)}, b = ${figures(b)}); piece ${chosen + 1} is π = ${figures(pieces[chosen])}.`
      + (1 - before < NARROWEST ? " The density is wider than what is left." : "");
    svg.setAttribute("aria-label", `Density of fraction v ${chosen + 1} between 0 and 1; ${words.textContent}`);
    segments.forEach((segment, k) => segment.classList.toggle("chosen", k === chosen));
  };

  // ---- buttons
  const status = make("span", { className: "said" });
  status.setAttribute("role", "status");
  const said = (text) => { status.textContent = text; };
  const MEAN = "the mean of", DRAW = "a draw from";
  const atMean = decoder === null ? "The mean fractions, whose pieces are E[π|x]." : "Means E[π|x]: drag a break.";
  const take = (values, what, text) => {
    clearInterval(timer);
    visible = T;
    v.set(values);
    role = what;
    said(text);
    show();
  };
  const redraw = make("button", { type: "button", textContent: "Redraw", disabled: !draws.length });
  redraw.onclick = () => {
    const at = next++ % (draws.length / breaks);
    take(draws.subarray(at * breaks, (at + 1) * breaks), DRAW, `Draw ${at + 1} from the posterior of the sticks.`);
    tell([...v]);
  };
  const centre = make("button", { type: "button", textContent: "Mean" });
  centre.onclick = () => { take(mean, MEAN, atMean); tell(null); };
  const step = make("button", { type: "button", textContent: "Break it step by step" });
  step.onclick = () => {
    clearInterval(timer);
    visible = 1;
    show();
    timer = setInterval(() => {
      visible += 1;
      chosen = Math.min(visible - 2, breaks - 1);
      if (visible >= T) clearInterval(timer);
      show();
    }, STEP_MILLISECONDS);
  };

  // ---- the digit that the pieces are the code of
  const canvas = make("canvas", { className: "decoded" });
  canvas.setAttribute("role", "img");
  const zoom = decoder === null ? 1 : fitting(ZOOM, decoder);
  if (decoder !== null) Object.assign(canvas, { width: zoom * decoder.width, height: zoom * decoder.height });
  const code = new Float32Array(T), pixels = new Float32Array(decoder?.pixels ?? 0);
  const again = (error) => { // the server has decoded what was not known
    if (error) said(`The digit could not be decoded: ${error.message}`);
    else decode();
  };
  const decode = () => {
    if (model === null) return;
    code.set(pieces);
    drawDigit(canvas.getContext("2d"), model.decode(code, pixels, again), decoder, 0, 0, zoom);
    root.dataset.frames = Number(root.dataset.frames ?? 0) + 1;
  };

  let waiting = false;
  const show = () => {
    let left = 1;
    for (let k = 0; k < breaks; k++) { pieces[k] = v[k] * left; left -= pieces[k]; }
    pieces[breaks] = left;
    let start = 0;
    segments.forEach((segment, k) => {
      // before a break is made, the rest of the stick is whole
      const width = k === visible - 1 ? 1 - start : pieces[k];
      segment.style.display = k < visible ? "block" : "none";
      segment.style.left = `${100 * start}%`;
      segment.style.width = `${100 * width}%`;
      segment.textContent = width > 0.06 ? k + 1 : "";
      segment.setAttribute("aria-label", `piece ${k + 1}, ${width.toFixed(3)} of the stick`);
      start += width;
      if (handles[k]) {
        handles[k].style.left = `${100 * start}%`;
        handles[k].style.display = visible === T ? "block" : "none";
        handles[k].setAttribute("aria-valuenow", two(v[k]));
      }
    });
    explain();
    if (!waiting) {
      waiting = true;
      requestAnimationFrame(() => { waiting = false; decode(); });
    }
  };
  canvas.setAttribute("aria-label", "The digit decoded from the pieces");
  for (const button of [redraw, centre, step]) button.dataset.aside = ""; // not in a picture of the stick
  root.replaceChildren(
    make("div", { className: "bar" }, redraw, centre, step, status), stick, plot,
    make("div", { className: "below" }, words, ...(decoder ? [canvas] : [])));
  take(mean, MEAN, atMean);
  if (decoder !== null) {
    decoderOf(decoder).then(
      (found) => { model = found; decode(); root.dataset.ready = "yes"; },
      (error) => said(`The decoder could not be fetched (${error.message}): reload the page.`));
  }
}
