"""Images from a `.csv` file: one on each line, with a column for each pixel, row by row.

Columns `label` and `split` may say more.
Cells are separated by commas, semicolons or tabs, as line 1 shows.
"""

import csv
import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dlgmm_core.data.levels import MOST_IMAGES, MOST_PIXELS, MOST_SIDE, PARTS, RawImages, require_sizes
from dlgmm_core.data.sources import DataError
from dlgmm_core.runtime.files import brief
from dlgmm_core.runtime.wording import counted

__all__ = ["read_csv"]

_LONGEST_LINE = 20 * MOST_SIDE**2  # characters
_HEADER = "name the columns there, `label` and `split`, if there are any, and each pixel by a name of its own"


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
            mark = next((mark for mark in ",;\t" if mark in first), ",")
            names = [name.strip().lower() for name in next(csv.reader([first], delimiter=mark), [])]
            columns = _Columns(path, names, size)
            rows, labels, parts = [], [], []
            for number, line in enumerate(iter(lambda: file.readline(_LONGEST_LINE), ""), 2):
                if not line.strip():
                    continue
                cells = next(csv.reader([line], delimiter=mark))
                rows.append(columns.pixels(cells, number))
                labels += [cells[i].strip() for i in columns.label]
                parts += [columns.part_of(cells[i].strip(), number) for i in columns.split]
                if len(rows) > MOST_IMAGES or len(rows) * len(columns.pixel) > MOST_PIXELS:
                    require_sizes(len(rows), *columns.size, str(path))
    except OSError as error:
        raise DataError(
            f"{path} cannot be read ({brief(error.strerror or error)}): allow this program to read it."
        ) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(
            f"{path} is not text in UTF-8, or has an unclosed quotation mark: save it as CSV in UTF-8."
        ) from error
    if not rows:
        raise DataError(f"{path} has no images: give it a line of names, and one line per image.")
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
        if not names:
            raise DataError(f"{path} has no line 1: give it a line of names, and one line per image.")
        numbers = [name for name in names if _is_number(name)]
        if len(numbers) == len(names) or len(set(numbers)) < len(numbers):
            raise DataError(f"{path}, line 1: it holds numbers, not names: {_HEADER}.")
        self.path, self.names = path, names
        self.label = [i for i, name in enumerate(names) if name == "label"][:1]
        self.split = [i for i, name in enumerate(names) if name == "split"][:1]
        self.pixel = [i for i in range(len(names)) if i not in (*self.label, *self.split)]
        count = counted(len(self.pixel), "column")
        if size is not None and math.prod(size) != len(self.pixel):
            raise DataError(
                f"{path} has {count} of pixels, and images of {size[0]} x {size[1]} pixels need {math.prod(size):,}:"
                " give the height and width that its images have (⟨size⟩), or none if they are square."
            )
        side = math.isqrt(len(self.pixel))
        if size is None and side**2 != len(self.pixel):
            raise DataError(
                f"{path} has {count} of pixels, which do not make a square: give the height and width of an image"
                " (⟨size⟩), or correct line 1, where the columns of classes and parts are called `label` and `split`."
            )
        self.size = size or (side, side)
        require_sizes(1, *self.size, str(path))

    def pixels(self, cells: list[str], number: int) -> NDArray[np.float32]:
        """(X,), of a line."""
        if len(cells) != len(self.names):
            raise DataError(
                f"{self.path}, line {number:,}: it has {counted(len(cells), 'cell')}, and line 1 has"
                f" {len(self.names):,}: complete it, or remove it."
            )
        try:
            found = np.array([cells[i] for i in self.pixel], np.float32)
        except ValueError:
            found = np.full(len(self.pixel), np.nan, np.float32)
        if not np.isfinite(found).all():
            column = next(i for i in self.pixel if not (_is_number(cells[i]) and math.isfinite(float(cells[i]))))
            raise DataError(
                f"{self.path}, line {number:,}: {brief(cells[column])[:40]!r} in the column"
                f" {brief(self.names[column])[:40]!r} is not a pixel: give a number, or correct line 1, where the"
                " columns of classes and parts are called `label` and `split`."
            )
        return found

    def part_of(self, word: str, number: int) -> int:
        """The index of a part in `PARTS`."""
        if word not in PARTS:
            raise DataError(f"{self.path}, line {number:,}: {brief(word)!r} is not a split: use train, valid or test.")
        return PARTS.index(word)


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
