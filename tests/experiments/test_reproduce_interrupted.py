"""`reproduce` killed, failing or refusing: nothing is lost, nothing overwritten."""

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

from dlgmm_core.data.datasets import Dataset
from dlgmm_core.evaluate.likelihood import EvaluationError
from dlgmm_core.evaluate.metrics import measure
from dlgmm_core.experiments import reproduce as reproducing
from dlgmm_core.experiments import results
from dlgmm_core.experiments.results import RESULTS, read_results
from dlgmm_core.store.checkpoints import HISTORY, METRICS, PER_IMAGE, TRAINING, WEIGHTS
from dlgmm_core.store.figures import Measurement
from dlgmm_core.store.files import CheckpointError
from dlgmm_core.store.history import EpochMetrics, read_history
from dlgmm_core.train.training import TrainingRun, fit
from tests.cli_helpers import handlers_kept
from tests.experiment_helpers import (
    LONG,
    MIXED,
    PLAIN,
    TOY_PROTOCOL,
    contents,
    forbid,
    named,
    run,
    spy,
    trained,
    use_toy_experiments,
)


@pytest.fixture(autouse=True)
def toy_experiments(monkeypatch: pytest.MonkeyPatch) -> None:
    use_toy_experiments(monkeypatch)


def kill_after(epochs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C once that many epochs are saved."""

    def dying(run: TrainingRun, dataset: Dataset) -> Iterator[EpochMetrics]:
        for entry in fit(run, dataset):
            yield entry
            if entry.epoch == epochs:
                raise KeyboardInterrupt

    monkeypatch.setattr(reproducing, "fit", dying)


# --- killed and resumed --------------------------------------------------------------------------


def test_a_killed_run_resumes_to_the_weights_of_an_uninterrupted_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        kill_after(1, patch)
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path / "parts", LONG)
    assert (tmp_path / "parts" / "long" / TRAINING).exists()
    assert len(read_history(tmp_path / "parts" / "long")) == 1 and not (tmp_path / "parts" / RESULTS).exists()
    resumed = spy(monkeypatch, "fit")
    begun = read_history(tmp_path / "parts" / "long")
    run(tmp_path / "parts", LONG)
    ((second_part, _),) = resumed
    assert second_part.history[:1] == begun and len(second_part.history) == 4  # it did not start afresh
    run(tmp_path / "whole", LONG)
    parts, whole = (tmp_path / name / "long" for name in ("parts", "whole"))
    assert {file.name for file in parts.iterdir()} == {WEIGHTS, HISTORY, METRICS, PER_IMAGE}
    assert (parts / WEIGHTS).read_bytes() == (whole / WEIGHTS).read_bytes()
    assert (parts / METRICS).read_bytes() == (whole / METRICS).read_bytes()


def test_what_was_finished_is_recorded_when_another_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails_on_plain(model: Any, *rest: Any, **options: Any) -> Measurement:
        if model.config.model == "gauss-vae":
            raise EvaluationError("An importance weight is not a finite number.")
        return measure(model, *rest, **options)

    monkeypatch.setattr(reproducing, "measure", fails_on_plain)
    with pytest.raises(EvaluationError):
        run(tmp_path, PLAIN, MIXED)  # `mixed` is the longer, and comes first
    assert named(read_results(tmp_path)) == [("mixed", "mnist")]
    assert results.is_trained(tmp_path / "plain", PLAIN)


@pytest.mark.parametrize(("parent", "epochs"), [(lambda: -1, 1), (os.getppid, 4), (os.getpid, 4)])
def test_a_worker_ends_after_its_epoch_when_its_parent_has_gone(
    parent: Callable[[], int], epochs: int, tmp_path: Path
) -> None:
    def work() -> None:
        reproducing._train(LONG, tmp_path, "cpu", partial(reproducing._stop_without, parent()))

    if epochs == 4:
        work()
    else:
        with pytest.raises(KeyboardInterrupt):
            work()
        assert len(TrainingRun.load(tmp_path).history) == epochs
    assert len(read_history(tmp_path)) == epochs


@pytest.mark.parametrize("is_worker", [True, False])
def test_ctrl_c_ends_a_worker_without_a_word_and_the_command_by_its_handler(is_worker: bool, tmp_path: Path) -> None:
    parent = os.getppid() if is_worker else os.getpid()
    with handlers_kept():
        before = signal.getsignal(signal.SIGINT)
        reproducing._run_here(PLAIN, tmp_path, TOY_PROTOCOL, torch.get_num_threads(), parent)
        assert signal.getsignal(signal.SIGINT) == (signal.SIG_DFL if is_worker else before)


# --- nothing is overwritten ----------------------------------------------------------------------


@pytest.mark.parametrize("epochs", [1, None], ids=["unfinished", "finished"])
def test_another_models_folder_is_refused_before_any_work_and_left_alone(
    epochs: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained(replace(PLAIN, train=replace(PLAIN.train, seed=1)), tmp_path / "plain", epochs)
    before = contents(tmp_path)
    forbid(monkeypatch, "fit", "measure", "baseline_rows")
    with pytest.raises(CheckpointError, match=r"/plain was trained with seed = 1, not 0: move the folder away\.$"):
        run(tmp_path, MIXED, PLAIN)
    assert contents(tmp_path) == before


def test_the_first_epoch_of_another_training_is_refused_and_left_alone(tmp_path: Path) -> None:
    """Killed before it had weights, it has left its state alone."""
    trained(replace(LONG, train=replace(LONG.train, seed=1)), tmp_path / "long", epochs=1)
    for name in (WEIGHTS, HISTORY):
        (tmp_path / "long" / name).unlink()
    before = contents(tmp_path)
    with pytest.raises(
        CheckpointError, match=r"/long has an unfinished run with other settings: move the folder away\.$"
    ):
        run(tmp_path, LONG)
    assert contents(tmp_path) == before
    (tmp_path / "long").rename(tmp_path / "moved away")
    run(tmp_path, LONG)
    assert named(read_results(tmp_path))[0] == ("long", "mnist")


def test_a_damaged_record_stops_before_any_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / RESULTS).write_text("[", encoding="utf-8")
    forbid(monkeypatch, "fit")
    with pytest.raises(CheckpointError, match="is damaged"):
        run(tmp_path, PLAIN)
    assert contents(tmp_path) == {RESULTS: b"["}
