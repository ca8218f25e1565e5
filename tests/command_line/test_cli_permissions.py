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
roots, commands = json.loads(sys.argv[1]), json.loads(sys.argv[2])
sys.path.insert(0, sys.argv[3])
from dlgmm_core.__main__ import main
from dlgmm_core.commands import table  # all that is imported, which the other user may not read
from ui import findings, loaders
import ui.training.runs as runs
if os.getuid() == 0:
    os.setgroups([]), os.setgid(65534), os.setuid(65534)

def answers(root):
    said = {}
    for name, command in commands.items():
        stdout, stderr = io.StringIO(), io.StringIO()
        with redirect_stdout(stdout), redirect_stderr(stderr):
            code = main([*command, "--checkpoints", str(root)])
        said[name] = [code, stderr.getvalue()]
    loaders.CHECKPOINTS = runs.CHECKPOINTS = root
    try:
        rows = findings.results()
    except RuntimeError as error:
        rows = [str(error)]
    said["app"] = [len(loaders.checkpoints()), [broken.reason for broken in loaders.broken_checkpoints()], rows]
    said["free name"] = runs.free_name("sound")
    return said

print(json.dumps([answers(Path(root)) for root in roots]))
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
        closed, fixed = roots = Path(name) / "closed", Path(name) / "fixed"
        Path(name).chmod(0o755)
        for root in roots:
            save(root / "sound")
            root.chmod(0o755)
        (fixed / RESULTS).write_text("[]", encoding="utf-8")
        (fixed / "sound" / METRICS).write_text("{}", encoding="utf-8")
        for file in (fixed / RESULTS, fixed / "sound" / METRICS, closed):
            file.chmod(0)
        (fixed / "sound").chmod(0o555)  # the folder can be read, and not written
        arguments = [json.dumps([str(root) for root in roots]), json.dumps(COMMANDS), str(Path(__file__).parents[2])]
        command = [sys.executable, "-c", AS_ANOTHER_USER, *arguments]
        run = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=300)
        for folder in (closed, fixed / "sound"):
            folder.chmod(0o755)
        assert run.returncode == 0, run.stderr
        answers: list[dict[str, list[object]]] = json.loads(run.stdout)
        for answer in answers:
            for key in COMMANDS:
                code, words = answer[key]
                assert (code, str(words).count("\n")) == (1, 1) or key == "list", (key, words)
                assert "Errno" not in str(words) and "step" not in str(words), (key, words)

        answer = answers[0]
        for key in COMMANDS:
            assert "permission denied): allow this program to" in str(answer[key][1]).lower(), answer[key]
        assert answer["app"][0] == 0 and answer["app"][1] == [
            f"{closed} cannot be read (permission denied): allow this program to read it."
        ]
        assert answer["free name"] == "sound"

        answer = answers[1]
        assert answer["list"] == [0, ""]
        assert f"{fixed / 'sound' / METRICS} cannot be read (permission denied)" in str(answer["evaluate"][1])
        for key in ("map", "train", "resume"):
            assert "cannot be written (Permission denied): allow this program to write there" in str(answer[key][1])
        assert f"{fixed / RESULTS} cannot be read (permission denied)" in str(answer["reproduce"][1])
        assert answer["app"] == [
            1,
            [],
            [f"{fixed / RESULTS} cannot be read (permission denied): allow this program to read it."],
        ]
        assert answer["free name"] == "sound-2"
