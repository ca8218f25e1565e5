"""Two processes want to train under one name: the second is refused, and the first notices nothing."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dlgmm_core.checkpoints import WEIGHTS, CheckpointError
from dlgmm_core.history import read_history
from dlgmm_core.locks import training_lock
from dlgmm_core.training import TrainingRun

ROOT = Path(__file__).resolve().parent.parent
TINY = ["gauss-vae", "--hidden", "4", "--code-dim", "2", "--batch-size", "2000", "--epochs", "900", "--patience", "900"]


def command(folder: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "dlgmm_core", "train", *TINY, "--name", "one", *more, "--checkpoints", str(folder)]


@pytest.fixture
def first(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that trains, and has saved an epoch."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with (tmp_path / "said").open("wb") as said:
        process = subprocess.Popen(command(tmp_path), cwd=ROOT, env=environment, stdout=said, stderr=said)
    for _ in range(1200):
        if (tmp_path / "one" / WEIGHTS).exists() or process.poll() is not None:
            break
        time.sleep(0.1)
    yield process
    process.kill()
    process.wait()


def test_the_second_process_is_refused_in_a_sentence(first: subprocess.Popen[bytes], tmp_path: Path) -> None:
    for more in ([], ["--resume"]):
        second = subprocess.run(command(tmp_path, *more), cwd=ROOT, capture_output=True, text=True, timeout=120)
        assert first.poll() is None
        assert second.returncode == 1 and second.stdout == ""
        assert second.stderr == (
            f"error: {tmp_path / 'one'} is being trained by another process: wait until that has ended, or take another"
            " name.\n"
        )


def test_a_killed_process_leaves_no_lock_and_a_run_that_can_be_resumed(
    first: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    with pytest.raises(CheckpointError, match="another process"), training_lock(tmp_path / "one"):
        pass
    first.kill()
    first.wait()
    with training_lock(tmp_path / "one"):
        assert len(TrainingRun.load(tmp_path / "one").history) >= len(read_history(tmp_path / "one")) >= 1


def test_names_do_not_lock_each_other_and_a_lock_leaves_nothing_behind(tmp_path: Path) -> None:
    root = tmp_path / "checkpoints"
    with training_lock(root / "one"), training_lock(root / "two"):
        pass
    with training_lock(root / "one"):
        pass
    assert list(root.iterdir()) == []
