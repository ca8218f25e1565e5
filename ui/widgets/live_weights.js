// What the chart of weights shows while the pen moves, as ui/digit/weights.py has it from the server. After encoder.js.

const MOST_BARS = 10; // as in ui/digit/shown.py

// Functions for `followPen`; show(data) draws the chart. live: an encoder's address, with colours and pictures of all components,
// and the colour of the rest.
function liveWeights(live, show) {
  const chart = (weights, shares) => {
    const { colours, pictures, rest } = live, all = weights.map((_, k) => k);
    const largest = (k) => Math.max(shares[k], weights[k]);
    const most = shares === null || weights.length <= MOST_BARS ? all
      : [...all].sort((i, j) => largest(j) - largest(i)).slice(0, MOST_BARS - 1).sort((i, j) => i - j);
    const others = all.filter((k) => !most.includes(k)), more = others.length ? [rest] : [];
    const shown = (values) => values && [...most.map((k) => values[k]),
      ...(others.length ? [others.reduce((sum, k) => sum + values[k], 0)] : [])];
    show({
      words: `Bars, ${isMixture ? "component" : "piece"} 1 first: weights ${weights.map((each) => each.toFixed(2)).join(", ")}`,
      kind: isMixture ? "component" : "piece",
      names: [...most.map((k) => k + 1), ...(others.length ? ["rest"] : [])],
      mean: shown(weights), low: [], high: [], error: [], posterior: shown(shares),
      exact: shown(shares && exactWeights(shares, live.info.sticks)),
      pictures: most.map((k) => pictures[k]), colours: [...most.map((k) => colours[k]), ...more],
    });
  };
  const isMixture = live?.info.kind === "real";
  return {
    none: () => chart(live.info.weights, isMixture ? live.info.weights : null),
    drawn({ image, q, decoder, factor, isLast }) {
      if (!isMixture) { chart(q.weights, null); return; }
      const found = responsibilities(decoder, q, priorOf(live.info, factor, live.info), image, live.info.code);
      onFrames(found, isLast, (shares) => chart(q.weights, shares));
    },
  };
}

// E[π|x] under the prior of the sticks, [concentration1, concentration0] of each break, from p(k|x): given k, the fraction of break
// j is Beta(concentration1 + [j = k], concentration0 + [j < k]).
function exactWeights(shares, sticks) {
  const found = shares.map(() => 0);
  shares.forEach((share, k) => {
    let left = share;
    sticks.forEach(([a, b], j) => {
      const mean = (a + (j === k)) / (a + b + (j <= k));
      found[j] += left * mean;
      left *= 1 - mean;
    });
    found[sticks.length] += left;
  });
  return found;
}
