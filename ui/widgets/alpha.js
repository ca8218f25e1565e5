// What pages with an amortised model share: the slider of alpha with a button that plays it, means that stand below an
// axis, and the words that say what is shown. After amortised.js.

const PLAY_MILLISECONDS = 12000; // from the largest alpha to the smallest and back

function element(tag, properties = {}, ...children) {
  const found = Object.assign(document.createElement(tag), properties);
  found.append(...children);
  return found;
}

function svgElement(name, attributes) {
  const found = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) found.setAttribute(key, value);
  return found;
}

// Where an alpha stands between the smallest and the largest, 0 to 1, by its logarithm.
const shareOf = ({ smallestAlpha, largestAlpha }, alpha) =>
  Math.log(alpha / smallestAlpha) / Math.log(largestAlpha / smallestAlpha);

// Gives { box, set }. `moved` is called with alpha while it is dragged or played, `settled` when that ends.
function alphaSlider({ smallestAlpha, largestAlpha, own }, start, moved, settled) {
  const low = Math.log(smallestAlpha), high = Math.log(largestAlpha);
  const input = element("input", { type: "range", min: low, max: high, step: "any" });
  const number = element("output");
  const play = element("button", { type: "button", textContent: "Play α" });
  input.setAttribute("aria-label", "alpha, the concentration of the weights");
  play.title = `from ${largestAlpha} to ${smallestAlpha} and back`;
  let frame = null;
  const say = (alpha) => {
    number.textContent = `α = ${alpha}`;
    input.setAttribute("aria-valuetext", String(alpha));
  };
  const set = (alpha) => { input.value = Math.log(alpha); say(alpha); };
  const take = () => {
    const near = Math.abs(Number(input.value) - Math.log(own.alpha)) < 0.03 ? own.alpha : Math.exp(Number(input.value));
    const alpha = Math.min(largestAlpha, Math.max(smallestAlpha, Number(near.toPrecision(3))));
    say(alpha);
    moved(alpha);
  };
  const stop = () => {
    if (frame === null) return;
    cancelAnimationFrame(frame);
    frame = null;
    play.textContent = "Play α";
  };
  play.onclick = () => {
    if (frame !== null) { stop(); settled(); return; }
    play.textContent = "Stop";
    let began = null;
    const step = (now) => {
      if (!input.isConnected) return stop();
      began ??= now;
      const share = Math.min(1, (now - began) / PLAY_MILLISECONDS);
      input.value = high - (high - low) * (1 - Math.abs(1 - 2 * share));
      take();
      if (share < 1) { frame = requestAnimationFrame(step); return; }
      stop();
      settled();
    };
    frame = requestAnimationFrame(step);
  };
  input.oninput = () => { stop(); take(); };
  input.onchange = () => settled();
  set(start);
  const tick = element("span", { className: "tick", title: `own prior: ${own.alpha}` });
  tick.style.left = `calc(14px + (100% - 28px) * ${(Math.log(own.alpha) - low) / (high - low)})`;
  const track = element("span", { className: "track" }, input, tick);
  return { box: element("div", { className: "alpha" }, number, track, play), set: (alpha) => { stop(); set(alpha); } };
}

// Puts a slider between two shares of an axis that is as wide as what contains both, so that values stand below values.
function alignWith(track, from, to) {
  track.style.marginLeft = `calc((100% - 28px) * ${from})`; // a thumb's centre stops 14 pixels short, as the axis does
  track.style.width = `calc((100% - 28px) * ${to - from} + 28px)`;
}

// Says what rows show, and no more than that; its switch puts the decoder of the own prior beside.
function retrainedBadge(start, switched) {
  const words = element("span", { className: "said" });
  const input = element("input", { type: "checkbox", checked: start });
  let isTurned = false;
  const show = (turned) => {
    isTurned = turned;
    words.textContent = !turned ? `${input.checked ? "Left and right: t" : "T"}he model's own prior`
      : input.checked ? "Left: the model with this prior. Right: its decoder for its own prior, not retrained."
        : "The model with this prior";
    words.classList.toggle("is-told", turned);
  };
  input.onchange = () => { show(isTurned); switched(input.checked); };
  show(false);
  const label = element("label", {}, input, "compare without retraining");
  return { box: element("div", { className: "retrained" }, words, label), show };
}
