"""Published data sets beside MNIST and Omniglot: scikit-learn's digits, three in MNIST's format, and Burda's Omniglot.

Splits: of `digits`, which have none, by a seed; of those in MNIST's format (IDX), the last 10,000 training images are
for validation, as for MNIST; of Burda's Omniglot, his own seeded 1,345.

References: H. Xiao, K. Rasul and R. Vollgraf, "Fashion-MNIST", arXiv 1708.07747; T. Clanuwat et al., "Deep learning for
classical Japanese literature" (KMNIST), arXiv 1812.01718; G. Cohen et al., "EMNIST", IJCNN 2017; Y. Burda, R. Grosse
and R. Salakhutdinov, "Importance weighted autoencoders", ICLR 2016, and the code published with it.
"""

import gzip
import io
import math
import string
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pooch
from numpy.typing import NDArray

from dlgmm_core.data.levels import RawImages
from dlgmm_core.data.sources import FILES, damaged, find, obtain, read_unpacked
from dlgmm_core.data.splits import FIXED_SEED, Dataset, Split, binarize

__all__ = ["IDX", "VALID_SIZE", "drawn_split", "has_burda", "has_idx", "load_burda", "load_digits", "load_idx"]

VALID_SIZE = 10_000
MOST_IDX_BYTES = 2**27  # EMNIST's training images have 98 million


def drawn_split(grey: NDArray[np.uint8], labels: NDArray[np.integer], *seed: int) -> Split:
    """Images (N, X) of the given classes (N,), binarized by a seed."""
    return Split(grey, binarize(grey, *seed), labels.astype(np.int64))


def load_digits() -> Dataset:
    """The 1,797 digits of 8 x 8 pixels and 17 grey levels in scikit-learn, split by a seed."""
    from sklearn.datasets import load_digits as bundled  # here, as it takes a second to import

    images, labels = bundled(return_X_y=True)
    raw = RawImages(np.rint(images * (255 / 16)).astype(np.uint8).reshape(-1, 8, 8), labels)
    return Dataset.from_raw("digits", raw, "digits", shares=(0.7, 0.1, 0.2), seed=FIXED_SEED, threshold=False)


@dataclass(frozen=True)
class IdxFamily:
    """A data set in MNIST's format.

    Attributes:
        label: the name to display.
        counts: of its published training and test images.
        class_names: of its labels, in order.
        first: the label of the first class.
        megabytes: of the download.
        licence: of the images.
        transposed: whether rows and columns are exchanged in the publisher's files.
    """

    label: str
    counts: tuple[int, int]
    class_names: tuple[str, ...]
    first: int
    megabytes: int
    licence: str
    transposed: bool = False


_CLOTHES = "T-shirt/top, Trouser, Pullover, Dress, Coat, Sandal, Shirt, Sneaker, Bag, Ankle boot"
_COUNTS = (60_000, 10_000)
IDX: dict[str, IdxFamily] = {
    "fashion-mnist": IdxFamily("Fashion-MNIST", _COUNTS, tuple(_CLOTHES.split(", ")), 0, 31, "MIT"),
    "kmnist": IdxFamily(
        "KMNIST", _COUNTS, ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"), 0, 21, "CC BY-SA 4.0"
    ),
    "emnist-letters": IdxFamily(
        "EMNIST letters",
        (124_800, 20_800),
        tuple(string.ascii_lowercase),
        1,
        562,
        "none stated by NIST",
        transposed=True,
    ),
}
_EMNIST = ("emnist-gzip.zip", "emnist/gzip.zip")


def load_idx(name: str) -> Dataset:
    """A data set in `IDX`.

    Raises:
        DataError: if a file is damaged, or missing and cannot be downloaded.
    """
    family = IDX[name]
    read = _emnist_reader() if name == "emnist-letters" else _reader(name)
    splits = []
    for index, (part, count) in enumerate(zip(("train", "test"), family.counts, strict=True)):
        content, origin = read(part, "images-idx3")
        images = parse_idx(content, (count, 28, 28), origin)
        content, origin = read(part, "labels-idx1")
        labels = parse_idx(content, (count,), origin).astype(np.int64) - family.first
        if not 0 <= labels.min() <= labels.max() < len(family.class_names):
            raise damaged(origin, "its labels are out of range")
        if family.transposed:
            images = images.swapaxes(1, 2)
        splits.append(drawn_split(images.reshape(count, -1), labels, FIXED_SEED, index))
    known, test = splits
    return Dataset(name, known[:-VALID_SIZE], known[-VALID_SIZE:], test, family.class_names)


def has_idx(name: str) -> bool:
    """Whether its files are on this machine."""
    if name == "emnist-letters":
        return find("", *_EMNIST) is not None
    return all(find("", *_names(name, part, what)) is not None for part in ("train", "test") for what in _WHAT)


_WHAT = ("images-idx3", "labels-idx1")
Read = Callable[[str, str], tuple[bytes, str]]
"""Reads a part's images or labels: returns the unpacked content of the file, and its name for messages."""


def _names(name: str, part: str, what: str) -> tuple[str, str]:
    file = f"{'t10k' if part == 'test' else part}-{what}-ubyte.gz"
    return f"{name}-{file}", f"{name}/{file}"


