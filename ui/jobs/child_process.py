"""Runs the core's command line until its parent process ends: `python -m ui.jobs.child_process VERB …`.

The parent holds the other end of standard input and writes nothing. However the parent ends, even if it is killed, the
operating system closes that end, and this process gets a SIGTERM, on which the command line saves its state and exits.
"""

import os
import signal
import sys
import threading

from dlgmm_core.__main__ import main
from dlgmm_core.runtime import progress

LINE_SECONDS = 0.25  # between lines of progress: pages are renewed every second


def _follow_parent() -> None:
    os.read(sys.stdin.fileno(), 1)  # returns when the other end is closed
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    progress.LINE_SECONDS = LINE_SECONDS
    threading.Thread(target=_follow_parent, daemon=True).start()
    sys.exit(main())
