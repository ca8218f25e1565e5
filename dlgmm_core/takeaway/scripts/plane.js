// The plane of codes of two numbers: test images, the prior's components, and what is decoded at the pointer.

const PLANE = 560, ONE_DEVIATION = [1, 2], PLANE_STEP = 0.1;

function planeView(info, model, prior) {
  const codes = floats(info.plane.codes), decoder = model.decoderAt(prior), out = new Float32Array(info.pixels);
  const k = info.components, { weights, means, scales, factor } = priorOf(info, model.factor, prior);
  const far = 1.08 * Math.max(3, ...codes.map(Math.abs), ...means.map((each, i) => Math.abs(each) + scales[i]));
  const at = [0, 0], densities = new Float64Array(k);
  const canvas = element("canvas", { className: "plane", tabIndex: 0 });
  canvas.setAttribute("role", "application");
  const zoom = fitting(8, info), picture = digitCanvas(info, zoom, "The image decoded at the pointer");
  const words = element("p");
  words.setAttribute("role", "status");
  const x = (value) => ((value + far) / (2 * far)) * PLANE, y = (value) => PLANE - x(value);

  const drawNow = () => {
    const context = canvas.getContext("2d"), ratio = canvas.width / PLANE, style = getComputedStyle(canvas);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, PLANE, PLANE);
    context.globalAlpha = 0.75;
    for (let n = 0; n < codes.length / 2; n++) {
      context.fillStyle = info.plane.colours[n];
      context.beginPath();
      context.arc(x(codes[2 * n]), y(codes[2 * n + 1]), 2.5, 0, 2 * Math.PI);
      context.fill();
    }
    context.globalAlpha = 1;
    context.strokeStyle = style.color;
    for (let j = 0; j < k; j++) ellipse(context, j);
    context.beginPath();
    context.moveTo(x(at[0]) - 9, y(at[1])); context.lineTo(x(at[0]) + 9, y(at[1]));
    context.moveTo(x(at[0]), y(at[1]) - 9); context.lineTo(x(at[0]), y(at[1]) + 9);
    context.lineWidth = 2.5;
    context.stroke();
    picture.show(decoder.decode(at, out));
    const found = factor ? fullDensities(at, means, factor, 2, densities) : componentDensities(at, means, scales, 2, densities);
    const logs = [...found].map((each, j) => each + Math.log(weights[j])), total = logSumExp(logs);
    const best = logs.indexOf(Math.max(...logs));
    words.textContent = `z = (${at.map(shown).join(", ")})`
      + (k > 1 ? `; most probably of component ${best + 1}: p(k|z) = ${Math.exp(logs[best] - total).toFixed(2)}` : "");
    canvas.setAttribute("aria-label", `Plane of codes, arrow keys move the place; ${words.textContent}`);
    box.dataset.frames = Number(box.dataset.frames ?? 0) + 1;
  };
  const draw = onFrame(drawNow);
  // Where the distance from the mean is one and two standard deviations: of a full covariance, |Lᵀ(z - m)| is that.
  const ellipse = (context, j) => {
    for (const radius of ONE_DEVIATION) {
      context.beginPath();
      for (let step = 0; step <= 64; step++) {
        const u = radius * Math.cos((step * Math.PI) / 32), v = radius * Math.sin((step * Math.PI) / 32);
        let right = scales[2 * j] * u, up = scales[2 * j + 1] * v;
        if (factor) { const [a, , b, c] = factor.subarray(4 * j, 4 * j + 4); up = v / c; right = (u - b * up) / a; }
        context.lineTo(x(means[2 * j] + right), y(means[2 * j + 1] + up));
      }
      context.lineWidth = 3 - radius;
      context.stroke();
    }
  };
  const move = (first, second) => {
    at[0] = Math.max(-far, Math.min(far, first));
    at[1] = Math.max(-far, Math.min(far, second));
    draw();
  };
  canvas.onpointermove = canvas.onpointerdown = (event) => {
    const place = canvas.getBoundingClientRect();
    move(((event.clientX - place.left) / place.width) * 2 * far - far, far - ((event.clientY - place.top) / place.height) * 2 * far);
  };
  canvas.onkeydown = (event) => {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (!step) return;
    event.preventDefault();
    move(at[0] + PLANE_STEP * step[0], at[1] + PLANE_STEP * step[1]);
  };
  const dots = `Dots: mean codes of test images, coloured by class${info.contexts ? ", at the prior as trained" : ""}.`;
  const box = element("div", { className: "planes" },
    element("p", { className: "lead", textContent: "Every place is a code of two numbers. Point at one, and the decoder draws it." }),
    canvas, element("div", {}, picture.canvas, words,
      element("p", { className: "note", textContent: dots
        + " Lines: components of the prior, as they are under Components, at one and two standard deviations." })));
  return {
    box,
    recolour: drawNow,
    fit() {
      canvas.width = canvas.height = PLANE * Math.min(2, devicePixelRatio || 1);
      draw();
    },
  };
}
