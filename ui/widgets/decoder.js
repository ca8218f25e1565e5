// Bernoulli decoders in the browser: code -> probability of ink in every pixel. One of a hidden ReLU layer, or two, is
// fetched once per checkpoint and page visit, and kept by the browser's cache between visits; any other
// decodes on the server. After model.js. Both have one method:
//
//   decode(z, out, again)  the probabilities of code z, written into `out`; null where they are not known yet: `again` is
//                          then called once they are, or with an error if they cannot be had.
//
// Of a model of several stochastic layers, z is the codes of the first few layers, one after the other: below them codes
// are the means of their priors. Its decoder has `priors`, the networks of the layers below the first.

const MOST_CODES = 256; // of one request, as in ui/serving/decoders.py
const MOST_KNOWN = 4000; // codes whose probabilities are kept of a decoder on the server
const decoders = (window.dlgmmDecoders ??= new Map());

// The body of an answer, which must have `bytes` bytes: a page that answers in the place of a file is named as such.
// The server has written its root into the page: ui/serving/server.py.
async function fetchNumbers(path, bytes, request) {
  const answer = await fetch(window.dlgmmRoot + path, request);
  if (!answer.ok) throw new Error(answer.status === 429 ? await answer.text() : `the server answered ${answer.status}`);
  const type = answer.headers.get("content-type")?.split(";")[0] ?? "no type";
  if (type !== "application/octet-stream") throw new Error(`the server sent ${type} in place of numbers`);
  const body = await answer.arrayBuffer();
  if (body.byteLength !== bytes) throw new Error(`the server sent ${body.byteLength} bytes in place of ${bytes}`);
  return body;
}

// info: { path, code, hidden, depth, pixels, height, width, below }; hidden is null where the server decodes, and below where
// there is one stochastic layer.
function decoderOf(info) {
  if (!decoders.has(info.path)) {
    const own = info.hidden === null ? remoteDecoder(info) : fetchDecoder(info);
    const found = info.below ? layeredDecoder(own, info.below) : own;
    found.catch(() => decoders.delete(info.path)); // so that it can be tried again
    decoders.set(info.path, found);
  }
  return decoders.get(info.path);
}

// The file holds W1 (hidden, code), b1, of each further hidden layer W (hidden, hidden), b, then W (pixels, hidden), b, all
// float32.
async function fetchDecoder({ path, code, hidden, depth, pixels }) {
  const size = hidden * (code + 1) + (depth - 1) * hidden * (hidden + 1) + pixels * (hidden + 1);
  const all = new Float32Array(await fetchNumbers(path, 4 * size));
  let start = 0;
  const take = (count) => all.subarray(start, (start += count));
  const w1 = take(hidden * code), b1 = take(hidden);
  const between = Array.from({ length: depth - 1 }, () => [transposed(take(hidden * hidden), hidden), take(hidden)]);
  const last = transposed(take(pixels * hidden), hidden), b = take(pixels);
  return denseDecoder(w1, b1, between, last, b, new Float64Array(hidden).fill(1));
}

// below: { path, first, skip, layers: [{ code, components, hidden, weights }] }, with the size of the first layer's code.
async function layeredDecoder(own, { path, first, skip, layers }) {
  const above = layers.map((_, l) => layers.slice(0, l).reduce((sum, layer) => sum + layer.code, first));
  const sizes = layers.map(({ code, components, hidden }, l) => hidden * (above[l] + 1) + 2 * components * code * (hidden + 1));
  const [decoder, body] = await Promise.all([own, fetchNumbers(path, 4 * sizes.reduce((sum, size) => sum + size))]);
  const all = new Float32Array(body), last = layers.at(-1).code, total = above.at(-1) + last;
  let start = 0;
  const take = (count) => all.subarray(start, (start += count));
  const priors = layers.map((layer, l) => conditionalPrior(layer, above[l], take)), codes = new Float32Array(total);
  return {
    priors,
    decode(z, out, again) {
      codes.set(z);
      priors.forEach((prior, l) => {
        if (above[l] < z.length) return;
        prior.read(codes);
        prior.mean(layers[l].weights, codes);
      });
      return decoder.decode(skip ? codes : codes.subarray(total - last), out, again);
    },
  };
}

// The prior of a layer below the first: codes above -> hidden ReLU layer -> means and log scales of its components.
// `take` gives W1 (hidden, above), b1, W2 (2 components code, hidden), b2.
function conditionalPrior({ code, components, hidden, maxLogScale }, above, take) {
  const w1 = take(hidden * above), b1 = take(hidden), outputs = 2 * components * code;
  const w2 = take(outputs * hidden), b2 = take(outputs), units = new Float64Array(hidden);
  const output = (row) => {
    let sum = b2[row];
    for (let h = 0, w = row * hidden; h < hidden; h++, w++) sum += w2[w] * units[h];
    return sum;
  };
  return {
    // Takes in the codes above, on which what follows depends.
    read(codes) {
      for (let h = 0, w = 0; h < hidden; h++) {
        let sum = b1[h];
        for (let d = 0; d < above; d++, w++) sum += w1[w] * codes[d];
        units[h] = Math.max(0, sum);
      }
    },
    // A code that component k draws by the noise from index `at` on, written into `out` below the codes above.
    draw(k, noise, at, out) {
      for (let d = 0, row = k * code; d < code; d++, row++) {
        const logScale = Math.min(Math.max(output(components * code + row), -maxLogScale), maxLogScale);
        out[above + d] = output(row) + Math.exp(logScale) * noise[at + d];
      }
    },
    // The mean code under weights of the components, written there.
    mean(weights, out) {
      for (let d = 0; d < code; d++) {
        out[above + d] = weights.reduce((sum, weight, k) => sum + weight * output(k * code + d), 0);
      }
    },
  };
}

// Asks the server, one request at a time and one a frame at most. Codes that are no longer needed when an answer comes
// are forgotten: a widget that still needs some asks again when `again` is called.
async function remoteDecoder({ path, code, pixels }) {
  const known = new Map(), wanted = new Map(), calls = new Set(); // by the code's numbers; who waits for an answer
  let isBusy = false;
  const ask = async () => {
    const batch = [...wanted].slice(-MOST_CODES);
    wanted.clear();
    const body = new Float32Array(batch.length * code);
    batch.forEach(([, z], i) => body.set(z, i * code));
    const all = new Float32Array(await fetchNumbers(path, 4 * batch.length * pixels, { method: "POST", body }));
    batch.forEach(([key], i) => known.set(key, all.subarray(i * pixels, (i + 1) * pixels)));
    for (const key of known.keys()) if (known.size > MOST_KNOWN) known.delete(key); // the oldest
  };
  const next = async () => {
    const error = await ask().then(() => null, (failure) => failure);
    const waiting = [...calls];
    calls.clear();
    wanted.clear();
    isBusy = false;
    for (const again of waiting) again(error);
  };
  return {
    decode(z, out = new Float32Array(pixels), again = () => {}) {
      const key = z.join(), found = known.get(key);
      if (found) {
        out.set(found);
        return out;
      }
      wanted.set(key, Float32Array.from(z));
      calls.add(again);
      if (!isBusy) {
        isBusy = true;
        requestAnimationFrame(next);
      }
      return null;
    },
  };
}
