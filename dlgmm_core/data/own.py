"""Data sets of one's own: read once from a file or a folder, and kept as one file under a name.

The file kept is an `.npz` of arrays by part, which can be read again; it lies in the folder of one's own data sets, and
is also found in the one that `$DLGMM_DATA` names. Those of the app's visitors lie in a folder each, in `visitors`.
"""

import io
import os
import re
import stat
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dlgmm_core.data.csv_files import read_csv
from dlgmm_core.data.image_archives import read_archive
from dlgmm_core.data.image_folders import read_folder
from dlgmm_core.data.levels import (
    MOST_PIXELS,
    MOST_SIDE,
    PARTS,
    RawImages,
    grey_levels,
    require_shares,
    require_sizes,
    unambiguous,
)
from dlgmm_core.data.npz_files import is_by_part, read_npz
from dlgmm_core.data.sources import DataError, given_folders
from dlgmm_core.data.splits import SHARES, Dataset, Split
from dlgmm_core.runtime.files import write_atomically
from dlgmm_core.runtime.folders import datasets_folder

__all__ = [
    "Reading",
    "find_own",
    "keep_own",
    "load_own",
    "name_of",
    "own_files",
    "own_names",
    "read_own",
    "require_name",
    "require_reading",
    "require_source",
    "visitors_folder",
]

NAME = re.compile(r"(?!.*\.$)[a-z0-9][a-z0-9._-]{0,59}")
MOST_FILE_BYTES = 2**31


@dataclass(frozen=True)
class Reading:
    """How a file or a folder is read.

    Attributes:
        size: height and width that images are scaled to; of a `.csv` file, those they have.
        shares: of training, validation and test images, where the parts are not given.
        seed: of that split.
        threshold: whether ink is what is at least half of the full level, in place of a draw.
        most_pixels: of all images of an `.npz` or `.zip` file together.
    """

    size: tuple[int, int] | None = None
    shares: tuple[float, float, float] = SHARES
    seed: int = 0
    threshold: bool = False
    most_pixels: int = MOST_PIXELS


def name_of(path: Path) -> str:
    """A name for the data set of a file or a folder, from its own."""
    stem = path.name if path.is_dir() else path.stem
    return re.sub("[^a-z0-9._-]+", "-", stem.lower()).strip(".-_")[:60].rstrip(".") or "own"


def require_name(name: str) -> None:
    """Checks a name.

    Raises:
        DataError: if it is invalid.
    """
    if not NAME.fullmatch(name):
        raise DataError(
            f"{name[:100]!r} is not a valid name of a data set: use at most 60 lower-case letters, digits, dots,"
            " hyphens and underscores, begin with a letter or a digit, and do not end with a dot."
        )


def require_source(path: Path) -> None:
    """Checks that there is a file or a folder to read a data set from.

    Raises:
        DataError: if there is none, or a file of another format by its ending.
    """
    if not os.path.exists(path):
        raise DataError(
            f"{path} is neither a file nor a folder: give an .npz, .csv or .zip file, or a folder of images."
        )
    if not path.is_dir() and path.suffix.lower() not in (".npz", ".csv", ".zip"):
        raise _of_no_format(path)


def require_reading(path: Path, reading: Reading) -> None:
    """Checks how a file or a folder is to be read.

    Raises:
        DataError: if images cannot have that size, or there are no such shares.
    """
    if reading.size is not None and not all(2 <= side <= MOST_SIDE for side in reading.size):
        raise DataError(
            f"{path} cannot be read as images of {reading.size[0]:,} x {reading.size[1]:,} pixels (⟨size⟩): choose 2 to"
            f" {MOST_SIDE:,} pixels per side."
        )
    require_shares(reading.shares, str(path))


def read_own(path: Path, name: str, reading: Reading, content: IO[bytes] | None = None) -> Dataset:
    """The data set of an `.npz` file, a `.csv` file, a folder of images or a `.zip` file of one.

    Args:
        path: of the file or folder.
        name: of the data set.
        reading: how it is read.
        content: of an `.npz` or `.zip` file that does not lie there; the path then names it in messages.

    Raises:
        DataError: if it cannot be read, or is invalid; the message names the file.
    """
    require_name(name)
    if content is None:
        require_source(path)
    require_reading(path, reading)
    if content is None and path.is_file() and path.stat().st_size > MOST_FILE_BYTES:
        raise DataError(f"{path} has more than {MOST_FILE_BYTES:,} bytes: give a smaller file.")
    match path.suffix.lower():
        case _ if content is None and path.is_dir():
            raw = read_folder(path, reading.size)
        case ".npz":
            raw = read_npz(path, content, reading.most_pixels)
            raw = raw if reading.size is None else _scaled(raw, reading.size, str(path))
        case ".zip":
            raw = read_archive(path, reading.size, content, reading.most_pixels)
        case ".csv" if content is None:
            raw = read_csv(path, reading.size)
        case _:
            raise _of_no_format(path)
    return Dataset.from_raw(name, raw, str(path), shares=reading.shares, seed=reading.seed, threshold=reading.threshold)


