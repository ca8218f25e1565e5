"""From a file that somebody sent to a grey picture, believing nothing about the file."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from dlgmm_core.digits import DigitError

__all__ = ["ACCEPTED", "read_picture"]

ACCEPTED = ("png", "jpg", "jpeg", "webp", "bmp", "gif", "tiff")
_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")
_MAX_PIXELS = 40_000_000  # a 97 KB file can open to gigabytes
_MAX_SIDE = 512  # a digit needs no more


def read_picture(content: bytes) -> NDArray[np.uint8]:
    """(height, width) grey levels of a picture file, as a person sees it: upright, on white.

    Raises:
        DigitError: if it is no picture, too large or damaged.
    """
    if not content:
        raise DigitError("This file is empty: choose a picture of one digit.")
    try:
        image: Image.Image = Image.open(io.BytesIO(content), formats=_FORMATS)
        width, height = image.size
        if width * height > _MAX_PIXELS:
            raise DigitError(f"This picture has {width} x {height} pixels: choose one of at most 40 million.")
        image = ImageOps.exif_transpose(image)  # the first frame of an animation
        if image.mode.startswith("I;16") or image.mode in ("I", "F"):
            levels = np.asarray(image, dtype=np.float64)  # convert("L") would clip at 255
            if not np.isfinite(levels).all():
                raise ValueError("levels that are no numbers")
            image = Image.fromarray(np.uint8(255 * (levels - levels.min()) / max(np.ptp(levels), 1)))
        rgba = image.convert("RGBA")
        paper = Image.new("RGBA", rgba.size, "white")
        grey = Image.alpha_composite(paper, rgba).convert("L")
    except DigitError:
        raise
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise DigitError("This file is not a picture that can be read: choose a PNG or a JPEG.") from error
    grey.thumbnail((_MAX_SIDE, _MAX_SIDE), Image.Resampling.BOX)
    if min(grey.size) < 3:
        raise DigitError(f"This picture is only {width} x {height} pixels: choose a larger one.")
    return np.asarray(grey)
