// The components of a prior on the plane: dragged by handles at their means or by their ellipses, and moved by the arrow
// keys. Nothing is retrained. After pointer.js; `plane` is that of plane.js.

const NEAR = 6; // pixels from a line that is taken

class PriorHand {
  constructor(plane, means) {
    this.plane = plane;
    this.trained = plane.data.ellipses.map(({ mean }) => mean);
    this.means = this.trained.map((mean, k) => means?.slice(2 * k, 2 * k + 2) ?? mean);
    this.held = null; // the component, its pointer, and how far its mean is from the pointer
    this.handles = plane.data.ellipses.map(({ colour }, k) => this.handle(colour, k));
    this.reset = make("button", { type: "button", textContent: "Reset prior" });
    this.reset.onclick = () => { this.means = [...this.trained]; plane.paint(); plane.say(); };
    this.note = make("span", { textContent: "Encoder and decoder stay as trained; p(z|x) follows the prior." });
    this.note.setAttribute("role", "status");
    this.controls = make("div", { className: "switches" }, this.reset, this.note);
    this.controls.dataset.aside = ""; // not in a picture
  }

  get isMoved() { return this.trained.some((mean, k) => mean.some((x, i) => x !== this.means[k][i])); }

  // What Python is told: all means, or null for the trained ones.
  get told() { return this.isMoved ? this.means.flat() : null; }

  handle(colour, k) {
    const { plane } = this, handle = make("button", { type: "button", className: "handle" });
    handle.style.background = colour;
    handle.dataset.aside = "";
    handle.onpointerdown = (event) => { handle.focus(); this.take(event, k); };
    handle.onpointermove = (event) => this.follow(event);
    handle.onpointerup = handle.onpointercancel = handle.onlostpointercapture = (event) => this.release(event);
    handle.onfocus = () => plane.moveTo(this.means[k]);
    handle.onblur = () => plane.moveTo(plane.pinned);
    plane.listenToKeys(handle, () => this.means[k], (place) => this.move(k, place));
    return handle;
  }

  // The component one of whose lines is at a place; -1 if there is none.
  at(place) {
    return this.plane.data.ellipses.findIndex(({ factor: [[a, b], [c, d]] }, k) => {
      const [x, y] = place.map((value, i) => value - this.means[k][i]);
      const deviations = Math.hypot(d * x - b * y, a * y - c * x) / Math.abs(a * d - b * c);
      const pixels = (Math.hypot(x, y) * this.plane.side) / this.plane.data.side;
      return [1, 2].some((line) => Math.abs(1 - line / deviations) * pixels < NEAR);
    });
  }

  // Whether a component follows the pointer from now on.
  take(event, k) {
    if (k < 0 || this.held || !event.isPrimary || event.button !== 0) return false;
    event.currentTarget.setPointerCapture(event.pointerId);
    event.preventDefault();
    const place = this.plane.placeOf(event);
    this.held = { k, pointer: event.pointerId, from: this.means[k].map((x, i) => x - place[i]) };
    return true;
  }

  follow(event) {
    if (event.pointerId !== this.held?.pointer) return;
    if (!isHeld(event)) { this.release(event); return; }
    const place = this.plane.placeOf(event);
    this.move(this.held.k, this.held.from.map((x, i) => x + place[i]));
  }

  release(event) {
    if (event.pointerId !== this.held?.pointer) return;
    this.held = null;
    this.plane.moveTo(this.plane.pinned);
    this.plane.say();
  }

  move(k, place) {
    this.means[k] = this.plane.inSquare(place);
    this.plane.moveTo(this.means[k]);
  }

  // After the square has been painted.
  show() {
    this.handles.forEach((handle, k) => {
      const [x, y] = this.plane.inSquare(this.means[k]), shown = this.means[k].map(twoDigits).join(", ");
      handle.style.left = `${this.plane.x(x)}px`;
      handle.style.top = `${this.plane.y(y)}px`;
      handle.setAttribute("aria-label", `prior mean of component ${k + 1}: ${shown}; arrow keys move it`);
    });
    this.reset.disabled = !this.isMoved;
    this.note.hidden = !this.isMoved;
  }
}

const twoDigits = (value) => value.toFixed(2).replace("-", "−");

