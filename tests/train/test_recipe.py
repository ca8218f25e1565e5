"""What a training run may be told beyond the paper's recipe: objective, schedule, first bias and precision."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from dlgmm_core.checks import ConfigError
from dlgmm_core.config import TrainConfig
from dlgmm_core.data.datasets import Dataset, Split
from dlgmm_core.model.models import LatentVariableModel
from dlgmm_core.model.objectives import lower_bound
from dlgmm_core.train import training
from dlgmm_core.train.training import TrainingRun, fit
from tests.training_helpers import MODEL, TRAIN, without_time

STILL = replace(TRAIN, learning_rate=1e-20, max_epochs=1)  # moves no float32 weight by more than rounding
Calls = list[tuple[bool, torch.dtype, str, int]]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    """For every evaluation of the bound: whether it is a training step, type of products, objective, S."""
    seen: Calls = []

    def spy(
        model: LatentVariableModel, x: Tensor, objective: str, num_samples: int, decoded: int | None = None
    ) -> Tensor:
        seen.append((torch.is_grad_enabled(), model.product_type, objective, num_samples))
        return lower_bound(model, x, objective, num_samples, decoded)

    monkeypatch.setattr(training, "lower_bound", spy)
    return seen


# --- objective ---------------------------------------------------------------------------------


def test_training_on_iwae_improves_and_is_validated_on_iwae(dataset: Dataset, calls: Calls) -> None:
    config = replace(TRAIN, bound="iwae", num_samples=3, max_epochs=20, patience=20)
    history = list(fit(TrainingRun.start(MODEL, config), dataset))
    assert {(step, *asked) for step, _, *asked in calls} == {(True, "iwae", 3), (False, "iwae", 3)}
    assert history[-1].best_valid_bound > history[0].valid_bound + 1.5


def test_every_objective_is_offered_where_an_unknown_one_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"no bound 'elbow': choose one of eq1, mixture, marginal, iwae\."):
        TrainingRun.start(MODEL, replace(TRAIN, bound="elbow"))


# --- schedule ----------------------------------------------------------------------------------


def rates_used(run: TrainingRun, dataset: Dataset) -> list[list[float]]:
    """Learning rate of every step, epoch by epoch."""
    rates: list[list[float]] = [[]]

    def listen(step: int, steps: int, bound: float) -> None:
        rates[-1].append(run.optimizer.param_groups[0]["lr"])

    for _ in fit(run, dataset, listen):
        rates.append([])
    return rates[:-1]


@pytest.mark.parametrize("epochs", [1, 2, 7])
def test_a_cosine_rate_is_torchs_own_and_falls_from_the_first_epoch_towards_zero(epochs: int, dataset: Dataset) -> None:
    config = replace(TRAIN, schedule="cosine", max_epochs=epochs, patience=epochs)
    rates = rates_used(TrainingRun.start(MODEL, config), dataset)
    reference = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=TRAIN.learning_rate)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(reference, T_max=epochs)
    expected = []
    for _ in range(epochs):
        expected.append(reference.param_groups[0]["lr"])
        reference.step()
        scheduler.step()
    np.testing.assert_allclose(rates, np.repeat(np.array(expected)[:, None], 3, 1), rtol=1e-9)
    assert rates[0][0] == TRAIN.learning_rate
    if epochs == 7:
        assert 0 < rates[-1][0] < 0.06 * TRAIN.learning_rate


@pytest.mark.parametrize("epochs", [1, 2, 7])
def test_a_rate_of_one_cycle_rises_for_a_tenth_of_the_steps_and_falls_to_zero_by_a_cosine(
    epochs: int, dataset: Dataset
) -> None:
    config = replace(TRAIN, schedule="one-cycle", max_epochs=epochs, patience=epochs, batch_size=10)
    rates = np.array(rates_used(TrainingRun.start(MODEL, config), dataset)).ravel()
    done = np.arange(1, len(rates) + 1) / len(rates)
    expected = np.where(done < 0.1, done / 0.1, 0.5 + 0.5 * np.cos(np.pi * (done - 0.1) / 0.9))
    np.testing.assert_allclose(rates, TRAIN.learning_rate * expected, rtol=1e-9, atol=1e-18)
    assert rates[0] > 0 and rates[-1] == pytest.approx(0, abs=1e-12)


def test_a_constant_rate_stays_and_both_schedules_begin_alike(dataset: Dataset) -> None:
    constant, cosine = (TrainingRun.start(MODEL, replace(TRAIN, schedule=s)) for s in ("constant", "cosine"))
    assert {rate for rates in rates_used(constant, dataset) for rate in rates} == {TRAIN.learning_rate}
    list(fit(cosine, dataset))
    first, second = without_time(constant.history), without_time(cosine.history)
    assert first[0] == second[0] and first[1].train_bound != second[1].train_bound


# --- first bias --------------------------------------------------------------------------------


def test_the_bias_starts_at_the_log_odds_of_ink_in_the_training_set(dataset: Dataset) -> None:
    """By Laplace's rule, (n + 1) / (N + 2): pixels that are always or never ink stay finite."""
    blank = Split(0 * dataset.valid.grey, 0 * dataset.valid.binary, dataset.valid.labels)
    run = TrainingRun.start(MODEL, replace(STILL, data_bias=True))
    before = {name: tensor.clone() for name, tensor in run.model.state_dict().items()}
    list(fit(run, replace(dataset, valid=blank, test=blank)))
    after = run.model.state_dict()
    ink = [(sum(int(level) for level in column) / 255 + 1) / 102 for column in dataset.train.grey.T]
    assert min(ink) == pytest.approx(1 / 102) and max(ink) == pytest.approx(101 / 102)
    expected = [math.log(p / (1 - p)) for p in ink]
    np.testing.assert_allclose(after["decoder.data_bias"].numpy(), expected, rtol=1e-5, atol=1e-6)
    for name in after.keys() - {"decoder.data_bias"}:
        torch.testing.assert_close(after[name], before[name], rtol=0, atol=1e-12)


