"""MNIST as Larochelle binarized it, from his text files: zeros and ones, an image on each line.

Reference: R. Salakhutdinov and I. Murray, "On the quantitative analysis of deep belief networks", ICML 2008 (the draw).
"""

import hashlib

import numpy as np
from numpy.typing import NDArray

from dlgmm_core.data.sources import FILES, PIXELS, DataError, damaged, find, obtain, read_unpacked

__all__ = ["binarized_mnist", "has_binarized_mnist", "parse_amat"]

MAX_TEXT_BYTES = 2**27  # the largest published text has 78 million


def binarized_mnist(part: str) -> NDArray[np.uint8]:
    """Larochelle's files of the fixed binarization of MNIST by Salakhutdinov & Murray (2008).

    Args:
        part: train, valid or test.

    Returns:
        (N, 784) zeros and ones; N is 50,000, 10,000 and 10,000.

    Raises:
        DataError: for an unknown part, and for a file that is damaged, or missing and cannot be downloaded.
    """
    name = f"binarized_mnist_{part}.amat"
    if name not in FILES:
        raise DataError(f"There is no {name}: choose train, valid or test.")
    path = obtain(*_names(name))
    rows = parse_amat(read_unpacked(path, MAX_TEXT_BYTES), str(path))
    if hashlib.sha256(np.packbits(rows).tobytes()).hexdigest() != FILES[name].content:
        raise damaged(path, f"its {len(rows):,} images are not the published ones")
    return rows


def has_binarized_mnist() -> bool:
    """Whether all three files of it are on this machine."""
    return all(find(*_names(name)) is not None for name in FILES if name.startswith("binarized_mnist"))


def _names(name: str) -> tuple[str, str, str]:
    return "binarized_mnist", name, f"{name}.gz"


def parse_amat(text: bytes, name: str) -> NDArray[np.uint8]:
    """Binary images as text: 784 zeros and ones per line, separated by white space.

    Args:
        text: the whole file.
        name: of the file, for error messages.

    Returns:
        (N, 784) zeros and ones.

    Raises:
        DataError: for the first malformed line, with its number, and for an empty text.
    """
    rows = []
    for number, line in enumerate(text.rstrip().splitlines(), 1):
        values = line.split(maxsplit=PIXELS)
        if len(values) != PIXELS:
            count = f"more than {PIXELS}" if len(values) > PIXELS else len(values)
            raise damaged(f"{name}, line {number}", f"{count} values instead of {PIXELS}")
        row = b"".join(values)
        if len(row) != PIXELS or row.translate(None, b"01"):
            odd = next(value for value in values if value not in (b"0", b"1"))
            raise damaged(f"{name}, line {number}", f"{odd[:20].decode('ascii', 'replace')!r} is neither 0 nor 1")
        rows.append(row)
    if not rows:
        raise damaged(name, "it is empty")
    return np.frombuffer(b"".join(rows), np.uint8).reshape(-1, PIXELS) - np.uint8(ord("0"))
