"""Runs the core's command line for as long as its parent lives: `python -m ui.jobs.child_process VERB …`.

The parent holds the other end of standard input and writes nothing. However it ends, a kill included,
the operating system closes that end, and the work is asked to save and leave as if by SIGTERM.
"""

import os
import signal
import sys
import threading

from dlgmm_core.__main__ import main


def _follow_parent() -> None:
    os.read(sys.stdin.fileno(), 1)  # returns when the other end is closed
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    threading.Thread(target=_follow_parent, daemon=True).start()
    sys.exit(main())
