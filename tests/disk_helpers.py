"""Disks that are full or may not be written, for a while and for this process."""

import errno
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def full_disk() -> Iterator[None]:
    """Within it no file may have more than a hundred bytes; what a lock needs is less."""
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, usual[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)


@contextmanager
def read_only_disk() -> Iterator[None]:
    """Within it nothing is made, moved or removed, whoever asks: root may write where rights say no."""
    open_file = os.open

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    def read(path: str, flags: int, *rest: int, **options: int) -> int:
        if flags & (os.O_CREAT | os.O_WRONLY | os.O_RDWR):
            refuse()
        return open_file(path, flags, *rest, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "open", read)
        for name in ("mkdir", "replace", "unlink", "chmod"):
            patch.setattr(os, name, refuse)
        yield
