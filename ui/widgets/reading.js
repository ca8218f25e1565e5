// What the model sees of a drawing and what it makes of it, on every frame while it is drawn. After encoder.js.

const ZOOM = 3;

export default function ({ parentElement, data: { live, image } }) {
  const root = parentElement.querySelector(".reading"), { info } = live;
  const out = new Float32Array(info.pixels), bits = image === null ? null : floats(image);
  const [seen, rebuilt] = root.querySelectorAll("canvas");
  const show = (canvas, pixels) => drawDigit(canvas.getContext("2d"), pixels, info, 0, 0, fitting(ZOOM, info));
  const blank = out.slice();
  const draw = ({ image, q, decoder }) => {
    show(seen, image);
    show(rebuilt, decoder.decode(q.code, out));
    Object.assign(root, { image, weights: q.weights, of: live.path }); // weights: what a test reads
  };
  const none = () => { show(seen, blank); show(rebuilt, blank); root.of = null; };
  if (bits !== null && root.of === live.path && isSameImage(root.image, bits)) return followPen(root, live, { drawn: draw, none });
  for (const canvas of [seen, rebuilt]) Object.assign(canvas, { width: ZOOM * info.width, height: ZOOM * info.height });
  if (bits === null) none();
  else {
    show(seen, bits);
    Promise.all([encoderOf(live), decoderOf(live.decoder)]).then(([encoder, decoder]) => {
      if (!window.dlgmmPen?.isAhead) draw({ image: bits, q: encoder.posterior(encoder.read(bits), info), decoder });
    }, () => {});
  }
  followPen(root, live, { drawn: draw, none });
}
