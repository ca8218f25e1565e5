// The browser's Back goes from page to page, and from step to step of the lesson. Streamlit adds an entry to the history
// whenever a script changes the address, takes a page's parameters out of it before it opens another, and adds one more
// for each parameter of that. Here a page has one entry, with the parameters that it had when the visitor left it.
(() => {
  if (history.hasOwnSteps) return;
  history.hasOwnSteps = true;
  const push = history.pushState.bind(history), replace = history.replaceState.bind(history);
  const page = (address) => new URL(address).pathname, step = (address) => new URL(address).searchParams.get("lesson");
  let left = null; // the address when the visitor last did something; null on an entry where nothing has been done yet
  const note = () => { left = location.href; };
  for (const kind of ["click", "keydown"]) window.addEventListener(kind, note, true);
  window.addEventListener("popstate", () => { left = null; }, true);

  history.replaceState = (state, title, address) => { // of a widget that the visitor has changed
    replace(state, title, address);
    if (left !== null) note();
  };
  history.pushState = (state, title, address) => {
    const next = new URL(address, location.href).href, here = page(location.href);
    const isStep = left !== null && step(next) !== null && step(next) !== step(left);
    if (left === null || (page(next) === here && !isStep)) { // also where a link leads on by itself
      replace(state, title, next);
      return;
    }
    if (page(left) === here) replace(history.state, title, left);
    push(state, title, next);
    left = null;
  };
})();
