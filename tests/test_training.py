"""Fitting on a handful of synthetic images: it improves, stops, resumes exactly, and says why it cannot."""

import itertools
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from dlgmm_core import training
from dlgmm_core.checkpoints import (
    HISTORY,
    TRAINING,
    WEIGHTS,
    CheckpointError,
    load_checkpoint,
    read_checkpoint,
    read_tensors,
    write_tensors,
)
from dlgmm_core.config import ConfigError, ModelConfig, TrainConfig
from dlgmm_core.data import Dataset, Split
from dlgmm_core.models import LatentVariableModel
from dlgmm_core.training import EpochMetrics, TrainingError, TrainingRun, fit, read_history

PIXELS = 12
MODEL = ModelConfig("dlgmm", 2, 2, (-1.0, 1.0), (1.0, 1.0), hidden=8, data_dim=PIXELS)
TRAIN = TrainConfig(batch_size=40, max_epochs=4, patience=4, learning_rate=0.01, bound="mixture", seed=5)


def split(rng: np.random.Generator, size: int) -> Split:
    """Noisy copies of two patterns of grey, some pixels certain, that no two rows may agree by design."""
    patterns = rng.choice([0, 25, 230, 255], (2, PIXELS)).astype(np.uint8)
    patterns[:, 0], patterns[:, 1] = 0, 255
    labels = np.arange(size) % 2
    grey = patterns[labels]
    binary = (rng.random(grey.shape) < grey / 255).astype(np.uint8)
    return Split(grey, binary, labels.astype(np.int64))


@pytest.fixture
def dataset() -> Dataset:
    """100 training images: two batches of 40, and one of 20."""
    rng = np.random.default_rng(0)
    train = split(rng, 130)
    return Dataset("toy", train[:100], train[100:], train[100:], ("a", "b"))


def assert_same_weights(a: dict[str, Tensor], b: dict[str, Tensor]) -> None:
    assert a.keys() == b.keys()
    for name in a:
        assert torch.equal(a[name], b[name]), name


def assert_same_run(a: TrainingRun, b: TrainingRun) -> None:
    assert_same_weights(a.model.state_dict(), b.model.state_dict())
    assert_same_weights(a.best_weights, b.best_weights)
    states = [run.optimizer.state_dict()["state"] for run in (a, b)]
    assert states[0].keys() == states[1].keys() and states[0]
    for i in states[0]:
        assert_same_weights(states[0][i], states[1][i])
    assert without_time(a.history) == without_time(b.history)


