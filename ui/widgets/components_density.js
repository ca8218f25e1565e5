// Densities of one coordinate of the code under each component and the whole mixture, over an axis with numbers.

const AXIS_STEP = 2, CURVE_POINTS = 161, SVG = "http://www.w3.org/2000/svg";

// Gives { box, draw }: `draw` takes the means and scales of the moment. `weights` are the prior's E[π_k], `title` what
// the density is of, and `note` what is to be known of it, if anything.
function densityPlot(low, high, weights, colours, title, note) {
  const box = document.createElement("div"), plot = document.createElement("div"), axis = document.createElement("div");
  plot.className = "density";
  plot.setAttribute("role", "img");
  axis.className = "axis";
  const words = plot.appendChild(document.createElement("span"));
  words.textContent = title;
  plot.title = note;
  axis.setAttribute("aria-hidden", "true");
  box.append(plot, axis);
  const share = (x) => `${(100 * (x - low)) / (high - low)}%`;
  for (let x = Math.ceil(low / AXIS_STEP) * AXIS_STEP; x <= high; x += AXIS_STEP) {
    const tick = document.createElement("i"), number = document.createElement("span");
    tick.style.left = number.style.left = share(x);
    number.textContent = String(x).replace("-", "−");
    plot.append(tick);
    axis.append(number);
  }
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 1 1");
  svg.setAttribute("preserveAspectRatio", "none");
  plot.prepend(svg);
  const path = (name, colour) => {
    const found = svg.appendChild(document.createElementNS(SVG, "path"));
    if (name) found.setAttribute("class", name);
    if (colour) found.style.stroke = colour;
    return found;
  };
  const outlines = weights.map(() => path("outline")), curves = weights.map((_, k) => path("", colours[k]));
  const mixture = path("mixture");
  const at = Array.from({ length: CURVE_POINTS }, (_, i) => low + ((high - low) * i) / (CURVE_POINTS - 1));
  const density = (x, mean, scale) => Math.exp(-0.5 * ((x - mean) / scale) ** 2) / (scale * Math.sqrt(2 * Math.PI));
  return {
    box,
    draw(means, scales) {
      const parts = weights.map((weight, k) => at.map((x) => weight * density(x, means[k], scales[k])));
      const whole = at.map((_, i) => parts.reduce((sum, part) => sum + part[i], 0));
      const top = 1.04 * Math.max(...whole);
      const line = (values) => "M" + values.map((y, i) => `${i / (CURVE_POINTS - 1)},${1 - y / top}`).join("L");
      parts.forEach((values, k) => { for (const each of [outlines[k], curves[k]]) each.setAttribute("d", line(values)); });
      mixture.setAttribute("d", line(whole));
      const shown = means.map((mean, k) => `${mean.toFixed(2)} with scale ${scales[k].toFixed(2)}`).join(", ");
      plot.setAttribute("aria-label", `${title}; components have means ${shown}${note && `. ${note}`}`);
    },
  };
}
