// Encoders in the browser, fetched once per checkpoint and page visit. After mixture.js, decoder.js and following.js.

const encoders = (window.dlgmmEncoders ??= new Map()); // promises, by the path of a file

// Gives a promise of what `encoderFrom` of mixture.js makes of { path, layout, info }, of ui/serving/encoders.py: the file holds the
// parts of the layout, one after the other, in float32.
function encoderOf({ path, layout, info }) {
  if (!encoders.has(path)) {
    const found = fetchEncoder(path, layout).then((parts) => encoderFrom(info, parts));
    found.catch(() => encoders.delete(path)); // so that it can be tried again
    encoders.set(path, found);
  }
  return encoders.get(path);
}

async function fetchEncoder(path, layout) {
  const all = new Float32Array(await fetchNumbers(path, 4 * layout.reduce((sum, [, count]) => sum + count, 0)));
  let start = 0;
  return Object.fromEntries(layout.map(([name, count]) => [name, all.subarray(start, (start += count))]));
}

// Makes a widget follow the pen by a model, once it is there; without one, the widget stays as the server tells it. `live` is an
// encoder's address, or null. The widget's functions: none() where nothing is drawn; drawn({ image, q, decoder, factor, isLast })
// with the posterior q, where isLast() says whether neither pen nor server has told of another image since; and, if it has one,
// stays({ q }) where the pen has come down, or rests again, without changing the image.
function followPen(root, live, { drawn, none, stays }) {
  if (live === null) return root.forgetPen?.();
  let found = null, seen = window.dlgmmPen?.isAhead ? undefined : window.dlgmmPen?.image;
  root.round = (root.round ?? 0) + 1;
  const heard = (image) => {
    if (found === null || (image === seen && !stays)) return;
    const [encoder, decoder] = found, isNew = image !== seen;
    seen = image;
    if (isNew) root.round += 1;
    if (image === null) return none();
    const q = encoder.posterior(encoder.read(image), live.info), mine = root.round;
    if (!isNew) return stays({ q });
    drawn({ image, q, decoder, factor: encoder.factor, isLast: () => mine === root.round && root.isConnected });
    root.dataset.followed = Number(root.dataset.followed ?? 0) + 1;
  };
  onPen(root, heard);
  Promise.all([encoderOf(live), decoderOf(live.decoder)]).then((both) => {
    found = both;
    root.dataset.follows = live.path;
    onPen(root, heard);
  }, () => root.forgetPen());
}
