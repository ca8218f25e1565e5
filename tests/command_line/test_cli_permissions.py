"""What must not be read or written is named with that reason, before any work, by commands and by the app."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from dlgmm_core.experiments.results import RESULTS
from dlgmm_core.store.checkpoints import METRICS
from tests.checkpoint_helpers import save

# Root may do anything: a process of another user tries it.
AS_ANOTHER_USER = """
import io, json, os, sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
root, repository = Path(sys.argv[1]), sys.argv[2]
sys.path.insert(0, repository)
from dlgmm_core.__main__ import main
from dlgmm_core.commands import table  # all that is imported, which the other user may not read
from ui import loaders
import ui.training.runs as runs
if os.getuid() == 0:
    os.setgroups([]), os.setgid(65534), os.setuid(65534)
said = {}
for name, command in json.loads(sys.argv[3]).items():
    stdout, stderr = io.StringIO(), io.StringIO()
    with redirect_stdout(stdout), redirect_stderr(stderr):
        code = main([*command, "--checkpoints", str(root)])
    said[name] = [code, stderr.getvalue()]
loaders.CHECKPOINTS = runs.CHECKPOINTS = root
try:
    rows = loaders.results()
except RuntimeError as error:
    rows = [str(error)]
said["app"] = [len(loaders.checkpoints()), [broken.reason for broken in loaders.broken_checkpoints()], rows]
said["free name"] = runs.free_name("sound")
print(json.dumps(said))
"""
COMMANDS = {
    "list": ["list"],
    "evaluate": ["evaluate", "sound"],
    "map": ["map", "sound"],
    "reproduce": ["reproduce", "--only", "mnist-gauss-vae"],
    "train": ["train", "gauss-vae", "--name", "sound", "--epochs", "1"],
    "resume": ["train", "gauss-vae", "--name", "sound", "--resume"],
}


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="needs permissions of POSIX")
def test_folders_and_files_that_are_forbidden_are_one_sentence_each() -> None:
    with tempfile.TemporaryDirectory() as name:  # which another user may enter, unlike pytest's
        root = Path(name)
        root.chmod(0o755)
        save(root / "sound")

        def said(folder: Path, mode: int) -> dict[str, list[object]]:
            folder.chmod(mode)
            arguments = [name, str(Path(__file__).parents[2]), json.dumps(COMMANDS)]
            command = [sys.executable, "-c", AS_ANOTHER_USER, *arguments]
            run = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=300)
            folder.chmod(0o755)
            assert run.returncode == 0, run.stderr
            answer: dict[str, list[object]] = json.loads(run.stdout)
            for key in COMMANDS:
                code, words = answer[key]
                assert (code, str(words).count("\n")) == (1, 1) or key == "list", (key, words)
                assert "Errno" not in str(words) and "step" not in str(words), (key, words)
            return answer

        answer = said(root, 0)
        for key in COMMANDS:
            assert "permission denied): allow this program to" in str(answer[key][1]).lower(), answer[key]
        assert answer["app"][0] == 0 and answer["app"][1] == [
            f"{root} cannot be read (permission denied): allow this program to read it."
        ]
        assert answer["free name"] == "sound"

        (root / RESULTS).write_text("[]", encoding="utf-8")
        (root / RESULTS).chmod(0)
        (root / "sound" / METRICS).write_text("{}", encoding="utf-8")
        (root / "sound" / METRICS).chmod(0)
        answer = said(root / "sound", 0o555)  # the folder can be read, and not written
        assert answer["list"] == [0, ""]
        assert f"{root / 'sound' / METRICS} cannot be read (permission denied)" in str(answer["evaluate"][1])
        for key in ("map", "train", "resume"):
            assert "cannot be written (Permission denied): allow this program to write there" in str(answer[key][1])
        assert f"{root / RESULTS} cannot be read (permission denied)" in str(answer["reproduce"][1])
        assert answer["app"] == [
            1,
            [],
            [f"{root / RESULTS} cannot be read (permission denied): allow this program to read it."],
        ]
        assert answer["free name"] == "sound-2"
