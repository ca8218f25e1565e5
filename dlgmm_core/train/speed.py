"""How long an epoch takes on this machine, estimated from a few steps on random images."""

import itertools
import time
from dataclasses import replace

import numpy as np

from dlgmm_core.config import ModelConfig, TrainConfig
from dlgmm_core.data.datasets import Dataset, Split
from dlgmm_core.train.training import EVALUATION_BATCH, TrainingRun, fit

__all__ = ["seconds_per_epoch"]

STEPS = 5  # that are timed, after one that is not


def seconds_per_epoch(model: ModelConfig, train: TrainConfig, images: int, valid: int) -> float:
    """Expected duration of an epoch, seconds, on as many threads as PyTorch has now.

    Args:
        model: what is trained.
        train: how it is trained.
        images: number of training images.
        valid: number of validation images.

    Raises:
        ConfigError: as `TrainingRun.start`.
    """
    rng, size = np.random.default_rng(0), model.data_dim
    evaluated = min(EVALUATION_BATCH, train.batch_size)
    splits = [_random_images(rng, count, size) for count in ((STEPS + 1) * train.batch_size, evaluated)]
    dataset = Dataset("random", splits[0], splits[1], splits[1], ("none",), model.image_shape)
    run = TrainingRun.start(model, replace(train, max_epochs=1, start_from=""))
    times: list[float] = []
    next(fit(run, dataset, on_step=lambda *step: times.append(time.perf_counter())))
    after = time.perf_counter() - times[-1]
    step = min(later - earlier for earlier, later in itertools.pairwise(times))  # others may have delayed the rest
    return -(-images // train.batch_size) * step + valid / evaluated * after


def _random_images(rng: np.random.Generator, count: int, size: int) -> Split:
    """`count` images of `size` pixels."""
    grey = rng.integers(0, 256, (count, size), dtype=np.uint8)
    return Split(grey, (grey > 127).astype(np.uint8), np.zeros(count, np.int64))
