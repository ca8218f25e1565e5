"""Data sets as splits of binary images, and the binarization of grey levels.

A grey level g in 0..255 is read as the probability g/255 of ink (Salakhutdinov & Murray, 2008). One
seeded draw gives the `fixed` binarization, on which every figure is reported; `dynamic` training
draws again every epoch. `dlgmm_core.data.sources` provides the files.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dlgmm_core.data import sources
from dlgmm_core.data.omniglot import has_omniglot, read_omniglot

__all__ = ["DATASETS", "Dataset", "DatasetFamily", "Split", "binarize", "load_dataset", "require_data", "require_known"]

ASSETS = Path(__file__).with_name("assets")
FIXED_SEED = 2016
VALID_SIZE = 10_000


@dataclass(frozen=True)
class Split:
    """N images of one part of a data set.

    Attributes:
        grey: (N, X) uint8, 0 = paper, 255 = ink.
        binary: (N, X) uint8, zeros and ones: the fixed binarization.
        labels: (N,) int64, indices into the data set's `class_names`.
    """

    grey: NDArray[np.uint8]
    binary: NDArray[np.uint8]
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, rows: slice) -> "Split":
        return Split(self.grey[rows], self.binary[rows], self.labels[rows])

    def without_grey(self) -> "Split":
        """The same split without grey levels, (0, X): half the memory, if only binary images are needed."""
        return Split(self.grey[:0].copy(), self.binary, self.labels)


@dataclass(frozen=True)
class Dataset:
    """Training, validation and test images of one source.

    Attributes:
        name: of the source.
        train, valid, test: its splits; X is the product of `shape`.
        class_names: names of the labels.
        shape: height and width of an image.
    """

    name: str
    train: Split
    valid: Split
    test: Split
    class_names: tuple[str, ...]
    shape: tuple[int, ...] = (28, 28)

    def require_shape(self, shape: tuple[int, ...]) -> None:
        """Checks that images have this height and width.

        Raises:
            DataError: if they do not.
        """
        if self.shape != shape:
            ours, theirs = (" x ".join(map(str, each)) for each in (shape, self.shape))
            raise sources.DataError(
                f"The model is for images of {ours} pixels, and those of {self.name} have {theirs}: choose another data"
                " set, or train a model for it."
            )


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
    bits = np.random.PCG64(np.random.SeedSequence(seed)).random_raw(-(-grey.size // 4))
    uniform = bits.astype("<u8").view("<u2")[: grey.size].reshape(grey.shape)
    threshold = ((np.arange(255) * 65536 + 127) // 255).astype(np.uint16)  # level 0 is never ink
    ink = uniform < np.append(threshold, np.uint16(0))[grey]
    return (ink | (grey == 255)).view(np.uint8)


def _split(grey: NDArray[np.uint8], labels: NDArray[np.integer], *seed: int) -> Split:
    return Split(grey, binarize(grey, *seed), labels.astype(np.int64))


def _load_mnist() -> Dataset:
    with np.load(ASSETS / "mnist.npz", allow_pickle=False) as file:
        known = _split(file["train_images"], file["train_labels"], FIXED_SEED, 0)
        test = _split(file["test_images"], file["test_labels"], FIXED_SEED, 1)
    return Dataset("mnist", known[:-VALID_SIZE], known[-VALID_SIZE:], test, tuple("0123456789"))


def _load_binarized_mnist() -> Dataset:
    mnist = _load_mnist()
    known_grey = np.concatenate([mnist.train.grey, mnist.valid.grey])
    known_labels = np.concatenate([mnist.train.labels, mnist.valid.labels])
    splits = []
    for part in ("train", "valid", "test"):
        binary = sources.binarized_mnist(part)
        grey, labels = (mnist.test.grey, mnist.test.labels) if part == "test" else (known_grey, known_labels)
        origin = sources.cached_array(f"binarized-mnist-{part}-origin", partial(most_likely_origin, binary, grey))
        splits.append(Split(binary * np.uint8(255), binary, labels[origin]))
    return Dataset("binarized-mnist", splits[0], splits[1], splits[2], mnist.class_names)


def most_likely_origin(binary: NDArray[np.uint8], grey: NDArray[np.uint8]) -> NDArray[np.int64]:
    """(N,) index of the grey image (M, 784) under which each binary image (N, 784) is most likely.

    log p(x|g) = x . logit(g) + sum log(1 - g): one matrix product. Levels 0 and 255 are moved by half a
    level away from probabilities 0 and 1, so that one unexpected pixel does not exclude an image.
    """
    level = np.clip(grey.astype(np.float32), 0.5, 254.5) / 255
    logits, offsets = np.log(level / (1 - level)), np.log1p(-level).sum(1)
    blocks = range(0, len(binary), 2000)  # 2000 x 60,000 scores are half a gigabyte
    scores = (binary[i : i + 2000].astype(np.float32) @ logits.T + offsets for i in blocks)
    return np.concatenate([block.argmax(1) for block in scores])


def _load_omniglot() -> Dataset:
    drawings = read_omniglot()
    parts = {"train": drawings.drawer <= 14, "valid": drawings.drawer == 15, "test": drawings.drawer >= 16}
    splits = [
        _split(drawings.grey[rows], drawings.alphabet[rows], FIXED_SEED, 2 + i) for i, rows in enumerate(parts.values())
    ]
    return Dataset("omniglot", splits[0], splits[1], splits[2], drawings.alphabet_names)


@dataclass(frozen=True)
class DatasetFamily:
    """A row of the table of data sets.

    Attributes:
        label: the name to display.
        load: the loader.
        is_local: whether `load` downloads nothing; may raise `DataError`.
    """

    label: str
    load: Callable[[], Dataset]
    is_local: Callable[[], bool] = lambda: True


DATASETS: dict[str, DatasetFamily] = {
    "mnist": DatasetFamily("MNIST", _load_mnist),
    "binarized-mnist": DatasetFamily(
        "Binarized MNIST (Larochelle)", _load_binarized_mnist, sources.has_binarized_mnist
    ),
    "omniglot": DatasetFamily("Omniglot", _load_omniglot, has_omniglot),
}


def load_dataset(name: str) -> Dataset:
    """A data set by its name in `DATASETS`; Omniglot's classes are its 50 alphabets.

    Raises:
        DataError: for an unknown name, and if files are missing, damaged or cannot be downloaded.
    """
    require_data(name)
    return DATASETS[name].load()


def require_known(name: str) -> None:
    """Checks that there is a data set of that name.

    Raises:
        DataError: if there is none.
    """
    if name not in DATASETS:
        raise sources.DataError(f"There is no data set {name!r}: choose one of {', '.join(DATASETS)}.")


def require_data(name: str) -> None:
    """Checks, before long work, that a data set is on this computer, or may be downloaded.

    Raises:
        DataError: if it is not, and for an unknown name.
    """
    require_known(name)
    family = DATASETS[name]
    if not sources.may_download() and not family.is_local():
        raise sources.DataError(
            f"{family.label} is not on this server, which downloads nothing for its visitors: choose another data set,"
            f" or ask the server's administrator to run “python -m dlgmm_core data {name}” there."
        )
