// The way from one image to another: a slider over codes that Python has worked out, decoded here.
// After decoder.js and map_files.js.

const ZOOM = 4, LEAST_WORD = 0.1;

export default function ({ parentElement, data, setStateValue }) {
  const root = parentElement.querySelector(".path");
  root.tell = setStateValue; // every run brings a new one, and an old one is not listened to
  const signature = JSON.stringify([data.images, data.models.map((model) => model.decoder.path)]);
  if (root.dataset.signature === signature) return;
  root.dataset.signature = signature;
  root.dataset.ready = "";
  const ends = data.images.map((index, which) => {
    const canvas = make("canvas", { width: SIDE, height: SIDE, role: "img", "aria-label": `image ${index}` });
    const words = make("figcaption", { textContent: `${"AB"[which]}: image ${index}, class ${data.classes[which]}` });
    fetchImages(data.file).then((images) => drawImage(canvas.getContext("2d"), images, index));
    return make("figure", {}, canvas, words);
  });
  const slider = make("input", { type: "range", min: 0, max: data.points - 1, step: 1, "aria-label": "from A to B" });
  slider.value = data.at;
  const at = make("output");
  const cards = data.models.map((model) => new PathCard(model, data.colours));
  const move = () => {
    const step = Number(slider.value), share = (step / (data.points - 1)).toFixed(2);
    at.textContent = `t = ${share}`;
    slider.setAttribute("aria-valuetext", `${share} of the way`);
    for (const card of cards) card.show(step);
  };
  slider.oninput = () => requestAnimationFrame(move);
  slider.onchange = () => root.tell("at", Number(slider.value));
  root.replaceChildren(
    make("div", { className: "ends" }, ends[0], make("label", { className: "way" }, slider, at), ends[1]),
    make("div", { className: "cards" }, ...cards.map((card) => card.element)));
  move();
  Promise.all(data.models.map((model, i) => decoderOf(model.decoder).then((found) => { cards[i].decoder = found; })))
    .then(
      () => { move(); root.dataset.ready = "yes"; },
      (error) => { at.textContent = `A decoder could not be fetched (${error.message}): reload the page.`; });
}

class PathCard {
  // model.codes: (points, code) and model.shares: (points, pieces) or null, float32
  constructor(model, colours) {
    this.model = model;
    this.codes = floats(model.codes);
    this.shares = model.shares && floats(model.shares);
    this.pixels = new Float32Array(model.decoder.pixels);
    this.canvas = make("canvas", { width: SIDE * ZOOM, height: SIDE * ZOOM, role: "img" });
    this.pieces = this.shares
      ? Array.from({ length: this.shares.length / (this.codes.length / model.decoder.code) }, (_, k) => {
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
    const { code } = this.model.decoder, count = this.pieces.length;
    if (this.decoder) {
      this.decoder.decode(this.codes.subarray(step * code, (step + 1) * code), this.pixels);
      drawDigit(this.canvas.getContext("2d"), this.pixels, 0, 0, ZOOM);
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
