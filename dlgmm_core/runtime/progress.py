"""How far some work is, on standard error: a line that is renewed in a terminal, and a new line a minute in a file.

In a terminal it has a bar, in a file, or where another program reads it, it has none:

    epoch 3:  51.0 % |██████████          | 00:12 passed, 00:11 left, train -98.123 nats
    epoch 3:  51.0 %, 00:12 passed, 00:11 left, train -98.123 nats
"""

import os
import sys
from types import TracebackType
from typing import Self, TextIO

from tqdm import tqdm

__all__ = ["LINE_SECONDS", "Progress"]

LINE_SECONDS = 60.0  # between two lines in a file
_USUAL = os.terminal_size((80, 24))
_TIMES = "{elapsed} passed, {remaining} left{postfix}"


class Progress:
    """The progress of one piece of work or, after `start`, of the next; threads may share it.

    Attributes:
        title: of what is being done.
    """

    def __init__(self, title: str, begun: float = 0.0) -> None:
        """As `start`."""
        self.title, self._bar = title, _bar(title, begun)

    def start(self, title: str, begun: float = 0.0) -> None:
        """Begins a piece of work.

        Args:
            title: what is being done.
            begun: the share of it, 0 to 1, that was done at another time, and tells nothing of the speed.
        """
        self._bar.close()
        self.title, self._bar = title, _bar(title, begun)

    def show(self, share: float, words: str | None = None) -> None:
        """Tells the share that is done, 0 to 1, and a few words beside it; without words they stay as they are."""
        if words is not None:
            self._bar.set_postfix_str(words, refresh=False)
        self._bar.n = share
        self._bar.update(0)

    def say(self, line: str, stream: TextIO | None = None) -> None:
        """Writes a line that stays, by default to standard error."""
        self._bar.write(line, file=stream or sys.stderr)

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Removes the line from a terminal."""
        self._bar.close()


class _Lines:
    """Standard error for a bar, of which it gets whole lines."""

    def write(self, text: str) -> None:
        if line := text.strip():
            print(line, file=sys.stderr, flush=True)

    def flush(self) -> None:
        """Does nothing: `write` flushes every line."""


def _room(stream: TextIO) -> tuple[int, int]:
    """The columns and lines beside the cursor in a terminal; those of a usual terminal where it says none, or 0."""
    try:
        size = os.get_terminal_size(stream.fileno())
    except (OSError, ValueError):  # of no real terminal
        size = os.terminal_size((0, 0))
    return max(1, (size.columns or _USUAL.columns) - 1), max(1, (size.lines or _USUAL.lines) - 1)


def _bar(title: str, begun: float) -> tqdm:
    given = {"desc": title, "total": 1.0, "initial": begun, "smoothing": 0, "miniters": 0, "leave": False}
    if sys.stderr.isatty():
        columns, lines = _room(sys.stderr)
        line = "{desc}: {percentage:5.1f} % |{bar}| " + _TIMES
        bar = tqdm(**given, bar_format=line, ncols=columns, nrows=lines)
        bar.dynamic_ncols = _room  # asked again for every line; that of tqdm takes a size of 0 for no room
        return bar
    pause = {"delay": LINE_SECONDS, "mininterval": LINE_SECONDS, "maxinterval": 2 * LINE_SECONDS}
    return tqdm(**given, **pause, bar_format="{desc}: {percentage:5.1f} %, " + _TIMES, file=_Lines())