def _reader(name: str) -> Read:
    def read(part: str, what: str) -> tuple[bytes, str]:
        path = _published(*_names(name, part, what))
        return read_unpacked(path, MOST_IDX_BYTES), str(path)

    return read


def _emnist_reader() -> Read:
    path = _published(*_EMNIST)

    def read(part: str, what: str) -> tuple[bytes, str]:
        member = f"gzip/emnist-letters-{part}-{what}-ubyte.gz"
        try:
            with zipfile.ZipFile(path) as archive, archive.open(member) as packed, gzip.open(packed) as file:
                content = file.read(MOST_IDX_BYTES + 1)
        except (
            OSError,
            EOFError,
            KeyError,
            NotImplementedError,
            RuntimeError,
            zlib.error,
            zipfile.BadZipFile,
        ) as error:
            raise damaged(path, f"its member {member} cannot be read ({error})") from error
        if len(content) > MOST_IDX_BYTES:
            raise damaged(path, f"its member {member} has more than {MOST_IDX_BYTES:,} bytes")
        return content, f"{path}, {member}"

    return read


def _published(*names: str) -> Path:
    """A file with the publisher's bytes.

    Raises:
        DataError: if it has others, or is missing and cannot be downloaded.
    """
    path, known = obtain("", *names), FILES[names[0]].known_hash
    if known is not None:
        kind, digest = known.split(":")
        if pooch.file_hash(path, alg=kind) != digest:
            raise damaged(path, f"its {kind.upper()} is not {digest}")
    return path


def parse_idx(content: bytes, shape: tuple[int, ...], name: str) -> NDArray[np.uint8]:
    """Bytes in the IDX format: a magic number, big-endian sizes, and the values.

    Args:
        content: of the file.
        shape: that it must have.
        name: of the file, for messages.

    Raises:
        DataError: if it has another shape or length.
    """
    header = bytes((0, 0, 8, len(shape))) + np.array(shape, ">u4").tobytes()
    if not content.startswith(header) or len(content) != len(header) + math.prod(shape):
        raise damaged(name, f"it does not hold bytes of the shape {' x '.join(map(str, shape))}")
    return np.frombuffer(content, np.uint8, offset=len(header)).reshape(shape)


# --- Burda's Omniglot ----------------------------------------------------------------------------

_BURDA = ("omniglot-burda-chardata.mat", "omniglot-burda/chardata.mat")
_BURDA_COUNTS = {"": 24_345, "test": 8_070}
_BURDA_VALID, _BURDA_SEED = 1_345, 123
_ALPHABETS = 50
_MOST_MAT_BYTES = 2**28


def has_burda() -> bool:
    """Whether its file is on this machine."""
    return find("", *_BURDA) is not None


def load_burda() -> Dataset:
    """Omniglot as Burda et al. (2016) reduced and split it: 23,000 training, 1,345 validation and 8,070 test images.

    No checksum is published, so names, shapes and ranges are checked.

    Raises:
        DataError: if the file is damaged, or missing and cannot be downloaded.
    """
    path = _published(*_BURDA)
    images, labels = zip(*(_burda_part(path, part) for part in _BURDA_COUNTS), strict=True)
    order = np.random.RandomState(_BURDA_SEED).permutation(len(images[0]))
    known = drawn_split(images[0][order], labels[0][order], FIXED_SEED, 0)
    names = tuple(f"alphabet {number}" for number in range(1, _ALPHABETS + 1))
    test = drawn_split(images[1], labels[1], FIXED_SEED, 1)
    return Dataset("omniglot-burda", known[:-_BURDA_VALID], known[-_BURDA_VALID:], test, names)


def _burda_part(path: Path, part: str) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """(N, 784) grey levels and (N,) classes; the file has a column an image, and columns before rows in it."""
    from scipy.io import loadmat, whosmat  # here, as no other data set needs them

    count = _BURDA_COUNTS[part]
    expected = {f"{part}data": (784, count), f"{part}target": (_ALPHABETS, count)}
    try:
        if path.stat().st_size > _MOST_MAT_BYTES:
            raise ValueError(f"it has more than {_MOST_MAT_BYTES:,} bytes")
        content = io.BytesIO(path.read_bytes())
        shapes = {name: shape for name, shape, _ in whosmat(content)}
        for name, shape in expected.items():
            if shapes.get(name) != shape:
                raise ValueError(f"its {name} has the shape {shapes.get(name)}")
        found = loadmat(content, variable_names=list(expected))
        data, target = (np.asarray(found[name], np.float32) for name in expected)
        if (
            not 0 <= data.min() <= data.max() <= 1
            or not ((target == 0) | (target == 1)).all()
            or (target.sum(0) != 1).any()
        ):
            raise ValueError("its values are out of range")
    except Exception as error:  # scipy raises a dozen kinds of errors for malformed bytes
        raise damaged(path, f"it is not the published file ({error})") from error
    grey = np.rint(data.T * 255).astype(np.uint8).reshape(count, 28, 28).swapaxes(1, 2)
    return grey.reshape(count, 784), target.argmax(0)
