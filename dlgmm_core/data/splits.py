"""A data set as three splits of binary images, and the binarization of grey levels.

A grey level g in 0..255 is read as the probability g/255 of ink (Salakhutdinov & Murray, 2008). One
seeded draw gives the `fixed` binarization, on which every figure is reported; `dynamic` training
draws again every epoch.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from dlgmm_core.data.levels import (
    LEAST_IMAGES,
    PARTS,
    RawImages,
    classes_of,
    dealt,
    grey_levels,
    require_same_shape,
)
from dlgmm_core.data.sources import DataError
from dlgmm_core.runtime.wording import counted

__all__ = ["FIXED_SEED", "SHARES", "Dataset", "Split", "binarization_levels", "binarize"]

FIXED_SEED = 2016
_AT_ONCE = 1 << 20  # pixels that are binarized together, a multiple of four
SHARES = (0.8, 0.1, 0.1)  # of training, validation and test images, where a seed splits them


@dataclass(frozen=True)
class Split:
    """N images of one part of a data set.

    Attributes:
        grey: (N, X) uint8, 0 = paper, 255 = ink.
        binary: (N, X) uint8, zeros and ones: the fixed binarization.
        labels: (N,) int64, indices into the data set's `class_names`; None where there are none.
    """

    grey: NDArray[np.uint8]
    binary: NDArray[np.uint8]
    labels: NDArray[np.int64] | None

    def __len__(self) -> int:
        return len(self.binary)

    def __getitem__(self, rows: slice | NDArray[np.integer]) -> "Split":
        grey = self.grey[rows] if len(self.grey) else self.grey  # which `without_grey` leaves out
        return Split(grey, self.binary[rows], None if self.labels is None else self.labels[rows])

    def without_grey(self) -> "Split":
        """The same split without grey levels, (0, X): half the memory, if only binary images are needed."""
        return Split(self.grey[:0].copy(), self.binary, self.labels)

    @property
    def known_labels(self) -> NDArray[np.int64]:
        """(N,), the labels, where they are needed.

        Raises:
            DataError: if there are none.
        """
        if self.labels is None:
            raise DataError("These images have no labels: choose a data set that has them.")
        return self.labels


@dataclass(frozen=True)
class Dataset:
    """Training, validation and test images of one source.

    Attributes:
        name: of the source.
        train, valid, test: its splits; X is the product of `shape`.
        class_names: names of the labels; none where there are no labels.
        shape: height and width of an image.
    """

    name: str
    train: Split
    valid: Split
    test: Split
    class_names: tuple[str, ...]
    shape: tuple[int, ...] = (28, 28)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the shape and of all splits' binary images and labels, computed when first asked for."""
        found = hashlib.sha256(repr(tuple(map(int, self.shape))).encode())
        for split in (self.train, self.valid, self.test):
            labels = b"none" if split.labels is None else split.labels.astype("<i8").tobytes()
            found.update(f"{len(split)} ".encode() + np.packbits(split.binary).tobytes() + labels)
        return found.hexdigest()

    def class_of(self, index: int) -> str:
        """The name of a test image's class; empty where there are no labels."""
        return "" if self.test.labels is None else self.class_names[self.test.labels[index]]

    def classes_of(self, split: Split) -> list[str]:
        """(N,), the name of every image's class in a split of this data set; none where there are no labels."""
        return [] if split.labels is None else [self.class_names[label] for label in split.labels]

    def require_shape(self, shape: tuple[int, ...]) -> None:
        """Checks that images have this height and width.

        Raises:
            DataError: if they do not.
        """
        require_same_shape(self.name, self.shape, shape)

    def require_digest(self, digest: str, who: str) -> None:
        """Checks that a model was trained on just these images and labels, as far as that is known.

        Args:
            digest: of the data set that it was trained on; empty if it was not noted, as in the first checkpoints.
            who: names the checkpoint in the message.

        Raises:
            DataError: if it was not.
        """
        if digest and digest != self.digest:
            raise DataError(
                f"{who} was trained on another data set {self.name} than the one that is here now, with other images,"
                " splits or labels: bring that one back, or train on this one under another name."
            )

    @classmethod
    def from_arrays(
        cls,
        name: str,
        images: NDArray[np.generic] | Mapping[str, NDArray[np.generic]],
        labels: NDArray[np.generic] | Mapping[str, NDArray[np.generic]] | None = None,
        *,
        shares: tuple[float, float, float] = SHARES,
        seed: int = 0,
        threshold: bool = False,
    ) -> "Dataset":
        """A data set from images in memory.

        Args:
            name: of the data set.
            images: (N, H, W) or (N, H, W, 1): whole numbers 0..255 or fractions 0..1, the largest being ink; or such
                arrays by part, train, valid and test.
            labels: (N,) whole numbers or text, or such arrays by part.
            shares: of training, validation and test images, if the images are one array.
            seed: of that split.
            threshold: whether ink is what is at least half of the full level, in place of a draw with g/255 as its
                probability.

        Raises:
            DataError: if images, labels or shares are invalid.

        Example:
            >>> images = np.random.default_rng(0).random((100, 20, 24))
            >>> len(Dataset.from_arrays("noise", images).train)
            80
        """
        if isinstance(images, Mapping) != isinstance(labels, Mapping) and labels is not None:
            raise DataError(f"{name} has images and labels of different kinds: give both by part, or both whole.")
        if isinstance(images, Mapping):
            raw = joined(images, labels if isinstance(labels, Mapping) else None, name)
        else:
            raw = RawImages(np.asarray(images), None if labels is None else np.asarray(labels))
        return cls.from_raw(name, raw, name, shares=shares, seed=seed, threshold=threshold)

    @classmethod
    def from_raw(
        cls, name: str, raw: RawImages, origin: str, *, shares: tuple[float, float, float], seed: int, threshold: bool
    ) -> "Dataset":
        """A data set from what was read of a file or folder, `origin`; other arguments as of `from_arrays`.

        Raises:
            DataError: if images, labels or shares are invalid; the message names the origin.
        """
        levels = grey_levels(raw.images, origin)
        count, height, width = levels.shape
        flat = levels.reshape(count, height * width)
        names, labels = ((), None) if raw.labels is None else classes_of(raw.labels, count, origin)
        part = dealt(count, shares, seed, origin) if raw.part is None else raw.part
        splits = []
        for index, of in enumerate(PARTS):
            rows = np.flatnonzero(part == index)
            if len(rows) < LEAST_IMAGES[of]:
                of_all = "" if raw.part is not None else f" of {count:,}"
                cure = "more images" if raw.part is not None or shares == SHARES else "more images, or other ⟨shares⟩"
                raise DataError(
                    f"{origin} has {counted(len(rows), 'image')}{of_all} for {of}, and at least {LEAST_IMAGES[of]} are"
                    f" needed: give it {cure}."
                )
            grey = flat[rows]
            if threshold:
                grey = np.where(grey >= 128, np.uint8(255), np.uint8(0))
            splits.append(Split(grey, binarize(grey, FIXED_SEED, index), None if labels is None else labels[rows]))
        return cls(name, splits[0], splits[1], splits[2], names, (height, width))


