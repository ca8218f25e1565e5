"""Images from a `.zip` file: laid out as a folder of images is, perhaps within one more folder.

Nothing is unpacked onto the disk. Sizes and numbers are those that the archive states, which zipfile holds it to.
"""

import io
import stat
import zipfile
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

from dlgmm_core.data.image_files import ImageFile, is_image, read_images
from dlgmm_core.data.layout import is_hidden, laid_out
from dlgmm_core.data.levels import MOST_PIXELS, RawImages
from dlgmm_core.data.sources import DataError
from dlgmm_core.runtime.files import brief

__all__ = ["read_archive"]

MOST_FILES = 50_000
MOST_BYTES = 2**28  # of all files, unpacked
MOST_SOURCE_PIXELS = 2**28  # of all images, before they are scaled


def read_archive(
    path: Path, size: tuple[int, int] | None = None, content: IO[bytes] | None = None, most_pixels: int = MOST_PIXELS
) -> RawImages:
    """The images, in order of part, class and file, as grey levels.

    Args:
        path: of the file.
        size: height and width that images are scaled to, by averaging over boxes; by default they must agree.
        content: of the file, if it does not lie there; the path then names it in messages.
        most_pixels: of all images together, as they are kept.

    Raises:
        DataError: if the archive is damaged or too large, or has links or paths out of it; and as `read_folder`.
    """
    try:
        archive = zipfile.ZipFile(path if content is None else content)
    except Exception as error:  # zipfile raises a dozen kinds of errors for malformed bytes
        raise DataError(f"{path} is not a .zip file, or a damaged one: pack it again.") from error
    with archive:
        members = archive.infolist()
        _require_modest(members, path)
        named = {tuple(PurePosixPath(info.filename).parts): info for info in members if is_image(info.filename)}
        named = {parts: info for parts, info in named.items() if not any(map(is_hidden, parts)) and not info.is_dir()}
        files = [
            ImageFile(shown := f"{path}: {info.filename[:200]}", partial(_opened, archive, info, shown), label, part)
            for info, label, part in laid_out(named, str(path), packed=True)
        ]
        return read_images(files, size, str(path), most_pixels, MOST_SOURCE_PIXELS)


def _require_modest(members: list[zipfile.ZipInfo], path: Path) -> None:
    if len(members) > MOST_FILES:
        raise DataError(f"{path} has more than {MOST_FILES:,} files: give an .npz file in its place.")
    if sum(info.file_size for info in members) > MOST_BYTES:
        raise DataError(f"{path} has more than {MOST_BYTES:,} bytes unpacked: make its images smaller or fewer.")
    for info in members:
        name = brief(info.filename)
        if info.filename.startswith("/") or ".." in PurePosixPath(info.filename).parts or "\\" in info.filename:
            raise DataError(f"{path} contains a path that leads out of it, {name!r}: pack the folder of images again.")
        if stat.S_ISLNK(info.external_attr >> 16):
            raise DataError(f"{path} has a link, {name!r}: pack the image itself.")


def _opened(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> IO[bytes]:
    """A member in memory: Pillow goes back and forth in it.

    Raises:
        DataError: if it is encrypted, or compressed in an unusual way; other errors if it is damaged.
    """
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or info.flag_bits & 1:
        raise DataError(f"{name} is encrypted or compressed in an unusual way: pack the folder of images again.")
    return io.BytesIO(archive.read(info))
