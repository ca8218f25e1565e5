// The button that makes a PNG of a figure on this page, with what it is of beneath it and in the file. After paint.js.

const DENSITY = 2, PAD = 16, NARROWEST = 480, LINE = 17, GAP = "  ·  ";

// data: { figure, file, words: [[name, text], ...] }
export default function ({ parentElement, data }) {
  const [button, said] = parentElement.querySelectorAll("button, [role=status]");
  // Streamlit puts the popover at the end of the page, and the focus stays at the button that opened it.
  const opener = document.activeElement;
  if (!button.onclick && opener?.matches("[data-testid=stPopoverButton]:focus-visible")) button.focus({ preventScroll: true });
  button.onclick = async () => {
    const figure = document.querySelector(`.st-key-${data.figure}`);
    said.textContent = "";
    button.disabled = true;
    try {
      const style = getComputedStyle(parentElement.host ?? parentElement);
      const sheet = await mount(figure, data.words, style);
      const blob = await new Promise((resolve) => sheet.toBlob(resolve, "image/png"));
      download(inscribe(new Uint8Array(await blob.arrayBuffer()), data.words), data.file);
    } catch (error) {
      said.textContent = `No picture could be made (${error.message}): reload the page.`;
    }
    button.disabled = false;
  };
}

// The figure on the page's paper, and its caption beneath a line.
async function mount(figure, words, style) {
  const paper = style.getPropertyValue("--st-background-color"), ink = style.getPropertyValue("--st-text-color");
  const picture = await paint(figure, DENSITY, paper);
  const width = Math.max(picture.width / DENSITY, NARROWEST) + 2 * PAD;
  const sheet = document.createElement("canvas"), context = sheet.getContext("2d");
  const font = `12px ${style.getPropertyValue("--st-font")}`;
  context.font = font;
  const lines = wrap(context, words.map(([name, text]) => `${name}: ${text}`), width - 2 * PAD);
  const top = picture.height / DENSITY + 2 * PAD;
  sheet.width = width * DENSITY;
  sheet.height = Math.ceil((top + lines.length * LINE + PAD) * DENSITY);
  context.fillStyle = paper;
  context.fillRect(0, 0, sheet.width, sheet.height);
  context.drawImage(picture, PAD * DENSITY, PAD * DENSITY);
  context.scale(DENSITY, DENSITY);
  context.font = font; // a canvas that changes its size forgets it
  context.fillStyle = ink;
  context.globalAlpha = 0.2;
  context.fillRect(PAD, top - PAD / 2, width - 2 * PAD, 1);
  context.globalAlpha = 0.8;
  lines.forEach((line, i) => context.fillText(line, PAD, top + (i + 0.7) * LINE));
  return sheet;
}

// Phrases in lines, whole where they fit, broken between words where they are longer than a line.
function wrap(context, phrases, width) {
  const fits = (line) => context.measureText(line).width <= width;
  const lines = [];
  for (const phrase of phrases) {
    if (lines.length && fits(lines.at(-1) + GAP + phrase)) { lines.push(lines.pop() + GAP + phrase); continue; }
    lines.push("");
    for (const word of phrase.split(" ")) {
      const longer = lines.at(-1) ? `${lines.at(-1)} ${word}` : word;
      if (fits(longer)) lines[lines.length - 1] = longer;
      else lines.push(word);
    }
  }
  return lines;
}

function download(bytes, name) {
  const address = URL.createObjectURL(new Blob([bytes], { type: "image/png" }));
  Object.assign(document.createElement("a"), { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

// ---- words in the file: iTXt, the kind of PNG's text chunks whose words may have any letters

const HEAD = 33; // bytes of the signature and of the first chunk, which must come first

function inscribe(png, words) {
  const chunks = words.map(([name, text]) => chunk("iTXt", new TextEncoder().encode(`${name}\0\0\0\0\0${text}`)));
  return new Blob([png.subarray(0, HEAD), ...chunks, png.subarray(HEAD)]);
}

// Length, type, content, checksum.
function chunk(type, content) {
  const bytes = new Uint8Array(12 + content.length), view = new DataView(bytes.buffer);
  view.setUint32(0, content.length);
  bytes.set(new TextEncoder().encode(type), 4);
  bytes.set(content, 8);
  view.setUint32(8 + content.length, checksum(bytes.subarray(4, 8 + content.length)));
  return bytes;
}

// CRC-32 of the PNG specification, appendix D.
function checksum(bytes) {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? 0xedb88320 ^ (sum >>> 1) : sum >>> 1;
  }
  return (sum ^ 0xffffffff) >>> 0;
}
