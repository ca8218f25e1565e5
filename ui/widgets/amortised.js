// A model that is amortised over its prior, in the browser: what `dlgmm_core/model/amortised.py` computes of a prior's
// means and alpha, once per frame. After decoder.js. `info` is that of ui/serving/amortised.py.
//
// Networks are told the means in ascending order, and the posterior breaks its stick in this order.

const LARGEST_LOG = 6; // of a and b: MAX_LOG_CONCENTRATION of dlgmm_core/model/networks.py
const LANCZOS = [0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7];
const amortisedParts = (window.dlgmmAmortised ??= new Map()); // promises, by the path of a file

function keptPart(path, fetched) {
  if (!amortisedParts.has(path)) {
    const found = fetched();
    found.catch(() => amortisedParts.delete(path)); // so that it can be tried again
    amortisedParts.set(path, found);
  }
  return amortisedParts.get(path);
}

async function fetchParts(path, sizes) {
  const all = new Float32Array(await fetchNumbers(path, 4 * sizes.reduce((sum, size) => sum + size, 0)));
  let start = 0;
  return sizes.map((size) => all.subarray(start, (start += size)));
}

const gateSizes = ({ components, gate, hidden }) =>
  [gate * (components + 1), gate, gate * gate, gate, 3 * hidden * gate, 3 * hidden];

function affine(weights, biases, inputs, out) {
  for (let row = 0, w = 0; row < out.length; row++) {
    let sum = biases[row];
    for (let i = 0; i < inputs.length; i++, w++) sum += weights[w] * inputs[i];
    out[row] = sum;
  }
  return out;
}

// Gives a function of the means and alpha: { threshold, factor, offset }, each (hidden).
function gateOf([w1, b1, w2, b2, w3, b3], hidden) {
  const relu = (values) => values.forEach((value, i) => { values[i] = Math.max(0, value); });
  const first = new Float64Array(b1.length), second = new Float64Array(b2.length);
  return (means, alpha) => {
    const context = Float64Array.of(...[...means].sort((a, b) => a - b), Math.log(alpha));
    relu(affine(w1, b1, context, first));
    relu(affine(w2, b2, first, second));
    const all = affine(w3, b3, second, new Float64Array(3 * hidden));
    const factor = all.subarray(hidden, 2 * hidden);
    factor.forEach((scale, h) => { factor[h] = 1 + scale; });
    return { threshold: all.subarray(0, hidden), factor, offset: all.subarray(2 * hidden) };
  };
}

// Gives a promise of a function of the means and alpha: the decoder at that prior, as `decoderOf` of decoder.js.
function amortisedDecoder(info) {
  const { decoding, hidden, code, pixels } = info;
  return keptPart(decoding, async () => {
    const parts = await fetchParts(decoding, [...gateSizes(info), hidden * code, hidden, pixels * hidden, pixels]);
    const gate = gateOf(parts.slice(0, 6), hidden), [w1, b1, rows, b2] = parts.slice(6);
    const w2 = transposed(rows, hidden);
    const all = new Int32Array(hidden + AT_ONCE).map((_, h) => h), offsets = new Float64Array(hidden + AT_ONCE);
    return (means, alpha) => {
      const { threshold, factor, offset } = gate(means, alpha);
      const bias = b2.slice();
      offsets.set(offset);
      addRows(bias, w2, all, offsets, hidden);
      return shallowDecoder(w1, threshold.map((each, h) => each + b1[h]), w2, bias, factor);
    };
  });
}

// Gives a promise of a function of an image (pixels) of 0 and 1. It gives one of the means and alpha, whose result is
// { weights, fractions, pieces }: E_q[π_k|x] and the mean fractions of the stick; `pieces` are the components, in the
// order in which they are broken off.
function amortisedWeights(info) {
  const { encoding, hidden, pixels, components } = info, breaks = components - 1;
  return keptPart(encoding, async () => {
    const parts = await fetchParts(encoding, [...gateSizes(info), pixels * hidden, hidden, 2 * breaks * hidden, 2 * breaks]);
    const gate = gateOf(parts.slice(0, 6), hidden), [w1, b1, w2, b2] = parts.slice(6);
    return (image) => {
      const units = Float64Array.from(b1); // before the gate: the same at every prior
      image.forEach((ink, x) => {
        if (ink) for (let h = 0, w = x * hidden; h < hidden; h++, w++) units[h] += w1[w];
      });
      return (means, alpha) => {
        const { threshold, factor, offset } = gate(means, alpha);
        const features = units.map((unit, h) => Math.max(0, unit + threshold[h]) * factor[h] + offset[h]);
        const logs = affine(w2, b2, features, new Float64Array(2 * breaks)).map((each) =>
          LARGEST_LOG * Math.tanh((each + Math.log(alpha)) / LARGEST_LOG));
        const pieces = means.map((_, k) => k).sort((i, j) => means[i] - means[j]);
        const weights = new Array(components), fractions = new Array(breaks);
        let left = 1;
        pieces.forEach((k, place) => {
          const fraction = place < breaks ? kumaraswamyMean(logs[place], logs[breaks + place]) : 1;
          if (place < breaks) fractions[place] = fraction;
          weights[k] = left * fraction;
          left *= 1 - fraction;
        });
        return { weights, fractions, pieces };
      };
    };
  });
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
