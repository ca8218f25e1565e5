"""What an interrupted command says is kept of its work: by the files that are there, and no more."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["KEPT", "true_of"]

KEPT = "Stopped. Finished work is kept."


@contextmanager
def true_of(folders: Sequence[Path], files: Sequence[str], nothing: str) -> Iterator[None]:
    """Lets an interrupt say whether anything is kept; folders that it, or an error, leaves empty are removed.

    Args:
        folders: those of the checkpoints that the work is on.
        files: names of those in a folder that its work leaves.
        nothing: the sentence where there is none of them.

    Raises:
        KeyboardInterrupt: with the sentence.
    """
    try:
        yield
    except BaseException as stop:
        for folder in folders:
            with suppress(OSError):  # it is not empty
                folder.rmdir()
        if not isinstance(stop, KeyboardInterrupt):
            raise
        kept = any(os.path.exists(folder / name) for folder in folders for name in files)
        raise KeyboardInterrupt(KEPT if kept else nothing) from stop
