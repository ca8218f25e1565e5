// The density of a fraction v of the stick, as a curve.

const POINTS = 101;

// The path of Kumaraswamy(a, b) over [0, 1], `width` by `height`. Each point is the mean over a cell, by the distribution function: a
// density that lies at an end, where it may be infinite, is a spike there.
function densityPath([a, b], width, height) {
  const above = Array.from({ length: POINTS + 1 }, (_, i) => Math.exp(b * Math.log1p(-((i / POINTS) ** a))));
  const values = Array.from({ length: POINTS }, (_, i) => POINTS * (above[i] - above[i + 1]));
  // Ends leave the picture at its upper edge, and what is left beside a spike is as low as it is.
  const top = 1.05 * Math.max(1, ...values.slice(2, -2));
  const y = (value) => height - (height - 4) * Math.min(2, value / top);
  return "M" + values.map((value, i) => `${(width * i) / (POINTS - 1)} ${y(value)}`).join("L");
}

