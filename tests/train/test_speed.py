"""The expected duration of an epoch."""

import itertools
from dataclasses import replace

import pytest
import torch

from dlgmm_core.train import speed
from dlgmm_core.train.speed import seconds_per_epoch
from tests.training_helpers import MODEL, TRAIN


@pytest.mark.parametrize("binarization", ["fixed", "dynamic"])
def test_an_epoch_is_its_steps_and_the_evaluation_after_them(
    binarization: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = itertools.count()
    monkeypatch.setattr(speed.time, "perf_counter", lambda: float(next(clock)))  # a second between two looks at it
    before = torch.get_rng_state()
    train = replace(TRAIN, binarization=binarization)
    assert seconds_per_epoch(MODEL, train, images=1001, valid=400) == 26 * 1 + 400 / 40 * 2
    assert torch.equal(torch.get_rng_state(), before)