def joined(
    images: Mapping[str, NDArray[np.generic]], labels: Mapping[str, NDArray[np.generic]] | None, name: str
) -> RawImages:
    """Images, and labels where there are some, that are given by part.

    Raises:
        DataError: if a part is missing, parts differ in shape or kind, or one has not as many labels as images.
    """
    parts, known = _parts(images, "images", name), None if labels is None else _parts(labels, "labels", name)
    for part, shown, named in zip(PARTS, parts, known or (), strict=known is not None):
        if len(named) != len(shown):
            raise DataError(
                f"{name} has {counted(len(named), 'label')} for {counted(len(shown), 'image')} of {part}: give it one"
                " label per image."
            )
    return RawImages(
        np.concatenate(parts),
        None if known is None else np.concatenate(known),
        np.repeat(np.arange(len(PARTS)), [len(each) for each in parts]),
    )


def _parts(given: Mapping[str, NDArray[np.generic]], what: str, name: str) -> list[NDArray[np.generic]]:
    """The three parts of images or labels, which differ in their numbers alone.

    Raises:
        DataError: if one is missing, no array, or of another shape or type than that of train.
    """
    found: list[NDArray[np.generic]] = []
    for part in PARTS:
        if part not in given:
            raise DataError(f"{name} has no {part} {what}: give it train, valid and test.")
        try:
            each = np.asarray(given[part])
        except ValueError as error:  # lists of unlike lengths
            raise DataError(f"{name} has {part} {what} that are no array: give {what} of one size.") from error
        if each.ndim == 0:
            raise DataError(f"{name} has {part} {what} that are no array: give an array of {what}.")
        first = found[0] if found else each
        for this, that, of in (
            (_shape(each), _shape(first), "shape"),
            (_kind(each), _kind(first), "type"),
        ):
            if this != that:
                raise DataError(
                    f"{name} has train {what} of the {of} {that} and {part} {what} of the {of} {this}: give all three"
                    f" parts one {of}."
                )
        found.append(each)
    return found


