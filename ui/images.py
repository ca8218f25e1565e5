"""Digits as pictures: crisp (whole multiples, nearest neighbour), tiled into one PNG."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dlgmm_core.runtime.html import png_address

__all__ = ["SHAPE", "fitting", "tile", "tiled_picture"]

SHAPE = (28, 28)  # of a digit, unless said otherwise


def fitting(zoom: int, shape: Sequence[int]) -> int:
    """The zoom that brings images of another shape to about the size of those of 28×28 at a given zoom."""
    return max(1, round(zoom * max(SHAPE) / max(shape)))


def tile(
    images: NDArray[np.floating] | NDArray[np.uint8],
    columns: int,
    zoom: int = 2,
    gap: int = 2,
    shape: Sequence[int] = SHAPE,
) -> NDArray[np.uint8]:
    """Rows of images as one picture, white ink on black, grey between them.

    Args:
        images: (N, X) ink between 0 and 1.
        columns: images in a row.
        zoom: screen pixels per image pixel.
        gap: screen pixels between images.
        shape: height and width of an image, whose product is X.

    Returns:
        (height, width) uint8.
    """
    rows = -(-len(images) // columns)
    height, width = (zoom * length for length in shape)
    sheet = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap), 128, np.uint8)
    for index, image in enumerate(images):
        top, left = (height + gap) * (index // columns), (width + gap) * (index % columns)
        pixels = np.round(255 * np.asarray(image, dtype=np.float32)).astype(np.uint8).reshape(shape)
        sheet[top : top + height, left : left + width] = pixels.repeat(zoom, 0).repeat(zoom, 1)
    return sheet


def tiled_picture(
    images: NDArray[np.floating] | NDArray[np.uint8],
    columns: int,
    zoom: int = 2,
    gap: int = 2,
    shape: Sequence[int] = SHAPE,
) -> str:
    """`tile`, as an address that holds the whole picture."""
    return png_address(Image.fromarray(tile(images, columns, zoom, gap, shape)))
