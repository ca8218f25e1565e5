"""Commands that work as they are printed, in the shell that started this program: its command line, or the app."""

import os
import shlex
import shutil
import sys
from pathlib import Path

from dlgmm_core.runtime.folders import usual_checkpoints_folder

__all__ = ["PROGRAM", "PYTHON", "command_on"]


def _beside_python(name: str) -> bool:
    """Whether a shell finds under this name what lies beside the interpreter that runs this program."""
    found = shutil.which(name)
    return found is not None and os.path.dirname(os.path.abspath(found)) == os.path.dirname(sys.executable)


def _python() -> str:
    """The running interpreter: its short name if a shell finds it by that, otherwise its path."""
    for name in ("python", "python3"):
        if _beside_python(name):
            return name
    path = Path(sys.executable)
    return shlex.quote(str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path))


def _program() -> str:
    """The command line as its user called it; in the app, as it is called where the app was started."""
    is_installed = Path(sys.argv[0]).stem == "dlgmm" or (not Path("dlgmm_core").is_dir() and _beside_python("dlgmm"))
    return "dlgmm" if is_installed else f"{PYTHON} -m dlgmm_core"


PYTHON = _python()
PROGRAM = _program()
_USUAL = usual_checkpoints_folder()


def command_on(root: Path, *words: str) -> str:
    """A command on the checkpoints in `root`, which it names unless that is what commands use without being told.

    A folder that an environment variable names is named, too: the variable may have been set for this program alone.
    """
    place = () if root == _USUAL else ("--checkpoints", str(root))
    return f"{PROGRAM} {shlex.join((*words, *place))}"
