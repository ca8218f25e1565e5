"""The command line: `dlgmm COMMAND ...`, or `python -m dlgmm_core COMMAND ...`.

python -m dlgmm_core train dlgmm --components 5 --prior-means -1.5 -0.75 0 0.75 1.5

The commands are in `dlgmm_core.commands`. This module handles what all processes share: streams, signals, exit codes,
and errors of the environment, which give one sentence and not a stack trace.
"""

import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import FrameType

INTERRUPTED = 130
STOPPED = "Stopped. Finished work is kept."


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns the exit code: 0 done, 1 failed, 2 misused, 130 interrupted."""
    _prepare_streams()
    try:
        _on_signals(_end_at_once)  # loading PyTorch is slow, and an exception may be lost inside an import
        from dlgmm_core.commands.table import run_command

        _on_signals(_interrupt)
        try:
            return run_command(arguments)
        finally:
            sys.stdout.flush()
    except KeyboardInterrupt:
        _on_signals(signal.SIG_IGN)
        _say(STOPPED)
        _on_signals(signal.SIG_DFL)
        return INTERRUPTED
    except BrokenPipeError:  # the reader has closed the pipe, as `head` does
        _discard_output()
        return 1
    except OSError as error:
        _discard_output()
        _say(f"error: {error}.")
        return 1


def _prepare_streams() -> None:
    """Replaces a closed stream by the null device, and characters that a stream cannot encode by question marks."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 - as long as the process
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError):  # a stream of another kind
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]


def _on_signals(action: signal.Handlers | Callable[[int, FrameType | None], None]) -> None:
    """What Ctrl-C does from now on, and SIGTERM likewise: the last complete epoch is on disk at any time."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, action)


def _interrupt(number: int, frame: FrameType | None) -> None:
    _on_signals(_end_at_once)  # the second one
    raise KeyboardInterrupt


def _end_at_once(number: int, frame: FrameType | None) -> None:
    _on_signals(signal.SIG_IGN)
    _say(STOPPED)
    os._exit(INTERRUPTED)


def _say(line: str) -> None:
    with suppress(OSError):
        print(line, file=sys.stderr, flush=True)


def _discard_output() -> None:
    """Discards output that is still in the buffer of stdout: Python would fail to write it when it ends."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
