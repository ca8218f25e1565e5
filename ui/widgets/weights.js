// Bars of E_q[pi_k|x], each with the range of its posterior, beside the exact mean and p(k|x), above a picture of what
// the component draws; pointing at a component, or going to it by the arrow keys, reads its numbers out. They follow the
// pen where `live` is an encoder's address. After live_weights.js.

const TICKS = [0, 0.2, 0.4, 0.6, 0.8, 1], MOST_NAMES = 12, FEW = 5;

export default function ({ parentElement, data }) {
  const root = parentElement.querySelector(".weights");
  drawWeights(root, data);
  followPen(root, data.live, liveWeights(data.live, (found) => drawWeights(root, found)));
}

function drawWeights(root, { words, kind, names, mean, low, high, exact, posterior, error, pictures, colours }) {
  const bar = (name, value, style) =>
    value !== undefined && make("div", { className: `bar ${name}` }, { height: percent(value), ...style });
  const cells = mean.map((weight, k) => {
    const cell = make("div", { className: "cell" }, {},
      bar("weight", weight, { background: colours[k] }),
      bar("exact", exact?.[k], { borderColor: colours[k] }),
      bar("responsibility", posterior?.[k], {}),
      error[k] !== undefined && interval(posterior[k], error[k]),
      low[k] !== undefined
        && make("div", { className: "range" }, { bottom: percent(low[k]), height: percent(high[k] - low[k]) }, make("i")));
    cell.onpointerenter = () => read(k);
    cell.onpointerleave = () => read(null);
    return cell;
  });
  const says = make("div", { className: "says", role: "status" });
  says.dataset.aside = "";
  const read = (k) => {
    root.chosen = k; // still read out when the bars are drawn anew
    cells.forEach((cell, i) => cell.classList.toggle("chosen", i === k));
    says.textContent = k === null ? "" : `${names[k] === "rest" ? "rest" : `${kind} ${names[k]}`}: weight ${shown(mean[k])}`
      + (k < low.length ? ` (${shown(low[k])} to ${shown(high[k])})` : "")
      + (posterior ? `, exact ${shown(exact[k])}, responsibility ${posterior[k].toFixed(2)}` : "")
      + (k < error.length ? ` ± ${error[k].toFixed(2)}` : "");
  };
  const isNamed = (k) => mean.length <= MOST_NAMES || k === 0 || (k + 1) % 5 === 0;
  const before = root.chosen, hadFocus = root.querySelector(".plot")?.matches(":focus");
  root.classList.toggle("paired", Boolean(posterior));
  root.replaceChildren(
    make("div", { className: "legend" }, {},
      make("span", {}, {}, ...colours.slice(0, 3).map(swatch), posterior ? " encoder's weight E" : " weight E",
        posterior && make("sub", { textContent: "q" }), "[π", make("sub", { textContent: "k" }), "|x]"),
      make("span", {}, {}, make("span", { className: "range" }, {}, make("i")), " its middle 90 %"),
      posterior && make("span", {}, {}, make("b", { className: "swatch exact" }, { borderColor: colours[0] }),
        " exact weight E[π", make("sub", { textContent: "k" }), "|x]"),
      posterior && make("span", {}, {}, swatch("var(--st-text-color)"), " p(k|x)")),
    make("div", { className: "title", textContent: kind === "piece" ? "share of the stick" : "probability" }),
    make("div", {
      className: "plot", role: "img", ariaLabel: words, tabIndex: 0,
      onblur: () => read(null),
      onkeydown: (event) => {
        const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
        if (!step) return;
        event.preventDefault();
        read(Math.max(0, Math.min(cells.length - 1, root.chosen === null ? 0 : root.chosen + step)));
      },
    }, {},
      ...TICKS.map((tick) => make("div", { className: "tick" }, { bottom: percent(tick) }, make("span", { textContent: tick }))),
      make("div", { className: "cells" }, {}, ...cells)),
    make("div", { className: `names${mean.length <= FEW ? " few" : ""}`, ariaHidden: "true" }, {},
      ...mean.map((_, k) => make("div", {}, {},
        make("span", { textContent: isNamed(k) ? names[k] : "" }),
        pictures[k] && make("img", { src: pictures[k], alt: "" }),
        posterior && make("strong", { className: posterior[k] < 0.05 ? "small" : "", textContent: rounded(posterior[k]) })))),
    ...(posterior ? [] : [make("div", { className: "title below", textContent: `${kind} k` })]),
    says);
  if (hadFocus) root.querySelector(".plot").focus({ preventScroll: true });
  read(before < cells.length ? before : null);
}

// The 95 % interval of an estimated share, within what a share can be.
function interval(share, error) {
  const low = Math.max(0, share - error), high = Math.min(1, share + error);
  return make("div", { className: "range estimated" }, { bottom: percent(low), height: percent(high - low) }, make("i"));
}

const swatch = (background) => make("b", { className: "swatch" }, { background });

const percent = (share) => `${100 * share}%`;

const rounded = (share) => (share < 0.005 ? "<1 %" : `${Math.round(100 * share)} %`);

const shown = (share) => share.toFixed(3);

function make(tag, properties = {}, style = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  Object.assign(element.style, style);
  element.append(...children.filter(Boolean));
  return element;
}
