// A model that is amortised over its prior, in the browser: what `dlgmm_core/model/amortised.py` computes of a prior's
// means and alpha, once per frame. After mixture.js and decoder.js. `info` is that of ui/serving/amortised.py.
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
    const [w0, b0, rows, b] = parts.slice(6), gate = parts.slice(0, 6).map((part, i) => [`gate.decoder.${i}`, part]);
    const at = decodersFrom({ hidden, depth: 1, contexts: info },
      { ...Object.fromEntries(gate), "decoder.w0": w0, "decoder.b0": b0, "decoder.w": transposed(rows, hidden), "decoder.b": b });
    return (means, alpha) => at({ means, alpha });
  });
}
