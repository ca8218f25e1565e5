"""What the tests of training share: a handful of synthetic images, a small model, and when two runs are equal.

The fixtures are those of a plugin that `fixtures.py` names.
"""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from dlgmm_core.config import ModelConfig, TrainConfig
from dlgmm_core.data.datasets import Dataset, Split
from dlgmm_core.store.history import EpochMetrics
from dlgmm_core.train import training
from dlgmm_core.train.training import TrainingRun

SHAPE = (3, 4)
PIXELS = 12
MODEL = ModelConfig("dlgmm", 2, 2, (-1.0, 1.0), (1.0, 1.0), hidden=8, image_shape=SHAPE)
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
    train = split(np.random.default_rng(0), 130)
    return Dataset("toy", train[:100], train[100:], train[100:], ("a", "b"), SHAPE)


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Validation bounds to be returned in turn, in place of the measured ones."""
    values: list[float] = []
    monkeypatch.setattr(training, "_mean_bound", lambda run, images, epoch: values[epoch - 1])
    return values


def assert_same_weights(a: dict[str, Tensor], b: dict[str, Tensor]) -> None:
    """To the last digit."""
    assert a.keys() == b.keys()
    for name in a:
        assert torch.equal(a[name], b[name]), name


def assert_same_run(a: TrainingRun, b: TrainingRun) -> None:
    """In everything that a further epoch depends on, and in its history."""
    assert_same_weights(a.model.state_dict(), b.model.state_dict())
    assert_same_weights(a.best_weights, b.best_weights)
    states = [run.optimizer.state_dict()["state"] for run in (a, b)]
    assert states[0].keys() == states[1].keys() and states[0]
    for i in states[0]:
        assert_same_weights(states[0][i], states[1][i])
    assert without_time(a.history) == without_time(b.history)


def without_time(history: list[EpochMetrics]) -> list[EpochMetrics]:
    """What must be the same in two runs that are the same."""
    return [replace(entry, seconds=0.0) for entry in history]
