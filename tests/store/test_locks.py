"""Two processes want to train under one name: the second is refused, and the first notices nothing."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dlgmm_core import __main__ as cli
from dlgmm_core.store.checkpoints import WEIGHTS, load_checkpoint
from dlgmm_core.store.files import CheckpointError
from dlgmm_core.store.history import read_history
from dlgmm_core.store.locks import training_lock
from dlgmm_core.train.training import TrainingRun
from tests.cli_helpers import error_of, handlers_kept

ROOT = Path(__file__).resolve().parents[2]
TINY = ["gauss-vae", "--hidden", "4", "--code-dim", "2", "--batch-size", "2000", "--epochs", "900", "--patience", "900"]


@pytest.fixture
def command(tmp_path: Path) -> list[str]:
    return ["train", *TINY, "--name", "one", "--checkpoints", str(tmp_path)]


@pytest.fixture
def first(command: list[str], tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that trains, and has saved an epoch."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with (tmp_path / "said").open("wb") as said:
        whole = [sys.executable, "-m", "dlgmm_core", *command]
        process = subprocess.Popen(whole, cwd=ROOT, env=environment, stdout=said, stderr=said)
    for _ in range(1200):
        if (tmp_path / "one" / WEIGHTS).exists() or process.poll() is not None:
            break
        time.sleep(0.1)
    yield process
    process.kill()
    process.wait()


def test_a_second_process_is_refused_in_a_sentence_and_the_first_politely_killed_leaves_no_lock(
    first: subprocess.Popen[bytes], command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "one"
    for more in ([], ["--resume"]):
        with handlers_kept():
            assert cli.main([*command, *more]) == 1
        assert error_of(capsys) == (
            f"{folder} is being trained by another process: wait until it has ended, or choose another name."
        )
    with pytest.raises(CheckpointError, match="another process"), training_lock(folder):
        pass
    assert first.poll() is None
    first.terminate()
    assert first.wait(60) == 130
    said = (tmp_path / "said").read_text(encoding="utf-8")
    assert said.rstrip().endswith("Stopped. Finished work is kept.") and "Traceback" not in said
    with training_lock(folder):
        resumable = TrainingRun.load(folder)
    assert len(resumable.history) >= len(read_history(folder)) >= 1 and not resumable.finished
    load_checkpoint(folder)


def test_names_do_not_lock_each_other_and_a_lock_leaves_nothing_behind(tmp_path: Path) -> None:
    root = tmp_path / "checkpoints"
    with training_lock(root / "one"), training_lock(root / "two"):
        pass
    with training_lock(root / "one"):
        pass
    assert list(root.iterdir()) == []
