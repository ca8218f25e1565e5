// What the points of one map are signs of under a colouring, and what is to be said of that map.

// One byte per point if it is coloured by class or component; undefined where that is not known.
function signsOf(plot, colour, hasClasses) {
  const classes = hasClasses ? plot.classes : undefined;
  return { class: classes, component: plot.weights?.component, responsibility: plot.estimates?.component }[colour];
}

function noteOf(plot, colour, signs) {
  const { info } = plot;
  if (colour === "responsibility" && info.piece !== "component") return "no components to colour by";
  if (colour === "nll" || colour === "responsibility") {
    if (!info.estimates) return "not estimated yet";
    if (colour === "nll") return "";
  }
  if (colour !== "class" && !info.weights) return "no weights to colour by";
  if (colour === "class" && !signs && plot.classes) return "These images have no labels to colour by.";
  if (colour === "class" || !signs) return "";
  const as = colour === "component" ? "largest weight" : "most probable one";
  return `${dominance(signs, info.piece, as)} ${info.identical}`.trim();
}
