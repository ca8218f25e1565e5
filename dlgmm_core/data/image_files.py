"""Images from files of one's own, wherever they lie: read one by one, as grey levels of one size.

Sizes are checked in headers, before pixels are read.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from dlgmm_core.data.levels import MOST_PIXELS, RawImages, require_sizes
from dlgmm_core.data.sources import DataError
from dlgmm_core.runtime.files import brief

__all__ = ["FORMATS", "ImageFile", "is_image", "read_images"]

FORMATS = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".gif": "GIF",
    ".bmp": "BMP",
    ".tif": "TIFF",
    ".webp": "WEBP",
}
FORMATS |= {".tiff": "TIFF", ".pgm": "PPM"}
MODES = ("1", "L", "LA", "P", "RGB", "RGBA")
MOST_SOURCE_SIDE = 5000  # pixels, of an image that is made smaller


@dataclass(frozen=True)
class ImageFile:
    """An image that has not been read.

    Attributes:
        name: with its folders, for messages; its ending tells the format.
        open: gives what Pillow opens.
        label: the name of its class; empty where there are no classes.
        part: an index into `PARTS`; -1 where a seed is to choose it.
    """

    name: str
    open: Callable[[], Path | IO[bytes]]
    label: str = ""
    part: int = -1

    @property
    def format(self) -> str:
        """The format's name in Pillow."""
        return FORMATS[Path(self.name).suffix.lower()]


def is_image(name: str) -> bool:
    """Whether a file's name ends as that of an image."""
    return Path(name).suffix.lower() in FORMATS


def read_images(
    files: Sequence[ImageFile],
    size: tuple[int, int] | None,
    origin: str,
    most_pixels: int = MOST_PIXELS,
    most_source_pixels: int | None = None,
) -> RawImages:
    """The images of files, as grey levels.

    Args:
        files: in order.
        size: height and width that images are scaled to, by averaging over boxes; by default they must agree.
        origin: where they lie, for messages.
        most_pixels: of all images together.
        most_source_pixels: of all images before they are scaled; None for any number.

    Raises:
        DataError: if there are none, some cannot be read, their sizes differ, or some have a class and others none.
    """
    if not files:
        raise DataError(f"{origin} has no images: put files into it that end in {', '.join(FORMATS)}.")
    height, width = size or _size(files[0])
    require_sizes(len(files), height, width, origin, most_pixels)
    labels = np.array([file.label for file in files])
    if (labels == "").any() and (labels != "").any():
        raise DataError(f"{origin} has images both beside and in subfolders: give every class a subfolder, or none.")
    images, left = np.empty((len(files), height, width), np.uint8), most_source_pixels
    for place, file in zip(images, files, strict=True):
        place[...], pixels = _levels(file, (height, width), scaled=size is not None)
        if left is not None and (left := left - pixels) < 0:
            raise DataError(f"{origin} has more than {most_source_pixels:,} pixels in all: make its images smaller.")
    part = np.array([file.part for file in files], np.int64)
    return RawImages(images, labels if labels[0] else None, None if (part < 0).any() else part)


def _size(file: ImageFile) -> tuple[int, int]:
    try:
        with Image.open(file.open(), formats=[file.format]) as image:
            return image.height, image.width
    except DataError:
        raise
    except Exception as error:  # Pillow raises a dozen kinds of errors for malformed bytes
        raise _unreadable(file, error) from error


def _levels(file: ImageFile, size: tuple[int, int], scaled: bool) -> tuple[NDArray[np.uint8], int]:
    """(H, W), grey levels of an image, scaled if it may be; and how many pixels it had."""
    try:
        with Image.open(file.open(), formats=[file.format]) as image:
            if not scaled and (image.height, image.width) != size:
                ours, theirs = f"{image.height} x {image.width}", f"{size[0]} x {size[1]}"
                raise DataError(
                    f"{file.name} has {ours} pixels, and the first image has {theirs}: make all images equally large,"
                    " or say to what size they are to be scaled (⟨size⟩)."
                )
            if max(image.size) > MOST_SOURCE_SIDE:
                raise DataError(
                    f"{file.name} has more than {MOST_SOURCE_SIDE:,} pixels per side: make it smaller, or remove it."
                )
            if image.mode not in MODES:
                raise DataError(
                    f"{file.name} has pixels of the kind {image.mode}: save it with 8 bits per colour, or remove it."
                )
            pixels = image.height * image.width
            grey = image.convert("RGB").convert("L") if image.mode == "P" else image.convert("L")
            if scaled and (grey.height, grey.width) != size:
                grey = grey.resize(size[::-1], Image.Resampling.BOX)
            return np.asarray(grey), pixels
    except DataError:
        raise
    except Exception as error:  # as in `_size`
        raise _unreadable(file, error) from error


def _unreadable(file: ImageFile, error: Exception) -> DataError:
    match error:
        case UnidentifiedImageError():
            why = f"it is not a {file.format}"
        case Image.DecompressionBombError():
            why = "it has too many pixels"
        case OSError(strerror=str(reason)):
            why = brief(reason)
        case _:
            why = "it is damaged"
    return DataError(f"{file.name} cannot be read as an image ({why}): replace it, or remove it.")
