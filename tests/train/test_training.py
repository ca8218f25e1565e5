"""Fitting on a handful of synthetic images: it improves, stops, and says why it cannot."""

import itertools
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from dlgmm_core.checks import ConfigError
from dlgmm_core.config import ContextSampler, ModelConfig, TrainConfig
from dlgmm_core.data.datasets import Dataset
from dlgmm_core.model.functional import bernoulli_log_prob
from dlgmm_core.model.models import LatentVariableModel
from dlgmm_core.model.objectives import lower_bound
from dlgmm_core.store.checkpoints import load_checkpoint, read_checkpoint
from dlgmm_core.train import training
from dlgmm_core.train.training import TrainingError, TrainingRun, fit
from tests.training_helpers import MODEL, SHAPE, TRAIN, assert_same_run, assert_same_weights, without_time

# --- what training achieves --------------------------------------------------------------------


@pytest.mark.parametrize("model", ["gauss-vae", "sb-vae", "dlgmm", "dldpmm"])
def test_the_bound_improves(model: str, dataset: Dataset) -> None:
    config = ModelConfig(model, 2, hidden=8, image_shape=SHAPE)
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

    monkeypatch.setattr(training, "lower_bound", ink)
    (entry,) = fit(TrainingRun.start(MODEL, replace(TRAIN, max_epochs=1)), dataset)
    assert entry.train_bound == pytest.approx(dataset.train.binary.sum(1).mean(), rel=1e-6)
    assert entry.valid_bound == pytest.approx(dataset.valid.binary.sum(1).mean(), rel=1e-6)


