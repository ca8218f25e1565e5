"""From a digit's ink to MNIST's 28x28: 20 pixels tall or wide, its centre of mass in the middle.

LeCun et al. (1998) scaled every digit, its proportions kept, to fit a 20x20 box, and moved it by whole
pixels until its centre of mass was the middle of 28x28. Edges are found to fractions of a pixel, where
ink falls to half: so a digit comes out alike from a small picture and from a large one.

Reference: Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, "Gradient-based learning applied to document
recognition", Proc. IEEE, 1998.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dlgmm_core.data.paper import Levels

__all__ = ["SIZE", "Box", "in_mnist_box", "ink_box"]

Box = tuple[float, float, float, float]
SIZE, BOX = 28, 20
INK = 0.2  # of the full ink: fainter marks do not widen the box
NEAR = 0.1  # of a side: so far from its edge a stroke has reached its own full ink
TIE = 0.02  # pixels
SAME = 0.04  # a digit that needs no more change of scale keeps its pixels


def ink_box(ink: Levels) -> Box:
    """Left, top, right, bottom of the ink, (height, width) in 0..1 with something above INK, in fractional pixels."""
    left, right = _edges(ink.max(0))
    top, bottom = _edges(ink.max(1))
    return left, top, right, bottom


def in_mnist_box(ink: Levels, box: Box) -> NDArray[np.uint8]:
    """(28, 28), 0 = paper, 255 = ink, of the ink in a box that `ink_box` found."""
    left, top, right, bottom = box
    scale = BOX / max(right - left, bottom - top)
    if abs(scale - 1) < SAME:
        small = ink[_inked(ink.max(1)), _inked(ink.max(0))]
    else:
        width, height = (max(1, round(scale * side)) for side in (right - left, bottom - top))
        small = np.asarray(Image.fromarray(ink).resize((width, height), Image.Resampling.LANCZOS, box=box))
    small = np.clip(small / small.max(), 0, 1)
    height, width = small.shape
    # MNIST's centre of mass is pixel 14, counted from 0; the box of 20 pixels may not leave the 28.
    mass = small.sum()
    centre_y, centre_x = (small.sum(1) @ np.arange(height)) / mass, (small.sum(0) @ np.arange(width)) / mass
    # A symmetric digit's lies half a pixel off: it goes up and left, whatever the last digits say.
    y = int(np.clip(np.ceil(SIZE / 2 - centre_y - 0.5 - TIE), 0, SIZE - height))
    x = int(np.clip(np.ceil(SIZE / 2 - centre_x - 0.5 - TIE), 0, SIZE - width))
    grey = np.zeros((SIZE, SIZE), np.uint8)
    grey[y : y + height, x : x + width] = np.round(255 * small)
    return grey


def _inked(profile: Levels) -> slice:
    """All that is not quite paper, if MNIST's image holds it."""
    inked = np.flatnonzero(profile)
    return slice(inked[0], min(inked[-1] + 1, inked[0] + SIZE))


def _edges(profile: Levels) -> tuple[float, float]:
    """Where ink begins and ends in a profile: half of what the nearest stroke reaches, linear between centres."""
    inked = np.flatnonzero(profile >= INK)
    reach = 1 + round(NEAR * (inked[-1] - inked[0] + 1))
    return _first_edge(profile, inked[0], reach), len(profile) - _first_edge(
        profile[::-1], len(profile) - 1 - inked[-1], reach
    )


def _first_edge(profile: Levels, start: int, reach: int) -> float:
    half = 0.5 * float(profile[start : start + reach + 1].max())
    above = start + int((profile[start:] >= half).argmax())
    before = float(profile[above - 1]) if above else 0.0
    return max(0.0, above + 0.5 - (float(profile[above]) - half) / (float(profile[above]) - before))
