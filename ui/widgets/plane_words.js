// What is written on a square of the plane: both ends of both axes, corners and edges of the triangle of sticks, names of
// classes, and the weights of Gaussians. Labels that may stand at several places stand on no line and on no other label.

const COVERED = 18; // pixels from the mean of a component: its handle
const ROW = 14, INSET = 8; // pixels from one row to the next in usual letters, and from the square's side
const LEAST_EDGE = 40, SAMPLES = 100; // pixels of an edge that is named, and steps along it
const ALONG = [0.5, 0.3, 0.7, 0.15, 0.85]; // where on an edge its name may stand, the best first

// Along both axes a triangle of side one has a number of its own, too: at one height the third piece is the same.
const PLANE = [["z₁", (x) => x], ["z₂", (y) => y]];
const TRIANGLE = [["π₂ − π₁", (x) => 2 * x - 1], ["π₃", (y) => y / Math.sqrt(0.75)]];

const between = (from, to, part) => from.map((start, d) => start + part * (to[d] - start));

class Words {
  constructor(plane) { this.plane = plane; }

  // `lines`: of every ellipse its lines, each of points in pixels.
  paint(context, ink, lines) {
    const { plane } = this, { data } = plane, light = plane.heat || plane.sheet ? "#fff" : ink;
    const scale = letters();
    Object.assign(this, { context, scale, row: ROW * scale, taken: [], named: [], points: lines.flat(2) });
    const corners = data.triangle ? data.corners.map(([x, y]) => [plane.x(x), plane.y(y)]) : [];
    if (plane.dots && !plane.sheet) {
      for (const { name, place } of data.classes) this.writeClass(name, plane.x(place[0]), plane.y(place[1]), ink);
    }
    corners.forEach((corner, i) => this.writeCorner(i, corner, light));
    if (!data.triangle || !corners.every((corner) => this.isInSquare(corner))) this.writeEnds(light);
    data.ellipses.forEach((each, k) => this.writeBeside(each, lines[k][1]));
    if (plane.heat) this.writeEdges(corners, light);
  }

  isInSquare([x, y]) { return Math.min(x, y) >= -9 && Math.max(x, y) <= this.plane.side + 9; }

  // Above the handle of a component, where there is one.
  writeClass(name, x, y, ink) {
    const { plane } = this;
    const isCovered = plane.prior?.means.some((mean) => Math.hypot(plane.x(mean[0]) - x, plane.y(mean[1]) - y) < COVERED);
    this.write(name, x, isCovered ? y - COVERED : y, ink, 16);
  }

  writeCorner(i, corner, ink) {
    if (!this.isInSquare(corner)) return;
    const [x, y] = corner, { side } = this.plane;
    this.write(`π${"₁₂₃"[i]}`, Math.min(Math.max(x, 14), side - 14), y + (i === 2 ? -10 : 12) * this.scale, ink, 13);
  }

  // In the corners: at the lower left both axes begin.
  writeEnds(ink) {
    const { side, data } = this.plane, [[across, first], [up, second]] = data.triangle ? TRIANGLE : PLANE;
    const digits = Math.max(1, 1 - Math.floor(Math.log10(data.side))); // so that the ends differ
    const end = (name, value) => `${name} ${value.toFixed(digits).replace("-", "−")}`;
    const [left, low] = data.low, right = left + data.side, high = low + data.side, top = 10 * this.scale;
    this.write(end(up, second(high)), INSET, top, ink, 11, "left");
    this.write(end(up, second(low)), INSET, side - top - this.row, ink, 11, "left");
    this.write(end(across, first(left)), INSET, side - top, ink, 11, "left");
    this.write(end(across, first(right)), side - INSET, side - top, ink, 11, "right");
  }

