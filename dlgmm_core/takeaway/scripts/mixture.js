// One model, from its parameters: encoder, sticks, weights, components, responsibilities. After model.js. The app's widgets and the
// page that can be taken away share it. `info` is that of `model_info`, dlgmm_core/takeaway/contents.py; `parts` are Float32Arrays
// by the names of `model_parameters`, dlgmm_core/takeaway/parameters.py.

const DRAWS = 50, BUDGET = 4; // of each component for p(k|x); milliseconds of a frame for them

const layersOf = (parts, network, depth) =>
  Array.from({ length: depth - 1 }, (_, i) => [parts[`${network}.w${i + 1}`], parts[`${network}.b${i + 1}`]]);

// A function of { means, alpha }: of a model that is not amortised over its prior, the gate that changes nothing.
function gateNamed(name, { contexts, hidden }, parts) {
  const plain = { threshold: new Float64Array(hidden), factor: new Float64Array(hidden).fill(1), offset: new Float64Array(hidden) };
  if (contexts === null) return () => plain;
  const gate = gateOf([0, 1, 2, 3, 4, 5].map((i) => parts[`gate.${name}.${i}`]), hidden);
  return ({ means, alpha }) => gate(means, alpha);
}

// Gives a function of a context, { means, alpha }, whose value is the decoder.
function decodersFrom(info, parts) {
  const { hidden, depth } = info, between = layersOf(parts, "decoder", depth), gate = gateNamed("decoder", info, parts);
  const all = new Int32Array(hidden + AT_ONCE).map((_, h) => h), room = new Float64Array(hidden + AT_ONCE);
  return (context) => {
    const { threshold, factor, offset } = gate(context), bias = parts["decoder.b"].slice();
    room.set(offset);
    addRows(bias, parts["decoder.w"], all, room, hidden);
    const b1 = Float64Array.from(parts["decoder.b0"], (each, h) => each + threshold[h]);
    return denseDecoder(parts["decoder.w0"], b1, between, parts["decoder.w"], bias, factor);
  };
}

// Gives { read, posterior, sticks, factor }: `sticks` is that part of the posterior; the factor is that of a prior with full covariances.
function encoderFrom(info, parts) {
  const { components, code, hidden, depth } = info, isTold = info.contexts !== null, isCode = info.kind === "simplex";
  const gate = gateNamed("encoder", info, parts), deeper = layersOf(parts, "encoder", depth);
  const all = new Int32Array(hidden + AT_ONCE).map((_, h) => h), room = new Float64Array(hidden + AT_ONCE);
  const active = (value) => (info.activation === "relu" ? Math.max(0, value) : value);

  // The first layer's units of an image (pixels) of 0 and 1, before gate and activation: the same at every prior.
  const read = (image) => {
    const units = Float64Array.from(parts["encoder.b0"]), rows = parts["encoder.w0"];
    image.forEach((ink, x) => {
      if (ink) for (let h = 0, w = x * hidden; h < hidden; h++, w++) units[h] += rows[w];
    });
    return units;
  };

  const featuresOf = (units, context) => {
    const { threshold, factor, offset } = gate(context);
    let features = units.map((unit, h) => active(unit + threshold[h]) * factor[h] + offset[h]);
    for (const [rows, biases] of deeper) {
      const sums = Float64Array.from(biases);
      room.set(features);
      addRows(sums, rows, all, room, hidden);
      features = sums.map(active);
    }
    return features;
  };

  // { weights, fractions, pieces, concentrations }, with [a, b] of each break.
  const layer = isCode ? "head.linear" : "head.sticks";
  const sticksOf = (features, { means, alpha }) => {
    const breaks = components - 1, shift = isTold ? Math.log(alpha) : 0, pieces = Array.from({ length: components }, (_, k) => k);
    if (isTold) pieces.sort((i, j) => means[i] - means[j]);
    if (!breaks) return { weights: [1], fractions: [], pieces, concentrations: [] };
    const most = isCode ? LARGEST_LOG_OF_CODE : LARGEST_LOG;
    const logs = affine(parts[`${layer}.w`], parts[`${layer}.b`], features, new Float64Array(2 * breaks))
      .map((each) => most * Math.tanh((each + shift) / most));
    const concentrations = Array.from({ length: breaks }, (_, i) => [Math.exp(logs[i]), Math.exp(logs[breaks + i])]);
    return { ...brokenStick(logs, pieces), concentrations };
  };

  // Of q(v|x) and q(z|v, x) in a context, { means, alpha }: what `sticksOf` gives; the mean code; and, where codes are any
  // numbers, means and scales (K, D).
  const posterior = (units, context) => {
    const features = featuresOf(units, context);
    const found = sticksOf(features, context), size = components * code;
    if (isCode) return { ...found, code: Float64Array.from(found.weights) };
    const out = affine(parts["head.linear.w"], parts["head.linear.b"], features, new Float64Array(2 * size));
    const means = new Float64Array(size), scales = new Float64Array(size), mean = new Float64Array(code);
    found.pieces.forEach((k, place) => {
      for (let d = 0; d < code; d++) {
        means[k * code + d] = out[place * code + d] + (isTold ? context.means[k] : 0);
        scales[k * code + d] = Math.exp(out[size + place * code + d]);
        mean[d] += found.weights[k] * means[k * code + d];
      }
    });
    return { ...found, code: mean, means, scales };
  };

  return { read, posterior, sticks: (units, context) => sticksOf(featuresOf(units, context), context), factor: parts["prior.factor"] ?? null };
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

// The prior for `responsibilities` at means and scales (K): the coordinates of a learnt component are moved and scaled together.
function priorOf(info, factor, { means, scales }) {
  const offsets = floats(info.offsets), stretches = floats(info.stretches), component = (i, size) => Math.floor(i / size);
  return {
    weights: info.weights,
    means: offsets.map((each, i) => each + means[component(i, info.code)]),
    scales: stretches.map((each, i) => each * scales[component(i, info.code)]),
    factor: factor && factor.map((each, i) => {
      const k = component(i, info.code ** 2);
      return (each * info.scales[k]) / scales[k];
    }),
  };
}

// Draws for p(k|x), as many a frame as take BUDGET, while they are wanted: tell(shares, isDone) hears of each frame.
function onFrames(found, isWanted, tell) {
  let draws = 0;
  const go = () => {
    if (!isWanted()) return;
    const end = performance.now() + BUDGET;
    do { found.more(); draws += 1; } while (draws < DRAWS && performance.now() < end);
    tell(found.shares(), draws === DRAWS);
    if (draws < DRAWS) requestAnimationFrame(go);
  };
  go();
}
