"""Omniglot: 32,460 handwritten characters of 50 alphabets, reduced to the size of MNIST's digits.

Reference: Lake, Salakhutdinov & Tenenbaum, Human-level concept learning through probabilistic program
induction, Science 350 (2015). The zips are the publisher's; their content is used only if its digest agrees.
"""

import contextlib
import hashlib
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dlgmm_core.data.sources import FILES, PIXELS, damaged, find, obtain, write_cache
from dlgmm_core.runtime.folders import cache_folder

__all__ = ["Drawings", "has_omniglot", "read_omniglot"]

ZIPS = ("images_background.zip", "images_evaluation.zip")
DRAWING_SIZE = (105, 105)
MAX_PNG_BYTES = 64 * 1024  # the largest published drawing has 500
MAX_DRAWINGS = 20_000  # the larger of the published zips has 19,280
MAX_ZIP_BYTES = 2**26  # the larger of the published zips has 9.5 million; its unpacked drawings twice as many
DRAWING_NAME = re.compile(r"(?:.*/)?([^/]+)/([^/]+)/(\d+)_(\d+)\.png")  # alphabet, character, its number, drawer


@dataclass(frozen=True)
class Drawings:
    """Handwritten characters, each drawn by several people.

    Attributes:
        grey: (N, 784) uint8, 0 = paper, 255 = ink.
        drawer: (N,) int64, who drew it, counted from 1 within its character.
        alphabet: (N,) int64, an index into `alphabet_names`.
        alphabet_names: in alphabetical order.
    """

    grey: NDArray[np.uint8]
    drawer: NDArray[np.int64]
    alphabet: NDArray[np.int64]
    alphabet_names: tuple[str, ...]


def read_omniglot() -> Drawings:
    """All 32,460 drawings of Omniglot (Lake et al., 2015), in order of alphabet, character and drawer.

    They are inverted and reduced from 105 x 105 to 28 x 28 by averaging over boxes: the grey level is the
    share of ink, nothing overshoots, and fewer pixels have intermediate grey levels than with smoother
    filters. This takes seconds, so the result is kept in the user's cache.

    Raises:
        DataError: for a zip that is damaged, unsafe, or missing and cannot be downloaded.
    """
    path = _cached()
    with contextlib.suppress(Exception), np.load(path, allow_pickle=False) as kept:  # as in `cached_array`
        return Drawings(kept["grey"], kept["drawer"], kept["alphabet"], tuple(kept["alphabet_names"].tolist()))
    found = _read_zip(ZIPS[0]) | _read_zip(ZIPS[1])
    keys = sorted(found)
    grey, drawer = np.stack([found[key] for key in keys]), np.array([int(key[3]) for key in keys], np.int64)
    names = sorted({key[0] for key in keys})
    alphabet = np.array([names.index(key[0]) for key in keys], np.int64)
    drawings = Drawings(grey, drawer, alphabet, tuple(names))
    write_cache(path, lambda file: np.savez_compressed(file, **vars(drawings)))
    return drawings


def has_omniglot() -> bool:
    """Whether its drawings, or both zips of them, are on this machine."""
    return _cached().is_file() or all(find("omniglot", name) is not None for name in ZIPS)


def _cached() -> Path:
    return cache_folder() / "omniglot-28x28.npz"


def _read_zip(name: str) -> dict[tuple[str, ...], NDArray[np.uint8]]:
    """(784,) grey levels of each drawing of a zip, by the groups of its `DRAWING_NAME`."""
    path = obtain("omniglot", name)
    digest, found = hashlib.sha256(), {}
    try:
        if path.stat().st_size > MAX_ZIP_BYTES:
            raise ValueError(f"it has more than {MAX_ZIP_BYTES:,} bytes")
        archive = zipfile.ZipFile(path)
    except Exception as error:  # zipfile and Pillow raise a dozen kinds of errors for malformed bytes
        raise damaged(path, f"it cannot be read as a zip ({error})") from error
    with archive:
        members = sorted(_drawing_members(archive, path))
        if len(members) > MAX_DRAWINGS:
            raise damaged(path, f"it holds more than {MAX_DRAWINGS:,} drawings")
        for key, member in members:
            ink = _read_drawing(archive, member, path)
            digest.update("/".join(key).encode() + np.packbits(ink).tobytes())
            image = Image.fromarray(ink * np.uint8(255)).resize((28, 28), Image.Resampling.BOX)
            found[key] = np.asarray(image).reshape(PIXELS)
    if digest.hexdigest() != FILES[name].content:
        raise damaged(path, f"its {len(found):,} drawings are not the published ones")
    return found


def _drawing_members(archive: zipfile.ZipFile, path: Path) -> Iterator[tuple[tuple[str, ...], str]]:
    """Names of the drawings, split into parts and whole, without hidden files that file managers add to a zip."""
    for info in archive.infolist():
        name = info.orig_filename  # `filename` has lost the backslashes on Windows
        parts = name.split("/")
        if name.startswith("/") or ".." in parts or "\\" in name or ":" in name:
            raise damaged(path, f"its member {name!r} points outside the zip")
        match = DRAWING_NAME.fullmatch(name)
        if match and not any(part.startswith((".", "__MACOSX")) for part in parts):
            yield match.groups(), name


def _read_drawing(archive: zipfile.ZipFile, member: str, path: Path) -> NDArray[np.bool_]:
    """(105, 105) pixels of a drawing, true for ink."""
    try:
        if archive.getinfo(member).compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ValueError("its compression method is not supported")
        with archive.open(member) as file:
            content = file.read(MAX_PNG_BYTES + 1)
        if len(content) > MAX_PNG_BYTES:
            raise ValueError(f"more than {MAX_PNG_BYTES:,} bytes")
        with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
            if image.size != DRAWING_SIZE:
                raise ValueError(f"{image.width} x {image.height} pixels instead of 105 x 105")
            return np.asarray(image.convert("L")) < 128
    except Exception as error:  # as in `_read_zip`
        raise damaged(path, f"its member {member!r} is not a drawing ({error})") from error
