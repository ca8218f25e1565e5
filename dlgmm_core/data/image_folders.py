"""Images from a folder: its files, without labels, or subfolders of files, which are classes; or train, valid and test.

Hidden files and other files than images are left out. Sizes are checked in headers, before pixels are read.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dlgmm_core.data.levels import PARTS, RawImages, require_sizes
from dlgmm_core.data.sources import DataError
from dlgmm_core.runtime.files import brief

__all__ = ["read_folder"]

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
MOST_FILES = 200_000  # in one folder of images
MOST_SOURCE_SIDE = 5000  # pixels, of an image that is made smaller

Listing = list[tuple[Path, str, int]]
"""Of every image: its file, its class or nothing, and an index into `PARTS` or -1."""


def read_folder(folder: Path, size: tuple[int, int] | None = None) -> RawImages:
    """The images, in order of part, class and file, as grey levels; classes are the names of subfolders.

    Args:
        folder: of images.
        size: height and width that images are scaled to, by averaging over boxes; by default they must agree.

    Raises:
        DataError: if there are no images, some cannot be read, their sizes differ, or files lie beside classes.
    """
    listing = _listing(folder)
    if not listing:
        raise DataError(f"{folder} has no images: put files into it that end in {', '.join(FORMATS)}.")
    height, width = size or _size(listing[0][0])
    require_sizes(len(listing), height, width, str(folder))
    images = np.empty((len(listing), height, width), np.uint8)
    for place, (path, _, _) in zip(images, listing, strict=True):
        place[...] = _levels(path, (height, width), scaled=size is not None)
    classes = {name for _, name, _ in listing}
    if "" in classes and len(classes) > 1:
        raise DataError(f"{folder} has images both beside and in subfolders: give every class a subfolder, or none.")
    labels = None if "" in classes else np.array([name for _, name, _ in listing])
    part = np.array([part for _, _, part in listing], np.int64)
    return RawImages(images, labels, None if (part < 0).any() else part)


def _listing(folder: Path) -> Listing:
    entries = list(_entries(folder))
    parts = [folder / part for part in PARTS]
    if {path.name for path in parts} <= {path.name for path in entries} and all(path.is_dir() for path in parts):
        return [(path, name, index) for index, part in enumerate(parts) for path, name in _classes(part)]
    return [(path, name, -1) for path, name in _classes(folder)]


def _classes(folder: Path) -> Iterator[tuple[Path, str]]:
    """Image files with their class; first those in no subfolder."""
    entries = list(_entries(folder))
    yield from ((path, "") for path in _images(entries))
    for sub in entries:
        if sub.is_dir():
            if sub.is_symlink():
                raise DataError(f"{sub} is a link to a folder: put the folder itself there.")
            yield from ((path, sub.name) for path in _images(list(_entries(sub))))


def _images(entries: list[Path]) -> list[Path]:
    return [path for path in entries if path.suffix.lower() in FORMATS and path.is_file()]


def _entries(folder: Path) -> Iterator[Path]:
    """What a folder holds, in order of name, without hidden files."""
    try:
        with os.scandir(folder) as found:
            names = [entry.name for entry, _ in zip(found, range(MOST_FILES + 1), strict=False)]
    except OSError as error:
        raise DataError(
            f"{folder} cannot be read ({brief(error.strerror or error)}): choose another folder."
        ) from error
    if len(names) > MOST_FILES:
        raise DataError(f"{folder} has more than {MOST_FILES:,} files: give an .npz file in place of a folder.")
    yield from (folder / name for name in sorted(names) if not name.startswith((".", "__MACOSX")))


def _size(path: Path) -> tuple[int, int]:
    try:
        with Image.open(path, formats=[FORMATS[path.suffix.lower()]]) as image:
            return image.height, image.width
    except Exception as error:  # Pillow raises a dozen kinds of errors for malformed bytes
        raise _unreadable(path, error) from error


def _levels(path: Path, size: tuple[int, int], scaled: bool) -> NDArray[np.uint8]:
    """(H, W), grey levels of an image, scaled if it may be."""
    try:
        with Image.open(path, formats=[FORMATS[path.suffix.lower()]]) as image:
            if not scaled and (image.height, image.width) != size:
                ours, theirs = f"{image.height} x {image.width}", f"{size[0]} x {size[1]}"
                raise DataError(
                    f"{path} has {ours} pixels, and the first image has {theirs}: make all images equally large, or"
                    " give --image-size HEIGHT WIDTH."
                )
            if max(image.size) > MOST_SOURCE_SIDE:
                raise ValueError(f"more than {MOST_SOURCE_SIDE:,} pixels a side")
            if image.mode not in MODES:
                raise ValueError(f"its pixels are of the kind {image.mode}")
            grey = image.convert("RGB").convert("L") if image.mode == "P" else image.convert("L")
            if scaled and (grey.height, grey.width) != size:
                grey = grey.resize(size[::-1], Image.Resampling.BOX)
            return np.asarray(grey)
    except DataError:
        raise
    except Exception as error:  # as in `_size`
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> DataError:
    return DataError(f"{path} cannot be read as an image ({brief(error)}): replace it, or remove it from the folder.")
