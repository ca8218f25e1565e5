// Tells the server what a visitor does with a widget once that rests, so that one who drags or draws costs it nothing: `soon`
// is after a while in which it is not called again, or when anything else is touched; `now` is at once. A widget that is
// `eager` tells at once what comes after a pause.
//
// What the browser's Back was too early for is kept here, and told once the widget is there again: see `leftUntold`.
//
// Streamlit opens a page at once, and what it was told shortly before is lost or, sent later, empties that page. So what a
// visitor clicks waits for the run of the script that learns what was told; and for a moment more, since Streamlit then writes
// once more the address that it had before the click.

const REST = 1500, PAUSE = 3000, LONGEST_WAIT = 2000, SETTLED = 100; // milliseconds
const RUN = "data-test-script-state"; // of Streamlit's app: whether the script is running

const LEFT = (window.dlgmmLeft ??= new Map()); // by the widget's name: its state, and what the server knew of it

// What a widget was left with untold, { known, state }, once; null if there is nothing, or the server knows of another state since.
function leftUntold(name, known) {
  const left = LEFT.get(name);
  LEFT.delete(name);
  return left?.known === known ? left : null;
}

function clicksWait() {
  const app = document.querySelector(`[${RUN}]`), held = [];
  let limit = null;
  const wait = (event) => {
    event.preventDefault();
    event.stopImmediatePropagation();
    held.push([event.composedPath()[0], new PointerEvent(event.type, event)]);
  };
  const go = () => {
    clearTimeout(limit);
    runs.disconnect();
    window.removeEventListener("click", wait, { capture: true });
    for (const [target, click] of held) target.dispatchEvent(click);
  };
  const goAfter = (milliseconds) => {
    clearTimeout(limit);
    limit = setTimeout(go, milliseconds);
  };
  goAfter(LONGEST_WAIT);
  const runs = new MutationObserver(() => { if (app.getAttribute(RUN) === "notRunning") goAfter(SETTLED); });
  runs.observe(app, { attributes: true, attributeFilter: [RUN] });
  window.addEventListener("click", wait, { capture: true });
}

// `leave` is called in place of `tell` where the visitor goes back before that: it keeps the state in LEFT.
function atRest(element, tell, leave, eager = false) {
  let timer = null, last = -PAUSE;
  const away = (event) => { if (!event.composedPath().includes(element)) now(); };
  const events = ["pointerdown", "keydown", "blur"];
  const listen = (how) => {
    for (const name of events) window[how](name, away, { capture: true });
    window[how]("popstate", back, { capture: true }); // the page before is on its way: too late
  };
  const send = () => { last = performance.now(); tell(); clicksWait(); };
  const forget = () => {
    clearTimeout(timer);
    timer = null;
    listen("removeEventListener");
  };
  const back = () => { forget(); leave(); };
  const now = () => {
    if (timer === null) return;
    forget();
    send();
  };
  const soon = () => {
    if (eager && timer === null && performance.now() - last >= PAUSE) return send();
    clearTimeout(timer);
    if (timer === null) listen("addEventListener");
    timer = setTimeout(now, REST);
  };
  return { soon, now, get isWaiting() { return timer !== null; } };
}

