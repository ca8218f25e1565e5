"""A lock, so that only one process trains in a folder: the app, the command line or `reproduce`."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from dlgmm_core.runtime.files import remove_leftovers, unwritable
from dlgmm_core.store.checkpoints import HISTORY, PREVIEW, TRAINING, WEIGHTS
from dlgmm_core.store.files import CheckpointError

__all__ = ["training_lock"]


@contextmanager
def training_lock(folder: Path, patience: float = 0) -> Iterator[None]:
    """Prevents other processes from training in the folder, which may not exist yet.

    The operating system releases the lock when the process ends, even if it is killed: the file that then remains
    does not block anyone. Temporary files that a killed process left in the folder are removed.

    Raises:
        CheckpointError: if another process still holds the lock after `patience` seconds.
        StorageError: if no lock can be created there.
    """
    path = folder.with_name(f".{folder.name}.lock")
    lock = FileLock(path, timeout=patience)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout as error:
        raise CheckpointError(
            f"{folder} is being trained by another process: wait until it has ended, or choose another name."
        ) from error
    except OSError as error:
        raise unwritable(path, error) from error
    try:
        remove_leftovers(folder, (WEIGHTS, HISTORY, TRAINING, PREVIEW))
        yield
    finally:
        with suppress(OSError):  # Windows cannot remove an open file; and the disk may have become read-only
            path.unlink(missing_ok=True)  # before the release, so that no other process locks a removed file
        lock.release()