def test_each_image_is_told_another_context_and_validation_images_always_the_same(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: dict[bool, list[Tensor]] = {True: [], False: []}

    def spy(model: LatentVariableModel, x: Tensor, *rest: object) -> Tensor:
        assert model.context is not None and model.context.shape == (len(x), MODEL.num_components + 1)
        told[torch.is_grad_enabled()].append(model.context)
        return lower_bound(model, x, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(training, "lower_bound", spy)
    independent = ContextSampler(evenly_spaced=0, one_moved=0)
    run = TrainingRun.start(replace(MODEL, contexts=independent), replace(TRAIN, max_epochs=2))
    own = run.model.context
    assert len(list(fit(run, dataset))) == 2
    assert len(torch.cat(told[True])[:, 0].unique()) == 2 * len(dataset.train.binary)
    assert torch.equal(*told[False])
    assert run.model.context is own


def batches_seen(config: TrainConfig, dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> list[list[Tensor]]:
    """What the bound is asked about in training, epoch by epoch."""
    seen: list[list[Tensor]] = [[]]

    def spy(model: LatentVariableModel, x: Tensor, *rest: object) -> Tensor:
        if torch.is_grad_enabled():
            seen[-1].append(x)
        return lower_bound(model, x, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(training, "lower_bound", spy)
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


def test_grey_levels_are_probabilities_and_the_bound_is_the_mean_over_binarizations(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    epochs = batches_seen(replace(TRAIN, binarization="grey"), dataset, monkeypatch)
    expected = sorted((dataset.train.grey.astype(np.float32) / np.float32(255)).tolist())
    assert [sorted(torch.cat(batches).tolist()) for batches in epochs] == [expected] * len(epochs)
    probability = torch.tensor([[0.25, 0.75]])
    outcomes = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    weights = torch.where(outcomes > 0, probability, 1 - probability).prod(1)
    logits = torch.tensor([[0.3, -1.2]])
    mean = (weights * bernoulli_log_prob(logits, outcomes)).sum()
    torch.testing.assert_close(bernoulli_log_prob(logits, probability)[0], mean)


# --- randomness --------------------------------------------------------------------------------


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


def test_measuring_the_use_of_the_components_changes_nothing_else(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = TrainingRun.start(MODEL, TRAIN)
    list(fit(measured, dataset))
    monkeypatch.setattr(training, "_usage", lambda model, images: ())
    other = TrainingRun.start(MODEL, TRAIN)
    list(fit(other, dataset))
    other.history = [replace(a, usage=b.usage) for a, b in zip(other.history, measured.history, strict=True)]
    assert_same_run(measured, other)


# --- the use of the components -----------------------------------------------------------------


def test_every_epoch_reports_the_mean_weights_on_the_validation_set(dataset: Dataset) -> None:
    run = TrainingRun.start(MODEL, replace(TRAIN, max_epochs=2))
    for entry in fit(run, dataset):
        q = run.model.posterior(torch.from_numpy(dataset.valid.binary).float())
        expected = q.log_mean_weights.exp().mean(1).tolist()
        if not run.finished:  # then the model holds the best weights
            assert entry.usage == pytest.approx(expected, rel=1e-6) and sum(entry.usage) == pytest.approx(1)
    assert len({entry.usage for entry in run.history}) == 2


@pytest.mark.parametrize("model", ["gauss-vae", "sb-vae", "dlgmm"])
def test_a_model_without_a_mixture_has_no_components_to_use(model: str, dataset: Dataset) -> None:
    config = ModelConfig(model, 2, hidden=8, image_shape=SHAPE)
    (entry,) = fit(TrainingRun.start(config, replace(TRAIN, max_epochs=1)), dataset)
    assert entry.usage == ()


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
    assert not torch.equal(weights[1]["decoder.data_bias"], weights[4]["decoder.data_bias"])
    model, checkpoint = load_checkpoint(tmp_path)
    assert_same_weights(model.state_dict(), weights[1])
    assert (checkpoint.epoch, checkpoint.valid_bound) == (2, -8.0)
    assert (checkpoint.model_config, checkpoint.train_config) == (MODEL, run.config)


def test_a_step_of_too_many_codes_is_refused_whatever_their_factor() -> None:
    largest = replace(TRAIN, num_samples=1000, batch_size=500)
    TrainingRun.start(MODEL, largest)
    for config in (replace(largest, batch_size=501), replace(largest, num_samples=1001)):
        with pytest.raises(ConfigError, match=r"^num_components x num_samples x batch_size must be at most 1,000,000"):
            TrainingRun.start(MODEL, config)


def test_training_ends_at_max_epochs_and_fitting_again_does_nothing(dataset: Dataset) -> None:
    run = TrainingRun.start(MODEL, replace(TRAIN, max_epochs=2))
    assert [entry.epoch for entry in fit(run, dataset)] == [1, 2] and run.finished
    assert list(fit(run, dataset)) == []


# --- what goes wrong ---------------------------------------------------------------------------


def test_a_bound_that_is_not_a_number_names_step_and_epoch(dataset: Dataset) -> None:
    run = TrainingRun.start(MODEL, TRAIN)
    epochs = fit(run, dataset)
    next(epochs)
    with torch.no_grad():
        next(run.model.parameters())[0, 0] = math.nan
    with pytest.raises(
        TrainingError,
        match=r"nan at step 1 of epoch 2, because the weight .*: training stopped, and epoch 1 is kept: resume with",
    ):
        next(epochs)
    assert len(run.history) == 1 and all(tensor.isfinite().all() for tensor in run.best_weights.values())


def test_a_run_that_diverges_stops_with_an_error(dataset: Dataset) -> None:
    state = torch.get_rng_state()
    with pytest.raises(TrainingError, match=r"^The (validation )?bound is .*, because .*: training stopped: try a"):
        list(fit(TrainingRun.start(MODEL, replace(TRAIN, learning_rate=1e29)), dataset))
    assert torch.equal(torch.get_rng_state(), state)


def test_a_validation_bound_that_is_not_a_number_stops_training(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:

    def fails_on_validation(*args: object) -> Tensor:
        bounds = lower_bound(*args)  # type: ignore[arg-type]
        return bounds if torch.is_grad_enabled() else bounds * math.nan

    monkeypatch.setattr(training, "lower_bound", fails_on_validation)
    run = TrainingRun.start(MODEL, TRAIN)
    with pytest.raises(TrainingError, match="validation bound is nan"):
        next(fit(run, dataset))
    assert not run.history


def test_an_unknown_bound_or_model_is_a_configuration_error() -> None:
    with pytest.raises(ConfigError, match="no bound 'elbow': choose one of eq1, mixture, marginal"):
        TrainingRun.start(MODEL, replace(TRAIN, bound="elbow"))
    with pytest.raises(ConfigError, match="no model 'vae'"):
        TrainingRun.start(replace(MODEL, model="vae"), TRAIN)


def test_the_steps_of_an_epoch_are_reported(dataset: Dataset) -> None:
    told: list[tuple[int, int, float]] = []
    epoch = next(fit(TrainingRun.start(MODEL, TRAIN), dataset, on_step=lambda *step: told.append(step)))
    assert [step[:2] for step in told] == [(1, 3), (2, 3), (3, 3)]
    assert np.average([bound for _, _, bound in told], weights=[40, 40, 20]) == pytest.approx(epoch.train_bound)
