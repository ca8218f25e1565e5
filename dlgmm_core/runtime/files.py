"""Files that are whole or not there at all, whenever the process is killed or the disk runs full.

A file is written beside its place, brought to the disk, and moved to its place in one step: who reads
it finds the old content or the new. What a kill leaves beside it begins with a dot and is nobody's.
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

_CURES = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), "make room on that disk and try again"),
    **dict.fromkeys((errno.EROFS, errno.EACCES, errno.EPERM), "allow this program to write there and try again"),
}


class StorageError(RuntimeError):
    """A file or a folder that cannot be read or written; the message names it and says what to do."""


def unwritable(path: Path, error: OSError) -> StorageError:
    """The sentence about a file or a folder that cannot be written."""
    cure = _CURES.get(error.errno or 0, "see to that disk or folder and try again")
    reason = brief(error.strerror or error)
    return StorageError(f"{path} cannot be written ({reason}): {cure}; what was saved before is kept.")


def write_atomically(path: Path, content: bytes) -> None:
    """Writes a whole file or none: readers see the old content or the new.

    Raises:
        StorageError: if it cannot be written; the old file is as it was, and nothing lies beside it.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(handle)  # some disks tell only now that they are full; and a name must not outlive its bytes
            os.chmod(temporary, 0o644)  # mkstemp gives 0600; a checkpoint is for everybody
            os.replace(temporary, path)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary)
            raise
    except OSError as error:
        raise unwritable(path, error) from error


def of_one_version(path: Path, read: Callable[[], Content]) -> Content:
    """What `read` makes of a file that it opens several times, while others may be replacing it.

    Raises:
        StorageError: if `read` does so, and not because of a change of the file meanwhile.
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
    """Removes a file, if it is there.

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
    """Removes what kills have left of writing these files; nobody else may be writing them."""
    for name in names:
        for path in folder.glob(f".{name}.*"):
            with suppress(OSError):
                path.unlink()


def require_writable(folder: Path) -> None:
    """To be asked before long work, rather than after it.

    Raises:
        StorageError: if no file can be made in the folder.
    """
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise unwritable(folder, error) from error


LONGEST_JSON = 2**24  # characters; a thousand epochs of a large mixture take a hundredth


def parse_json(text: str) -> Any:
    """The value of a JSON text.

    Raises:
        ValueError: if it is none, too long, or nested too deeply.
    """
    if len(text) > LONGEST_JSON:
        raise ValueError(f"it has more than {LONGEST_JSON:,} characters")
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def brief(words: object) -> str:
    """Words that may come from a file, as the part of a sentence: in one line, printable, at most 200 characters."""
    text = " ".join(str(words).split())
    return "".join(c if c.isprintable() else "?" for c in text[:200])
