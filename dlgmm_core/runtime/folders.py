"""Folders outside the program: checkpoints, data sets of one's own, and a cache of published ones.

Nothing is ever written into the installed package. The first two are the user's own files; the cache may be deleted at
any time. In containers and on clusters the home folder may be missing or read-only, so all folders have a fallback.
"""

import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path

import platformdirs

__all__ = ["cache_folder", "checkpoints_folder", "datasets_folder", "usual_checkpoints_folder"]


def checkpoints_folder(project: Path = Path()) -> Path:
    """The folder of checkpoints, an absolute path; it may not exist yet.

    It is `checkpoints` in the project's folder if that exists, otherwise the folder that `$DLGMM_CHECKPOINTS` names,
    otherwise `checkpoints` in the user's data folder or, without a usable data folder, in the project's folder. What
    lies at hand comes before a setting for the whole account.

    Args:
        project: the project's folder; the working folder by default.
    """
    local, named = _of_project(project), os.environ.get("DLGMM_CHECKPOINTS")
    if named and not local.is_dir():
        return Path(os.path.abspath(os.path.expanduser(named)))
    return usual_checkpoints_folder(project)


def usual_checkpoints_folder(project: Path = Path()) -> Path:
    """The same as `checkpoints_folder` where `$DLGMM_CHECKPOINTS` names none."""
    local = _of_project(project)
    if local.is_dir():
        return local
    return _user_folder(lambda: platformdirs.user_data_path("dlgmm") / "checkpoints") or local


def _of_project(project: Path) -> Path:
    return Path(os.path.abspath(project / "checkpoints"))


def cache_folder() -> Path:
    """The user's cache of downloads and of results computed from them; it may not exist yet.

    Without a usable cache folder, a temporary folder that is removed when the process ends.
    """
    if folder := _user_folder(lambda: platformdirs.user_cache_path("dlgmm")):
        return folder
    temporary = _temporary_folder()
    return Path(temporary.name if temporary else os.devnull)  # not a folder: every read and write below it fails


def datasets_folder() -> Path:
    """The folder of data sets of one's own; it may not exist yet.

    It is `datasets` in the user's data folder or, without a usable data folder, in the cache.
    """
    return _user_folder(lambda: platformdirs.user_data_path("dlgmm") / "datasets") or cache_folder() / "datasets"


def _user_folder(choose: Callable[[], Path]) -> Path | None:
    """The chosen folder of the user, if it exists or can be created."""
    try:
        folder = choose()
    except RuntimeError:  # no home folder
        return None
    if os.path.isdir(folder):  # as pages ask every time they run
        return folder
    existing = next(path for path in (folder, *folder.parents) if os.path.exists(path))
    return folder if os.path.isdir(existing) and existing != folder and os.access(existing, os.W_OK) else None


@cache
def _temporary_folder() -> tempfile.TemporaryDirectory[str] | None:
    """A folder that is removed when the process ends; None if no temporary folder can be created."""
    with suppress(OSError):
        return tempfile.TemporaryDirectory(prefix="dlgmm-")
    return None
