"""Atomic writing of files: a file is complete or absent, even if the process is killed or the disk runs full.

The content is written to a temporary file in the same folder, flushed to disk, and renamed in one step, so a
reader sees the old content or the new. A killed process may leave a temporary file, whose name begins with a dot.
"""

import errno
import json
import os
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

__all__ = [
    "LONGEST_JSON",
    "StorageError",
    "brief",
    "of_one_version",
    "parse_json",
    "remove",
    "remove_leftovers",
    "require_writable",
    "unwritable",
    "write_atomically",
]

Content = TypeVar("Content")

_REMEDIES = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), "make room on that disk and try again"),
    **dict.fromkeys((errno.EROFS, errno.EACCES, errno.EPERM), "allow this program to write there and try again"),
}


class StorageError(RuntimeError):
    """A file or folder cannot be read or written; the message names it and says what to do."""


def unwritable(path: Path, error: OSError) -> StorageError:
    """The error for a file or folder that cannot be written."""
    remedy = _REMEDIES.get(error.errno or 0, "check that disk or folder and try again")
    reason = brief(error.strerror or error)
    return StorageError(f"{path} cannot be written ({reason}): {remedy}; what was saved before is kept.")


def write_atomically(path: Path, content: bytes) -> None:
    """Writes a file atomically: readers see the old content or the new.

    Raises:
        StorageError: if it cannot be written; the old file is unchanged, and no temporary file is left.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(handle)  # some disks report only now that they are full; and the rename must follow the data
            os.chmod(temporary, 0o644)  # mkstemp gives 0600; other users may read checkpoints
            os.replace(temporary, path)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary)
            raise
    except OSError as error:
        raise unwritable(path, error) from error


def of_one_version(path: Path, read: Callable[[], Content]) -> Content:
    """The result of `read`, which may open the file several times, from one version of a file that may be replaced.

    Raises:
        StorageError: if `read` raises it although the file did not change meanwhile.
    """

    def version() -> tuple[int, int] | None:
        try:
            status = os.stat(path)
        except OSError:
            return None
        return status.st_ino, status.st_mtime_ns

    while True:
        before = version()
        try:
            content = read()
        except StorageError:
            if version() == before:
                raise
        else:
            if version() == before:
                return content


def remove(path: Path) -> None:
    """Removes a file if it exists.

    Raises:
        StorageError: if it cannot be removed.
    """
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise unwritable(path, error) from error


def remove_leftovers(folder: Path, names: Iterable[str]) -> None:
    """Removes temporary files that killed processes left of these files, which no process may be writing now."""
    for name in names:
        for path in folder.glob(f".{name}.*"):
            with suppress(OSError):
                path.unlink()


def require_writable(folder: Path) -> None:
    """Checks, before long work, that files can be written in a folder, which may not exist yet.

    Raises:
        StorageError: if no file can be created there.
    """
    while not os.path.lexists(folder):
        folder = folder.parent
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise unwritable(folder, error) from error


LONGEST_JSON = 2**24  # characters; a thousand epochs of a large mixture take 1 % of it


def parse_json(text: str) -> Any:
    """The value of a JSON text.

    Raises:
        ValueError: if the text is not JSON, too long, or nested too deeply.
    """
    if len(text) > LONGEST_JSON:
        raise ValueError(f"it has more than {LONGEST_JSON:,} characters")
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def brief(value: object) -> str:
    """The text of a value that may come from a file, safe in a message: one line, printable, at most 200 characters."""
    text = " ".join(str(value).split())
    return "".join(c if c.isprintable() else "?" for c in text[:200])