def keep_own(dataset: Dataset, folder: Path | None = None) -> Path:
    """Writes a data set, so that it is found by its name afterwards; one that is there already stays as it is.

    Args:
        dataset: to be kept.
        folder: where, by default the folder of one's own data sets; that of a visitor lies in `visitors_folder`.

    Returns:
        The file.

    Raises:
        DataError: if there is another one of that name, or the name is invalid.
        StorageError: if it cannot be written; nothing is left then.
    """
    require_name(dataset.name)
    path = find_own(dataset.name)
    if path is not None:
        if load_own(dataset.name).digest != dataset.digest:
            raise DataError(
                f"{path} is another data set of the name {dataset.name}: choose another ⟨data_name⟩, or remove it."
            )
        return path
    splits: dict[str, Split] = {part: getattr(dataset, part) for part in PARTS}
    arrays: dict[str, NDArray[np.generic]] = {}
    for levels, (part, split) in zip(unambiguous([s.grey for s in splits.values()]), splits.items(), strict=True):
        arrays[f"{part}_images"] = levels.reshape(len(split), *dataset.shape)
        if split.labels is not None:
            arrays[f"{part}_labels"] = np.array(dataset.class_names)[split.labels]
    content = io.BytesIO()
    np.savez_compressed(content, allow_pickle=False, **arrays)
    path = (folder or datasets_folder()) / f"{dataset.name}.npz"
    write_atomically(path, content.getvalue())
    return path


def load_own(name: str) -> Dataset:
    """A data set that was kept.

    Raises:
        DataError: if there is none of that name, or its file is damaged.
    """
    path = find_own(name)
    if path is None:
        raise DataError(f"There is no data set {name!r} of your own: give its file or folder again (⟨data⟩).")
    raw = read_npz(path)
    if raw.part is None:
        raise DataError(
            f"{path} is no data set that was kept: move it elsewhere, and train on it as your own (⟨data⟩)."
        )
    return Dataset.from_raw(name, raw, str(path), shares=SHARES, seed=0, threshold=False)


def find_own(name: str) -> Path | None:
    """The file of a kept data set; None if there is none of that name."""
    if not NAME.fullmatch(name):
        return None
    paths = (folder / f"{name}.npz" for folder in _folders())
    return next((path for path in paths if _is_kept(path)), None)


def own_files() -> dict[str, Path]:
    """The files of all kept data sets, by name, in the order of names; each is the one that `find_own` finds."""
    found: dict[str, Path] = {}
    for folder in _folders():
        if not os.path.isdir(folder) or not os.access(folder, os.R_OK):
            continue
        for file in os.listdir(folder):  # every run of a page asks, so no Path
            name, ending = os.path.splitext(file)
            if ending == ".npz" and NAME.fullmatch(name) and _is_kept(path := folder / file):
                found.setdefault(name, path)
    return dict(sorted(found.items()))


def own_names() -> list[str]:
    """The names of the kept data sets, in order, without those of the app's visitors, which only they are told."""
    of_visitors = visitors_folder()
    return [name for name, file in own_files().items() if of_visitors not in file.parents]


def visitors_folder() -> Path:
    """The folder of the folders of the app's visitors; it may not exist yet."""
    return datasets_folder() / "visitors"


def _of_no_format(path: Path) -> DataError:
    return DataError(f"{path} is not an .npz, .csv or .zip file: give one, or a folder of images.")


def _folders() -> list[Path]:
    of_visitors = visitors_folder()
    owned = sorted(of_visitors.iterdir()) if os.path.isdir(of_visitors) and os.access(of_visitors, os.R_OK) else []
    return [datasets_folder(), *given_folders(), *owned]


def _is_kept(path: Path) -> bool:
    """Whether it is a data set that was kept; the folders that `$DLGMM_DATA` names may hold other files of its kind."""
    try:
        found = os.stat(path)
    except OSError:
        return False
    return stat.S_ISREG(found.st_mode) and (path.parent not in given_folders() or _is_by_part(path, found.st_mtime_ns))


@lru_cache(maxsize=200)
def _is_by_part(path: Path, stamp: int) -> bool:
    return is_by_part(path)


def _scaled(raw: RawImages, size: tuple[int, int], name: str) -> RawImages:
    """Images (N, H, W) scaled to a size by averaging over boxes."""
    levels = grey_levels(raw.images, name)
    require_sizes(len(levels), *size, name)
    if levels.shape[1:] == size:
        return raw
    found = np.empty((len(levels), *size), np.uint8)
    for place, image in zip(found, levels, strict=True):
        place[...] = np.asarray(Image.fromarray(image).resize(size[::-1], Image.Resampling.BOX))
    return RawImages(unambiguous([found])[0], raw.labels, raw.part)
