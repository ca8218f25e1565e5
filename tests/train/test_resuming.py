"""A run saved after any epoch, and even in the midst of saving, goes on as if it had never stopped."""

import itertools
import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from dlgmm_core.config import ContextSampler, ModelConfig, TrainConfig
from dlgmm_core.data.datasets import Dataset
from dlgmm_core.store.checkpoints import HISTORY, TRAINING, WEIGHTS, load_checkpoint, read_checkpoint, save_checkpoint
from dlgmm_core.store.files import CheckpointError, read_tensors, write_tensors
from dlgmm_core.store.history import read_history
from dlgmm_core.train import training
from dlgmm_core.train.training import TrainingRun, fit, keep
from tests.fuzz_helpers import assert_one_sentence
from tests.training_helpers import (
    MODEL,
    PIXELS,
    SHAPE,
    TRAIN,
    assert_same_run,
    assert_same_weights,
    without_time,
)

RECIPES = {
    "fixed": TRAIN,
    "dynamic": replace(TRAIN, binarization="dynamic"),
    "one-cycle": replace(TRAIN, schedule="one-cycle"),
    "everything": replace(
        TRAIN,
        binarization="dynamic",
        bound="iwae",
        num_samples=3,
        schedule="cosine",
        data_bias=True,
        precision="bfloat16",
    ),
}


# --- going on ----------------------------------------------------------------------------------


@pytest.mark.parametrize("config", list(RECIPES.values()), ids=list(RECIPES))
@pytest.mark.parametrize(
    "model",
    [MODEL, ModelConfig("dlgmm", 2, hidden=8, image_shape=SHAPE), replace(MODEL, contexts=ContextSampler())],
    ids=["K=2", "K=1", "amortised"],
)
def test_a_run_resumed_from_disk_after_every_epoch_equals_one_never_interrupted(
    model: ModelConfig, config: TrainConfig, dataset: Dataset, tmp_path: Path
) -> None:
    whole = TrainingRun.start(model, config)
    list(itertools.islice(fit(whole, dataset), 3))
    parts = TrainingRun.start(model, config)
    for _ in range(3):
        next(fit(parts, dataset))
        parts.save(tmp_path)
        torch.rand(17)  # what a caller draws in between must not matter
        parts = TrainingRun.load(tmp_path)
    assert_same_run(whole, parts)
    list(fit(whole, dataset))
    list(fit(parts, dataset))
    assert len(parts.history) == 4
    assert_same_run(whole, parts)


