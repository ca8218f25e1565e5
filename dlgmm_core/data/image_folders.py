"""Images from a folder: its files, without labels, or subfolders of files, which are classes; or train, valid and test.

Hidden files and other files than images are left out.
"""

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from dlgmm_core.data.image_files import ImageFile, is_image, read_images, too_deep
from dlgmm_core.data.levels import PARTS, RawImages
from dlgmm_core.data.sources import DataError
from dlgmm_core.runtime.files import brief

__all__ = ["is_hidden", "read_folder"]

MOST_FILES = 200_000  # in one folder of images


def read_folder(folder: Path, size: tuple[int, int] | None = None) -> RawImages:
    """The images, in order of part, class and file, as grey levels; classes are the names of subfolders.

    Args:
        folder: of images.
        size: height and width that images are scaled to, by averaging over boxes; by default they must agree.

    Raises:
        DataError: if there are no images, some cannot be read, their sizes differ, files lie beside classes, or a
            class's folder has a folder in it.
    """
    return read_images(list(_listing(folder)), size, str(folder))


def is_hidden(name: str) -> bool:
    """Whether a file or a folder of that name is left out."""
    return name.startswith((".", "__MACOSX"))


def _listing(folder: Path) -> Iterator[ImageFile]:
    entries = list(_entries(folder))
    parts = [folder / part for part in PARTS]
    if {path.name for path in parts} <= {path.name for path in entries} and all(path.is_dir() for path in parts):
        for index, part in enumerate(parts):
            yield from _classes(part, index)
    else:
        yield from _classes(folder, -1)


def _classes(folder: Path, part: int) -> Iterator[ImageFile]:
    """Image files with their class; first those in no subfolder."""
    entries = list(_entries(folder))
    yield from _images(entries, "", part)
    for sub in entries:
        if sub.is_dir():
            if sub.is_symlink():
                raise DataError(f"{sub} is a link to a folder: put the folder itself there.")
            found = list(_entries(sub))
            for inner in found:
                if inner.is_dir():
                    raise too_deep(str(inner))
            yield from _images(found, sub.name, part)


def _images(entries: list[Path], label: str, part: int) -> Iterator[ImageFile]:
    for path in entries:
        if is_image(path.name) and path.is_file():
            yield ImageFile(str(path), partial(Path, path), label, part)


def _entries(folder: Path) -> Iterator[Path]:
    """What a folder holds, in order of name, without hidden files."""
    try:
        with os.scandir(folder) as found:
            names = [entry.name for entry, _ in zip(found, range(MOST_FILES + 1), strict=False)]
    except OSError as error:
        raise DataError(
            f"{folder} cannot be read ({brief(error.strerror or error)}): choose another folder."
        ) from error
    if len(names) > MOST_FILES:
        raise DataError(f"{folder} has more than {MOST_FILES:,} files: give an .npz file in place of a folder.")
    yield from (folder / name for name in sorted(names) if not is_hidden(name))
