// Tells the server what a visitor does with a widget once that rests, so that one who drags or draws costs it nothing: `soon`
// is after a while in which it is not called again, or when anything else is touched; `now` is at once. A widget that is
// `eager` tells at once what comes after a pause.
//
// Streamlit sends what it is told when the browser next has time, and opens another page at once: what a visitor clicks in
// between waits, or a page would be opened and then emptied by what the one before it has told.

const REST = 1500, PAUSE = 3000; // milliseconds

function clicksWait() {
  const wait = (event) => {
    event.preventDefault();
    event.stopImmediatePropagation();
    const [target] = event.composedPath(), again = new PointerEvent(event.type, event);
    setTimeout(() => target.dispatchEvent(again));
  };
  window.addEventListener("click", wait, { capture: true });
  setTimeout(() => window.removeEventListener("click", wait, { capture: true }));
}

function atRest(element, tell, eager = false) {
  let timer = null, last = -PAUSE;
  const away = (event) => { if (!event.composedPath().includes(element)) now(); };
  const events = ["pointerdown", "keydown", "blur"];
  const listen = (how) => {
    for (const name of events) window[how](name, away, { capture: true });
    window[how]("popstate", forget, { capture: true }); // the page before is on its way: too late
  };
  const send = () => { last = performance.now(); tell(); clicksWait(); };
  const forget = () => {
    clearTimeout(timer);
    timer = null;
    listen("removeEventListener");
  };
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

