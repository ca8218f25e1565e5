"""Digits as pictures: crisp (whole multiples, nearest neighbour), tiled into one PNG."""

import base64
import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

__all__ = ["fit_square", "picture", "tile", "tiled_picture"]

SIDE = 28


def tile(
    images: NDArray[np.floating] | NDArray[np.uint8], columns: int, zoom: int = 2, gap: int = 2
) -> NDArray[np.uint8]:
    """Rows of images as one picture, white ink on black, grey between them.

    Args:
        images: (N, 784) ink between 0 and 1.
        columns: images in a row.
        zoom: screen pixels per image pixel.
        gap: screen pixels between images.

    Returns:
        (height, width) uint8.
    """
    rows = -(-len(images) // columns)
    side = SIDE * zoom
    sheet = np.full((rows * (side + gap) - gap, columns * (side + gap) - gap), 128, np.uint8)
    for index, image in enumerate(images):
        top, left = (side + gap) * (index // columns), (side + gap) * (index % columns)
        pixels = np.round(255 * np.asarray(image, dtype=np.float32)).astype(np.uint8).reshape(SIDE, SIDE)
        sheet[top : top + side, left : left + side] = pixels.repeat(zoom, 0).repeat(zoom, 1)
    return sheet


def tiled_picture(images: NDArray[np.floating] | NDArray[np.uint8], columns: int, zoom: int = 2, gap: int = 2) -> str:
    """`tile`, as `picture`."""
    return picture(Image.fromarray(tile(images, columns, zoom, gap)))


def picture(image: Image.Image) -> str:
    """A PNG, as an address that holds the whole of it.

    Streamlit would keep it under an address of its own, and forget it when the next run ends: a browser that has not
    fetched it by then finds none. Its packing takes four times as long, to be a tenth smaller.
    """
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=3)
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"


def fit_square(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(28, 28) grey levels of a picture (height, width), whole, the rest filled with its corner's grey."""
    fitted = ImageOps.pad(Image.fromarray(picture), (SIDE, SIDE), Image.Resampling.BOX, color=int(picture[0, 0]))
    return np.asarray(fitted)
