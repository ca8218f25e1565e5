"""The table of published data sets, and any data set by its name: a published one, or one's own.

`dlgmm_core.data.sources` provides the files, `dlgmm_core.data.splits` what a data set is, and
`dlgmm_core.data.own` the data sets of one's own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dlgmm_core.data import published, sources
from dlgmm_core.data.binarized_mnist import binarized_mnist, has_binarized_mnist
from dlgmm_core.data.npz_files import image_size_of
from dlgmm_core.data.omniglot import has_omniglot, read_omniglot
from dlgmm_core.data.own import find_own, load_own, own_names
from dlgmm_core.data.published import VALID_SIZE, drawn_split
from dlgmm_core.data.splits import FIXED_SEED, Dataset, Split, binarization_levels, binarize
from dlgmm_core.runtime.program import PROGRAM
from dlgmm_core.runtime.wording import nearest

__all__ = [
    "DATASETS",
    "Dataset",
    "DatasetFamily",
    "Split",
    "binarization_levels",
    "binarize",
    "is_here",
    "label_of",
    "load_dataset",
    "own_datasets",
    "require_data",
    "require_known",
    "shape_of",
]

ASSETS = Path(__file__).with_name("assets")


def _load_mnist() -> Dataset:
    with np.load(ASSETS / "mnist.npz", allow_pickle=False) as file:
        known = drawn_split(file["train_images"], file["train_labels"], FIXED_SEED, 0)
        test = drawn_split(file["test_images"], file["test_labels"], FIXED_SEED, 1)
    return Dataset("mnist", known[:-VALID_SIZE], known[-VALID_SIZE:], test, tuple("0123456789"))


def _load_binarized_mnist() -> Dataset:
    mnist = _load_mnist()
    known_grey = np.concatenate([mnist.train.grey, mnist.valid.grey])
    known_labels = np.concatenate([mnist.train.known_labels, mnist.valid.known_labels])
    splits = []
    for part in ("train", "valid", "test"):
        binary = binarized_mnist(part)
        grey, labels = (mnist.test.grey, mnist.test.known_labels) if part == "test" else (known_grey, known_labels)
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
        drawn_split(drawings.grey[rows], drawings.alphabet[rows], FIXED_SEED, 2 + i)
        for i, rows in enumerate(parts.values())
    ]
    names = tuple(name.replace("_", " ") for name in drawings.alphabet_names)  # of folders
    return Dataset("omniglot", splits[0], splits[1], splits[2], names)


@dataclass(frozen=True)
class DatasetFamily:
    """A row of the table of data sets.

    Attributes:
        label: the name to display.
        load: the loader.
        is_local: whether `load` downloads nothing; may raise `DataError`.
        shape: height and width of an image.
        source: where it is from, in a few words.
        licence: of the images, as far as the publisher states one.
    """

    label: str
    load: Callable[[], Dataset]
    is_local: Callable[[], bool] = lambda: True
    shape: tuple[int, int] = (28, 28)
    source: str = "in the package"
    licence: str = "none stated"


DATASETS: dict[str, DatasetFamily] = {
    "mnist": DatasetFamily("MNIST", _load_mnist, licence="CC BY-SA 3.0"),
    "binarized-mnist": DatasetFamily(
        "Binarized MNIST (Larochelle)",
        _load_binarized_mnist,
        has_binarized_mnist,
        source="a download of 20 MB, or DLGMM_DATA",
        licence="that of MNIST, CC BY-SA 3.0",
    ),
    "omniglot": DatasetFamily(
        "Omniglot", _load_omniglot, has_omniglot, source="a download of 16 MB, or DLGMM_DATA", licence="MIT"
    ),
    "digits": DatasetFamily(
        "Digits (8×8)", published.load_digits, shape=(8, 8), source="in scikit-learn", licence="CC BY 4.0"
    ),
    **{
        name: DatasetFamily(
            each.label,
            partial(published.load_idx, name),
            partial(published.has_idx, name),
            source=f"a download of {each.megabytes} MB, or DLGMM_DATA",
            licence=each.licence,
        )
        for name, each in published.IDX.items()
    },
    "omniglot-burda": DatasetFamily(
        "Omniglot (Burda)",
        published.load_burda,
        published.has_burda,
        source="a download, or DLGMM_DATA",
        licence="none stated; the drawings are those of Omniglot, MIT",
    ),
}


def load_dataset(name: str) -> Dataset:
    """A data set by its name, one in `DATASETS` or one's own; Omniglot's classes are its 50 alphabets.

    Raises:
        DataError: for an unknown name, and if files are missing, damaged or cannot be downloaded.
    """
    require_data(name)
    return DATASETS[name].load() if name in DATASETS else load_own(name)


def shape_of(name: str) -> tuple[int, int]:
    """Height and width of the images of a data set, without reading them.

    Raises:
        DataError: for an unknown name, and if the file of one's own data set is damaged.
    """
    require_known(name)
    path = None if name in DATASETS else find_own(name)
    return DATASETS[name].shape if path is None else image_size_of(path)


def label_of(name: str) -> str:
    """The name to display of a data set; one's own have no other than their own."""
    return DATASETS[name].label if name in DATASETS else name


def is_here(name: str) -> bool:
    """Whether a data set can be read without a download.

    Raises:
        DataError: if that cannot be known.
    """
    return DATASETS[name].is_local() if name in DATASETS else find_own(name) is not None


def require_known(name: str) -> None:
    """Checks that there is a data set of that name.

    Raises:
        DataError: if there is none.
    """
    if name not in DATASETS and find_own(name) is None:
        known = [*DATASETS, *own_datasets()]
        raise sources.DataError(
            f"There is no data set {name[:100]!r}: {nearest(name[:100], known)}choose one of {', '.join(known)}, or"
            " train on your own (⟨data⟩)."
        )


def own_datasets() -> list[str]:
    """The names of one's own data sets, in order; a file with a published one's name is never read."""
    return [name for name in own_names() if name not in DATASETS]


def require_data(name: str) -> None:
    """Checks, before long work, that a data set is on this computer, or may be downloaded.

    Raises:
        DataError: if it is not, and for an unknown name.
    """
    require_known(name)
    family = DATASETS.get(name)
    if family is not None and not sources.may_download() and not family.is_local():
        raise sources.DataError(
            f"{family.label} is not on this computer, which downloads nothing by itself ({sources.DOWNLOAD}): choose"
            f" another data set, or have “{PROGRAM} data get {name}” run on it with {sources.DOWNLOAD}=1."
        )
