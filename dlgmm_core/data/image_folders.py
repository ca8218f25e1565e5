"""Images from a folder: its files, without labels, or subfolders of files, which are classes; or train, valid and test.

Hidden files and other files than images are left out.
"""

import os
from functools import partial
from pathlib import Path

from dlgmm_core.data.image_files import ImageFile, is_image, read_images
from dlgmm_core.data.layout import is_hidden, laid_out
from dlgmm_core.data.levels import RawImages
from dlgmm_core.data.sources import DataError
from dlgmm_core.runtime.files import brief

__all__ = ["read_folder"]

MOST_FILES = 200_000  # with its folders, and theirs


def read_folder(folder: Path, size: tuple[int, int] | None = None) -> RawImages:
    """The images, in order of part, class and file, as grey levels; classes are the names of subfolders.

    Args:
        folder: of images.
        size: height and width that images are scaled to, by averaging over boxes; by default they must agree.

    Raises:
        DataError: if there are no images, some cannot be read, their sizes differ, files lie beside classes, or a
            class's folder has a folder of images in it.
    """
    found = {path.relative_to(folder).parts: path for path in _images_below(folder)}
    files = [
        ImageFile(str(path), partial(Path, path), label, part) for path, label, part in laid_out(found, str(folder))
    ]
    return read_images(files, size, str(folder))


def _images_below(folder: Path) -> list[Path]:
    """The image files of a folder and of those below, without what is hidden."""
    left, images, count = [folder], [], 0
    while left:
        here = left.pop()
        try:
            with os.scandir(here) as entries:
                for entry in entries:
                    count += 1
                    if count > MOST_FILES:
                        raise DataError(
                            f"{folder} has more than {MOST_FILES:,} files: give an .npz file in place of a folder."
                        )
                    if is_hidden(entry.name):
                        continue
                    if not entry.is_dir():
                        images += [Path(entry.path)] if is_image(entry.name) and entry.is_file() else []
                    elif entry.is_symlink():
                        raise DataError(f"{entry.path} is a link to a folder: put the folder itself there.")
                    else:
                        left.append(Path(entry.path))
        except OSError as error:
            raise DataError(
                f"{here} cannot be read ({brief(error.strerror or error)}): choose another folder."
            ) from error
    return images
