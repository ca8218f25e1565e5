// One model of the page, from its packed numbers: encoder, sticks, weights, components, responsibilities. After model.js.

// Gives a promise of Float32Arrays by name: what `packed` of dlgmm_core/takeaway/parameters.py wrote.
async function unpack({ layout, numbers }) {
  const body = new Blob([Uint8Array.from(atob(numbers), (c) => c.charCodeAt(0))]);
  const stream = body.stream().pipeThrough(new DecompressionStream("deflate"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  let start = 0;
  const take = (count) => bytes.subarray(start, (start += count));
  const found = {};
  for (const { name, shape, bits } of layout) {
    const count = shape.reduce((product, size) => product * size, 1), values = (found[name] = new Float32Array(count));
    if (bits === 16) {
      const high = take(count), low = take(count);
      for (let i = 0; i < count; i++) values[i] = half((high[i] << 8) | low[i]);
      continue;
    }
    const rows = shape[0], columns = count / rows, scales = new Float32Array(take(4 * rows).slice().buffer);
    const levels = Int32Array.from(take(count), (level) => (level << 24) >> 24);
    for (let bit = 8; bit < bits; bit++) {
      const lower = take(Math.ceil(count / 8));
      for (let i = 0; i < count; i++) levels[i] = 2 * levels[i] + ((lower[i >> 3] >> (7 - (i & 7))) & 1);
    }
    for (let i = 0; i < count; i++) values[i] = levels[i] * scales[Math.floor(i / columns)];
  }
  return found;
}

// The number that 16 bits stand for (IEEE 754 binary16).
function half(bits) {
  const sign = bits & 0x8000 ? -1 : 1, exponent = (bits >> 10) & 31, fraction = bits & 1023;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

// info: of dlgmm_core/takeaway/contents.py. Gives { decoderAt, read, at }; a context is { means, alpha }, the model's own
// unless it is amortised over its prior.
function mixtureModel(info, parts) {
  const { components, code, hidden, pixels, depth } = info, breaks = components - 1;
  const plainGate = { threshold: new Float64Array(hidden), factor: new Float64Array(hidden).fill(1), offset: new Float64Array(hidden) };
  const gate = (name) => (info.contexts === null ? () => plainGate
    : gateOf([0, 1, 2, 3, 4, 5].map((i) => parts[`gate.${name}.${i}`]), hidden));
  const encoderGate = gate("encoder"), decoderGate = gate("decoder");
  const layers = (network) => Array.from({ length: depth - 1 }, (_, i) => [parts[`${network}.w${i + 1}`], parts[`${network}.b${i + 1}`]]);
  const between = layers("decoder"), deeper = layers("encoder");
  const all = new Int32Array(hidden + AT_ONCE).map((_, h) => h), room = new Float64Array(hidden + AT_ONCE);
  const active = (value) => (info.activation === "relu" ? Math.max(0, value) : value);

  const decoderAt = ({ means, alpha }) => {
    const { threshold, factor, offset } = decoderGate(means, alpha), bias = parts["decoder.b"].slice();
    room.fill(0);
    room.set(offset);
    addRows(bias, parts["decoder.w"], all, room, hidden);
    const b1 = Float64Array.from(parts["decoder.b0"], (each, h) => each + threshold[h]);
    return denseDecoder(parts["decoder.w0"], b1, between, parts["decoder.w"], bias, factor);
  };

  // The first layer's units of an image (pixels) of 0 and 1, before gate and activation: the same at every prior.
  const read = (image) => {
    const units = Float64Array.from(parts["encoder.b0"]), rows = parts["encoder.w0"];
    image.forEach((ink, x) => {
      if (ink) for (let h = 0, w = x * hidden; h < hidden; h++, w++) units[h] += rows[w];
    });
    return units;
  };

  // { weights, fractions, pieces, concentrations: [a, b] of each break, means and scales: (K, D) }, of q(v|x) and q(z|v, x).
  const posterior = (units, { means, alpha }) => {
    const { threshold, factor, offset } = encoderGate(means, alpha);
    let features = units.map((unit, h) => active(unit + threshold[h]) * factor[h] + offset[h]);
    for (const [rows, biases] of deeper) {
      const sums = Float64Array.from(biases);
      room.fill(0);
      room.set(features);
      addRows(sums, rows, all, room, hidden);
      features = sums.map(active);
    }
    const size = components * code;
    const out = affine(parts["head.linear.w"], parts["head.linear.b"], features, new Float64Array(2 * size));
    const isTold = info.contexts !== null, shift = isTold ? Math.log(alpha) : 0;
    const pieces = means.map((_, k) => k);
    if (isTold) pieces.sort((i, j) => means[i] - means[j]);
    const found = { means: new Float64Array(size), scales: new Float64Array(size) };
    pieces.forEach((k, place) => {
      for (let d = 0; d < code; d++) {
        found.means[k * code + d] = out[place * code + d] + (isTold ? means[k] : 0);
        found.scales[k * code + d] = Math.exp(out[size + place * code + d]);
      }
    });
    if (!breaks) return { ...found, weights: [1], fractions: [], pieces, concentrations: [] };
    const logs = affine(parts["head.sticks.w"], parts["head.sticks.b"], features, new Float64Array(2 * breaks))
      .map((each) => LARGEST_LOG * Math.tanh((each + shift) / LARGEST_LOG));
    const concentrations = Array.from({ length: breaks }, (_, i) => [Math.exp(logs[i]), Math.exp(logs[breaks + i])]);
    return { ...found, ...brokenStick(logs, pieces), concentrations };
  };

  return { decoderAt, read, posterior, factor: parts["prior.factor"] ?? null };
}

// The mean code of q(z|x): that of the reconstruction.
function meanCode({ weights, means }, code) {
  const found = new Float64Array(code);
  weights.forEach((weight, k) => { for (let d = 0; d < code; d++) found[d] += weight * means[k * code + d]; });
  return found;
}

const logSumExp = (values) => {
  const top = Math.max(...values);
  return top + Math.log(values.reduce((sum, value) => sum + Math.exp(value - top), 0));
};

// Independent standard normal numbers, the same from the same seed (mulberry32; Box and Muller).
function normals(seed) {
  const uniform = () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (((t ^ (t >>> 14)) >>> 0) + 0.5) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

// log of each component's density at a code z, less D/2 log 2π.
function componentDensities(z, means, scales, code, out) {
  for (let k = 0, at = 0; k < out.length; k++) {
    let sum = 0;
    for (let d = 0; d < code; d++, at++) sum -= Math.log(scales[at]) + 0.5 * ((z[d] - means[at]) / scales[at]) ** 2;
    out[k] = sum;
  }
  return out;
}

// The same with full covariances, from the Cholesky factors (K, D, D) of the precisions.
function fullDensities(z, means, factor, code, out) {
  for (let k = 0; k < out.length; k++) {
    let sum = 0;
    for (let j = 0; j < code; j++) {
      let entry = 0;
      for (let i = j; i < code; i++) entry += (z[i] - means[k * code + i]) * factor[(k * code + i) * code + j];
      sum += Math.log(factor[(k * code + j) * code + j]) - 0.5 * entry * entry;
    }
    out[k] = sum;
  }
  return out;
}

// p(k|x) by self-normalised importance sampling, as `component_posterior` of the core. Each call of `more` draws once from
// every component of q; `shares` gives p(k|x) by the draws so far. prior: { weights, means, scales, factor }.
function responsibilities(decoder, q, prior, image, code) {
  const K = q.weights.length, next = normals(1), z = new Float64Array(code), logits = new Float32Array(image.length);
  const own = new Float64Array(K), other = new Float64Array(K), sums = new Float64Array(K);
  let top = -Infinity;
  return {
    more() {
      for (let k = 0; k < K; k++) {
        for (let d = 0; d < code; d++) z[d] = q.means[k * code + d] + q.scales[k * code + d] * next();
        decoder.logits(z, logits);
        let log = Math.log(q.weights[k]);
        for (let x = 0; x < image.length; x++) {
          const l = logits[x];
          log += (image[x] ? l : 0) - (l > 0 ? l + Math.log1p(Math.exp(-l)) : Math.log1p(Math.exp(l)));
        }
        componentDensities(z, q.means, q.scales, code, own);
        if (prior.factor) fullDensities(z, prior.means, prior.factor, code, other);
        else componentDensities(z, prior.means, prior.scales, code, other);
        for (let j = 0; j < K; j++) { own[j] += Math.log(q.weights[j]); other[j] += Math.log(prior.weights[j]); }
        const evidence = logSumExp(other);
        log += evidence - logSumExp(own);
        if (log > top) { const scale = Math.exp(top - log); for (let j = 0; j < K; j++) sums[j] *= scale; top = log; }
        for (let j = 0; j < K; j++) sums[j] += Math.exp(log - top) * Math.exp(other[j] - evidence);
      }
    },
    shares() {
      const total = sums.reduce((sum, each) => sum + each, 0);
      return [...sums].map((each) => each / total);
    },
  };
}