def _shape(array: NDArray[np.generic]) -> str:
    return " x ".join(["N", *map(str, array.shape[1:])])


def _kind(array: NDArray[np.generic]) -> str:
    """Types that are read alike have one name: whole numbers of any size, or text of any length."""
    names = {"u": "whole number", "i": "whole number", "f": "fraction", "b": "truth value", "U": "text", "S": "bytes"}
    return names.get(array.dtype.kind, str(array.dtype))


def binarize(grey: NDArray[np.uint8], *seed: int) -> NDArray[np.uint8]:
    """One Bernoulli draw of every pixel, with probability of ink g/255 to within 1e-5.

    It uses the raw bits of a seeded PCG64, whose stream NumPy guarantees not to change, so that a seed
    gives the same images on every machine and version.

    Args:
        grey: any shape, 0..255.
        seed: whole numbers, hashed together; trailing zeros do not count.

    Returns:
        The same shape, zeros and ones.

    Example:
        >>> binarize(np.array([[0, 128, 255]], dtype=np.uint8), 2016).shape
        (1, 3)
    """
    levels, thresholds, bits = grey.reshape(-1), np.append(_thresholds(), np.uint16(0)), _generator(seed)
    ink = np.empty(grey.size, np.uint8)
    for first in range(0, grey.size, _AT_ONCE):  # all images of a large data set at once would take 300 MB
        some = levels[first : first + _AT_ONCE]
        ink[first : first + _AT_ONCE] = (_uniform(bits, len(some)) < thresholds[some]) | (some == 255)
    return ink.reshape(grey.shape)


def binarization_levels(count: int, *seed: int) -> NDArray[np.uint8]:
    """(count,), the least grey level that `binarize` draws as ink in each pixel, 1..255.

    Example:
        >>> grey = np.arange(0, 250, 10, dtype=np.uint8)
        >>> bool((binarize(grey, 7) == (grey >= binarization_levels(25, 7))).all())
        True
    """
    return np.searchsorted(_thresholds(), _uniform(_generator(seed), count), side="right").astype(np.uint8)


def _generator(seed: tuple[int, ...]) -> np.random.PCG64:
    return np.random.PCG64(np.random.SeedSequence(seed))


def _uniform(generator: np.random.PCG64, count: int) -> NDArray[np.uint16]:
    """(count,), the next numbers of the stream, which goes on with a multiple of four."""
    return generator.random_raw(-(-count // 4)).astype("<u8").view("<u2")[:count]


def _thresholds() -> NDArray[np.uint16]:
    """(255,), below which a level draws ink: level 0 never does, and level 255 always."""
    return ((np.arange(255) * 65536 + 127) // 255).astype(np.uint16)
