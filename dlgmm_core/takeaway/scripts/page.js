// Puts the page together: its header, the chosen view of the chosen model, and what it is of.

const REST = 200; // milliseconds

(() => {
  const models = JSON.parse(document.getElementById("models").textContent);
  const state = stateOf(models, new URLSearchParams(location.search));
  const opened = new Map(); // promises of models, by their place
  const main = document.getElementById("view"), title = document.getElementById("title");
  const nav = document.getElementById("views"), select = document.getElementById("model");
  const makers = { components: componentsView, digit: digitView, plane: planeView };
  let timer = null;
  const tell = () => { // once a hand rests: browsers refuse hundreds of addresses in half a minute
    clearTimeout(timer);
    timer = setTimeout(() => tellAddress(models, state), REST);
  };
  const opening = (place) => {
    if (!opened.has(place)) opened.set(place, unpack(models[place].parameters).then((parts) => ({
      ...encoderFrom(models[place], parts), decoderAt: decodersFrom(models[place], parts),
    })));
    return opened.get(place);
  };
  let view = null;

  const show = async () => {
    const info = models[state.model], asked = `${state.model} ${state.view}`;
    show.asked = asked;
    title.textContent = info.family;
    document.getElementById("sentence").textContent = models.length > 1 ? "" : info.sentence;
    document.getElementById("about").textContent =
      `${info.family} ${info.name}, weights ${info.digest}, in ${info.parameters.bits} bits; data: ${info.dataset}, licence: ${info.licence}`;
    nav.replaceChildren(...viewsOf(info).map((name) => {
      const button = element("button", { type: "button", textContent: name === "digit" && info.object === "image" ? "Image" : VIEWS[name] });
      if (name === state.view) button.setAttribute("aria-current", "page");
      button.onclick = () => { state.view = name; show(); tell(); nav.querySelector("[aria-current]").focus(); };
      return button;
    }));
    try {
      const model = await opening(state.model);
      if (show.asked !== asked) return;
      view = makers[state.view](info, model, state.priors[state.model], tell, state.images.get(info.dataset));
      main.replaceChildren(view.box);
      view.fit();
      main.dataset.ready = asked;
    } catch (error) {
      main.textContent = `This browser cannot show the model (${error.message}): use a newer one.`;
    }
  };
  select.append(...models.map(({ name }, n) => element("option", { textContent: name, value: n, selected: n === state.model })));
  select.hidden = models.length < 2;
  select.onchange = () => {
    state.model = Number(select.value);
    state.view = viewOf(models[state.model], state.view);
    show();
    tell();
  };
  let across = innerWidth;
  addEventListener("resize", () => {
    if (innerWidth === across) return; // a phone's address bar changes the height alone
    across = innerWidth;
    view?.fit();
  });
  // paper is white, whatever the screen is, and no frame passes before it is printed
  const printed = (isPrinted) => { document.documentElement.classList.toggle("printed", isPrinted); view?.recolour?.(); };
  addEventListener("beforeprint", () => printed(true));
  addEventListener("afterprint", () => printed(false));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => view?.fit());
  show();
})();
