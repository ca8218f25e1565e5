"""`train` interrupted and gone on with: `--resume` and Ctrl-C; SIGTERM is in `test_locks.py`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from dlgmm_core.commands import train as training
from dlgmm_core.data.datasets import Dataset
from dlgmm_core.store.checkpoints import TRAINING, WEIGHTS, read_checkpoint
from dlgmm_core.store.history import read_history
from dlgmm_core.train import training as core
from dlgmm_core.train.training import TrainingRun, fit
from tests.cli_helpers import error_of, run, tiny_world, train


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    yield from tiny_world(monkeypatch)


def interrupt_after(epochs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C at the first step after so many epochs."""

    def interrupted(run: TrainingRun, dataset: Dataset, on_step: object) -> Iterator[object]:
        def step(number: int, steps: int, bound: float) -> None:
            if len(run.history) == epochs:
                raise KeyboardInterrupt

        return fit(run, dataset, step)

    monkeypatch.setattr(training, "fit", interrupted)


@pytest.mark.parametrize(
    "recipe",
    [
        ("--bound", "mixture"),
        ("--bound", "iwae", "--samples", "2", "--schedule", "cosine", "--data-bias"),
        ("--layers", "2", "--components-below", "2", "--code-dims-below", "3", "--skip"),
        ("--components", "100", "--decoded", "2"),
        ("--recipe", "fast"),
    ],
    ids=["mixture", "tuned", "layers", "decoded", "fast"],
)
def test_an_interrupted_run_resumes_to_the_very_weights_of_an_uninterrupted_one(
    recipe: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--epochs", "4", *recipe)
    assert train(tmp_path / "whole", "dlgmm", *options) == 0
    with pytest.MonkeyPatch.context() as patch:
        interrupt_after(2, patch)
        capsys.readouterr()
        assert train(tmp_path / "parts", "dlgmm", *options) == 130
    assert capsys.readouterr().err.splitlines()[-1] == "Stopped. Finished work is kept."
    folder = tmp_path / "parts" / "mnist-dlgmm"
    assert (folder / TRAINING).exists() and len(read_history(folder)) == 2
    assert train(tmp_path / "parts", "dlgmm", *options, "--resume") == 0
    assert not (folder / TRAINING).exists()
    assert (folder / WEIGHTS).read_bytes() == (tmp_path / "whole" / "mnist-dlgmm" / WEIGHTS).read_bytes()


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        (("--seed", "1"), "--seed 0, not 1"),
        (("--bound", "eq1"), "--bound mixture, not eq1"),
        (("--alpha", "2"), "--alpha 1.0, not 2.0"),
        (("--prior-means", "1", "2", "3"), "--prior-means 0.0 0.0 0.0, not 1.0 2.0 3.0"),
        (("--epochs", "9"), "--epochs 4, not 9"),
        (("--schedule", "cosine"), "--schedule constant, not cosine"),
        (("--data-bias",), "--data-bias False, not True"),
        (("--precision", "bfloat16"), "--precision float32, not bfloat16"),
        (("--encoder-activation", "linear"), "--encoder-activation relu, not linear"),
    ],
)
def test_a_run_is_resumed_with_its_own_options_only(
    changed: tuple[str, ...],
    word: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    options = ("--epochs", "4", "--bound", "mixture")
    interrupt_after(1, monkeypatch)
    assert train(tmp_path, "dlgmm", *options) == 130
    capsys.readouterr()
    before = (tmp_path / "mnist-dlgmm" / TRAINING).read_bytes()
    assert train(tmp_path, "dlgmm", *options, *changed, "--resume") == 2
    assert word in error_of(capsys)
    assert (tmp_path / "mnist-dlgmm" / TRAINING).read_bytes() == before
    # nor is it begun again from scratch
    assert train(tmp_path, "dlgmm", *options) == 2
    assert "--resume" in error_of(capsys)


def test_what_is_not_said_on_resume_is_as_it_was_begun(tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        interrupt_after(1, patch)
        options = (
            "--epochs",
            "2",
            "--bound",
            "mixture",
            "--alpha",
            "2",
            "--learning-rate",
            "0.01",
            "--prior-means",
            "1",
        )
        assert train(tmp_path, "dlgmm", *options, "0") == 130
    assert run(tmp_path, "train", "dlgmm", "--resume") == 0
    checkpoint = read_checkpoint(tmp_path / "mnist-dlgmm")
    assert (checkpoint.model_config.prior_means, checkpoint.model_config.concentration) == ((1.0, 0.0), 2.0)
    assert (checkpoint.train_config.bound, checkpoint.train_config.learning_rate) == ("mixture", 0.01)


def test_a_run_that_diverged_goes_on_as_its_error_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    train_epoch = core._train_epoch

    def diverging(run: TrainingRun, images: torch.Tensor, epoch: int, on_step: Any) -> float:
        if epoch == 3 and run.config.learning_rate > 0.01:
            run.model.get_parameter("layers.0.head.linear.weight").data.fill_(torch.nan)
        return train_epoch(run, images, epoch, on_step)

    monkeypatch.setattr(core, "_train_epoch", diverging)
    options = ("--epochs", "4", "--learning-rate", "0.02")
    assert train(tmp_path, "dlgmm", *options) == 1
    said = capsys.readouterr().err.splitlines()[-1]
    assert "and epoch 2 is kept: resume with a learning rate below 0.02" in said
    for again, code in (((), 2), (("--resume",), 1)):
        assert train(tmp_path, "dlgmm", *options, *again) == code
    capsys.readouterr()
    assert train(tmp_path, "dlgmm", "--epochs", "4", "--learning-rate", "0.005", "--resume") == 0
    assert "The learning rate is 0.02 up to epoch 2, and 0.005 from there on." in capsys.readouterr().err
    folder = tmp_path / "mnist-dlgmm"
    assert [entry.epoch for entry in read_history(folder)] == [1, 2, 3, 4]
    assert read_checkpoint(folder).train_config.learning_rate == 0.005
    # the other cure: a new run under another name
    assert train(tmp_path, "dlgmm", "--epochs", "1", "--alpha", "0.9", "--name", "other") == 0
