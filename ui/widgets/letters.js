// How much larger letters are than usual: presentation mode enlarges them, and pictures drawn by hand have to follow.

const letters = () => parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
