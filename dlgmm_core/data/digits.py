"""From a picture of a digit to MNIST's convention: light ink on dark, 20 pixels tall or wide, centred.

LeCun et al. (1998) scaled every digit to fit a 20x20 box and centred its mass in 28x28. A model
trained on such images sees anything else as far from its data, so pictures are brought there first.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["DigitError", "PreparedDigit", "prepare_digit"]

SIZE, BOX = 28, 20
INK = 0.2  # of the full range: fainter marks are paper


class DigitError(ValueError):
    """A picture in which no digit can be found."""


@dataclass(frozen=True)
class PreparedDigit:
    """A digit as MNIST would hold it, and what was done to get there.

    Attributes:
        grey: (28, 28) uint8, 0 = paper, 255 = ink.
        inverted: whether the picture had dark ink on light paper.
        box: left, top, right, bottom of the ink in the picture, in pixels.
    """

    grey: NDArray[np.uint8]
    inverted: bool
    box: tuple[int, int, int, int]


def prepare_digit(picture: NDArray[np.uint8]) -> PreparedDigit:
    """Finds the ink of a grey picture (height, width), scales it to MNIST's box and centres its mass.

    Paper is what the picture's border shows; ink is whatever differs from it.

    Raises:
        DigitError: if the picture holds no ink, or nothing that is left of it at MNIST's size.
    """
    levels = picture.astype(np.float32) / 255
    border = np.concatenate([levels[0], levels[-1], levels[:, 0], levels[:, -1]])
    paper = float(np.median(border))
    inverted = paper > 0.5
    ink = np.clip(paper - levels if inverted else levels - paper, 0, None)
    if ink.max() < INK:
        raise DigitError("There is no ink in this picture: draw or photograph one digit on plain paper.")
    ink = np.where(ink < INK * ink.max(), 0, ink / ink.max())
    rows, columns = np.flatnonzero(ink.max(1)), np.flatnonzero(ink.max(0))
    top, bottom, left, right = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
    cropped = Image.fromarray((255 * ink[top:bottom, left:right]).astype(np.uint8))
    scale = BOX / max(cropped.size)
    width, height = (max(1, round(scale * side)) for side in cropped.size)
    small = np.asarray(cropped.resize((width, height), Image.Resampling.LANCZOS), dtype=np.float32)
    if not small.any():
        raise DigitError("There are only specks in this picture: draw or photograph one digit with a broader pen.")
    # MNIST's centre of mass is pixel 14, counted from 0; the box of 20 pixels may not leave the 28.
    mass = small.sum()
    centre_y, centre_x = (small.sum(1) @ np.arange(height)) / mass, (small.sum(0) @ np.arange(width)) / mass
    y = int(np.clip(round(SIZE / 2 - centre_y), 0, SIZE - height))
    x = int(np.clip(round(SIZE / 2 - centre_x), 0, SIZE - width))
    grey = np.zeros((SIZE, SIZE), np.uint8)
    grey[y : y + height, x : x + width] = np.round(small * (255 / small.max()))
    return PreparedDigit(grey, inverted, (left, top, right, bottom))
