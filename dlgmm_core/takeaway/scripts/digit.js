// One digit through the model: its stick and weights, p(k|x), and reconstructions, on every frame while it is drawn.

const PAD = 224, PEN = 18, MOST_ROWS = 8;

function shelfOf({ shelf, pixels }) {
  const bytes = Uint8Array.from(atob(shelf.bits), (c) => c.charCodeAt(0)), stride = Math.ceil(pixels / 8);
  return Array.from({ length: bytes.length / stride }, (_, n) =>
    Uint8Array.from({ length: pixels }, (_, x) => (bytes[n * stride + (x >> 3)] >> (7 - (x & 7))) & 1));
}

function digitCanvas(info, zoom, label) {
  const canvas = element("canvas", { width: info.width * zoom, height: info.height * zoom });
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", label);
  return { canvas, show: (image) => drawDigit(canvas.getContext("2d"), image, info, 0, 0, zoom) };
}

function digitView(info, model, prior, changed, chosen) {
  const something = info.object === "image" ? "an image" : "a digit";
  const { components, code, pixels, colours, inks } = info, shelf = shelfOf(info), isCode = info.kind === "simplex";
  const out = new Float32Array(pixels);
  const kept = chosen.drawn;
  let image = kept?.image ?? shelf[chosen.digit - 1], units = model.read(image), decoder = model.decoderAt(prior), round = 0;

  const sizes = { height: info.height, width: info.width, levels: Uint8Array.from(atob(info.levels), (c) => c.charCodeAt(0)) };
  const canvas = element("canvas", { className: "pad", width: PAD, height: Math.round((PAD * info.height) / info.width), tabIndex: 0 });
  canvas.setAttribute("role", "application");
  canvas.setAttribute("aria-label", `Drawing pad: draw one ${info.object}; arrow keys move the pen, space puts it down and lifts it, Ctrl-Z undoes`);
  const follow = onFrame(() => {
    if (pad.shown) take(shelf[pad.shown - 1], pad.shown); // not what its picture would be read as
    else take(preparedImage(canvas, sizes) ?? new Uint8Array(pixels), 0);
  });
  const source = element("div", { className: "source" });
  const rested = () => { undo.disabled = !pad.canUndo; };
  const pad = penOn(canvas, source, { broad: () => PEN, changed: () => follow(), rested, posed() {}, before: chosen.before });
  const take = (next, number) => {
    image = next;
    units = model.read(image);
    [...places.children].forEach((each, n) => each.setAttribute("aria-pressed", n === number - 1));
    const isNews = number || !chosen.drawn; // for the address
    chosen.drawn = number ? null : { image, sheet: canvas };
    if (number) chosen.digit = number;
    if (isNews) changed();
    soon();
  };
  const clear = element("button", { type: "button", textContent: "Clear" });
  clear.onclick = () => pad.clear();
  const undo = element("button", { type: "button", textContent: "Undo", disabled: !pad.canUndo });
  undo.onclick = () => pad.undo();
  const put = (number) =>
    pad.show((context) => drawDigit(context, shelf[number - 1], info, 0, 0, canvas.width / info.width), number);
  const places = element("div", { className: "shelf" }, ...shelf.map((each, n) => {
    const name = info.shelf.names ? `test image ${n + 1}, ${info.shelf.names[n]}` : `test image ${n + 1}`;
    const small = digitCanvas(info, fitting(1, info), name), button = element("button", { type: "button", title: name }, small.canvas);
    small.show(each);
    button.onclick = () => { pad.remember(); put(n + 1); follow(); rested(); };
    return button;
  }));
  const zoom = fitting(3, info), read = digitCanvas(info, zoom, "The image that the model reads");
  const rebuilt = digitCanvas(info, zoom, "Its reconstruction, from the mean code");
  const caption = (picture, words) => element("figure", {}, picture.canvas, element("figcaption", { textContent: words }));

  const stick = element("div", { className: "stick" });
  const segments = colours.map((colour, k) => {
    const segment = element("span");
    segment.style.background = colour;
    segment.style.color = inks[k];
    stick.append(segment);
    return segment;
  });
  stick.setAttribute("role", "img");
  const bars = () => {
    const fill = element("i"), number = element("output");
    return { box: element("td", {}, element("span", { className: "measure" }, fill), number), fill, number };
  };
  const lines = Array.from({ length: isCode ? 0 : Math.min(MOST_ROWS, components) }, () => {
    const number = element("b"), weight = bars(), share = bars();
    const picture = digitCanvas(info, fitting(components > 5 ? 1 : 1.6, info), "Reconstruction from this component's mean code");
    return { row: element("tr", {}, element("th", { scope: "row" }, number), weight.box, share.box, element("td", {}, picture.canvas)),
      number, weight, share, picture };
  });
  const heads = ["k", "weight E[π|x]", "p(k|x)", "decoded"].map((textContent) => element("th", { scope: "col", textContent }));
  const table = element("table", {}, element("thead", {}, element("tr", {}, ...heads)), element("tbody", {}, ...lines.map(({ row }) => row)));
  const alpha = info.contexts === null ? null : alphaSlider(info, prior, () => { changed(); soon(); });
  const fill = ({ fill: bar, number }, value, colour) => {
    bar.style.width = `${100 * value}%`;
    bar.style.background = colour;
    number.textContent = value.toFixed(2);
  };

  const soon = onFrame(() => {
    round += 1;
    if (info.contexts) decoder = model.decoderAt(prior);
    const q = model.posterior(units, prior);
    read.show(image);
    rebuilt.show(decoder.decode(q.code, out));
    box.weights = q.weights; // what a test reads
    box.image = image;
    box.dataset.frames = round;
    if (components === 1) return;
    let left = 0;
    q.pieces.forEach((k) => {
      Object.assign(segments[k].style, { left: `${100 * left}%`, width: `${100 * q.weights[k]}%` });
      segments[k].textContent = q.weights[k] > 0.05 ? k + 1 : "";
      left += q.weights[k];
    });
    stick.setAttribute("aria-label", `The stick: ${q.pieces.map((k) => `piece ${k + 1}, ${q.weights[k].toFixed(2)}`).join("; ")}`);
    if (isCode) return;
    const order = q.weights.map((_, k) => k);
    if (components > MOST_ROWS) order.sort((i, j) => q.weights[j] - q.weights[i]);
    lines.forEach((line, at) => describe(line, order[at], q));
    estimate(q, order, round);
  });
  const describe = (line, k, q) => {
    line.number.textContent = k + 1;
    Object.assign(line.number.style, { background: colours[k], color: inks[k] });
    fill(line.weight, q.weights[k], colours[k]);
    line.picture.show(decoder.decode(q.means.subarray(k * code, (k + 1) * code), out));
  };
  const estimate = (q, order, mine) => {
    const found = responsibilities(decoder, q, priorOf(info, model.factor, prior), image, code);
    onFrames(found, () => mine === round && box.isConnected, (shares, isDone) => {
      const best = shares.indexOf(Math.max(...shares));
      if (!order.slice(0, lines.length).includes(best)) { // most probable, whatever its weight
        order[lines.length - 1] = best;
        describe(lines.at(-1), best, q);
      }
      lines.forEach((line, at) => fill(line.share, shares[order[at]], colours[order[at]]));
      box.shares = shares;
      if (isDone) box.dataset.estimated = mine;
    });
  };

  const answer = components === 1 ? [] : isCode ? [element("h2", { textContent: "The stick, whose pieces are the code" }), stick] : [
    element("h2", { textContent: "The stick, broken into mixture weights" }), stick, table,
    ...(components > MOST_ROWS ? [element("p", { className: "note", textContent: `The largest of ${components} weights, and the component that is most probable.` })] : [])];
  const box = element("div", { className: "digit" },
    element("p", { className: "lead", textContent: components === 1 || isCode ? `Draw ${something}: encoder and decoder follow the pen.`
      : `Draw ${something}: the encoder breaks a stick into the weights of the components, and each component decodes it.` }),
    source,
    element("div", { className: "answer" },
      element("div", { className: "pair" }, caption(read, "what the model reads"), caption(rebuilt, "what it decodes")), ...answer));
  source.append(canvas, element("div", { className: "bar" }, undo, clear, ...(alpha ? [alpha.box] : [])), places);
  if (kept) pad.show((context) => context.drawImage(kept.sheet, 0, 0));
  else {
    put(chosen.digit);
    places.children[chosen.digit - 1].setAttribute("aria-pressed", true);
  }
  return { box, fit: soon };
}
