"""One training at a time in a folder, whoever starts it: the app, the command line or `reproduce`."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from dlgmm_core.checkpoints import CheckpointError

__all__ = ["training_lock"]


@contextmanager
def training_lock(folder: Path) -> Iterator[None]:
    """Within it no other process can train into the folder, which need not exist yet.

    The operating system gives the lock back when the process ends, however it ends: a file left by a kill locks
    nothing.

    Raises:
        CheckpointError: at once, if another process holds the lock.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    path = folder.with_name(f".{folder.name}.lock")
    lock = FileLock(path, timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise CheckpointError(
            f"{folder} is being trained by another process: wait until that has ended, or take another name."
        ) from error
    try:
        yield
    finally:
        with suppress(PermissionError):  # Windows removes no open file
            path.unlink(missing_ok=True)  # before the release: a lock on a file without a name is no longer granted
        lock.release()
