"""One training at a time in a folder, whoever starts it: the app, the command line or `reproduce`."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from dlgmm_core.runtime.files import remove_leftovers, unwritable
from dlgmm_core.store.checkpoints import HISTORY, TRAINING, WEIGHTS
from dlgmm_core.store.files import CheckpointError

__all__ = ["training_lock"]


@contextmanager
def training_lock(folder: Path, patience: float = 0) -> Iterator[None]:
    """Within it no other process can train into the folder, which need not exist yet.

    The operating system gives the lock back when the process ends, however it ends: a file left by a kill locks
    nothing. Whatever a kill has left half written in the folder is removed.

    Raises:
        CheckpointError: if another process holds the lock, and still does after `patience` seconds;
            and if no lock can be made there.
    """
    path = folder.with_name(f".{folder.name}.lock")
    lock = FileLock(path, timeout=patience)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout as error:
        raise CheckpointError(
            f"{folder} is being trained by another process: wait until that has ended, or take another name."
        ) from error
    except OSError as error:
        raise unwritable(path, error) from error
    try:
        remove_leftovers(folder, (WEIGHTS, HISTORY, TRAINING))
        yield
    finally:
        with suppress(OSError):  # Windows removes no open file; and a disk may have become read-only
            path.unlink(missing_ok=True)  # before the release: a lock on a file without a name is no longer granted
        lock.release()
