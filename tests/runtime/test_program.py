"""Commands are printed as the shell that started the program can run them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dlgmm_core.__main__ import main
from dlgmm_core.runtime.folders import checkpoints_folder
from dlgmm_core.runtime.program import PROGRAM, command_on
from tests.cli_helpers import handlers_kept

ROOT = Path(__file__).parents[2]
# As if the interpreter lay where the first argument says.
PRINT = "import sys; sys.executable = sys.argv.pop(1); from dlgmm_core.runtime.program import command_on; {}"
LISTED = "from pathlib import Path; print(command_on(Path(sys.argv[1]), 'list'))"


def program(folder: Path, name: str) -> Path:
    """A program of that name, which prints what it is called with, a line each."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text("#!/bin/sh\nprintf '%s\\n' \"$@\"\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def printed(python: Path, search: Path, checkpoints: Path, started_in: Path = ROOT) -> str:
    environment = {**os.environ, "PATH": f"{search}", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", PRINT.format(LISTED), str(python), str(checkpoints)]
    done = subprocess.run(command, env=environment, cwd=started_in, capture_output=True, encoding="utf-8", check=True)
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("names", "is_on_path", "begins"),
    [
        (["python", "python3"], True, "python -m dlgmm_core "),
        (["python3"], True, "python3 -m dlgmm_core "),
        (["python3"], False, "/"),
        (["python3", "dlgmm"], True, "python3 -m dlgmm_core "),  # where the project lies, its own code runs
    ],
)
def test_the_interpreter_is_called_by_a_name_that_the_shell_finds(
    names: list[str], is_on_path: bool, begins: str, tmp_path: Path
) -> None:
    place, elsewhere = tmp_path / "of it", tmp_path / "elsewhere"
    for name in names:
        program(place, name)
    program(elsewhere, "python")  # of another environment
    search, checkpoints = (place if is_on_path else elsewhere), tmp_path / "a folder's checkpoints"
    checkpoints.mkdir()
    command = printed(place / "python3", search, checkpoints)
    assert command.lstrip("'").startswith(begins) and "a folder" in command
    shell, environment = ["/bin/sh", "-c", command], {**os.environ, "PATH": str(search)}
    done = subprocess.run(shell, env=environment, cwd=ROOT, capture_output=True, encoding="utf-8")
    called = ["-m", "dlgmm_core", "list", "--checkpoints", str(checkpoints)]
    assert (done.returncode, done.stdout.splitlines(), done.stderr) == (0, called, "")
    with handlers_kept():
        assert main(called[2:]) == 0


def test_away_from_the_project_the_installed_program_is_called(tmp_path: Path) -> None:
    place = tmp_path / "bin"
    python = program(place, "python")
    program(place, "dlgmm")
    assert printed(python, place, tmp_path, tmp_path) == f"dlgmm list --checkpoints {tmp_path}"


def test_the_folder_is_named_unless_commands_find_it_without_a_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert command_on(checkpoints_folder(), "evaluate", "small") == f"{PROGRAM} evaluate small"
    assert command_on(Path("cp"), "map", "small") == f"{PROGRAM} map small --checkpoints cp"
    monkeypatch.setenv("DLGMM_CHECKPOINTS", "/models")
    assert command_on(checkpoints_folder(tmp_path), "map", "small") == f"{PROGRAM} map small --checkpoints /models"
