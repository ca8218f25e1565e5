// Files of the maps: fetched once a page visit, kept by the browser's cache between visits.
// `fetchNumbers` is that of decoder.js; the layout of each file is described in ui/latent/map_files.py.

const fetched = (window.dlgmmMapFiles ??= new Map());

// read: turns the file's ArrayBuffer, of so many bytes, into what is kept.
function fetchOnce(path, bytes, read) {
  if (!fetched.has(path)) {
    const found = fetchNumbers(path, bytes).then(read);
    found.catch(() => fetched.delete(path)); // so that it can be tried again
    fetched.set(path, found);
  }
  return fetched.get(path);
}

const fetchImages = (path, count, [height, width]) => fetchOnce(path, count * Math.ceil((height * width) / 8), (buffer) => new Uint8Array(buffer));

const fetchPoints = (path, count) => fetchOnce(path, 9 * count, (buffer) => ({
  places: new Float32Array(buffer, 0, 2 * count),
  classes: new Uint8Array(buffer, 8 * count, count),
}));

const fetchWeights = (path, count) => fetchOnce(path, 9 * count, (buffer) => ({
  largest: new Float32Array(buffer, 0, count),
  entropy: new Float32Array(buffer, 4 * count, count),
  component: new Uint8Array(buffer, 8 * count, count),
}));

const fetchEstimates = (path, count, isMixture) => fetchOnce(path, (isMixture ? 9 : 4) * count, (buffer) => ({
  nll: new Float32Array(buffer, 0, count),
  ...(isMixture && { largest: new Float32Array(buffer, 4 * count, count), component: new Uint8Array(buffer, 8 * count, count) }),
}));

// One test image on a canvas: eight pixels a byte, the first one highest; white ink on black, as everywhere.
function drawImage(context, images, index, [height, width], left = 0, top = 0) {
  const picture = context.createImageData(width, height);
  const start = index * Math.ceil((height * width) / 8);
  for (let x = 0; x < height * width; x++) {
    const value = images[start + (x >> 3)] & (128 >> (x & 7)) ? 255 : 0;
    picture.data.set([value, value, value, 255], 4 * x);
  }
  context.putImageData(picture, left, top);
}