  // Beside the line around a Gaussian, as low as can be. Not where a larger weight is of nearly the same place: the labels
  // of ten Gaussians in one place would hide what is around it.
  writeBeside({ label, colour, mean }, line) {
    const { plane, named } = this, [left, top] = [plane.x(mean[0]), plane.y(mean[1])];
    if (!label || named.some(([x, y]) => Math.hypot(x - left, y - top) < this.row)) return;
    named.push([left, top]);
    this.writeFree(label, [...line].sort((a, b) => b[1] - a[1]).map(([x, y]) => {
      const length = Math.hypot(x - left, y - top);
      return [x + ((x - left) / length) * 22 * this.scale, y + ((y - top) / length) * 10 * this.scale];
    }), colour);
  }

  // The ends of the part of an edge that is in the square; none if too little of it is.
  shownPart(from, to) {
    const range = [0, 1].map((d) => [0, this.plane.side].map((end) => (end - from[d]) / (to[d] - from[d])).sort((a, b) => a - b));
    const start = Math.max(0, ...range.map(([first]) => first)), end = Math.min(1, ...range.map(([, last]) => last));
    const length = (end - start) * Math.hypot(to[0] - from[0], to[1] - from[1]);
    return length < LEAST_EDGE ? [] : [start, end].map((part) => between(from, to, part));
  }

  // On an edge of the triangle a piece is 0: beside the part of it in the square, on the outer side if there is room.
  writeEdges(corners, ink) {
    const edges = corners.map((_, i) => this.shownPart(...corners.filter((_, k) => k !== i)));
    for (const [from, to] of edges.filter((ends) => ends.length)) {
      for (let k = 0; k <= SAMPLES; k++) this.points.push(between(from, to, k / SAMPLES));
    }
    edges.forEach((ends, i) => {
      if (!ends.length) return;
      const [from, to] = ends, length = Math.hypot(to[0] - from[0], to[1] - from[1]);
      const across = [(to[1] - from[1]) / length, (from[0] - to[0]) / length];
      const outer = across[0] * (corners[i][0] - from[0]) + across[1] * (corners[i][1] - from[1]) < 0 ? 1 : -1;
      this.writeFree(`π${"₁₂₃"[i]} = 0`, [outer, -outer].flatMap((sign) => ALONG.map((part) => {
        const [x, y] = between(from, to, part);
        return [x + sign * across[0] * 30 * this.scale, y + sign * across[1] * 12 * this.scale];
      })), ink);
    });
  }

  // Writes at the first place that is free (`isFree`); nowhere if there is none.
  writeFree(text, places, ink) {
    this.setFont(12);
    const half = this.context.measureText(text).width / 2;
    const free = places.find(([x, y]) => this.isFree(x - half, x + half, y));
    if (free) this.write(text, ...free, ink, 12);
  }

  isFree(left, right, y) {
    const { side } = this.plane, [top, bottom] = [y - this.row / 2, y + this.row / 2];
    return left >= 2 && right <= side - 2 && top >= 2 && bottom <= side - 2
      && !this.points.some(([x, z]) => x > left - 3 && x < right + 3 && z > top - 1 && z < bottom + 1)
      && !this.taken.some((box) => left < box.right + 4 && right > box.left - 4 && Math.abs(y - box.y) < this.row);
  }

  setFont(size) {
    this.context.font = `600 ${size * this.scale}px ${getComputedStyle(this.plane.root).getPropertyValue("--st-font")}`;
  }

  write(text, x, y, colour, size, align = "center") {
    const { context, plane } = this;
    this.setFont(size);
    Object.assign(context, { textAlign: align, textBaseline: "middle", lineWidth: 4, lineJoin: "round", fillStyle: colour });
    context.strokeStyle = plane.heat || plane.sheet ? "#000" : getComputedStyle(plane.root).getPropertyValue("--st-background-color");
    context.strokeText(text, x, y);
    context.fillText(text, x, y);
    const { width } = context.measureText(text), left = x - width * { left: 0, center: 0.5, right: 1 }[align];
    this.taken.push({ left, right: left + width, y });
  }
}
