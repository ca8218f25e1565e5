// A photograph that is turned and cropped by hand, with a box around each digit that Python found, of which one is chosen.

const LONGEST = 640; // pixels of the drawn picture's longer side
const LEAST = 0.05; // of the picture's side that a crop keeps
const KEY_STEP = 0.01, FAR = 5; // of a side that an arrow key moves an edge; times as far with Shift
const WHOLE = [0, 0, 1, 1];
const ARROWS = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };
const CROPPING = "Drag a rectangle around one digit, or move an edge: Tab reaches it, arrow keys move it.";

export default function ({ parentElement, data, setStateValue }) {
  const root = parentElement.querySelector(".photograph");
  root.editor ??= new PhotographEditor(root, data);
  root.editor.tell = () => setStateValue("now", root.editor.now); // every run brings a new one, and old ones are ignored
  root.editor.take(data);
}

class PhotographEditor {
  // data.now: what Python knew when the widget came; from then on the widget knows it first
  constructor(root, { picture, now }) {
    Object.assign(this, { now, cropping: false, pointer: null, boxes: [] });
    const parts = (...names) => names.map((name) => root.querySelector(name));
    [this.stage, this.canvas, this.frame, this.list, this.words] = parts(".stage", "canvas", ".frame", ".boxes", ".words");
    [this.crop, this.whole, this.tilt, this.degrees] = parts(".crop", ".whole", ".tilt input", ".tilt output");
    this.edges = [...root.querySelectorAll(".edge")];
    this.image = new Image();
    this.image.onload = () => { this.draw(); root.dataset.ready = "yes"; };
    this.image.src = picture;

    for (const button of root.querySelectorAll("[data-turn]")) button.onclick = () => this.turn(Number(button.dataset.turn));
    this.crop.onclick = () => { this.cropping = !this.cropping; this.show(); };
    this.whole.onclick = () => { this.cropping = false; this.look({ crop: WHOLE }); this.tell(); };
    this.tilt.value = now.tilt;
    this.tilt.oninput = () => this.look({ tilt: Number(this.tilt.value) });
    this.tilt.onchange = () => this.tell();
    this.stage.onpointerdown = (event) => this.press(event);
    this.stage.onpointermove = (event) => {
      if (event.pointerId !== this.pointer) return;
      if (isHeld(event)) this.drag(this.where(event));
      else this.release();
    };
    this.stage.onpointerup = this.stage.onpointercancel = this.stage.onlostpointercapture = (event) => {
      if (event.pointerId === this.pointer) this.release();
    };
    this.edges.forEach((edge, which) => {
      edge.onkeydown = (event) => {
        if (!ARROWS[event.key]) return;
        event.preventDefault();
        event.stopPropagation(); // Streamlit has keys of its own
        this.move(which, this.now.crop[which] + ARROWS[event.key] * KEY_STEP * (event.shiftKey ? FAR : 1));
      };
      edge.onkeyup = (event) => { if (ARROWS[event.key]) this.tell(); };
    });
  }

  // The digits that Python found, which may be those of an earlier view.
  take({ boxes, now }) {
    const view = this.viewOf(now);
    if (this.view !== view || JSON.stringify(boxes) !== JSON.stringify(this.boxes)) {
      Object.assign(this, { boxes, view });
      this.list.replaceChildren(...boxes.map((box, i) => this.box(box, i)));
    }
    this.show();
  }

  viewOf({ turn, tilt, crop }) { return JSON.stringify([turn, tilt, crop]); }

  // Another view of the photograph, whose digits are not known yet: by a tilt they stay in their order.
  look(changes) {
    Object.assign(this.now, "tilt" in changes ? null : { chosen: 0 }, changes);
    if (!this.waiting) {
      this.waiting = true;
      requestAnimationFrame(() => { this.waiting = false; this.draw(); });
    }
  }

  turn(by) {
    const [left, top, right, bottom] = this.now.crop;
    const crop = by > 0 ? [1 - bottom, left, 1 - top, right] : [top, 1 - right, bottom, 1 - left];
    this.look({ turn: (this.now.turn + by + 4) % 4, crop: crop.map(rounded) });
    this.tell();
  }

  // ---- cropping
  where(event) {
    const box = this.stage.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  }

