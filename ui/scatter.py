"""t-SNE maps as still pictures: ten thousand points without a browser's plotting library."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ui.theme import SIGN_COLOURS

__all__ = ["INK", "PAPER", "draw_map"]

INK, PAPER = "#30343b", "#ffffff"
_INKS = {"light": INK, "dark": "#ffffff"}
_PLAIN = "#808080"  # of images without classes
_HALOS = {"light": "#ffffff", "dark": "#000000"}  # around the ring, so that it is seen on any colour
_HALO, _LINE = 12, 6  # widths of the ring, with what sets it off and without
FINER = 3  # drawn so many times larger, then reduced: smooth dots
# radius; height; radius: screen pixels, of which two maps beside each other are shown at half the size
DOT, LEGEND, RING = 1.6, 48, 20


def draw_map(
    coordinates: NDArray[np.float32],
    labels: NDArray[np.int64] | None,
    names: Sequence[str],
    side: int,
    marked: NDArray[np.float32] | None = None,
    paper: str | None = PAPER,
    theme: str = "light",
) -> Image.Image:
    """A map (N, 2), one colour a class, with a legend below where there are one to ten.

    Args:
        coordinates: (N, 2).
        labels: (N,) classes; None where there are none.
        names: of the classes.
        side: of the map, screen pixels.
        marked: (2,) a place that gets a ring.
        paper: colour of the background; None for a transparent one.
        theme: light or dark, as the background is.
    """
    ink, colours = _INKS[theme], SIGN_COLOURS[theme]
    few = 0 < len(names) <= len(colours)
    everything = coordinates if marked is None else np.vstack([coordinates, marked])
    low, high = everything.min(0), everything.max(0)
    margin = RING if marked is not None else 2 * DOT
    scale = (side - 2 * margin) / float((high - low).max())
    upwards = np.stack([everything[:, 0] - low[0], high[1] - everything[:, 1]], 1)  # y, as on the page of maps
    places = FINER * (margin + scale * upwards)
    size = (FINER * side, FINER * (side + (LEGEND if few else 0)))
    image = Image.new("RGB", size, paper) if paper else Image.new("RGBA", size, (128, 128, 128, 0))
    draw = ImageDraw.Draw(image)
    for index in np.random.default_rng(0).permutation(len(coordinates)):  # so that no class covers the others
        colour = _PLAIN if labels is None else colours[labels[index] % len(colours)]
        _dot(draw, places[index, 0], places[index, 1], FINER * DOT, colour)
    if marked is not None:
        x, y = places[-1]
        reach = FINER * RING
        for colour, width in ((_HALOS[theme], _HALO), (ink, _LINE)):
            outer = reach - FINER * (_HALO - width) / 2
            draw.ellipse((x - outer, y - outer, x + outer, y + outer), outline=colour, width=width * FINER)
    font = ImageFont.load_default(FINER * 24)
    for k, name in enumerate(names if few else ()):
        x, y = FINER * side / len(names) * (k + 0.3), FINER * (side + LEGEND / 2)
        _dot(draw, x, y, FINER * 7, colours[k])
        draw.text((x + FINER * 12, y), name, ink, font, anchor="lm")
    return image.reduce(FINER)


def _dot(draw: ImageDraw.ImageDraw, x: float, y: float, radius: float, colour: str) -> None:
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
