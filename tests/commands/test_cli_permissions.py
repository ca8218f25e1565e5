"""What must not be read or written is named with that reason, before any work, by commands and by the app."""

import io
import os
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from dlgmm_core.__main__ import main
from dlgmm_core.experiments.results import RESULTS
from dlgmm_core.runtime.files import StorageError
from dlgmm_core.store.checkpoints import METRICS
from tests.checkpoint_helpers import save
from tests.forks import become_another_user, in_a_fork

COMMANDS = {
    "list": ["list"],
    "evaluate": ["evaluate", "sound"],
    "map": ["map", "sound"],
    "reproduce": ["reproduce", "--only", "mnist-gauss-vae"],
    "train": ["train", "gauss-vae", "--name", "sound", "--epochs", "1"],
    "resume": ["train", "gauss-vae", "--name", "sound", "--resume"],
}


# Root may do anything: a process of another user tries it.
def _as_another_user(roots: tuple[Path, Path]) -> list[dict[str, Any]]:
    # all that is imported, which the other user may not read
    from dlgmm_core.commands import table  # noqa: F401
    from ui import findings, loaders
    from ui.training import runs

    become_another_user()

    def answers(root: Path) -> dict[str, Any]:
        said: dict[str, Any] = {}
        for name, command in COMMANDS.items():
            stdout, stderr = io.StringIO(), io.StringIO()
            with redirect_stdout(stdout), redirect_stderr(stderr):
                code = main([*command, "--checkpoints", str(root)])
            said[name] = [code, stderr.getvalue()]
        loaders.CHECKPOINTS = runs.CHECKPOINTS = root
        rows: list[Any]
        try:
            rows = findings.results()
        except StorageError as error:
            rows = [str(error)]
        said["app"] = [len(loaders.checkpoints()), [broken.reason for broken in loaders.broken_checkpoints()], rows]
        said["free name"] = runs.free_name("sound")
        return said

    return [answers(root) for root in roots]


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
        answers = in_a_fork(_as_another_user, roots)
        for folder in (closed, fixed / "sound"):
            folder.chmod(0o755)
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
