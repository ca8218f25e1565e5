"""From an uploaded file to a picture of modest size; nothing about the file is trusted."""

import io
import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from dlgmm_core.data.digits import DigitError, on_paper
from ui.visitors.limits import MOST_MEGABYTES

__all__ = ["ACCEPTED", "is_large", "read_picture"]

ACCEPTED = ("png", "jpg", "jpeg", "webp", "bmp", "gif", "tiff")
_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")
_MOST_PIXELS = 4096  # of a side: a file of 97 KB can decompress to gigabytes
_MOST_SCANS = 64  # of a JPEG, which usually has ten: each goes over the whole picture, and 40 bytes hold one
_SIDE = 1024  # a digit that is a tenth of it is still larger than MNIST's
_LARGE = 1024  # pixels of a side that take no more than a moment and 20 MB


def is_large(content: bytes) -> bool:
    """Whether a picture, by the size in its header, takes up to a second and 300 MB to read."""
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as image:
            return max(image.size) > _LARGE
    except Image.DecompressionBombError:
        return True
    except Exception:  # no picture, as `read_picture` will say
        return False


def read_picture(content: bytes) -> NDArray[np.uint8]:
    """(height, width) grey levels of a picture file, or (height, width, 3) of a coloured one, upright and on paper.

    Raises:
        DigitError: if it is no picture, too large or damaged.
    """
    if not content:
        raise DigitError("This file is empty: choose a picture of one digit.")
    if len(content) > MOST_MEGABYTES * 2**20:
        raise DigitError(f"This file has more than {MOST_MEGABYTES} MB: choose a smaller one.")
    try:
        image = _colours(content)
    except Image.DecompressionBombError as error:
        raise DigitError(
            f"This picture is more than {_MOST_PIXELS:,} pixels high or wide: choose a smaller one."
        ) from error
    except Exception as error:  # Pillow answers malformed bytes with errors of a dozen kinds
        raise DigitError("This file is not a picture that can be read: choose a PNG or a JPEG.") from error
    width, height = image.size
    image.thumbnail((_SIDE, _SIDE), Image.Resampling.BOX)
    if min(image.size) < 3:
        raise DigitError(f"This picture is only {width} x {height} pixels: choose a larger one.")
    picture = on_paper(np.asarray(image))
    red, green, blue = np.moveaxis(picture, -1, 0)
    return red if np.array_equal(red, green) and np.array_equal(red, blue) else picture


def _colours(content: bytes) -> Image.Image:
    image: Image.Image = Image.open(io.BytesIO(content), formats=_FORMATS)
    if max(image.size) > _MOST_PIXELS:
        raise Image.DecompressionBombError
    if content.startswith(b"\xff\xd8") and content.count(b"\xff\xda") > _MOST_SCANS:
        raise ValueError("too many scans")
    image = ImageOps.exif_transpose(image)  # the first frame of an animation
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        levels = np.array(image, dtype=np.float64)  # convert("L") would clip at 255
        low, high = float(levels.min()), float(levels.max())
        if not math.isfinite(high - low):
            raise ValueError("levels that are no numbers")
        levels -= low
        levels *= 255
        levels /= max(high - low, 1)
        image = Image.fromarray(levels.astype(np.uint8))
    return image.convert("RGBA" if image.has_transparency_data else "RGB")
