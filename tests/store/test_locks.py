"""Two processes want to train under one name: the second is refused, and the first notices nothing."""

import sys
import time
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from dlgmm_core import __main__ as cli
from dlgmm_core.store.checkpoints import WEIGHTS, load_checkpoint
from dlgmm_core.store.files import CheckpointError
from dlgmm_core.store.history import read_history
from dlgmm_core.store.locks import training_lock
from dlgmm_core.train.training import TrainingRun
from tests.cli_helpers import TINY, error_of, handlers_kept
from tests.experiment_helpers import use_toy_data
from tests.forks import FORKS

ENDLESS = ["--epochs", "1000000", "--patience", "1000000"]


@pytest.fixture
def command(tmp_path: Path) -> list[str]:
    return ["train", "gauss-vae", *TINY, *ENDLESS, "--name", "one", "--checkpoints", str(tmp_path)]


def _train(command: list[str], said: Path) -> None:
    with pytest.MonkeyPatch.context() as patch, said.open("w", encoding="utf-8") as file:
        use_toy_data(patch)
        with redirect_stdout(file), redirect_stderr(file):
            sys.exit(cli.main(command))


@pytest.fixture
def first(command: list[str], tmp_path: Path) -> Iterator[BaseProcess]:
    """A process that trains, and has saved an epoch."""
    process = FORKS.Process(target=_train, args=(command, tmp_path / "said"))
    process.start()
    for _ in range(6000):
        if (tmp_path / "one" / WEIGHTS).exists() or not process.is_alive():
            break
        time.sleep(0.02)
    yield process
    process.kill()
    process.join()


def test_a_second_process_is_refused_in_a_sentence_and_the_first_politely_killed_leaves_no_lock(
    first: BaseProcess, command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
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
    assert first.is_alive()
    first.terminate()
    first.join(60)
    assert first.exitcode == 130
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
