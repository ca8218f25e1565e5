// The path from one image to another: a slider over codes that Python has computed, decoded here.
// After decoder.js, make.js and map_files.js.

const ZOOM = 4, END_ZOOM = 3, LEAST_WORD = 0.1;

export default function ({ parentElement, data, setStateValue }) {
  const root = parentElement.querySelector(".path");
  root.tell = setStateValue; // every run brings a new one, and old ones are ignored
  root.slider ??= makeSlider(root, data); // of two images; the models may change while it is held
  const { slider, at } = root, signature = data.models.map((model) => model.decoder.path).join();
  if (root.dataset.signature === signature) return;
  root.dataset.signature = signature;
  root.dataset.ready = "";
  const again = (error) => { // the server has decoded what was not known
    if (error) at.textContent = `The images could not be decoded: ${error.message}`;
    else root.show();
  };
  const cards = data.models.map((model) => new PathCard(model, data.colours, again));
  root.show = () => {
    const step = Number(slider.value), share = (step / (data.points - 1)).toFixed(2);
    at.textContent = `t = ${share}`;
    slider.setAttribute("aria-valuetext", `${share} of the way`);
    for (const card of cards) card.show(step);
  };
  root.cards.replaceChildren(...cards.map((card) => card.element));
  root.show();
  Promise.all(data.models.map((model, i) => decoderOf(model.decoder).then((found) => { cards[i].decoder = found; })))
    .then(
      () => {
        if (root.dataset.signature !== signature) return;
        root.show();
        root.dataset.ready = "yes";
      },
      (error) => { at.textContent = `A decoder could not be fetched (${error.message}): reload the page.`; });
}

// The slider between the two images, above the place of the cards.
function makeSlider(root, data) {
  const [height, width] = data.shape, zoom = fitting(END_ZOOM, { height, width });
  const ends = data.images.map((index, which) => {
    const canvas = make("canvas", { width, height, role: "img", "aria-label": `image ${index}` });
    Object.assign(canvas.style, { width: `${zoom * width}px`, height: `${zoom * height}px` });
    const its = data.classes[which] && `, class ${data.classes[which]}`;
    const words = make("figcaption", { textContent: `${"AB"[which]}: image ${index}${its}` });
    fetchImages(data.file, data.count, data.shape).then((images) => drawImage(canvas.getContext("2d"), images, index, data.shape));
    return make("figure", {}, canvas, words);
  });
  const slider = make("input", { type: "range", min: 0, max: data.points - 1, step: 1, "aria-label": "from A to B" });
  slider.value = data.at;
  slider.oninput = () => requestAnimationFrame(() => root.show());
  slider.onchange = () => root.tell("at", Number(slider.value));
  root.at = make("output");
  root.cards = make("div", { className: "cards" });
  root.replaceChildren(
    make("div", { className: "ends" }, ends[0], make("label", { className: "way" }, slider, root.at), ends[1]), root.cards);
  return slider;
}

class PathCard {
  // model.codes: (points, model.code), of all stochastic layers, and model.shares: (points, pieces) or null, float32
  constructor(model, colours, again) {
    Object.assign(this, { model, again });
    this.codes = floats(model.codes);
    this.shares = model.shares && floats(model.shares);
    this.pixels = new Float32Array(model.decoder.pixels);
    const { width, height } = model.decoder;
    this.zoom = fitting(ZOOM, model.decoder);
    this.canvas = make("canvas", { width: width * this.zoom, height: height * this.zoom, role: "img" });
    this.pieces = this.shares
      ? Array.from({ length: this.shares.length / (this.codes.length / model.code) }, (_, k) => {
        const piece = make("span");
        piece.style.background = colours[k % colours.length];
        return piece;
      }) : [];
    this.stick = make("div", { className: "stick", role: "img" }, ...this.pieces);
    this.words = make("p", { textContent: model.words });
    this.element = make("section", {},
      make("b", { textContent: model.title }), this.canvas, ...(this.shares ? [this.stick] : []), this.words);
  }

  show(step) {
    const { code } = this.model, count = this.pieces.length;
    if (this.decoder) {
      const found = this.decoder.decode(this.codes.subarray(step * code, (step + 1) * code), this.pixels, this.again);
      drawDigit(this.canvas.getContext("2d"), found, this.model.decoder, 0, 0, this.zoom);
    }
    this.canvas.setAttribute("aria-label", `decoded by ${this.model.title}`);
    if (!count) return;
    const shares = [...this.shares.subarray(step * count, (step + 1) * count)];
    shares.forEach((share, k) => { this.pieces[k].style.width = `${100 * share}%`; });
    const large = shares.map((share, k) => [share, k]).filter(([share]) => share >= LEAST_WORD)
      .sort((a, b) => b[0] - a[0]).slice(0, 3).map(([share, k]) => `${k + 1}: ${share.toFixed(2)}`);
    this.words.textContent = `${this.model.words} ${large.join(", ")}`;
    this.stick.setAttribute("aria-label", this.words.textContent);
  }
}
