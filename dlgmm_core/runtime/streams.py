"""Standard streams of a command, which may be closed, full, or unable to encode a character.

Results go to standard output, and it is an error if they cannot be written. Progress and messages go to standard error:
if they cannot be written, the work goes on.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from typing import Any, TextIO

__all__ = ["OutputError", "discard_output", "say", "usable_streams"]


class OutputError(Exception):
    """Standard output cannot be written; the message says why, and what to do."""


class _Stream:
    """A text stream, whose attributes it has."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class _Messages(_Stream):
    """A stream that drops what cannot be written."""

    def write(self, text: str) -> int:
        with suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()

    def discard_the_rest(self) -> None:
        """If the buffer cannot be written, discards it: Python would fail to write it when it ends."""
        try:
            self._stream.flush()
        except OSError:
            _discard(self._stream)


class _Results(_Stream):
    """A stream whose errors say what they are about; that a reader has closed the pipe, as `head` does, is none."""

    def write(self, text: str) -> int:
        with _reported():
            return self._stream.write(text)

    def flush(self) -> None:
        with _reported():
            self._stream.flush()


@contextmanager
def _reported() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(f"Standard output cannot be written ({error.strerror}): redirect it elsewhere.") from error


@contextmanager
def usable_streams() -> Iterator[None]:
    """Prepares the streams of this process for the block, and writes out what is in their buffers at its end.

    A closed standard output fails when it is flushed; a closed standard error drops everything. Characters that a
    stream cannot encode become question marks.

    Raises:
        OutputError, BrokenPipeError: if standard output cannot be written.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            number = os.open(os.devnull, os.O_RDONLY if name == "stdout" else os.O_RDWR)
            setattr(sys, name, open(number, mode, encoding="utf-8"))  # noqa: SIM115 - as long as the process
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError):  # a stream of another kind
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    results, messages = _Results(sys.stdout), _Messages(sys.stderr)
    with redirect_stdout(results), redirect_stderr(messages):
        try:
            yield
        finally:
            messages.discard_the_rest()
            results.flush()


def say(line: str) -> None:
    """Writes a line to standard error, if that is possible."""
    with suppress(OSError):
        print(line, file=sys.stderr, flush=True)


def discard_output() -> None:
    """Discards output that is still in the buffer of standard output: Python would fail to write it when it ends."""
    _discard(sys.stdout)


def _discard(stream: TextIO) -> None:
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
