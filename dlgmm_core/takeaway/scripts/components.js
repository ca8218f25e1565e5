// Samples of every component of the prior, with its mean and its scale on sliders, and ancestral samples.

const ROW_GAP = 2, DENSITY_HEIGHT = 96, DENSITY_POINTS = 241;

function componentsView(info, model, prior, changed) {
  const { components, code, height, width, colours } = info;
  const offsets = floats(info.offsets), stretches = floats(info.stretches);
  const noise = floats(info.noise), drawnNoise = floats(info.drawnNoise), samples = info.drawn.length;
  const z = new Float64Array(code), pixels = new Float32Array(info.pixels);
  const isTold = info.contexts !== null, reach = reachOf(info), [smallest, largest] = stretchOf(info);
  let zoom = 2, count = samples, decoder = model.decoderAt(prior);

  const moved = (k) => {
    if (isTold || k === undefined) all();
    else { waiting.add(k); soon(); }
    density();
    changed();
  };
  const rows = prior.means.map((_, k) => {
    const mean = slider({
      label: "mean", spoken: `mean of component ${k + 1}`, low: -reach, high: reach, value: prior.means[k], own: info.means[k],
    }, (value) => { prior.means[k] = value; moved(k); });
    const scale = isTold ? null : slider({
      label: "scale", spoken: `scale of component ${k + 1}`, low: smallest, high: largest, value: prior.scales[k], own: info.scales[k],
    }, (value) => { prior.scales[k] = value; moved(k); });
    const number = element("b", { textContent: k + 1 });
    number.style.background = colours[k];
    number.style.color = info.inks[k];
    const canvas = element("canvas", { className: "samples" });
    const head = element("div", { className: "head" }, number, mean.box, ...(scale ? [scale.box] : []));
    return { section: element("section", { className: "row" }, head, canvas), canvas, mean, scale };
  });
  const ancestral = element("canvas", { className: "samples ancestral" });
  const plot = element("canvas", { className: "prior" });
  plot.setAttribute("role", "img");
  plot.setAttribute("aria-label", "Prior density of a coordinate of the code, and of each component");
  const alpha = isTold ? alphaSlider(info, prior, () => moved()) : null;
  const reset = element("button", { type: "button", textContent: "As trained" });
  reset.onclick = () => {
    Object.assign(prior, trainedPrior(info));
    rows.forEach(({ mean, scale }, k) => { mean.set(prior.means[k]); scale?.set(prior.scales[k]); });
    alpha?.set(prior.alpha);
    moved();
  };
  const words = components === 1 ? "Images that the decoder makes of codes from the prior. Drag its mean."
    : isTold ? "One model, told its prior: drag a mean or α, and it is told the new one; encoder and decoder follow."
      : `Each row is one component of the prior, all with the same noise. Drag a mean, and its ${info.object}s change.`;

  // The row of a component, or ancestral samples: those of the components in `only`.
  const draw = (canvas, component, from, at, only) => {
    const context = canvas.getContext("2d");
    for (let i = 0; i < count; i++) {
      const k = component ?? info.drawn[i], start = (at + i) * code;
      if (!only.has(k)) continue;
      for (let d = 0; d < code; d++) {
        z[d] = prior.means[k] + offsets[k * code + d] + prior.scales[k] * stretches[k * code + d] * from[start + d];
      }
      drawDigit(context, decoder.decode(z, pixels), info, i * (width * zoom + ROW_GAP), 0, zoom);
    }
  };
  const waiting = new Set(); // components whose rows are to be drawn
  const soon = onFrame(() => {
    if (isTold) decoder = model.decoderAt(prior);
    for (const k of waiting) {
      draw(rows[k].canvas, k, noise, k * samples, waiting);
      rows[k].canvas.setAttribute("aria-label",
        `${count} samples of component ${k + 1}, mean ${shown(prior.means[k])}, scale ${shown(prior.scales[k])}`);
    }
    draw(ancestral, undefined, drawnNoise, 0, waiting);
    waiting.clear();
    box.dataset.frames = Number(box.dataset.frames ?? 0) + 1;
  });
  const all = () => { rows.forEach((_, k) => waiting.add(k)); soon(); };

  const drawDensity = () => {
    const ratio = devicePixelRatio || 1, across = plot.clientWidth, context = plot.getContext("2d");
    plot.width = across * ratio;
    plot.height = DENSITY_HEIGHT * ratio;
    context.scale(ratio, ratio);
    const end = reach + 3, base = DENSITY_HEIGHT - 16, paper = getComputedStyle(plot);
    const curves = prior.means.map((mean, k) => Array.from({ length: DENSITY_POINTS }, (_, i) => {
      const x = -end + (2 * end * i) / (DENSITY_POINTS - 1);
      return (info.weights[k] / prior.scales[k]) * Math.exp(-0.5 * ((x - mean) / prior.scales[k]) ** 2);
    }));
    const total = curves[0].map((_, i) => curves.reduce((sum, curve) => sum + curve[i], 0));
    const top = Math.max(...total), place = (i) => (across * i) / (DENSITY_POINTS - 1);
    const line = (curve, colour, thick) => {
      context.beginPath();
      curve.forEach((value, i) => context.lineTo(place(i), base - (base - 3) * (value / top)));
      context.strokeStyle = colour;
      context.lineWidth = thick;
      context.stroke();
    };
    line(total, paper.color, 1);
    curves.forEach((curve, k) => line(curve, colours[k], 2));
    context.fillStyle = paper.color;
    context.font = `12px ${paper.fontFamily}`;
    context.textAlign = "center";
    for (let tick = 2 - 2 * Math.ceil(end / 2); tick < end - 0.5; tick += 2) {
      context.fillText(shown(tick), (across * (tick + end)) / (2 * end), DENSITY_HEIGHT - 3);
    }
  };
  const density = onFrame(drawDensity);

  const box = element("div", { className: "components" },
    element("div", { className: "bar" },
      element("p", { className: "lead", textContent: words }), ...(alpha ? [alpha.box] : []), reset),
    element("section", { className: "row" },
      element("div", { className: "head" }, element("span", { textContent: components === 1 ? "samples" : "samples of the whole prior" })), ancestral),
    element("div", { className: "rows" }, ...rows.map(({ section }) => section)),
    element("figure", {}, plot, element("figcaption", { textContent: "prior density of one number of the code" })));
  box.classList.toggle("many", components > 6);
  return {
    box,
    recolour: drawDensity,
    fit() {
      const room = ancestral.parentElement.clientWidth - (innerWidth > 700 ? 270 : 0);
      const least = fitting(1, info), most = fitting(innerWidth > 700 ? 3 : 1.5, info);
      const tall = (innerHeight - 310) / (Math.min(components, 8) + 1);
      for (zoom = most; zoom > least && (height * zoom + 8 > tall || room < 6 * width * zoom); zoom--);
      count = Math.max(1, Math.min(samples, Math.floor((room + ROW_GAP) / (width * zoom + ROW_GAP))));
      for (const canvas of [ancestral, ...rows.map((row) => row.canvas)]) {
        Object.assign(canvas, { width: count * (width * zoom + ROW_GAP) - ROW_GAP, height: height * zoom });
        canvas.setAttribute("role", "img");
      }
      ancestral.setAttribute("aria-label", `${count} samples of the whole prior`);
      all();
      density();
    },
  };
}
