"""Images and labels from anywhere as grey levels and classes, checked; and seeded splits of them.

Grey levels are whole numbers from 0 to 255, or fractions from 0 to 1; whole numbers none of which is above 1 are read
as fractions, too: no ink, and ink.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dlgmm_core.data.sources import DataError
from dlgmm_core.runtime.files import brief
from dlgmm_core.runtime.wording import counted

__all__ = [
    "LEAST_IMAGES",
    "MOST_IMAGES",
    "MOST_PIXELS",
    "MOST_SIDE",
    "PARTS",
    "RawImages",
    "classes_of",
    "dealt",
    "grey_levels",
    "require_numbers",
    "require_same_shape",
    "require_sizes",
    "unambiguous",
]

PARTS = ("train", "valid", "test")
LEAST_IMAGES = {"train": 10, "valid": 2, "test": 2}  # as many neighbours as kNN asks, and enough for an interval
MOST_IMAGES = 1_000_000
MOST_SIDE = 1000  # pixels
MOST_PIXELS = 2**27  # of all images together; MNIST has 55 million
MOST_CLASSES = 250  # a byte an image, on the maps of the app
_WHOLE = re.compile(r"-?[0-9]{1,18}")


@dataclass(frozen=True)
class RawImages:
    """What a file or a folder holds, before it is checked.

    Attributes:
        images: (N, H, W), grey levels as in this module's description.
        labels: (N,) whole numbers or text; None where there are none.
        part: (N,) indices into `PARTS`; None where a seed is to choose them.
    """

    images: NDArray[np.generic]
    labels: NDArray[np.generic] | None = None
    part: NDArray[np.int64] | None = None


def require_sizes(count: int, height: int, width: int, name: str, most_pixels: int = MOST_PIXELS) -> None:
    """Checks, before anything is allocated, how many images of which size there are.

    Args:
        count: of the images.
        height: of an image, in pixels.
        width: of an image, in pixels.
        name: of the file or folder, for messages.
        most_pixels: of all images together.

    Raises:
        DataError: if they are none, too many, too small or too large.
    """
    if count < 1:
        raise DataError(f"{name} has no images: give it at least {sum(LEAST_IMAGES.values())}.")
    shown = f"{counted(count, 'image')} of {height:,} x {width:,} pixels"
    if not (2 <= height <= MOST_SIDE and 2 <= width <= MOST_SIDE):
        raise DataError(f"{name} has {shown}: give it images of 2 to {MOST_SIDE:,} pixels per side.")
    if count > MOST_IMAGES or count * height * width > most_pixels:
        raise DataError(
            f"{name} has {shown}: give it at most {MOST_IMAGES:,} images with"
            f" {most_pixels:,} pixels in all, or scale them to a smaller size (⟨size⟩)."
        )


def require_numbers(kind: np.dtype, name: str, what: str) -> None:
    """Checks the type of an array of images.

    Args:
        kind: its type.
        name: of the file or folder, for messages.
        what: the array is called.

    Raises:
        DataError: for anything but whole numbers, fractions and truth values.
    """
    if kind.hasobject:
        raise DataError(
            f"{name} has {what} as Python objects, which are not read: save them as one array of numbers, all images of"
            " one size."
        )
    if kind.kind not in "biuf":
        raise DataError(f"{name} has {what} of the type {kind}: give it whole numbers or fractions.")


def grey_levels(images: NDArray[np.generic], name: str) -> NDArray[np.uint8]:
    """Grey levels 0..255 of images (N, H, W), or (N, H, W, 1), of any type that this module's description allows.

    Args:
        images: to be read.
        name: of the file or folder, for messages.

    Returns:
        (N, H, W) uint8, 255 = ink.

    Raises:
        DataError: for another shape or type, and for levels out of range.
    """
    if images.ndim == 4 and images.shape[3] == 1:
        images = images[..., 0]
    if images.ndim != 3:
        raise DataError(
            f"{name} has images in an array of the shape {images.shape}: give it N x height x width, grey, not colour."
        )
    require_numbers(images.dtype, name, "images")
    require_sizes(images.shape[0], images.shape[1], images.shape[2], name)
    low, high = images.min(), images.max()  # nan, if any is
    if images.dtype.kind == "f":
        if not np.isfinite([low, high]).all():
            raise DataError(f"{name} has pixels that are missing or infinite: give every pixel a number.")
        if not 0 <= low <= high <= 1:
            raise DataError(
                f"{name} has pixels from {low:g} to {high:g}: fractions must be from 0 to 1, so"
                " divide by the largest, or give whole numbers from 0 to 255."
            )
        levels = np.empty(images.shape, np.uint8)
        for place, image in zip(levels, images, strict=True):  # an image at a time, not to double the memory
            place[...] = np.rint(image.astype(np.float64) * 255)
        return levels
    if low < 0 or high > 255:
        raise DataError(f"{name} has pixels from {low} to {high}: whole numbers must be from 0 to 255.")
    return images.astype(np.uint8) * np.uint8(255 if high <= 1 else 1)


def unambiguous(parts: Sequence[NDArray[np.uint8]]) -> list[NDArray[np.generic]]:
    """Grey levels of all parts of a data set as `grey_levels` reads them: fractions where none is above 1.

    Whole numbers would be read as zeros and ones there.
    """
    if any(levels.max(initial=0) > 1 for levels in parts):
        return list(parts)
    return [(levels / 255).astype(np.float32) for levels in parts]


def classes_of(labels: NDArray[np.generic], count: int, name: str) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """The names of classes in order, by value if all are whole numbers, and every image's index among them.

    Args:
        labels: (N,) or (N, 1) whole numbers or text.
        count: of images.
        name: of the file or folder, for messages.

    Returns:
        C names, and (N,) indices.

    Raises:
        DataError: for another number of labels, another type, too many classes, or an unreadable name.
    """
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.shape != (count,):
        raise DataError(
            f"{name} has labels in an array of the shape {labels.shape} for {counted(count, 'image')}: give it one"
            " label per image."
        )
    if labels.dtype.kind not in "biuUS":
        raise DataError(f"{name} has labels of the type {labels.dtype}: give it whole numbers or text.")
    found, indices = np.unique(labels, return_inverse=True)
    if len(found) > MOST_CLASSES:
        raise DataError(f"{name} has {len(found):,} different labels: give it at most {MOST_CLASSES:,} classes.")
    try:
        words = [value.decode() if isinstance(value, bytes) else str(value) for value in found.tolist()]
    except UnicodeDecodeError as error:
        raise DataError(f"{name} has labels that are not text in UTF-8: give it text or whole numbers.") from error
    if odd := [word for word in words if not word.isprintable() or not 0 < len(word) <= 100]:
        raise DataError(f"{name} has a label {brief(odd[0])!r}: give labels of 1 to 100 printable characters.")
    order = sorted(range(len(words)), key=lambda i: int(words[i])) if all(map(_WHOLE.fullmatch, words)) else None
    if order is None:
        order = sorted(range(len(words)), key=words.__getitem__)
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    return tuple(words[i] for i in order), place[indices.reshape(-1)]


def require_shares(shares: tuple[float, float, float], name: str) -> None:
    """Checks the shares of the three parts of a file or a folder of that name.

    Raises:
        DataError: if they are not positive or do not sum to 1.
    """
    if not (len(shares) == 3 and all(share > 0 for share in shares) and abs(sum(shares) - 1) < 1e-6):
        raise DataError(
            f"{name} cannot be split into shares of {', '.join(f'{share:g}' for share in shares)}: give three positive"
            " ones that sum to 1 (⟨shares⟩)."
        )


def require_same_shape(name: str, shape: tuple[int, ...], of_model: tuple[int, ...]) -> None:
    """Checks that a model is for the images of a data set.

    Args:
        name: of the data set.
        shape: height and width of its images.
        of_model: those that the model is for.

    Raises:
        DataError: if it is not.
    """
    if shape != of_model:
        ours, theirs = (" x ".join(map(str, each)) for each in (of_model, shape))
        raise DataError(
            f"The model is for images of {ours} pixels, and those of {name} have {theirs}: choose another data set, or"
            " train a model for it."
        )


def dealt(count: int, shares: tuple[float, float, float], seed: int, name: str) -> NDArray[np.int64]:
    """(N,) a part of every image, an index into `PARTS`, by a seeded draw whose stream NumPy guarantees not to change.

    Args:
        count: N.
        shares: of the three parts, which sum to 1.
        seed: of the draw.
        name: of the file or folder, for messages.

    Raises:
        DataError: as `require_shares`, and for a negative seed.
    """
    require_shares(shares, name)
    if seed < 0:
        raise DataError(f"{name} cannot be split by the seed {seed}: give a whole number from 0 on (⟨seed⟩).")
    order = np.argsort(np.random.PCG64(np.random.SeedSequence(seed)).random_raw(count), kind="stable")
    valid, test = (round(share * count) for share in shares[1:])
    part = np.zeros(count, np.int64)
    part[order[:valid]] = 1
    part[order[valid : valid + test]] = 2
    return part
