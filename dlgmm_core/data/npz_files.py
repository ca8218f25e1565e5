"""Images and labels from an `.npz` file: whole, or by part.

Sizes are those that headers state, checked before anything is allocated; nothing is unpickled.
"""

import math
import zipfile
from pathlib import Path
from typing import IO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from dlgmm_core.data.levels import MOST_PIXELS, PARTS, RawImages, require_numbers, require_sizes
from dlgmm_core.data.sources import DataError
from dlgmm_core.data.splits import joined
from dlgmm_core.runtime.files import brief

__all__ = ["image_size_of", "is_by_part", "read_npz"]

_FORMS = "`images` (and `labels`), or `train_images`, `valid_images` and `test_images` (and `train_labels` …)"
_MOST_LABEL_BYTES = 2**27
_MOST_MEMBERS = 100


def read_npz(path: Path, content: IO[bytes] | None = None, most_pixels: int = MOST_PIXELS) -> RawImages:
    """The images, and the labels where there are some.

    Args:
        path: of the file.
        content: of the file, if it does not lie there; the path then names it in messages.
        most_pixels: of all images together.

    Raises:
        DataError: if the file cannot be read, or holds something else.
    """
    arrays = _Arrays(path, content, most_pixels)
    with arrays.archive:
        by_part = [f"{part}_images" for part in PARTS]
        if all(name in arrays.names for name in by_part):
            images = {part: arrays.images(f"{part}_images") for part in PARTS}
            labelled = [part for part in PARTS if f"{part}_labels" in arrays.names]
            if labelled and len(labelled) < len(PARTS):
                raise DataError(f"{path} has labels for {', '.join(labelled)} alone: give them to all parts, or none.")
            labels = {part: arrays.labels(f"{part}_labels") for part in labelled}
            return joined(images, labels or None, str(path))
        if parts := [part for part in PARTS if f"{part}_images" in arrays.names]:
            found = " and ".join(f"{part}_images" for part in parts)
            missing = " and ".join(f"{part}_images" for part in PARTS if part not in parts)
            raise DataError(
                f"{path} has {found}, but not {missing}: give it all three, or all images as `images`, which are then"
                " split by a seed."
            )
        if "images" not in arrays.names:
            found = ", ".join(map(brief, sorted(arrays.names)[:5])) or "no array"
            raise DataError(f"{path} has {found}: name its arrays {_FORMS}.")
        return RawImages(arrays.images("images"), arrays.labels("labels") if "labels" in arrays.names else None)


def is_by_part(path: Path) -> bool:
    """Whether an `.npz` file has images by part, by its list of arrays; one that cannot be read may have."""
    try:
        arrays = _Arrays(path)
    except DataError:
        return True
    with arrays.archive:
        return all(f"{part}_images" in arrays.names for part in PARTS)


def image_size_of(path: Path) -> tuple[int, int]:
    """Height and width of the images of a file by part, from a header alone.

    Raises:
        DataError: if the file cannot be read.
    """
    arrays = _Arrays(path)
    with arrays.archive:
        shape = arrays.header("train_images")[0]
    if len(shape) != 3:
        raise DataError(f"{path} has images in an array of the shape {shape}: give it N x height x width.")
    return shape[1], shape[2]


class _Arrays:
    """The arrays of an `.npz` file.

    Raises:
        DataError: in all methods, if the file is not what they expect.
    """

    def __init__(self, path: Path, content: IO[bytes] | None = None, most_pixels: int = MOST_PIXELS) -> None:
        self.path, self.most_pixels = path, most_pixels
        try:
            self.archive = zipfile.ZipFile(path if content is None else content)
        except Exception as error:  # zipfile raises a dozen kinds of errors for malformed bytes
            raise _unreadable(path) from error
        members = self.archive.infolist()
        if len(members) > _MOST_MEMBERS:
            raise DataError(f"{path} has more than {_MOST_MEMBERS} arrays: name those of the images {_FORMS}.")
        self.names = {info.filename.removesuffix(".npy"): info for info in members if info.filename.endswith(".npy")}

    def header(self, name: str) -> tuple[tuple[int, ...], np.dtype]:
        """Shape and type of an array."""
        try:
            with self._open(name) as file:
                return _header(file)
        except DataError:
            raise
        except Exception as error:  # also of zlib and of the parser of the header
            raise _unreadable(self.path) from error

    def images(self, name: str) -> NDArray[np.generic]:
        """The array of that name, of at most so many pixels."""
        shape, kind = self.header(name)
        require_numbers(kind, str(self.path), name)
        if len(shape) not in (3, 4) or shape[3:] not in ((), (1,)):
            raise DataError(
                f"{self.path} has {name} of the shape {shape}: give it N x height x width, grey, not colour."
            )
        require_sizes(shape[0], shape[1], shape[2], str(self.path), self.most_pixels)
        return self._read(name, kind)

    def labels(self, name: str) -> NDArray[np.generic]:
        """The array of that name, of one axis or more and of at most so many bytes."""
        shape, kind = self.header(name)
        if not shape:
            raise DataError(f"{self.path} has {name} of the shape (): give it one label per image.")
        if math.prod(shape) * kind.itemsize > _MOST_LABEL_BYTES:
            raise DataError(f"{self.path} has more than {_MOST_LABEL_BYTES:,} bytes of {name}: give shorter labels.")
        return self._read(name, kind).reshape(shape[0] if len(shape) in (1, 2) and math.prod(shape[1:]) == 1 else shape)

    def _read(self, name: str, kind: np.dtype) -> NDArray[np.generic]:
        if kind.hasobject:
            raise DataError(
                f"{self.path} has {name} as Python objects, which are not read: save it as numbers or text, such as by"
                " .astype(str)."
            )
        try:
            with self._open(name) as file:
                array: NDArray[np.generic] = npy.read_array(file, allow_pickle=False)
                return array
        except DataError:
            raise
        except Exception as error:
            raise _unreadable(self.path) from error

    def _open(self, name: str) -> IO[bytes]:
        info = self.names.get(name)
        if info is None:
            raise DataError(f"{self.path} has no array {name}: name its arrays {_FORMS}.")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or info.flag_bits & 1:
            raise _unreadable(self.path, "it is encrypted, or compressed in an unusual way")
        return self.archive.open(info)


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], np.dtype]:
    version = npy.read_magic(file)
    read = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}.get(version)
    if read is None:
        raise ValueError(f"an array has the version {version}")
    shape, _, kind = read(file)
    if any(type(size) is not int or size < 0 for size in shape):
        raise ValueError(f"an array has the shape {shape}")
    return shape, kind


def _unreadable(path: Path, why: str = "it is of another kind, or damaged") -> DataError:
    return DataError(f"{path} cannot be read as an .npz file ({why}): save it again by numpy.savez.")
