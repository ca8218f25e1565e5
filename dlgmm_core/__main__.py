"""The command line: `dlgmm COMMAND ...`, or `python -m dlgmm_core COMMAND ...`.

python -m dlgmm_core train dlgmm --components 5 --prior-means -1.5 -0.75 0 0.75 1.5

The commands are in `dlgmm_core.commands`. This module handles what all processes share: streams, signals, exit codes,
and errors of the environment, which give one sentence and not a stack trace.
"""

import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from types import FrameType

INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns the exit code: 0 done, 1 failed, 2 misused, 130 interrupted."""
    _prepare_streams()
    try:
        # SIGTERM is treated like Ctrl-C: the last complete epoch is already on disk.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, _interrupt)
        try:
            # loads PyTorch, which is slow: after the signals, so that Ctrl-C works
            from dlgmm_core.commands.table import run_command

            return run_command(arguments)
        finally:
            sys.stdout.flush()
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # a second Ctrl-C ends the process at once
        _say("Stopped. Finished work is kept.")
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


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _say(line: str) -> None:
    with suppress(OSError):
        print(line, file=sys.stderr, flush=True)


def _discard_output() -> None:
    """Discards output that is still in the buffer of stdout: Python would fail to write it when it ends."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
