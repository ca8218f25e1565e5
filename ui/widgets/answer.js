// Whether the server has answered what a widget has told it: a run of the script that knows of it has come to its end. Until then,
// what is on the page is of something else, and the page's root has the class "unanswered", and "unheard" until there is such a run,
// for which Streamlit marks as stale what it has not reached. After rest.js.

const CONNECTION = "data-test-connection-state", NO_RUN = 5000; // milliseconds at rest, after which no run is to come

// `tells` is for what the widget, `element`, tells; `knows` for what, by each run, the server knows of that.
function answers(element) {
  const app = document.querySelector(`[${RUN}]`), page = document.documentElement.classList;
  let told, known, isWaiting = false, timer = null;
  const end = () => {
    isWaiting = false;
    clearTimeout(timer);
    runs.disconnect();
    page.remove("unanswered", "unheard");
  };
  const look = () => {
    clearTimeout(timer);
    if (app.getAttribute(CONNECTION) !== "CONNECTED") return end();
    if (app.getAttribute(RUN) !== "notRunning") return;
    if (known === told || !element.isConnected) return end();
    timer = setTimeout(end, NO_RUN);
  };
  const runs = new MutationObserver(look);
  return {
    tells(what) {
      told = what;
      isWaiting = true;
      page.add("unanswered");
      page.toggle("unheard", known !== told);
      runs.observe(app, { attributes: true, attributeFilter: [RUN, CONNECTION] });
      look();
    },
    knows(what) {
      known = what;
      if (known === told) page.remove("unheard");
      if (isWaiting) look();
    },
  };
}