def test_a_kill_between_two_files_of_a_save_loses_nothing(
    dataset: Dataset, scripted: list[float], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Epoch 2 is the best, and the process dies while it is being saved, after any of its files."""
    scripted += [-9.0, -8.0, -8.5, -8.6]
    whole = TrainingRun.start(MODEL, TRAIN)
    list(fit(whole, dataset))
    for files_written in range(3):
        folder = tmp_path / str(files_written)
        run = TrainingRun.start(MODEL, TRAIN)
        epochs = fit(run, dataset)
        next(epochs)
        run.save(folder)
        next(epochs)
        with monkeypatch.context() as patch:
            done = itertools.count()
            for name in ("write_state", "save_checkpoint", "write_history"):
                original = getattr(training, name)

                def dying(*args: object, original: object = original) -> None:
                    if next(done) == files_written:  # noqa: B023
                        raise KeyboardInterrupt
                    original(*args)  # type: ignore[operator]

                patch.setattr(training, name, dying)
            with pytest.raises(KeyboardInterrupt):
                run.save(folder)
        resumed = TrainingRun.load(folder)
        for _ in fit(resumed, dataset):
            resumed.save(folder)
        assert without_time(read_history(folder)) == without_time(whole.history)
        model, checkpoint = load_checkpoint(folder)
        assert checkpoint.epoch == 2, f"killed after {files_written} files"
        assert_same_weights(model.state_dict(), whole.best_weights)


def test_a_run_begun_before_usage_was_measured_goes_on(dataset: Dataset, tmp_path: Path) -> None:
    run = TrainingRun.start(MODEL, TRAIN)
    next(fit(run, dataset))
    run.save(str(tmp_path))
    tensors, header = read_tensors(tmp_path / TRAINING)
    del header["history"][0]["usage"]
    write_tensors(tmp_path / TRAINING, tensors, header)
    resumed = TrainingRun.load(tmp_path)
    next(fit(resumed, dataset))
    resumed.save(tmp_path)
    assert [len(entry.usage) for entry in read_history(tmp_path)] == [0, 2]


# --- keeping -----------------------------------------------------------------------------------


def test_a_kept_run_has_ended_with_its_best_weights(dataset: Dataset, scripted: list[float], tmp_path: Path) -> None:
    scripted += [-9.0, -8.0, -8.5]
    run = TrainingRun.start(MODEL, TRAIN)
    for _ in itertools.islice(fit(run, dataset), 3):
        run.save(tmp_path)
    stale = tmp_path / "stale"
    save_checkpoint(stale, run.model.state_dict(), MODEL, TRAIN, 1, -9.0)
    (tmp_path / WEIGHTS).write_bytes((stale / WEIGHTS).read_bytes())  # as a kill between two files may leave it
    keep(tmp_path)
    model, checkpoint = load_checkpoint(tmp_path)
    assert (checkpoint.epoch, checkpoint.valid_bound) == (2, -8.0)
    assert_same_weights(model.state_dict(), run.best_weights)
    assert [entry.epoch for entry in read_history(tmp_path)] == [1, 2, 3]
    with pytest.raises(CheckpointError, match="so it cannot be resumed"):
        TrainingRun.load(tmp_path)


def test_there_is_nothing_to_keep_of_a_run_without_an_epoch(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=f"{TRAINING} is missing"):
        keep(tmp_path)
    assert not list(tmp_path.iterdir())


# --- files -------------------------------------------------------------------------------------


def test_the_resume_file_is_there_until_training_is_finished(dataset: Dataset, tmp_path: Path) -> None:
    run = TrainingRun.start(MODEL, replace(TRAIN, max_epochs=2))
    present = []
    for _ in fit(run, dataset):
        run.save(tmp_path)
        present.append({path.name for path in tmp_path.iterdir()})
    assert present == [{WEIGHTS, HISTORY, TRAINING}, {WEIGHTS, HISTORY}]
    with pytest.raises(CheckpointError, match=f"{TRAINING} is missing"):
        TrainingRun.load(tmp_path)


def test_a_new_run_in_an_old_folder_replaces_its_weights(
    dataset: Dataset, scripted: list[float], tmp_path: Path
) -> None:
    scripted += [-8.0, -9.0]
    for seed in (1, 2):
        run = TrainingRun.start(MODEL, replace(TRAIN, max_epochs=2, seed=seed))
        for _ in fit(run, dataset):
            run.save(tmp_path)
        model, checkpoint = load_checkpoint(tmp_path)
        assert checkpoint.train_config.seed == seed
        assert_same_weights(model.state_dict(), run.best_weights)


DAMAGES = ("weight", "optimizer", "moments", "history", "no epoch", "odd epoch", "shape", "best shape", "bound", "cut")
DAMAGES += (
    "nan moments",
    "negative moments",
    "no step",
    "nan weights",
    "nan best",
    "half",
    "epoch 77",
    "nan best bound",
    "share",
    "duration",
    "data set",
    "ended",
)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_resume_file_is_an_error_that_names_it(damage: str, dataset: Dataset, tmp_path: Path) -> None:
    run = TrainingRun.start(MODEL, TRAIN)
    next(fit(run, dataset))
    run.save(tmp_path)
    path = tmp_path / TRAINING
    tensors, header = read_tensors(path)
    if damage == "weight":
        del tensors["model.decoder.data_bias"]
    elif damage == "optimizer":
        del tensors["optimizer.exp_avg.decoder.data_bias"]
    elif damage == "moments":
        tensors["optimizer.exp_avg.decoder.data_bias"] = torch.zeros(1)
    elif damage == "history":
        header["history"] = [{"epoch": 1}]
    elif damage == "no epoch":
        header["history"] = []
    elif damage == "odd epoch":
        header["history"][0]["epoch"] = "1\n" * 1000
    elif damage == "share":
        header["history"][0]["usage"] = [5.0, -3.0, -1.0]
    elif damage == "duration":
        header["history"][0]["seconds"] = -1.0
    elif damage == "data set":
        header["train"]["dataset"] = "../cifar"
    elif damage == "nan moments":
        tensors["optimizer.exp_avg_sq.decoder.data_bias"][0] = torch.nan
    elif damage == "negative moments":
        tensors["optimizer.exp_avg_sq.decoder.data_bias"][0] = -1
    elif damage == "no step":
        tensors["optimizer.step.decoder.data_bias"] = torch.tensor(-1.0)
    elif damage == "nan weights":
        tensors["model.decoder.data_bias"][0] = torch.nan
    elif damage == "nan best":
        tensors["best.decoder.data_bias"][0] = torch.inf
    elif damage == "half":
        tensors = {name: tensor.half() for name, tensor in tensors.items()}
    elif damage == "epoch 77":
        header["history"][0]["epoch"] = header["history"][0]["best_epoch"] = 77
    elif damage == "nan best bound":
        header["history"][0]["best_valid_bound"] = math.nan
    elif damage == "ended":
        header["train"]["max_epochs"] = 1
    elif damage == "shape":
        tensors["model.decoder.data_bias"] = torch.zeros(PIXELS + 1)
    elif damage == "best shape":
        tensors["best.decoder.data_bias"] = torch.zeros(PIXELS + 1)
    elif damage == "bound":
        header["train"]["bound"] = "elbow\nand knee"
    write_tensors(path, tensors, header)
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(CheckpointError, match=f"{TRAINING} is damaged") as refused:
        TrainingRun.load(tmp_path)
    assert_one_sentence(refused.value)


def test_the_checkpoint_of_a_run_under_way_can_be_read(dataset: Dataset, tmp_path: Path) -> None:
    run = TrainingRun.start(MODEL, TRAIN)
    next(fit(run, dataset))
    run.save(tmp_path)
    checkpoint = read_checkpoint(tmp_path)
    assert checkpoint.epoch == 1 and checkpoint.valid_bound == run.history[0].valid_bound


def test_a_run_that_goes_on_with_another_number_of_threads_says_so(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = TrainingRun.start(MODEL, TRAIN)
    next(fit(run, dataset))
    run.save(tmp_path)
    assert TrainingRun.load(tmp_path).other_threads == ""
    monkeypatch.setattr(torch, "get_num_threads", lambda: 6)
    sentence = TrainingRun.load(tmp_path).other_threads
    assert sentence == "The run had 1 threads before and has 6 now: the last digits of its figures may differ."
    tensors, header = read_tensors(tmp_path / TRAINING)
    for threads in (0, -1, "2", None, 10**9):
        write_tensors(tmp_path / TRAINING, tensors, {**header, "threads": threads})
        with pytest.raises(CheckpointError, match="threads"):
            TrainingRun.load(tmp_path)
