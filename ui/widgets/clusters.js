// A row a component: its share of the images, their classes, its mean, samples, and images that are typical or not.
// Pictures come as one sheet, a row a component, and are drawn as large and as many as there is room for.

const GAP = 2, NARROW = 640, FEWEST = 6, MOST_ZOOM = 3, LEAST_HEIGHT = 330;
const STRIPS = ["mean", "samples", "nearest", "unsure"];
const HEADS = { number: "k", share: "images", mostly: "mostly", classes: "classes", mean: "mean", samples: "samples",
  nearest: "most certain images", unsure: "least certain images" };
const percent = (share) => share > 0 && share < 0.001 ? "<0.1 %" : `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)} %`;

export default function ({ parentElement, data, setStateValue }) {
  const root = parentElement.querySelector(".clusters");
  root.tell = setStateValue; // every run brings a new one, and old ones are ignored
  if (root.dataset.sheet === data.sheet) return root.choose(data.chosen);
  root.dataset.sheet = data.sheet;
  root.observer?.disconnect();
  const { components, counts, classes, shape: [height, width] } = data;
  const sheet = new Image();

  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children.filter((child) => child !== null));
    return element;
  };
  const part = (name, ...children) => make("div", { className: name }, ...children);

  // ---- what is on the page
  const bars = (numbers) => {
    const most = Math.max(1, ...numbers);
    const found = numbers.map((count, c) => {
      const bar = make("i", { title: `${classes[c]}: ${count} images` });
      bar.style.height = `${Math.max(count > 0 ? 4 : 0, (100 * count) / most)}%`;
      return bar;
    });
    return part("classes", ...found);
  };
  const strip = (component, name) => {
    const canvas = make("canvas");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", component.words[name]);
    canvas.onpointermove = (event) => {
      const at = Math.floor((event.offsetX * canvas.width) / canvas.clientWidth / (width * canvas.zoom + GAP));
      canvas.title = component.titles[name]?.[at] ?? component.words[name];
    };
    return { box: part(`strip ${name}`, make("span", { className: "name", textContent: HEADS[name] }), canvas), canvas };
  };
  const rows = components.map((component, k) => {
    const button = make("button", { type: "button", className: "number", textContent: k + 1, ariaLabel: component.words.all });
    Object.assign(button.style, { background: component.colour, color: component.ink });
    const strips = Object.fromEntries(STRIPS.map((name) => [name, strip(component, name)]));
    const row = part(`row${component.used ? "" : " unused"}`, button, part("share", percent(component.share)),
      component.mostly && make("div", { className: "mostly", title: component.mostly.join(" ") },
        make("b", { textContent: component.mostly[0] }), component.mostly[1]),
      classes && bars(component.counts), ...STRIPS.map((name) => strips[name].box));
    row.onclick = () => { const now = row.classList.contains("chosen") ? null : k; root.choose(now); root.tell("chosen", now === null ? 0 : now + 1); };
    return { row, button, strips, k };
  });
  const heads = part("row heads", ...Object.entries(HEADS).map(([name, words]) => {
    if ((name === "mostly" || name === "classes") && !classes) return null;
    const glyphs = name === "classes" && classes.every((each) => each.length === 1);
    return glyphs ? part("classes", ...classes.map((each) => make("i", { textContent: each }))) : part(name, words);
  }));
  heads.setAttribute("aria-hidden", "true");
  root.classList.toggle("plain", !classes);
  root.replaceChildren(heads, ...rows.map(({ row }) => row));

  root.choose = (chosen) => rows.forEach(({ row, button, k }) => {
    row.classList.toggle("chosen", k === chosen);
    button.setAttribute("aria-pressed", k === chosen);
  });
  root.choose(data.chosen);

  // ---- drawing
  const fit = () => {
    const room = root.clientWidth, narrow = room < NARROW, head = heads.querySelector(".mean");
    root.classList.toggle("narrow", narrow);
    const tallest = Math.max(LEAST_HEIGHT, roomBelow(root));
    root.style.maxHeight = narrow ? "" : `${tallest}px`;
    const fitting = (zoom) => Math.max(1, Math.round((zoom * 28) / Math.max(height, width))), small = fitting(1);
    let zoom = narrow ? small : fitting(MOST_ZOOM), many = 0;
    for (; zoom >= 1; zoom -= zoom > 2 ? 1 : 0.5) { // half of one more is worth it where pictures are small
      root.classList.toggle("large", zoom > small);
      const before = head.getBoundingClientRect().left - root.getBoundingClientRect().left;
      many = Math.floor((room - before - 3 * 14 - 4) / (width * zoom + GAP)) - 1; // gaps between strips, a row's padding
      if (zoom <= 1 || (many >= FEWEST && rows.length * (height * zoom + 2) + heads.offsetHeight <= tallest)) break;
    }
    const inLine = Math.floor((room - 16) / (width * zoom + GAP));
    return { zoom, of: (name) => Math.min(counts[name], narrow ? inLine : Math.max(1, Math.floor((many + (name === "nearest" ? 2 : 0)) / 3))) };
  };
  const draw = () => {
    if (!sheet.complete || root.clientWidth === 0) return;
    const { zoom, of } = fit();
    let first = 0;
    for (const name of STRIPS) {
      const count = name === "mean" ? 1 : of(name), size = count * (width * zoom + GAP) - GAP;
      root.style.setProperty(`--${name}`, `${size}px`);
      for (const { strips, k } of rows) {
        const { canvas } = strips[name], filled = Math.min(count, components[k].filled[name]);
        Object.assign(canvas, { width: size, height: height * zoom, zoom });
        const context = canvas.getContext("2d");
        context.imageSmoothingEnabled = !Number.isInteger(zoom); // pixels of one and of two would alternate
        for (let at = 0; at < filled; at++) {
          const from = [(first + at) * width, k * height, width, height];
          context.drawImage(sheet, ...from, at * (width * zoom + GAP), 0, width * zoom, height * zoom);
        }
      }
      first += counts[name];
    }
    root.dataset.ready = "yes";
  };
  root.observer = new ResizeObserver(draw);
  onNewRoom(root, draw);
  sheet.onload = () => { draw(); root.observer.observe(root); };
  sheet.src = data.sheet;
}
