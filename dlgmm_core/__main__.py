"""The command line: `dlgmm COMMAND ...`, or `python -m dlgmm_core COMMAND ...`.

python -m dlgmm_core train dlgmm --components 5 --prior-means -1.5 -0.75 0 0.75 1.5

The commands are in `dlgmm_core.commands`. This module handles what all processes share: signals, exit codes, and errors
of the environment, which give one sentence and not a stack trace. What it needs of other modules it imports once
signals are handled, so that Ctrl-C works from the first milliseconds on.
"""

import os
import signal
import sys

TYPE_CHECKING = False  # as `typing` has it, which takes longer to import than all else here
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import FrameType

INTERRUPTED = 130


def main(arguments: "Sequence[str] | None" = None) -> int:
    """Runs one command and returns the exit code: 0 done, 1 failed, 2 misused, 130 interrupted."""
    try:
        _on_signals(_end_at_once)  # loading PyTorch is slow, and an exception may be lost inside an import
        from dlgmm_core.runtime.streams import OutputError, discard_output, say, usable_streams

        try:
            with usable_streams():
                from dlgmm_core.commands.table import run_command

                _on_signals(_interrupt)
                return run_command(arguments)
        except BrokenPipeError:  # the reader has closed the pipe, as `head` does
            discard_output()
            return 1
        except (OSError, OutputError) as error:
            discard_output()
            say(f"error: {str(error).removesuffix('.')}.")
            return 1
    except KeyboardInterrupt as stop:
        _on_signals(signal.SIG_IGN)
        _say(str(stop) or "Stopped.")
        _on_signals(signal.SIG_DFL)
        return INTERRUPTED


def _on_signals(action: "signal.Handlers | Callable[[int, FrameType | None], None]") -> None:
    """What Ctrl-C does from now on, and SIGTERM likewise: the last complete epoch is on disk at any time."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, action)


def _interrupt(number: int, frame: "FrameType | None") -> None:
    _on_signals(_end_at_once)  # the second one
    raise KeyboardInterrupt


def _end_at_once(number: int, frame: "FrameType | None") -> None:
    _on_signals(signal.SIG_IGN)
    _say("Stopped.")
    os._exit(INTERRUPTED)


def _say(sentence: str) -> None:
    try:  # noqa: SIM105 - nothing is imported yet
        print(sentence, file=sys.stderr, flush=True)
    except OSError:
        pass


if __name__ == "__main__":
    sys.exit(main())
