// The prior of a model: densities of one coordinate of the code, or a whole in pieces. After decoder.js.

const TALL = 100; // of the drawing's own units, in height; its width is twice the reach of the coordinate

export default function ({ parentElement, data }) {
  const root = parentElement.querySelector(".prior");
  root.ariaLabel = data.words;
  root.replaceChildren(...(data.pieces ? inPieces(data) : densities(data)));
}

const make = (tag, properties = {}, style = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  Object.assign(element.style, style);
  element.append(...children);
  return element;
};

const words = (text, name, style) => make("span", { className: name, textContent: text }, style);

const minus = (number) => String(number).replace("-", "−");

function densities({ reach, top, components, whole, colours, rest, ticks, axis }) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", `${-reach} 0 ${2 * reach} ${TALL}`);
  svg.setAttribute("preserveAspectRatio", "none"); // words stand beside it, and are not stretched
  const line = (points, look) => {
    const y = floats(points), step = (2 * reach) / (y.length - 1);
    const path = svg.appendChild(document.createElementNS(svg.namespaceURI, "path"));
    path.setAttribute("d", "M" + Array.from(y, (each, i) => `${-reach + i * step},${TALL * (1 - each / top)}`).join("L"));
    for (const [name, value] of Object.entries({ fill: "none", "vector-effect": "non-scaling-stroke", ...look }))
      path.setAttribute(name, value);
  };
  for (const points of components) line(points, { stroke: rest.outline, "stroke-width": 3 });
  components.forEach((points, k) => line(points, { stroke: colours[k], "stroke-width": 2 }));
  line(whole, { stroke: rest.whole, "stroke-width": 2, ...(components.length > 0 && { "stroke-dasharray": "2 3" }) });
  const across = [...ticks.x.map((x) => -x).reverse(), 0, ...ticks.x];
  return [
    words("prior density", "title"),
    make("div", { className: "plot" }, {}, svg,
      ...across.map((x) => words(minus(x), "x", { left: `${50 + (50 * x) / reach}%` })),
      ...[0, ...ticks.y].map((y) => words(y, "y", { bottom: `${(100 * y) / top}%` }))),
    words(axis, "title below"),
  ];
}

function inPieces({ pieces, colours, axis }) {
  const whole = pieces.reduce((sum, piece) => sum + piece, 0);
  return [
    words("a code", "title"),
    make("div", { className: "whole" }, {}, ...pieces.map((piece, k) => make("div", {
      className: "piece", title: `piece ${k + 1}: ${piece.toFixed(3)}`,
    }, { width: `${(100 * piece) / whole}%`, background: colours[k] }))),
    make("div", { className: "scale" }, {}, ...[0, 0.5, 1].map((x) => words(x, "x", { left: `${100 * x}%` }))),
    words(axis, "title below"),
  ];
}
