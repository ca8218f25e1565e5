"""Images from a `.csv` file: one a line, a column a pixel, row by row; columns `label` and `split` may say more."""

import csv
import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dlgmm_core.data.levels import MOST_IMAGES, MOST_PIXELS, MOST_SIDE, PARTS, RawImages, require_sizes
from dlgmm_core.data.sources import DataError
from dlgmm_core.runtime.files import brief

__all__ = ["read_csv"]

_LONGEST_LINE = 20 * MOST_SIDE**2  # characters


def read_csv(path: Path, size: tuple[int, int] | None = None) -> RawImages:
    """The images, and labels and parts where there are columns of that name; every other column is a pixel.

    Args:
        path: of the file, whose first line names the columns.
        size: height and width of an image; by default it is square.

    Raises:
        DataError: for the first malformed line, with its number.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            first = file.readline(_LONGEST_LINE)
            names = [name.strip().lower() for name in next(csv.reader([first]), [])]
            columns = _Columns(path, names, size)
            rows, labels, parts = [], [], []
            for number, line in enumerate(iter(lambda: file.readline(_LONGEST_LINE), ""), 2):
                if not line.strip():
                    continue
                cells = next(csv.reader([line]))
                rows.append(columns.pixels(cells, number))
                labels += [cells[i].strip() for i in columns.label]
                parts += [columns.part_of(cells[i].strip(), number) for i in columns.split]
                if len(rows) > MOST_IMAGES or len(rows) * len(columns.pixel) > MOST_PIXELS:
                    require_sizes(len(rows), *columns.size, str(path))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} cannot be read as text ({brief(error)}): save it as CSV in UTF-8.") from error
    if not rows:
        raise DataError(f"{path} has no images: give it a line of names, and a line an image.")
    images: NDArray[np.float32 | np.int16] = np.stack(rows).reshape(len(rows), *columns.size)
    if images.max() > 1 and abs(images).max() < 2**15 and (images == np.rint(images)).all():
        images = images.astype(np.int16)
    return RawImages(
        images,
        np.array(labels) if columns.label else None,
        np.array(parts, np.int64) if columns.split else None,
    )


class _Columns:
    """Which column is what.

    Raises:
        DataError: in all methods, with the line's number.
    """

    def __init__(self, path: Path, names: list[str], size: tuple[int, int] | None) -> None:
        if all(_is_number(name) for name in names):
            raise DataError(f"{path}, line 1: it must name the columns, label, split, and anything for a pixel.")
        self.path, self.count = path, len(names)
        self.label = [i for i, name in enumerate(names) if name == "label"][:1]
        self.split = [i for i, name in enumerate(names) if name == "split"][:1]
        self.pixel = [i for i in range(len(names)) if i not in (*self.label, *self.split)]
        side = math.isqrt(len(self.pixel))
        self.size = size or (side, side)
        if math.prod(self.size) != len(self.pixel):
            raise DataError(
                f"{path} has {len(self.pixel):,} pixels an image, which are not {self.size[0]} x {self.size[1]}: give"
                " --image-size HEIGHT WIDTH."
            )
        require_sizes(1, *self.size, str(path))

    def pixels(self, cells: list[str], number: int) -> NDArray[np.float32]:
        """(X,), of a line."""
        if len(cells) != self.count:
            raise DataError(
                f"{self.path}, line {number}: {len(cells):,} cells, not {self.count:,}: complete it, or remove it."
            )
        try:
            found = np.array([cells[i] for i in self.pixel], np.float32)
        except ValueError as error:
            raise DataError(f"{self.path}, line {number}: {brief(error)}: give a number for every pixel.") from error
        if not np.isfinite(found).all():
            raise DataError(f"{self.path}, line {number}: a pixel is not finite: give a number for every pixel.")
        return found

    def part_of(self, word: str, number: int) -> int:
        """The index of a part in `PARTS`."""
        if word not in PARTS:
            raise DataError(f"{self.path}, line {number}: {brief(word)!r} is no split: write train, valid or test.")
        return PARTS.index(word)


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
