// What a part of the page shows, drawn on a canvas: words, lines, pictures, canvases and drawings, each where it stands.
// Controls are left out: form fields, Streamlit's toolbars, and whatever is marked `data-aside`.

const ASIDE = "[data-aside], [data-testid=stElementToolbar], [data-testid=stNumberInput], .modebar-container, input, select";
const CLEAR = /^rgba\(.*, 0\)$|\/ 0\)$/; // a computed colour that is not seen

// Gives a canvas that fits what was painted, `density` of its pixels a pixel of the page.
async function paint(element, density, paper) {
  const release = unstick(element);
  const strokes = [];
  collect(element, 1, strokes);
  release();
  await Promise.all(strokes.map((stroke) => stroke.ready));
  const left = Math.min(...strokes.map(({ box }) => box.left)), top = Math.min(...strokes.map(({ box }) => box.top));
  const right = Math.max(...strokes.map(({ box }) => box.right)), bottom = Math.max(...strokes.map(({ box }) => box.bottom));
  const canvas = document.createElement("canvas");
  canvas.width = Math.ceil((right - left) * density);
  canvas.height = Math.ceil((bottom - top) * density);
  const context = canvas.getContext("2d");
  context.fillStyle = paper;
  context.fillRect(0, 0, canvas.width, canvas.height);
  for (const { draw, alpha } of strokes) {
    context.setTransform(density, 0, 0, density, -left * density, -top * density);
    context.globalAlpha = alpha;
    draw(context);
  }
  return canvas;
}

// Sticky elements cover others: they get their usual place, and a function is returned that undoes it.
function unstick(element) {
  const stuck = [...every(element)].filter((each) => getComputedStyle(each).position === "sticky");
  for (const each of stuck) each.style.position = "static";
  return () => { for (const each of stuck) each.style.position = ""; };
}

function* every(element) {
  yield element;
  for (const child of (element.shadowRoot ?? element).children) yield* every(child);
}

// strokes: { box, alpha, draw(context), ready }, in the order of painting
function collect(element, before, strokes) {
  if (element.matches(ASIDE)) return;
  const style = getComputedStyle(element), box = element.getBoundingClientRect();
  const alpha = before * Number(style.opacity);
  const isForReaders = style.overflow === "hidden" && box.width <= 1; // words that are spoken and not seen
  if (style.display === "none" || alpha === 0 || isForReaders) return;
  const isSeen = style.visibility === "visible";
  const add = (draw, more = {}) => { if (isSeen) strokes.push({ box, alpha, draw, ...more }); };
  if (isSeen && box.width > 0) paintBox(style, box, add);
  if (element instanceof HTMLCanvasElement || element instanceof HTMLImageElement) {
    if (box.width > 0) paintPicture(element, style, box, add);
  } else if (element instanceof SVGSVGElement) {
    if (box.width > 0) paintDrawing(element, style, box, add);
  } else {
    for (const child of (element.shadowRoot ?? element).childNodes) {
      if (child instanceof Element) collect(child, alpha, strokes);
      else if (child instanceof Text) paintWords(child, style, add);
    }
  }
}

function paintBox(style, box, add) {
  const colours = style.backgroundImage.startsWith("linear-gradient") && style.backgroundImage.match(/rgba?\([^)]*\)/g);
  if (colours) { // from left to right, in equal steps: the only kind there is
    add((context) => {
      const gradient = context.createLinearGradient(box.left, 0, box.right, 0);
      colours.forEach((colour, i) => gradient.addColorStop(i / (colours.length - 1), colour));
      fill(context, gradient, box.left, box.top, box.width, box.height);
    });
  } else if (!CLEAR.test(style.backgroundColor)) {
    add((context) => fill(context, style.backgroundColor, box.left, box.top, box.width, box.height));
  }
  const { left, top, width, height } = box;
  const sides = { Top: [0, 0, width, 1], Bottom: [0, height, width, -1], Left: [0, 0, 1, height], Right: [width, 0, -1, height] };
  for (const [side, [x, y, w, h]] of Object.entries(sides)) {
    const thick = parseFloat(style[`border${side}Width`]), colour = style[`border${side}Color`];
    if (thick === 0 || CLEAR.test(colour)) continue;
    const across = side === "Top" || side === "Bottom";
    add((context) => fill(context, colour, left + x, top + y, across ? w : w * thick, across ? h * thick : h));
  }
}

function fill(context, colour, ...place) {
  context.fillStyle = colour;
  context.fillRect(...place);
}

function paintPicture(element, style, box, add) {
  const width = element.naturalWidth ?? element.width;
  if (width === 0) return;
  add((context) => {
    const { a: density, e, f } = context.getTransform();
    const times = (density * box.width) / width;
    context.imageSmoothingEnabled = style.imageRendering !== "pixelated" && Math.abs(times - Math.round(times)) > 1e-3;
    context.resetTransform(); // on whole pixels, so that what is sharp stays so
    const whole = (length, start = 0) => Math.round(density * length + start);
    context.drawImage(element, whole(box.left, e), whole(box.top, f), whole(box.width), whole(box.height));
  }, { ready: element.decode?.() });
}

// An SVG has no fonts of the page once it is an image, so its words are painted separately.
function paintDrawing(svg, style, box, add) {
  const copy = svg.cloneNode(true);
  for (const text of copy.querySelectorAll("text")) text.remove();
  Object.assign(copy.style, { color: style.color, position: "static", width: "", height: "" });
  copy.setAttribute("width", box.width);
  copy.setAttribute("height", box.height);
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(copy))}`;
  add((context) => context.drawImage(image, box.left, box.top, box.width, box.height), { ready: image.decode() });
  for (const text of svg.querySelectorAll("text")) {
    const nodes = document.createTreeWalker(text, NodeFilter.SHOW_TEXT), matrix = text.getScreenCTM();
    for (let at = 0, node; (node = nodes.nextNode()); at += node.data.length) {
      const look = getComputedStyle(node.parentElement);
      if (look.visibility !== "visible" || at >= text.getNumberOfChars()) continue;
      const { data } = node, { x, y } = text.getStartPositionOfChar(at);
      add((context) => {
        context.transform(matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f);
        context.globalAlpha *= Number(look.fillOpacity);
        write(context, look, look.fill, data, x, y);
      });
    }
  }
}

function paintWords(text, style, add) {
  const range = document.createRange();
  for (const { index, 0: word } of text.data.matchAll(/\S+/g)) {
    range.setStart(text, index);
    range.setEnd(text, index + word.length);
    const box = range.getBoundingClientRect();
    if (box.width === 0) continue;
    add((context) => {
      context.font = fontOf(style);
      const { fontBoundingBoxAscent: above, fontBoundingBoxDescent: below } = context.measureText(word);
      write(context, style, style.color, word, box.left, box.top + (box.height + above - below) / 2, box.width);
    }, { box });
  }
}

function write(context, style, colour, ...place) {
  context.font = fontOf(style);
  context.textAlign = "left";
  context.textBaseline = "alphabetic";
  context.fillStyle = colour;
  context.fillText(...place);
}

const fontOf = (style) => `${style.fontStyle} ${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
