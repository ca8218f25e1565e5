// What the colours mean, what is seen, and the words about a group.

const DOMINANT = 0.9; // share of the images

function signLegend(app, title, names, signs, colours) {
  const { now } = app;
  if (!names.length) return [];
  const keys = names.map((name, i) => {
    const sign = make("span", { className: "sign", textContent: signs[i] });
    sign.style.color = colours[i];
    const key = make("button", { type: "button", title: `show ${title} ${name} alone` }, sign);
    if (name !== signs[i]) key.append(name.replaceAll("_", " "));
    key.setAttribute("aria-pressed", String(now.only === i));
    key.classList.toggle("off", now.only !== null && now.only !== i);
    key.onclick = () => { now.only = now.only === i ? null : i; app.recolour(); app.tell(); };
    return key;
  });
  const all = make("button", { type: "button", className: "all", textContent: "all", "data-aside": "", disabled: now.only === null });
  all.onclick = () => { now.only = null; app.recolour(); app.tell(); };
  return [make("span", { textContent: title }), make("span", { className: `keys${names.length > 12 ? " many" : ""}` }, ...keys, all)];
}

// ticks: words below the left end, the middle and the right end
function scaleLegend(title, colours, ticks) {
  const bar = make("span", { className: "bar" });
  bar.style.background = `linear-gradient(to right, ${colours.join(", ")})`;
  const words = make("span", { className: "ticks" }, ...ticks.map((tick) => make("span", { textContent: tick })));
  return [make("span", { textContent: title }), make("span", { className: "scale" }, bar, words)];
}

// What is seen where one component, or piece, has nearly all images; empty where none has.
function dominance(components, piece, as) {
  const counts = new Map();
  for (const k of components) counts.set(k, (counts.get(k) ?? 0) + 1);
  const [k, most] = [...counts].reduce((one, other) => (other[1] > one[1] ? other : one));
  const share = most / components.length;
  return share < DOMINANT ? "" : `${Math.floor(100 * share)} % of images have ${piece} ${k + 1} as their ${as}.`;
}

// "312 images: 180 of class 4 (58 %), 120 of class 9 (38 %) and 12 of others (4 %)"
function groupWords(classes, group, names) {
  const counts = new Array(names.length).fill(0);
  let total = 0;
  for (let i = 0; i < group.length; i++) if (group[i]) { counts[classes[i]]++; total++; }
  if (total === 0) return "No images lie within this outline.";
  if (!names.length) return `${total} image${total > 1 ? "s" : ""}.`;
  const order = counts.map((count, c) => [count, c]).filter(([count]) => count).sort((a, b) => b[0] - a[0]);
  const share = (count) => {
    const percent = (100 * count) / total;
    return `(${percent < 1 ? "<1" : Math.round(percent)} %)`;
  };
  const parts = order.slice(0, 5).map(([count, c]) => `${count} of class ${names[c]} ${share(count)}`);
  const rest = order.slice(5).reduce((sum, [count]) => sum + count, 0);
  if (rest) parts.push(`${rest} of ${order.length - 5} other class${order.length > 6 ? "es" : ""} ${share(rest)}`);
  const list = parts.length > 1 ? `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}` : parts[0];
  return `${total} image${total > 1 ? "s" : ""}: ${list}.`;
}

// Which points lie within an outline, by the number of edges to the right of each (even-odd rule).
function within(places, outline) {
  const found = new Uint8Array(places.length / 2);
  for (let i = 0; i < found.length; i++) {
    const x = places[2 * i], y = places[2 * i + 1];
    let inside = 0;
    for (let a = 0, b = outline.length - 1; a < outline.length; b = a++) {
      const [ax, ay] = outline[a], [bx, by] = outline[b];
      if (ay > y !== by > y && x < ax + ((bx - ax) * (y - ay)) / (by - ay)) inside ^= 1;
    }
    found[i] = inside;
  }
  return found;
}
