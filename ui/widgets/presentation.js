// The switch of presentation mode and its keys: P enters and leaves, Escape leaves, arrows and Page keys turn pages.

const TURNS = { ArrowRight: "next", PageDown: "next", ArrowLeft: "previous", PageUp: "previous", Escape: "leave" };
// What a key means to these, it does not mean to us; a slider means nothing by letters, and a remote control sends Page keys.
const FIELDS = "input:not([type=range]), textarea, select, [contenteditable=true], [role=combobox], [role=listbox], [role=grid], [role=dialog]";
const TAKES_ARROWS = `${FIELDS}, input, canvas, [role=slider], [role=radiogroup], [role=tablist], [role=application]`;

export default function ({ parentElement, data, setTriggerValue }) {
  const root = parentElement.querySelector(".present");
  root.tell = (what) => setTriggerValue("asked", what); // every run brings a new one
  root.on = data.on;
  if (root.childElementCount > 0) return;
  for (const [what, text, label, keys] of data.buttons) {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", textContent: text, title: label });
    button.setAttribute("aria-label", label);
    button.setAttribute("aria-keyshortcuts", keys);
    button.onclick = () => root.tell(what);
    root.append(button);
  }
  const meant = (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return null;
    const target = event.composedPath()[0];
    const inside = (selector) => target instanceof Element && target.closest(selector) !== null;
    if (event.key === "p" || event.key === "P") return inside(FIELDS) ? null : root.on ? "leave" : "enter";
    const what = root.on ? TURNS[event.key] : undefined;
    return what === undefined || inside(event.key.startsWith("Arrow") ? TAKES_ARROWS : FIELDS) ? null : what;
  };
  const pressed = (event) => {
    if (!root.isConnected) return document.removeEventListener("keydown", pressed);
    const what = meant(event);
    if (what === null || event.repeat) return;
    event.preventDefault();
    window.dispatchEvent(new Event("blur")); // a widget tells what it has not told yet,
    setTimeout(() => root.tell(what)); // and then comes the key, or it would be a part of that
  };
  document.addEventListener("keydown", pressed);
}
