// Bars of E[pi_k|x], each with the range of its posterior, beside p(k|x); pointing at a component, or going to it by the
// arrow keys, reads its numbers out.

const TICKS = [0, 0.2, 0.4, 0.6, 0.8, 1], MOST_NAMES = 12;

export default function ({ parentElement, data }) {
  const root = parentElement.querySelector(".weights");
  const { mean, low, high, posterior, colours, grey } = data;
  const bar = (name, value, colour) =>
    value !== undefined && make("div", { className: `bar ${name}` }, { height: percent(value), background: colour });
  const cells = mean.map((weight, k) => {
    const cell = make("div", { className: "cell" }, {},
      bar("weight", weight, colours[k]),
      bar("responsibility", posterior?.[k], grey),
      make("div", { className: "range" }, { bottom: percent(low[k]), height: percent(high[k] - low[k]) }, make("i")));
    cell.onpointerenter = () => read(k);
    cell.onpointerleave = () => read(null);
    return cell;
  });
  const says = make("div", { className: "says", role: "status" });
  says.dataset.aside = "";
  let chosen = null;
  const read = (k) => {
    chosen = k;
    cells.forEach((cell, i) => cell.classList.toggle("chosen", i === k));
    says.textContent = k === null ? "" : `component ${k + 1}: weight ${shown(mean[k])}`
      + ` (${shown(low[k])} to ${shown(high[k])})` + (posterior ? `, responsibility ${shown(posterior[k])}` : "");
  };
  const isNamed = (k) => mean.length <= MOST_NAMES || k === 0 || (k + 1) % 5 === 0;
  root.classList.toggle("paired", Boolean(posterior));
  root.replaceChildren(
    make("div", { className: "legend" }, {},
      make("span", {}, {}, ...colours.slice(0, 3).map(swatch), " weight E[π", make("sub", { textContent: "k" }), "|x]"),
      make("span", {}, {}, make("span", { className: "range" }, {}, make("i")), " its middle 90 %"),
      posterior && make("span", {}, {}, swatch(grey), " responsibility p(k|x)")),
    make("div", { className: "title", textContent: "probability" }),
    make("div", {
      className: "plot", role: "img", ariaLabel: data.words, tabIndex: 0,
      onblur: () => read(null),
      onkeydown: (event) => {
        const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
        if (!step) return;
        event.preventDefault();
        read(Math.max(0, Math.min(cells.length - 1, chosen === null ? 0 : chosen + step)));
      },
    }, {},
      ...TICKS.map((tick) => make("div", { className: "tick" }, { bottom: percent(tick) }, make("span", { textContent: tick }))),
      make("div", { className: "cells" }, {}, ...cells)),
    make("div", { className: "names", ariaHidden: "true" }, {},
      ...mean.map((_, k) => make("span", { textContent: isNamed(k) ? k + 1 : "" }))),
    make("div", { className: "title below", textContent: "component k" }),
    says);
}

const swatch = (background) => make("b", { className: "swatch" }, { background });

const percent = (share) => `${100 * share}%`;

const shown = (share) => share.toFixed(3);

function make(tag, properties = {}, style = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  Object.assign(element.style, style);
  element.append(...children.filter(Boolean));
  return element;
}
