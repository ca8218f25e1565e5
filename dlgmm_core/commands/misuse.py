"""Errors in the words of the command line exit with 2, wherever they are found."""

from collections.abc import Iterator
from contextlib import contextmanager

from dlgmm_core.checks import ConfigError
from dlgmm_core.data.sources import DataError
from dlgmm_core.store.files import CheckpointError

__all__ = ["as_misuse"]


@contextmanager
def as_misuse() -> Iterator[None]:
    """Around checks of a name or a value that was typed, which in a file would be the file's fault.

    Raises:
        ConfigError: in place of an error of data or of a checkpoint.
    """
    try:
        yield
    except (CheckpointError, DataError) as error:
        raise ConfigError(*error.args) from error