def test_the_bias_is_left_as_drawn_unless_asked_for(dataset: Dataset) -> None:
    run = TrainingRun.start(MODEL, STILL)
    before = run.model.decoder.data_bias.detach().clone()
    list(fit(run, dataset))
    torch.testing.assert_close(run.model.decoder.data_bias.detach(), before, rtol=0, atol=1e-12)


def test_the_bias_is_set_once_and_then_learnt(dataset: Dataset) -> None:
    run = TrainingRun.start(MODEL, replace(TRAIN, data_bias=True))
    biases = []
    for _ in range(3):
        next(fit(run, dataset))  # begins to fit anew
        biases.append(run.model.decoder.data_bias.detach().clone())
    # a rate of .01, and three steps of Adam an epoch
    assert (biases[2] - biases[1]).abs().max() > 0.01
    assert (biases[2] - biases[0]).abs().max() > 1.5 * (biases[1] - biases[0]).abs().max()


def test_a_decoder_that_starts_at_the_ink_has_the_better_first_bound(dataset: Dataset) -> None:
    runs = [TrainingRun.start(MODEL, replace(STILL, data_bias=data_bias)) for data_bias in (False, True)]
    drawn, set_to_ink = (next(fit(run, dataset)) for run in runs)
    # the two certain pixels alone gain log 2 each
    assert set_to_ink.train_bound > drawn.train_bound + 1.2
    assert set_to_ink.valid_bound > drawn.valid_bound + 1.2


# --- precision ---------------------------------------------------------------------------------


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_products_are_in_that_precision_in_training_steps_and_nowhere_else(
    precision: str, dataset: Dataset, calls: Calls
) -> None:
    run = TrainingRun.start(MODEL, replace(TRAIN, precision=precision))
    for _ in fit(run, dataset):
        assert run.model.product_type is torch.float32
    assert {(training_step, kind) for training_step, kind, *_ in calls} == {
        (True, getattr(torch, precision)),
        (False, torch.float32),
    }


def test_weights_gradients_and_moments_stay_float32(dataset: Dataset) -> None:
    run = TrainingRun.start(MODEL, replace(TRAIN, precision="bfloat16"))
    list(fit(run, dataset))
    for name, parameter in run.model.named_parameters():
        assert parameter.dtype == torch.float32 and parameter.grad is not None, name
        assert parameter.grad.dtype == torch.float32, name
        assert {value.dtype for value in run.optimizer.state[parameter].values()} == {torch.float32}, name
    assert all(tensor.dtype == torch.float32 for tensor in run.best_weights.values())


def test_components_are_left_out_in_training_and_in_its_validation_alike(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[bool, int | None]] = []

    def spy(model: LatentVariableModel, x: Tensor, objective: str, num_samples: int, decoded: int | None) -> Tensor:
        seen.append((torch.is_grad_enabled(), decoded))
        return lower_bound(model, x, objective, num_samples, decoded)

    monkeypatch.setattr(training, "lower_bound", spy)
    for decoded, passed in ((2, 2), (0, None)):
        seen.clear()
        list(fit(TrainingRun.start(MODEL, replace(STILL, decoded=decoded)), dataset))
        assert set(seen) == {(True, passed), (False, passed)}


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_products_are_in_float32_again_after_an_error(
    error: type[BaseException], dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> Tensor:
        assert run.model.product_type is torch.bfloat16
        raise error

    monkeypatch.setattr(training, "lower_bound", fails)
    run = TrainingRun.start(MODEL, replace(TRAIN, precision="bfloat16"))
    with pytest.raises(error):
        next(fit(run, dataset))
    assert run.model.product_type is torch.float32


def entry_and_weights(config: TrainConfig, dataset: Dataset) -> tuple[float, float, dict[str, Tensor]]:
    """Train bound, validation bound and weights after the run."""
    run = TrainingRun.start(MODEL, config)
    list(fit(run, dataset))
    return run.history[-1].train_bound, run.history[-1].valid_bound, run.model.state_dict()


def test_bounds_of_shorter_products_are_close_and_measurements_are_exact(dataset: Dataset) -> None:
    """At weights that stand still: the bound seen in training is rounded, the validation bound is not."""
    train, valid, _ = entry_and_weights(STILL, dataset)
    short_train, short_valid, _ = entry_and_weights(replace(STILL, precision="bfloat16"), dataset)
    assert short_train != train and short_train == pytest.approx(train, rel=1e-3)
    assert short_valid == valid


@pytest.mark.parametrize("bound", ["eq1", "marginal", "iwae"])
def test_training_with_shorter_products_ends_about_where_it_would_have(bound: str, dataset: Dataset) -> None:
    config = replace(TRAIN, bound=bound, max_epochs=20, patience=20)
    _, valid, _ = entry_and_weights(config, dataset)
    short_train, short_valid, weights = entry_and_weights(replace(config, precision="bfloat16"), dataset)
    assert math.isfinite(short_train) and short_valid != valid
    assert short_valid == pytest.approx(valid, rel=5e-3)
    assert all(tensor.isfinite().all() for tensor in weights.values())
