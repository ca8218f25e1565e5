"""Data sets that visitors have uploaded: each lies in the folder named after its owner.

They are few for each visitor and in all. Those of which no model was made are removed after a day.
"""

import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from dlgmm_core.data.datasets import DATASETS
from dlgmm_core.data.own import find_own, own_files, visitors_folder

__all__ = ["MOST", "MOST_EACH", "make_room", "own_folder", "owner_of", "seen_by"]

MOST_EACH, MOST = 3, 60  # of one visitor, and of all
UNUSED_SECONDS = 24 * 3600.0


def own_folder(visitor: str) -> Path:
    """Where a visitor's data sets lie.

    Args:
        visitor: the digest of the visitor.
    """
    return visitors_folder() / visitor


def owner_of(name: str) -> str | None:
    """The digest of the visitor whose data set it is; None if it is public or does not exist."""
    path = find_own(name)
    return None if path is None else _owner(path)


def seen_by(visitor: str, shown: Collection[str]) -> list[str]:
    """The names of data sets that the visitor may see: everybody's, the visitor's own, and those that are shown.

    Args:
        visitor: the digest of the visitor.
        shown: names of the data sets that models which the visitor may see were trained on.
    """
    files = {name: path for name, path in own_files().items() if name not in DATASETS}
    return [name for name, path in files.items() if name in shown or _owner(path) in (None, visitor)]


def _owner(path: Path) -> str | None:
    return path.parent.name if path.parent.parent == visitors_folder() else None


def make_room(visitor: str, used: Collection[str]) -> bool:
    """Removes what is unused and old, then as many unused ones as are too many; whether there may be one more.

    Args:
        visitor: the digest of the visitor.
        used: names of the data sets that a run or a checkpoint was trained on, anyone's.
    """
    for path in _files_of("*"):
        if path.stem not in used and time.time() - _written(path) > UNUSED_SECONDS:
            _remove(path)
    for pattern, most in ((visitor, MOST_EACH), ("*", MOST)):
        unused = sorted((path for path in _files_of(pattern) if path.stem not in used), key=_written)
        while unused and len(_files_of(pattern)) >= most:
            _remove(unused.pop(0))
        if len(_files_of(pattern)) >= most:
            return False
    return True


def _files_of(visitor: str) -> list[Path]:
    return list(visitors_folder().glob(f"{visitor}/*.npz"))


def _written(path: Path) -> float:
    with suppress(OSError):  # just removed
        return path.stat().st_mtime
    return 0.0


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()
