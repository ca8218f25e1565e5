// The weights of one digit as curves against alpha, and where the slider of alpha stands. After alpha.js.

const CURVE_ALPHAS = 41, ALPHA_TICKS = [0.05, 0.2, 1];

// Gives { box, trace, mark }: `trace` takes a function of alpha that gives the weights, `mark` the alpha of the moment.
function alphaCurves(info, colours) {
  const { smallestAlpha, largestAlpha, components } = info, share = (alpha) => shareOf(info, alpha);
  const alphas = Array.from({ length: CURVE_ALPHAS }, (_, i) =>
    smallestAlpha * (largestAlpha / smallestAlpha) ** (i / (CURVE_ALPHAS - 1)));
  const svg = svgElement("svg", { viewBox: "0 0 1 1", preserveAspectRatio: "none" });
  const paths = colours.slice(0, components).map((colour) => {
    const pair = [svgElement("path", { class: "outline" }), svgElement("path", {})];
    pair[1].style.stroke = colour;
    svg.append(...pair);
    return pair;
  });
  const line = svg.appendChild(svgElement("line", { y1: 0, y2: 1 }));
  const axis = element("div", { className: "axis" }, ...[smallestAlpha, ...ALPHA_TICKS, largestAlpha].map((alpha) => {
    const number = element("span", { textContent: alpha });
    number.style.left = `${100 * share(alpha)}%`;
    return number;
  }));
  const plot = element("div", { className: "plot" }, ...[0, 0.5, 1].map((weight) => {
    const tick = element("div", { className: "tick" }, element("span", { textContent: weight }));
    tick.style.bottom = `${100 * weight}%`;
    return tick;
  }), svg);
  return {
    box: element("div", { className: "curves" }, plot, axis),
    trace(weigh) {
      const all = alphas.map(weigh);
      paths.forEach((pair, k) => {
        const points = all.map((weights, i) => `${i / (CURVE_ALPHAS - 1)},${1 - weights[k]}`);
        for (const path of pair) path.setAttribute("d", `M${points.join("L")}`);
      });
      const ends = [0, CURVE_ALPHAS - 1].map((i) => `${Math.max(...all[i]).toFixed(2)} at α = ${Number(alphas[i].toPrecision(3))}`);
      plot.setAttribute("role", "img"); // not before there are words for it
      plot.setAttribute("aria-label", `Weights against α: the largest is ${ends.join(" and ")}`);
    },
    mark(alpha) { for (const end of ["x1", "x2"]) line.setAttribute(end, share(alpha)); },
  };
}
