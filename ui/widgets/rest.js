// Tells the server what a visitor does with a widget once that rests, so that one who drags or draws costs it nothing: `soon`
// is after a while in which it is not called again, or when anything else is touched; `now` is at once. A widget that is
// `eager` tells at once what comes after a pause.

const REST = 1500, PAUSE = 3000; // milliseconds

function atRest(element, tell, eager = false) {
  let timer = null, last = -PAUSE;
  const away = (event) => { if (!event.composedPath().includes(element)) now(); };
  const events = ["pointerdown", "keydown", "blur"];
  const listen = (how) => events.forEach((name) => window[how](name, away, { capture: true }));
  const send = () => { last = performance.now(); tell(); };
  const now = () => {
    if (timer === null) return;
    clearTimeout(timer);
    timer = null;
    listen("removeEventListener");
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