def without_time(history: list[EpochMetrics]) -> list[EpochMetrics]:
    return [replace(entry, seconds=0.0) for entry in history]


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Validation bounds to be returned in turn, in place of the measured ones."""
    values: list[float] = []
    monkeypatch.setattr(training, "_mean_bound", lambda run, images, epoch: values[epoch - 1])
    return values


# --- what training achieves --------------------------------------------------------------------


@pytest.mark.parametrize("model", ["gauss-vae", "sb-vae", "dlgmm", "dldpmm"])
def test_the_bound_improves(model: str, dataset: Dataset) -> None:
    config = ModelConfig(model, 2, hidden=8, data_dim=PIXELS)
    if model.startswith("dl"):
        config = replace(config, num_components=2, prior_means=(-1.0, 1.0), prior_scales=(1.0, 1.0))
    history = list(fit(TrainingRun.start(config, replace(TRAIN, max_epochs=20, patience=20)), dataset))
    # Coin flips are worth -12 log 2 = -8.3 nats; knowing the mean of each pixel already gains 2.
    assert history[-1].best_valid_bound > history[0].valid_bound + 1.5
    assert history[-1].train_bound > history[0].train_bound + 1.5


def test_the_train_bound_is_the_mean_over_images_and_not_over_batches(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ink(model: LatentVariableModel, x: Tensor, *_: object) -> Tensor:
        return x.sum(-1) + 0 * sum(p.sum() for p in model.parameters())

    monkeypatch.setattr(training, "elbo", ink)
    (entry,) = fit(TrainingRun.start(MODEL, replace(TRAIN, max_epochs=1)), dataset)
    assert entry.train_bound == pytest.approx(dataset.train.binary.sum(1).mean(), rel=1e-6)
    assert entry.valid_bound == pytest.approx(dataset.valid.binary.sum(1).mean(), rel=1e-6)


def batches_seen(config: TrainConfig, dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> list[list[Tensor]]:
    """What the bound is asked about in training, epoch by epoch."""
    seen: list[list[Tensor]] = [[]]
    original = training.elbo

    def spy(model: LatentVariableModel, x: Tensor, *rest: object) -> Tensor:
        if torch.is_grad_enabled():
            seen[-1].append(x)
        return original(model, x, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(training, "elbo", spy)
    for _ in fit(TrainingRun.start(MODEL, config), dataset):
        seen.append([])
    return seen[:-1]


def test_every_epoch_shows_each_fixed_image_once_in_another_order(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    epochs = batches_seen(TRAIN, dataset, monkeypatch)
    assert [[len(x) for x in batches] for batches in epochs] == [[40, 40, 20]] * 4
    shown = [torch.cat(batches) for batches in epochs]
    for x, y in itertools.combinations(shown, 2):
        assert not torch.equal(x, y)
    for x in shown:
        assert sorted(x.tolist()) == sorted(dataset.train.binary.astype(float).tolist())


def test_dynamic_binarization_draws_afresh_from_the_grey_levels(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    epochs = batches_seen(replace(TRAIN, binarization="dynamic"), dataset, monkeypatch)
    shown = [torch.cat(batches) for batches in epochs]
    for x in shown:
        assert set(x.unique().tolist()) == {0.0, 1.0}
        assert (x[:, 0] == 0).all() and (x[:, 1] == 1).all()  # levels 0 and 255 are certain
    assert len({tuple(sorted(map(tuple, x.tolist()))) for x in shown}) == len(shown)
    # the mean of 4 x 100 draws of each pixel: at most .5/20 off in one deviation
    mean = torch.cat(shown).mean(0)
    np.testing.assert_allclose(mean, dataset.train.grey.mean(0) / 255, atol=5 * 0.025)


# --- randomness --------------------------------------------------------------------------------


@pytest.mark.parametrize("binarization", ["fixed", "dynamic"])
@pytest.mark.parametrize("model", [MODEL, ModelConfig("dlgmm", 2, hidden=8, data_dim=PIXELS)], ids=["K=2", "K=1"])
def test_a_run_resumed_from_disk_after_every_epoch_equals_one_never_interrupted(
    model: ModelConfig, binarization: str, dataset: Dataset, tmp_path: Path
) -> None:
    config = replace(TRAIN, binarization=binarization)
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


def test_training_leaves_the_random_state_of_the_caller_alone(dataset: Dataset) -> None:
    state = torch.get_rng_state()
    run = TrainingRun.start(MODEL, TRAIN)
    next(fit(run, dataset))
    assert torch.equal(torch.get_rng_state(), state)


def test_the_seed_decides_everything(dataset: Dataset) -> None:
    runs = [TrainingRun.start(MODEL, replace(TRAIN, seed=seed, max_epochs=1)) for seed in (1, 1, 2)]
    initial = [torch.cat([p.detach().flatten() for p in run.model.parameters()]) for run in runs]
    assert torch.equal(initial[0], initial[1]) and not torch.equal(initial[0], initial[2])
    entries = [without_time(list(fit(run, dataset)))[0] for run in runs]
    assert entries[0] == entries[1] != entries[2]


def test_equal_weights_get_equal_validation_bounds_in_every_epoch(dataset: Dataset) -> None:
    # A learning rate this small moves no float32 weight by more than rounding.
    run = TrainingRun.start(MODEL, replace(TRAIN, learning_rate=1e-20))
    bounds = {entry.valid_bound for entry in fit(run, dataset)}
    assert len(bounds) == 1


# --- when it ends ------------------------------------------------------------------------------


def test_training_stops_after_patience_and_restores_the_best_weights(
    dataset: Dataset, scripted: list[float], tmp_path: Path
) -> None:
    scripted += [-9.0, -8.0, -8.5, -8.0, -8.1, -1.0]
    run = TrainingRun.start(MODEL, replace(TRAIN, max_epochs=6, patience=3))
    weights, digests = [], []
    for entry in fit(run, dataset):
        weights.append({name: tensor.clone() for name, tensor in run.model.state_dict().items()})
        assert run.finished == (entry.epoch == 5)
        run.save(tmp_path)
        digests.append(read_checkpoint(tmp_path).digest)
    assert digests[0] != digests[1] and len(set(digests[1:])) == 1  # metrics of unchanged weights stay theirs
    assert [entry.best_epoch for entry in run.history] == [1, 2, 2, 2, 2]  # an equal bound is no better
    assert run.history[-1].best_valid_bound == -8.0
    assert_same_weights(run.model.state_dict(), weights[1])
    assert not torch.equal(weights[1]["decoder.logits.bias"], weights[4]["decoder.logits.bias"])
    model, checkpoint = load_checkpoint(tmp_path)
    assert_same_weights(model.state_dict(), weights[1])
    assert (checkpoint.epoch, checkpoint.valid_bound) == (2, -8.0)
    assert (checkpoint.model_config, checkpoint.train_config) == (MODEL, run.config)


def test_training_ends_at_max_epochs_and_fitting_again_does_nothing(dataset: Dataset) -> None:
    run = TrainingRun.start(MODEL, replace(TRAIN, max_epochs=2))
    assert [entry.epoch for entry in fit(run, dataset)] == [1, 2] and run.finished
    assert list(fit(run, dataset)) == []


def test_the_resume_file_is_there_until_training_is_finished(dataset: Dataset, tmp_path: Path) -> None:
    run = TrainingRun.start(MODEL, replace(TRAIN, max_epochs=2))
    present = []
    for _ in fit(run, dataset):
        run.save(tmp_path)
        present.append({path.name for path in tmp_path.iterdir()})
    assert present == [{WEIGHTS, HISTORY, TRAINING}, {WEIGHTS, HISTORY}]
    with pytest.raises(CheckpointError, match=f"{TRAINING} is missing"):
        TrainingRun.load(tmp_path)


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
            for name in ("write_tensors", "save_checkpoint", "write_atomically"):
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


# --- what goes wrong ---------------------------------------------------------------------------


def test_a_bound_that_is_not_a_number_names_step_and_epoch(dataset: Dataset) -> None:
    run = TrainingRun.start(MODEL, TRAIN)
    epochs = fit(run, dataset)
    next(epochs)
    with torch.no_grad():
        next(run.model.parameters())[0, 0] = math.nan
    with pytest.raises(TrainingError, match="bound is nan at step 1 of epoch 2"):
        next(epochs)
    assert len(run.history) == 1 and all(tensor.isfinite().all() for tensor in run.best_weights.values())


def test_a_run_that_blows_up_stops_with_an_error(dataset: Dataset) -> None:
    state = torch.get_rng_state()
    with pytest.raises(TrainingError, match=r"^The (validation )?bound is .*: training stopped\."):
        list(fit(TrainingRun.start(MODEL, replace(TRAIN, learning_rate=1e30)), dataset))
    assert torch.equal(torch.get_rng_state(), state)


def test_a_validation_bound_that_is_not_a_number_stops_training(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = training.elbo

    def fails_on_validation(*args: object) -> Tensor:
        bounds = original(*args)  # type: ignore[arg-type]
        return bounds if torch.is_grad_enabled() else bounds * math.nan

    monkeypatch.setattr(training, "elbo", fails_on_validation)
    run = TrainingRun.start(MODEL, TRAIN)
    with pytest.raises(TrainingError, match="validation bound is nan"):
        next(fit(run, dataset))
    assert not run.history


def test_an_unknown_bound_or_model_is_a_configuration_error() -> None:
    with pytest.raises(ConfigError, match="no bound 'elbow': choose one of eq1, mixture, marginal"):
        TrainingRun.start(MODEL, replace(TRAIN, bound="elbow"))
    with pytest.raises(ConfigError, match="no model 'vae'"):
        TrainingRun.start(replace(MODEL, model="vae"), TRAIN)


def test_the_steps_of_an_epoch_are_told(dataset: Dataset) -> None:
    told: list[tuple[int, int]] = []
    next(fit(TrainingRun.start(MODEL, TRAIN), dataset, on_step=lambda step, steps: told.append((step, steps))))
    assert told == [(1, 3), (2, 3), (3, 3)]


# --- files -------------------------------------------------------------------------------------


def test_the_history_comes_back_from_its_file_digit_for_digit(dataset: Dataset, tmp_path: Path) -> None:
    assert read_history(tmp_path) == []
    run = TrainingRun.start(MODEL, TRAIN)
    for _ in fit(run, dataset):
        run.save(tmp_path)
        assert read_history(tmp_path) == run.history
    assert all(type(entry.epoch) is int and type(entry.seconds) is float for entry in read_history(tmp_path))


@pytest.mark.parametrize("content", ["epoch,train_bound\n1,2\n", "a line\nof text\n", "epoch\n\xff\n"])
def test_a_foreign_history_is_an_error_that_names_the_file(content: str, tmp_path: Path) -> None:
    (tmp_path / HISTORY).write_bytes(content.encode("latin-1"))
    with pytest.raises(CheckpointError, match=HISTORY):
        read_history(tmp_path)


@pytest.mark.parametrize("damage", ["weight", "optimizer", "history", "shape", "bound", "truncated"])
def test_a_damaged_resume_file_is_an_error_that_names_it(damage: str, dataset: Dataset, tmp_path: Path) -> None:
    run = TrainingRun.start(MODEL, TRAIN)
    next(fit(run, dataset))
    run.save(tmp_path)
    path = tmp_path / TRAINING
    tensors, header = read_tensors(path)
    if damage == "weight":
        del tensors["model.decoder.logits.bias"]
    elif damage == "optimizer":
        del tensors["optimizer.exp_avg.decoder.logits.bias"]
    elif damage == "history":
        header["history"] = [{"epoch": 1}]
    elif damage == "shape":
        tensors["model.decoder.logits.bias"] = torch.zeros(PIXELS + 1)
    elif damage == "bound":
        header["train"]["bound"] = "elbow"
    write_tensors(path, tensors, header)
    if damage == "truncated":
        path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(CheckpointError, match=TRAINING):
        TrainingRun.load(tmp_path)


def test_the_checkpoint_of_a_run_under_way_can_be_read(dataset: Dataset, tmp_path: Path) -> None:
    run = TrainingRun.start(MODEL, TRAIN)
    next(fit(run, dataset))
    run.save(tmp_path)
    checkpoint = read_checkpoint(tmp_path)
    assert checkpoint.epoch == 1 and checkpoint.valid_bound == run.history[0].valid_bound
