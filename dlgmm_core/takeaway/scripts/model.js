// The model in the browser: decoders, gates, the mean of Kumaraswamy fractions, and how an image is drawn. The app's widgets
// and the page that can be taken away share it; it asks no server for anything.

const AT_ONCE = 8; // rows of weights
const MOST_GATES = 64; // that are kept
const LARGEST_LOG = 6, LARGEST_LOG_OF_CODE = 20; // of a and b: MAX_LOG_CONCENTRATION of dlgmm_core/model/networks.py
const LANCZOS = [0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7];

function transposed(matrix, columns) {
  const rows = matrix.length / columns;
  return matrix.map((_, i) => matrix[(i % rows) * columns + Math.floor(i / rows)]);
}

// code -> hidden ReLU layer, whose units are multiplied by factors (hidden) -> pixels: W1 (hidden, code), W2 (hidden,
// pixels); with further ReLU layers in between: W (hidden, hidden), from each unit of the layer before, and b.
function denseDecoder(w1, b1, between, w2, b2, factors) {
  const hidden = b1.length, pixels = b2.length, code = w1.length / hidden;
  const active = new Int32Array(hidden + AT_ONCE), values = new Float64Array(hidden + AT_ONCE), sums = new Float64Array(hidden);
  return {
    // Log odds of ink.
    logits(z, out = new Float32Array(pixels)) {
      let count = 0; // units that ReLU leaves on: about half of them
      for (let h = 0, w = 0; h < hidden; h++) {
        let sum = b1[h];
        for (let d = 0; d < code; d++, w++) sum += w1[w] * z[d];
        if (sum > 0) { active[count] = h; values[count++] = sum * factors[h]; }
      }
      for (const [weights, biases] of between) {
        sums.set(biases);
        addRows(sums, weights, active, values, count);
        count = 0;
        for (let h = 0; h < hidden; h++) if (sums[h] > 0) { active[count] = h; values[count++] = sums[h]; }
      }
      out.set(b2);
      addRows(out, w2, active, values, count);
      return out;
    },
    decode(z, out) {
      const found = this.logits(z, out);
      for (let x = 0; x < pixels; x++) found[x] = 1 / (1 + Math.exp(-found[x]));
      return found;
    },
  };
}

// Adds to `out` the sum of values[i] times row active[i], for i < count; both have room for AT_ONCE more. Eight rows at
// a time take half the time of one, since their products do not wait for one another.
function addRows(out, rows, active, values, count) {
  const size = out.length;
  for (let i = count; i % AT_ONCE; i++) active[i] = values[i] = 0;
  for (let i = 0; i < count; i += AT_ONCE) {
    const v0 = values[i], v1 = values[i + 1], v2 = values[i + 2], v3 = values[i + 3];
    const v4 = values[i + 4], v5 = values[i + 5], v6 = values[i + 6], v7 = values[i + 7];
    const r0 = size * active[i], r1 = size * active[i + 1], r2 = size * active[i + 2], r3 = size * active[i + 3];
    const r4 = size * active[i + 4], r5 = size * active[i + 5], r6 = size * active[i + 6], r7 = size * active[i + 7];
    for (let x = 0; x < size; x++) {
      out[x] += v0 * rows[r0 + x] + v1 * rows[r1 + x] + v2 * rows[r2 + x] + v3 * rows[r3 + x]
        + v4 * rows[r4 + x] + v5 * rows[r5 + x] + v6 * rows[r6 + x] + v7 * rows[r7 + x];
    }
  }
}

function affine(weights, biases, inputs, out) {
  for (let row = 0, w = 0; row < out.length; row++) {
    let sum = biases[row];
    for (let i = 0; i < inputs.length; i++, w++) sum += weights[w] * inputs[i];
    out[row] = sum;
  }
  return out;
}

// Gives a function of the means and alpha: { threshold, factor, offset }, each (hidden). The latest are kept: while a digit is
// drawn, curves against alpha ask for the same ones on every frame.
function gateOf([w1, b1, w2, b2, w3, b3], hidden) {
  const relu = (values) => values.forEach((value, i) => { values[i] = Math.max(0, value); });
  const first = new Float64Array(b1.length), second = new Float64Array(b2.length);
  const kept = new Map(), found = (means, alpha) => {
    const context = Float64Array.of(...[...means].sort((a, b) => a - b), Math.log(alpha));
    relu(affine(w1, b1, context, first));
    relu(affine(w2, b2, first, second));
    const all = affine(w3, b3, second, new Float64Array(3 * hidden));
    const factor = all.subarray(hidden, 2 * hidden);
    factor.forEach((scale, h) => { factor[h] = 1 + scale; });
    return { threshold: all.subarray(0, hidden), factor, offset: all.subarray(2 * hidden) };
  };
  return (means, alpha) => {
    const key = `${means} ${alpha}`;
    if (!kept.has(key)) {
      if (kept.size === MOST_GATES) kept.clear();
      kept.set(key, found(means, alpha));
    }
    return kept.get(key);
  };
}

// The mean weights of the components, and the mean fractions of the stick, from log a and log b of its breaks (2 breaks).
// `pieces`: the components, in the order in which they are broken off.
function brokenStick(logs, pieces) {
  const breaks = pieces.length - 1, weights = new Array(pieces.length), fractions = new Array(breaks);
  let left = 1;
  pieces.forEach((k, place) => {
    const fraction = place < breaks ? kumaraswamyMean(logs[place], logs[breaks + place]) : 1;
    if (place < breaks) fractions[place] = fraction;
    weights[k] = left * fraction;
    left *= 1 - fraction;
  });
  return { weights, fractions, pieces };
}

// b B(1 + 1/a, b), from log a and log b.
function kumaraswamyMean(logA, logB) {
  const c = Math.exp(-logA), b = Math.exp(logB);
  return Math.exp(logB + logGamma(1 + c) + logGamma(b) - logGamma(1 + c + b));
}

// Lanczos' approximation, for x > 0.
function logGamma(x) {
  if (x < 0.5) return logGamma(x + 1) - Math.log(x);
  const t = x + 6.5; // g = 7
  const series = LANCZOS.slice(1).reduce((sum, each, i) => sum + each / (x + i), LANCZOS[0]);
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(series);
}

const floats = (base64) => new Float32Array(Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)).buffer);

// The zoom that brings images of another shape to about the size of those of 28×28 at a given zoom.
const fitting = (zoom, { height, width }) => Math.max(1, Math.round((zoom * 28) / Math.max(height, width)));

// One image on a canvas, whole multiples of its pixels, white ink on black; `ink` shows what exceeds one half.
// Nothing is drawn where there are no probabilities yet.
const scratch = document.createElement("canvas");
let scratchContext = null, scratchImage = null;
function drawDigit(context, probabilities, { height, width }, left, top, zoom, ink = false) {
  if (probabilities === null) return;
  if (scratch.width !== width || scratch.height !== height || scratchImage === null) {
    Object.assign(scratch, { width, height });
    scratchContext = scratch.getContext("2d", { willReadFrequently: true });
    scratchImage = scratchContext.createImageData(width, height);
    scratchImage.data.fill(255);
  }
  const { data } = scratchImage;
  for (let x = 0, i = 0; x < width * height; x++, i += 4) {
    const value = ink ? (probabilities[x] > 0.5 ? 255 : 0) : Math.round(255 * probabilities[x]);
    data[i] = data[i + 1] = data[i + 2] = value;
  }
  scratchContext.putImageData(scratchImage, 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(scratch, left, top, width * zoom, height * zoom);
}
