// From white ink on a black pad to the image of 0 and 1 that a model reads: what `find_drawn` and `binarize` of dlgmm_core/data
// make of it (strokes.py, mnist_box.py). The largest mark and what belongs to it is scaled to five sevenths of the image's
// sides, moved until its centre of mass is in the middle, and each pixel is ink from a level of its own on.

const FAINTEST = 21, FULL_AT = 0.8; // a level of 0..255; the quantile of a mark's ink that counts as full
const PART = 0.6, NEAR = 0.08, CRUMB = 0.1, CUT = 0.05, PLAIN = 1.5; // as in strokes.py
const INK = 0.2, REACH = 0.1, BOX = 5 / 7, TIE = 0.02, LOBES = 3; // as in mnist_box.py

// The image (height · width), or null where there is no ink. levels (height · width): the least grey level of 1..255 that is
// drawn as ink in each pixel.
function preparedImage(canvas, { height, width, levels }) {
  const across = canvas.width, down = canvas.height;
  const { data } = canvas.getContext("2d", { willReadFrequently: true }).getImageData(0, 0, across, down);
  const grey = new Uint8Array(across * down);
  for (let i = 0; i < grey.length; i++) grey[i] = data[4 * i];
  const ink = largestMark(grey, across, down);
  if (ink === null) return null;
  const found = inBox(ink, across, down, width, height);
  return Uint8Array.from(found, (level, i) => (level >= levels[i] ? 1 : 0));
}

// Share of full ink (height · width) of the longest mark with the strokes that belong to it; null where there is none.
function largestMark(grey, width, height) {
  const { labels, marks } = marksOf(grey, width, height);
  if (!marks.length) return null;
  const first = marks.reduce((best, mark) => (mark.score > best.score ? mark : best));
  const isOfDigit = marks.map((mark) => mark === first || (mark.isCut === first.isCut && belongs(mark, first)));
  const isIn = (at) => labels[at] >= 0 && isOfDigit[labels[at]], counts = new Uint32Array(256);
  const ink = new Float32Array(grey.length);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      if (grey[at] === 0) continue;
      if (isIn(at)) counts[grey[at]] += 1;
      else if (!isBeside(isIn, x, y, width, height)) continue;
      ink[at] = grey[at] / 255;
    }
  }
  const full = quantile(counts, FULL_AT);
  return ink.map((each) => Math.min(1, each / full));
}

// Marks of ink that hang together, corners included: { left, top, right, bottom, longer, isCut, score }, and which one each
// pixel is of, -1 for paper.
function marksOf(grey, width, height) {
  const labels = new Int16Array(grey.length).fill(-1), marks = [], stack = [];
  for (let start = 0; start < grey.length; start++) {
    if (grey[start] < FAINTEST || labels[start] >= 0) continue;
    let left = width, top = height, right = 0, bottom = 0, area = 0, sum = 0, most = 0;
    labels[start] = marks.length;
    stack.push(start);
    while (stack.length) {
      const at = stack.pop(), x = at % width, y = (at - x) / width;
      left = Math.min(left, x); right = Math.max(right, x + 1); top = Math.min(top, y); bottom = Math.max(bottom, y + 1);
      area += 1; sum += grey[at]; most = Math.max(most, grey[at]);
      for (let v = Math.max(0, y - 1); v <= Math.min(height - 1, y + 1); v++) {
        for (let u = Math.max(0, x - 1); u <= Math.min(width - 1, x + 1); u++) {
          const next = v * width + u;
          if (grey[next] < FAINTEST || labels[next] >= 0) continue;
          labels[next] = marks.length;
          stack.push(next);
        }
      }
    }
    const longer = Math.max(right - left, bottom - top), strength = sum / area;
    const isCut = left === 0 || top === 0 || right === width || bottom === height;
    const score = longer * Math.sqrt(strength / 255) * Math.min(1, (PLAIN * strength) / most) * (isCut ? CUT : 1);
    marks.push({ left, top, right, bottom, longer, isCut, score });
  }
  return { labels, marks };
}

// Whether a mark is a stroke of the longest: shorter and near to it, or within its box.
function belongs(mark, first) {
  const gap = Math.max(Math.max(mark.left, first.left) - Math.min(mark.right, first.right),
    Math.max(mark.top, first.top) - Math.min(mark.bottom, first.bottom));
  const isPart = mark.longer > CRUMB * first.longer && mark.longer < PART * first.longer && gap < NEAR * first.longer;
  return isPart || gap < 0;
}

// Whether a pixel is at most two steps from the mark: the faint rim of its strokes.
function isBeside(isIn, x, y, width, height) {
  for (let v = -2; v <= 2; v++) {
    for (let u = Math.abs(v) - 2; u <= 2 - Math.abs(v); u++) {
      if (x + u >= 0 && x + u < width && y + v >= 0 && y + v < height && isIn((y + v) * width + x + u)) return true;
    }
  }
  return false;
}

