"""Which checkpoints a folder holds: every one is listed, and of a damaged one the reason."""

import os
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from dlgmm_core.runtime.files import brief
from dlgmm_core.store.checkpoints import (
    HISTORY,
    METRICS,
    PER_IMAGE,
    POSTERIORS,
    PREVIEW,
    TRAINING,
    TSNE,
    WEIGHTS,
    Checkpoint,
    read_checkpoint,
    read_sound,
)
from dlgmm_core.store.files import RESTORE, CheckpointError, is_file
from dlgmm_core.store.names import require_valid

__all__ = ["BrokenCheckpoint", "folders_without_weights", "list_checkpoints"]

_BESIDE_WEIGHTS = (HISTORY, METRICS, TSNE, PER_IMAGE, POSTERIORS)


@dataclass(frozen=True)
class BrokenCheckpoint:
    """A folder whose checkpoint cannot be read, and the reason in one sentence."""

    folder: Path
    reason: str

    @property
    def name(self) -> str:
        """The folder's name, with question marks for characters that a name must not contain."""
        return re.sub("[^A-Za-z0-9._-]", "?", self.folder.name)[:100]


def list_checkpoints(root: str | Path) -> list[Checkpoint | BrokenCheckpoint]:
    """All checkpoints in `root`, readable or not, in order of name.

    A run that has not finished its first epoch has no weights yet and is not listed.

    Raises:
        CheckpointError: if `root` itself cannot be read.
    """
    root = Path(root)
    try:
        folders = sorted(root.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        reason = brief(error.strerror or error).lower()
        raise CheckpointError(f"{root} cannot be read ({reason}): allow this program to read it.") from error
    found: list[Checkpoint | BrokenCheckpoint] = []
    for folder in folders:
        try:
            if is_file(folder / WEIGHTS, RESTORE) or _has_lost_its_weights(folder):
                require_valid(folder.name)
                found.append(_listed(folder))
        except CheckpointError as error:
            found.append(BrokenCheckpoint(folder, str(error)))
    return found


def folders_without_weights(root: Path) -> list[BrokenCheckpoint]:
    """Folders in `root` that `list_checkpoints` leaves out: runs in their first epoch, and empty ones.

    Hidden folders, those of other files than a checkpoint's, and other names, have never been checkpoints.

    Raises:
        OSError: if `root` cannot be read.
    """
    found = []
    for folder in root.iterdir():
        try:
            require_valid(folder.name)
            names = os.listdir(folder)
        except (CheckpointError, OSError):  # no name of a checkpoint, a file, or what `list_checkpoints` tells of
            continue
        if reason := _reason_without_weights(names):
            found.append(BrokenCheckpoint(folder, f"{folder} {reason}, or remove the folder."))
    return found


def _reason_without_weights(names: list[str]) -> str:
    """Why a folder of these files has no weights; empty if it has, or if its weights are missed."""
    if not names:
        return "is empty: train under this name"
    if WEIGHTS in names:
        return ""
    if TRAINING in names:
        return f"has {TRAINING} and no {WEIGHTS}: resume its run"
    begun = any(name.lstrip(".").startswith((PREVIEW, TRAINING)) for name in names)  # a hidden one is half written
    if begun and not any(name in names for name in _BESIDE_WEIGHTS):
        return "belongs to a run in its first epoch: if none is in progress, train again"
    return ""


def _listed(folder: Path) -> Checkpoint:
    """The description of a checkpoint whose weights are sound; read again only when the file has changed."""
    try:
        status = os.stat(folder / WEIGHTS)
    except OSError:
        return read_checkpoint(folder)  # which says why
    return _described(folder, (status.st_ino, status.st_ctime_ns, status.st_size))


@lru_cache(maxsize=1000)
def _described(folder: Path, stamp: tuple[int, int, int]) -> Checkpoint:
    return read_sound(folder)[0]


def _has_lost_its_weights(folder: Path) -> bool:
    if folder.is_symlink() and not folder.exists():
        raise CheckpointError(f"{folder} is a link to a folder that does not exist: restore that folder, or remove it.")
    return not (folder / TRAINING).exists() and any((folder / name).exists() for name in _BESIDE_WEIGHTS)
