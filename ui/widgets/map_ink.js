// What a point looks like. Each look is drawn once, and its inked pixels are noted: a stamp. Ten thousand
// stamps a map are then put into the picture's bytes by hand, many times faster than a canvas copies them.
// Classes are their sign in their colour. Components are shapes in the colours of the other pages, of which there are
// ten: the shape tells the first ten from those that follow. Values on a scale are discs.

const SHADES = 32, PLAIN = "#8a8f98", SHAPES = ["●", "■", "▲"], OF_ONE_SHAPE = 10;
const LEAST_LABELLED = 0.01; // of the points, where a look gets a label

function stamp(size, density, colour, draw) {
  const side = Math.ceil(size * density);
  const canvas = make("canvas", { width: side, height: side });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.scale(density, density);
  draw(context, size / 2);
  const bytes = context.getImageData(0, 0, side, side).data;
  const inked = [...Array(side * side).keys()].filter((at) => bytes[4 * at + 3] > 8);
  return {
    side,
    colour: channels(colour),
    columns: Uint8Array.from(inked, (at) => at % side),
    rows: Uint8Array.from(inked, (at) => Math.floor(at / side)),
    strengths: Float32Array.from(inked, (at) => bytes[4 * at + 3] / 255),
  };
}

// size: of the sign in CSS pixels; density: device pixels in one.
function signStamps(signs, colours, size, density) {
  return signs.map((sign, i) => stamp(size * 1.5, density, colours[i], (context, middle) => {
    context.font = `600 ${sign.length > 1 ? size * 0.8 : size}px system-ui, sans-serif`;
    context.textAlign = "center";
    context.fillText(sign, middle, middle + size * 0.36); // capitals and digits are 0.72 high
  }));
}

// Where a label of each look stands: at the point of that look which is nearest to the median of its points.
function labelPlaces(places, looks) {
  const members = new Map();
  looks.forEach((look, i) => {
    if (look === NOWHERE) return;
    if (!members.has(look)) members.set(look, []);
    members.get(look).push(i);
  });
  return [...members].filter(([, points]) => points.length >= LEAST_LABELLED * looks.length).map(([look, points]) => {
    const [x, y] = [0, 1].map((axis) => Float32Array.from(points, (i) => places[2 * i + axis]).sort()[points.length >> 1]);
    const from = (i) => (places[2 * i] - x) ** 2 + (places[2 * i + 1] - y) ** 2;
    return [look, points.reduce((best, i) => (from(i) < from(best) ? i : best))];
  });
}

const shapeOf = (k) => Math.floor(k / OF_ONE_SHAPE) % SHAPES.length;

function shapeStamps(colours, size, density) {
  return colours.map((colour, k) => stamp(size, density, colour, (context, middle) => {
    context.beginPath();
    if (shapeOf(k) === 0) context.arc(middle, middle, middle, 0, 2 * Math.PI);
    else if (shapeOf(k) === 1) context.rect(0.06 * size, 0.06 * size, 0.88 * size, 0.88 * size);
    else for (const [x, y] of [[0, size], [middle, 0], [size, size]]) context.lineTo(x, y);
    context.fill();
  }));
}

function discStamps(colours, size, density) {
  return colours.map((colour) => stamp(size, density, colour, (context, middle) => {
    context.arc(middle, middle, size / 2, 0, 2 * Math.PI);
    context.fill();
  }));
}

// A picture with a rim as wide as the widest stamp, so that stamps half outside need no special case.
class Sheet {
  constructor(width, height, rim) {
    Object.assign(this, { rim, width: width + 2 * rim, height: height + 2 * rim });
    this.picture = new ImageData(this.width, this.height);
  }

  fits(width, height, rim) {
    return this.rim === rim && this.width === width + 2 * rim && this.height === height + 2 * rim;
  }

  clear([r, g, b]) {
    new Uint32Array(this.picture.data.buffer).fill((255 << 24) | (b << 16) | (g << 8) | r); // bytes r, g, b, a
  }

  // The stamp's left upper corner comes to (x, y), whole device pixels.
  put({ side, colour, columns, rows, strengths }, x, y, opacity) {
    if (x < -side || y < -side || x > this.width - 2 * this.rim || y > this.height - 2 * this.rim) return;
    const { data } = this.picture, corner = (y + this.rim) * this.width + x + this.rim;
    for (let i = 0; i < columns.length; i++) {
      const at = 4 * (corner + rows[i] * this.width + columns[i]), ink = strengths[i] * opacity;
      data[at] += (colour[0] - data[at]) * ink;
      data[at + 1] += (colour[1] - data[at + 1]) * ink;
      data[at + 2] += (colour[2] - data[at + 2]) * ink;
    }
  }

  show(context) { context.putImageData(this.picture, -this.rim, -this.rim); }
}

const channels = (colour) => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));

// Colours between the given ones, in equal steps from share `low` to share `high` of the scale.
function shades(stops, low, high, count = SHADES) {
  return Array.from({ length: count }, (_, i) => {
    const at = (low + ((high - low) * i) / (count - 1)) * (stops.length - 1);
    const left = Math.min(Math.floor(at), stops.length - 2);
    const [from, to] = [channels(stops[left]), channels(stops[left + 1])];
    const mixed = from.map((value, c) => Math.round(value + (to[c] - value) * (at - left)));
    return `#${mixed.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
  });
}

// Any colour of a style sheet as [r, g, b].
function parseColour(words) {
  const context = make("canvas").getContext("2d");
  context.fillStyle = words;
  return channels(context.fillStyle); // canvases give every opaque colour back as #rrggbb
}

const isDark = ([r, g, b]) => 0.3 * r + 0.59 * g + 0.11 * b < 128;

// The end of the scale that has little contrast with the page is cut off.
function themeShades(stops, paper) {
  return isDark(paper) ? shades(stops, 0.2, 1) : shades(stops, 0, 0.88);
}

// The values between which a scale is drawn: all but the most extreme hundredth on either side.
function quantiles(arrays) {
  const all = Float32Array.from(arrays.flatMap((array) => [...array])).sort();
  return [all[Math.floor(0.01 * (all.length - 1))], all[Math.ceil(0.99 * (all.length - 1))]];
}

function shadesOf(values, low, high) {
  const width = high > low ? high - low : 1;
  return Uint8Array.from(values, (v) => Math.max(0, Math.min(SHADES - 1, Math.floor(((v - low) / width) * SHADES))));
}
