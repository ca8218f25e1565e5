// The bound of an amortised model at the priors where it was measured, as dots against alpha, and where sliders stand.
// After alpha.js.

const CURVE = { width: 184, height: 52, left: 6, right: 6, top: 5, bottom: 5 }; // pixels, where letters have their usual size
const LARGEST_DOT = 3;

// `measured` is from ui/components/amortised.py, `info` from ui/serving/amortised.py. Gives { box, draw }: `draw` takes
// the means and alpha of the moment, and rings the nearest prior of those measured.
function boundCurve({ priors, bound }, info) {
  const { smallestAlpha, largestAlpha, largestMean } = info, { width, height, left, right, top, bottom } = CURVE;
  const x = (alpha) => left + shareOf(info, alpha) * (width - left - right);
  const values = priors.map(([, , value]) => value), low = Math.min(...values), high = Math.max(...values);
  const y = (value) => top + (high > low ? (high - value) / (high - low) : 0.5) * (height - top - bottom);
  const spread = (means) => (Math.max(...means) - Math.min(...means)) / (2 * largestMean); // 0 to 1
  const svg = svgElement("svg", { viewBox: `0 0 ${width} ${height}` });
  const line = svg.appendChild(svgElement("line", { y1: 0, y2: height }));
  for (const [means, alpha, value] of priors) {
    svg.append(svgElement("circle", { cx: x(alpha), cy: y(value), r: 1 + (LARGEST_DOT - 1) * spread(means) }));
  }
  const ring = svg.appendChild(svgElement("circle", { class: "nearest", r: LARGEST_DOT + 2 }));
  const words = element("div"), numbers = (value) => value.toFixed(1).replace("-", "−");
  const axis = element("div", { className: "alphas" }, ...[smallestAlpha, 1, largestAlpha].map((alpha) => {
    const number = element("span", { textContent: alpha === smallestAlpha ? `α = ${alpha}` : alpha });
    number.style.left = `${(100 * x(alpha)) / width}%`;
    return number;
  }));
  const ends = element("div", { className: "ends" }, ...[high, low].map((value) => element("div", { textContent: numbers(value) })));
  const box = element("div", { className: "bounds" }, words, element("div", { className: "plot" }, svg, ends), axis);
  box.dataset.aside = ""; // not in a picture
  box.setAttribute("role", "img");
  box.title = `${bound}, nats per test image, at ${priors.length} measured priors, against α, from ${numbers(low)} to ${numbers(high)}.`
    + " Larger dots: means farther apart. The line is at the α of the slider, the ring around the nearest prior.";
  const scale = Math.log(largestAlpha / smallestAlpha) / 2; // so that a mean and log alpha count alike
  return {
    box,
    draw(means, alpha) {
      const sorted = [...means].sort((a, b) => a - b);
      const far = ([others, other]) => (Math.log(other / alpha) / scale) ** 2
        + others.reduce((sum, mean, k) => sum + ((mean - sorted[k]) / largestMean) ** 2, 0);
      const [, at, value] = priors.reduce((best, prior) => (far(prior) < far(best) ? prior : best));
      for (const end of ["x1", "x2"]) line.setAttribute(end, x(alpha));
      ring.setAttribute("cx", x(at));
      ring.setAttribute("cy", y(value));
      words.textContent = `${bound} at the nearest measured prior: ${numbers(value)}`;
      box.setAttribute("aria-label", `${words.textContent} nats. ${box.title}`);
    },
  };
}
