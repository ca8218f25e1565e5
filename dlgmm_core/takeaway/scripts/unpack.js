// The parameters of a model, from the text that the page holds.

// Gives a promise of Float32Arrays by name: what `packed` of dlgmm_core/takeaway/parameters.py wrote.
async function unpack({ layout, bytes: size, numbers }) {
  const stream = new Blob([bytesOf(numbers).subarray(0, size)]).stream().pipeThrough(new DecompressionStream("deflate"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  let start = 0;
  const take = (count) => bytes.subarray(start, (start += count));
  const found = {};
  for (const { name, shape, step, bits } of layout) {
    const count = shape.reduce((product, size) => product * size, 1);
    if (bits === undefined) {
      found[name] = new Float32Array(take(4 * count).slice().buffer);
      continue;
    }
    const levels = Int32Array.from(take(count), (level) => (level << 24) >> 24);
    for (let bit = 8; bit < bits; bit++) {
      const lower = take(Math.ceil(count / 8));
      for (let i = 0; i < count; i++) levels[i] = 2 * levels[i] + ((lower[i >> 3] >> (7 - (i & 7))) & 1);
    }
    found[name] = Float32Array.from(levels, (level) => level * step);
  }
  return found;
}

// The bytes of a text, whose pairs of characters hold 13 bits each.
function bytesOf(text) {
  const digits = new Uint8Array(128), found = new Uint8Array(Math.floor((13 * text.length) / 16));
  for (let code = 33, digit = 0; code < 127; code++) if (!'"\\<'.includes(String.fromCharCode(code))) digits[code] = digit++;
  let held = 0, count = 0, at = 0;
  for (let i = 0; i < text.length; i += 2) {
    held = (held << 13) | (91 * digits[text.charCodeAt(i)] + digits[text.charCodeAt(i + 1)]);
    for (count += 13; count >= 8; count -= 8) found[at++] = held >> (count - 8);
    held &= 0xff;
  }
  return found;
}
