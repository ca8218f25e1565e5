// A Bernoulli decoder in the browser: code -> hidden ReLU layer -> probability of ink in every pixel.
// Weights are fetched once per checkpoint and page visit, and kept by the browser's cache between visits.

const SIDE = 28;
const decoders = (window.dlgmmDecoders ??= new Map());

const serverRoot = () => location.origin + location.pathname.replace(/[^/]+\/?$/, "");

// info: { path, code, hidden, pixels }; the file holds W1 (hidden, code), b1, W2 (pixels, hidden), b2, float32.
function decoderOf(info) {
  if (!decoders.has(info.path)) decoders.set(info.path, fetchDecoder(info));
  return decoders.get(info.path);
}

async function fetchDecoder({ path, code, hidden, pixels }) {
  const answer = await fetch(serverRoot() + path);
  if (!answer.ok) {
    decoders.delete(path);
    throw new Error(`the server answered ${answer.status}`);
  }
  const all = new Float32Array(await answer.arrayBuffer());
  let start = 0;
  const take = (count) => all.subarray(start, (start += count));
  const w1 = take(hidden * code), b1 = take(hidden), w2 = take(pixels * hidden), b2 = take(pixels);
  const active = new Int32Array(hidden), values = new Float64Array(hidden);
  return {
    decode(z, out = new Float32Array(pixels)) {
      let count = 0; // units that ReLU leaves on: about half of them
      for (let h = 0, w = 0; h < hidden; h++) {
        let sum = b1[h];
        for (let d = 0; d < code; d++, w++) sum += w1[w] * z[d];
        if (sum > 0) { active[count] = h; values[count++] = sum; }
      }
      for (let x = 0, row = 0; x < pixels; x++, row += hidden) {
        let sum = b2[x];
        for (let i = 0; i < count; i++) sum += w2[row + active[i]] * values[i];
        out[x] = 1 / (1 + Math.exp(-sum));
      }
      return out;
    },
  };
}

const floats = (base64) => new Float32Array(Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)).buffer);

// One digit on a canvas, whole multiples of its pixels, white ink on black; `ink` shows what exceeds one half.
const scratch = document.createElement("canvas");
scratch.width = scratch.height = SIDE;
function drawDigit(context, probabilities, left, top, zoom, ink = false) {
  const small = scratch.getContext("2d", { willReadFrequently: true });
  const image = small.createImageData(SIDE, SIDE);
  for (let x = 0, i = 0; x < SIDE * SIDE; x++, i += 4) {
    const value = ink ? (probabilities[x] > 0.5 ? 255 : 0) : Math.round(255 * probabilities[x]);
    image.data[i] = image.data[i + 1] = image.data[i + 2] = value;
    image.data[i + 3] = 255;
  }
  small.putImageData(image, 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(scratch, left, top, SIDE * zoom, SIDE * zoom);
}