// A quantile of levels 0..255 by how many there are of each, linear in between, as a share of 255.
function quantile(counts, share) {
  const place = share * (counts.reduce((sum, each) => sum + each, 0) - 1), below = Math.floor(place);
  const at = (rank) => {
    let level = 0;
    for (let seen = counts[0]; seen <= rank; seen += counts[level]) level += 1;
    return level;
  };
  return (at(below) + (place - below) * (at(Math.ceil(place)) - at(below))) / 255;
}

// Grey levels (outHeight · outWidth) of a digit as MNIST would hold it (LeCun et al., 1998).
function inBox(ink, width, height, outWidth, outHeight) {
  const columns = new Float32Array(width), rows = new Float32Array(height);
  ink.forEach((each, at) => {
    const x = at % width, y = (at - x) / width;
    columns[x] = Math.max(columns[x], each);
    rows[y] = Math.max(rows[y], each);
  });
  const [left, right] = edges(columns), [top, bottom] = edges(rows);
  const scale = Math.min((BOX * outWidth) / (right - left), (BOX * outHeight) / (bottom - top));
  const small = Math.max(1, even(scale * (right - left))), tall = Math.max(1, even(scale * (bottom - top)));
  const between = resized(ink, width, height, small, left, right); // (height · small)
  const found = transposedImage(resized(transposedImage(between, small, height), height, small, tall, top, bottom), tall, small);
  const most = found.reduce((top, each) => Math.max(top, each), 0);
  const shares = found.map((each) => Math.max(0, Math.min(1, each / most)));
  let mass = 0, sumX = 0, sumY = 0;
  shares.forEach((each, at) => { const x = at % small; mass += each; sumX += each * x; sumY += (each * (at - x)) / small; });
  // A symmetric digit's centre lies half a pixel off: it goes up and left, whatever the last digits say.
  const place = (size, own, centre) => Math.max(0, Math.min(size - own, Math.ceil(size / 2 - centre - 0.5 - TIE)));
  const x0 = place(outWidth, small, sumX / mass), y0 = place(outHeight, tall, sumY / mass);
  const grey = new Uint8Array(outWidth * outHeight);
  shares.forEach((each, at) => { const x = at % small; grey[(y0 + (at - x) / small) * outWidth + x0 + x] = even(255 * each); });
  return grey;
}

// Where ink begins and ends in a profile: half of what the nearest stroke reaches, linear between centres of pixels.
function edges(profile) {
  const isInked = (each) => each >= Math.fround(INK);
  const first = profile.findIndex(isInked), last = profile.findLastIndex(isInked), reach = 1 + even(REACH * (last - first + 1));
  return [firstEdge(profile, first, reach), profile.length - firstEdge(profile.slice().reverse(), profile.length - 1 - last, reach)];
}

function firstEdge(profile, start, reach) {
  const half = 0.5 * Math.max(...profile.subarray(start, start + reach + 1));
  let above = start;
  while (profile[above] < half) above += 1;
  const before = above ? profile[above - 1] : 0;
  return Math.max(0, above + 0.5 - (profile[above] - half) / (profile[above] - before));
}

// Rows (height · width) resized to `size` pixels between two of their edges by Lanczos' filter, as Pillow does it.
function resized(rows, width, height, size, from, to) {
  const start = Math.fround(from), scale = (Math.fround(to) - start) / size, spread = Math.max(1, scale), reach = LOBES * spread;
  const out = new Float32Array(height * size);
  for (let x = 0; x < size; x++) {
    const centre = start + (x + 0.5) * scale, first = Math.max(0, Math.trunc(centre - reach + 0.5));
    const weights = Array.from({ length: Math.min(width, Math.trunc(centre + reach + 0.5)) - first },
      (_, i) => lanczos((first + i - centre + 0.5) / spread));
    const total = weights.reduce((sum, each) => sum + each, 0), shares = weights.map((each) => each / total);
    for (let y = 0; y < height; y++) {
      let sum = 0;
      for (let i = 0; i < shares.length; i++) sum += rows[y * width + first + i] * shares[i];
      out[y * size + x] = sum;
    }
  }
  return out;
}

const sinc = (x) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
const lanczos = (x) => (x >= -LOBES && x < LOBES ? sinc(x) * sinc(x / LOBES) : 0);

const transposedImage = (image, width, height) => image.map((_, at) => image[(at % height) * width + Math.floor(at / height)]);

// The nearest whole number; halves go to the even one, as in Python.
function even(value) {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 ? rounded - 1 : rounded;
}