  press(event) {
    if (!this.cropping || this.pointer !== null || !event.isPrimary || event.button !== 0) return;
    event.preventDefault();
    this.stage.setPointerCapture(event.pointerId);
    const { edge } = event.target.dataset;
    if (edge) event.target.focus();
    Object.assign(this, { pointer: event.pointerId, edge, from: this.where(event), before: this.now.crop });
  }

  drag(to) {
    if (this.edge) {
      this.move(Number(this.edge), to[this.edge % 2]);
      return;
    }
    const [near, far] = [Math.min, Math.max].map((pick) => to.map((value, axis) => inside(pick(value, this.from[axis]))));
    this.look({ crop: [...near, ...far].map(rounded) });
  }

  release() {
    this.pointer = null;
    const [left, top, right, bottom] = this.now.crop;
    if (right - left < LEAST || bottom - top < LEAST) this.look({ crop: this.before }); // a click
    else if (!this.edge && this.now.crop !== this.before) this.cropping = false;
    this.show();
    this.tell();
  }

  move(which, to) {
    const crop = [...this.now.crop], other = crop[(which + 2) % 4];
    crop[which] = rounded(which < 2 ? Math.min(inside(to), other - LEAST) : Math.max(inside(to), other + LEAST));
    this.look({ crop });
  }

  // ---- what is shown
  draw() {
    const { width, height } = this.image, angle = ((90 * this.now.turn + this.now.tilt) * Math.PI) / 180;
    const [cos, sin] = [Math.abs(Math.cos(angle)), Math.abs(Math.sin(angle))];
    const size = [width * cos + height * sin, width * sin + height * cos];
    const scale = Math.min(1, LONGEST / Math.max(...size));
    [this.canvas.width, this.canvas.height] = size.map((side) => Math.round(scale * side));
    const context = this.canvas.getContext("2d");
    context.translate(this.canvas.width / 2, this.canvas.height / 2);
    context.rotate(angle);
    context.scale(scale, scale);
    context.drawImage(this.image, -width / 2, -height / 2);
    this.show();
  }

  show() {
    const { crop, tilt } = this.now, [left, top, right, bottom] = crop;
    place(this.frame, left, top, right, bottom);
    const middles = [[left, (top + bottom) / 2], [(left + right) / 2, top], [right, (top + bottom) / 2], [(left + right) / 2, bottom]];
    this.edges.forEach((edge, which) => {
      Object.assign(edge.style, { left: percent(middles[which][0]), top: percent(middles[which][1]) });
      edge.setAttribute("aria-valuenow", Math.round(100 * crop[which]));
    });
    this.degrees.textContent = `${tilt}°`.replace("-", "−");
    this.stage.classList.toggle("cropping", this.cropping);
    this.crop.setAttribute("aria-pressed", this.cropping);
    this.whole.hidden = crop.every((side, which) => side === WHOLE[which]);
    this.words.textContent = this.cropping ? CROPPING : this.boxes.length < 2 ? ""
      : `${this.boxes.length} digits are found, the largest first. Click a box, or use Tab and Enter, to choose one.`;
    this.list.hidden = this.view !== this.viewOf(this.now);
    [...this.list.children].forEach((box, i) => box.setAttribute("aria-pressed", i === this.now.chosen));
  }

  box([left, top, right, bottom], which) {
    const box = document.createElement("button");
    box.type = "button";
    box.className = top < 0.1 ? "box high" : "box";
    box.setAttribute("aria-label", `digit ${which + 1} of ${this.boxes.length}`);
    place(box, left, top, right, bottom);
    box.style.zIndex = Math.round(100 * (1 - (right - left) * (bottom - top))); // a small one lies above a large one
    if (this.boxes.length > 1) {
      const number = document.createElement("span");
      number.textContent = which + 1;
      box.append(number);
    }
    box.onclick = () => this.choose(which);
    box.onkeydown = (event) => {
      if (!ARROWS[event.key]) return;
      event.preventDefault();
      event.stopPropagation();
      const next = (which + ARROWS[event.key] + this.boxes.length) % this.boxes.length;
      this.list.children[next].focus();
      this.choose(next);
    };
    return box;
  }

  choose(which) {
    this.now.chosen = which;
    this.show();
    this.tell();
  }
}

const percent = (share) => `${100 * share}%`;
const rounded = (share) => Math.round(1e4 * share) / 1e4;
const inside = (share) => Math.min(1, Math.max(0, share));
const place = (element, left, top, right, bottom) => Object.assign(element.style, {
  left: percent(left), top: percent(top), width: percent(right - left), height: percent(bottom - top) });
