// What the rows of components are built of: numbers in words, sliders with a tick, and the share of the images. After make.js.

const STEP = 0.05; // of a slider
const shown = (value) => (value < 0 ? "−" : "") + Math.abs(value).toFixed(2);
const percent = (share) => (share === 0 || share >= 0.01 ? `${Math.round(100 * share)} %`
  : share < 0.001 ? "<0.1 %" : `${Math.floor(1000 * share) / 10} %`); // never "1 %" where that is not reached

// A slider whose tick marks one value, which `kind` names; `box` holds both.
function tickedSlider(label, [low, high], value, marked, kind) {
  const input = make("input", { type: "range", min: low, max: high, step: STEP });
  input.value = value;
  input.setAttribute("aria-label", label);
  const tick = make("span", { className: "tick", title: `${kind}: ${shown(marked)}` });
  tick.style.left = `calc(14px + (100% - 28px) * ${(marked - low) / (high - low)})`; // a thumb's centre stops short
  return { input, box: make("span", { className: "track" }, input, tick) };
}

function usageWords(used, isUnused) {
  return make("span", { className: "usage", title: "test images whose largest weight E[π|x] is this component's",
    textContent: isUnused ? `hardly used: ${percent(used)}` : `${percent(used)} of images` });
}
