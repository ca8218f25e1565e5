// Tells the server what a widget's sliders say once they rest, so that a visitor who drags costs it nothing: `soon`, after
// a while in which it is not called again, or as soon as anything else is touched, `at once`.

const REST = 1500; // milliseconds

function atRest(element, tell) {
  let timer = null;
  const away = (event) => { if (!event.composedPath().includes(element)) now(); };
  const events = ["pointerdown", "keydown", "blur"];
  const listen = (how) => events.forEach((name) => window[how](name, away, { capture: true }));
  const now = () => {
    if (timer === null) return;
    clearTimeout(timer);
    timer = null;
    listen("removeEventListener");
    tell();
  };
  const soon = () => {
    clearTimeout(timer);
    if (timer === null) listen("addEventListener");
    timer = setTimeout(now, REST);
  };
  return { soon, now };
}

