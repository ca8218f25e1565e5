"""Where files lie that are no part of the program: trained models, and a cache of data sets.

The installed package is never written into. Checkpoints belong to whoever trained them; a cache may be lost at any
time. In containers and on clusters an account may have no home folder, or one that cannot be written, so both have
another place to fall back on.
"""

import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path

import platformdirs

__all__ = ["cache_folder", "checkpoints_folder"]


def checkpoints_folder(project: Path = Path()) -> Path:
    """The folder of checkpoints, absolute; it need not exist yet.

    That is `checkpoints` in the project's folder if it is there, else what `$DLGMM_CHECKPOINTS` names, else the user's
    data folder and, where there is none, `checkpoints` in the project's folder again.

    Args:
        project: where to look first; the working folder, unless said otherwise.
    """
    local = Path(os.path.abspath(project / "checkpoints"))
    if local.is_dir():
        return local
    if named := os.environ.get("DLGMM_CHECKPOINTS"):
        return Path(os.path.abspath(os.path.expanduser(named)))
    return _of_the_user(lambda: platformdirs.user_data_path("dlgmm") / "checkpoints") or local


def cache_folder() -> Path:
    """The user's cache of downloads, and of what is computed from them; it need not exist yet.

    Where the user has none, it is a temporary folder that ends with the process.
    """
    if folder := _of_the_user(lambda: platformdirs.user_cache_path("dlgmm")):
        return folder
    temporary = _temporary_folder()
    return Path(temporary.name if temporary else os.devnull)  # in what is no folder, every read and write fails


def _of_the_user(choose: Callable[[], Path]) -> Path | None:
    """A folder of the user's, if it is there or can be made."""
    try:
        folder = choose()
    except RuntimeError:  # no home folder
        return None
    there = next(place for place in (folder, *folder.parents) if os.path.exists(place))
    return folder if os.path.isdir(there) and (there == folder or os.access(there, os.W_OK)) else None


@cache
def _temporary_folder() -> tempfile.TemporaryDirectory[str] | None:
    """Kept for as long as the process lives, and removed with it; None where nothing can be written anywhere."""
    with suppress(OSError):
        return tempfile.TemporaryDirectory(prefix="dlgmm-")
    return None
