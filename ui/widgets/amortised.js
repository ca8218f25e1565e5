// A model that is amortised over its prior, in the browser: what `dlgmm_core/model/amortised.py` computes of a prior's
// means and alpha, once per frame. After decoder.js. `info` is that of ui/serving/amortised.py.
//
// Networks are told the means in ascending order, and the posterior breaks its stick in this order.

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
        return brokenStick(logs, pieces);
      };
    };
  });
}
