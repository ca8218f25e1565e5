"""Adam as PyTorch has it, without what PyTorch loads for its compiler."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from dlgmm_core.data.datasets import Dataset
from dlgmm_core.train.adam import Adam
from dlgmm_core.train.training import TrainingRun, fit
from tests.forks import in_a_fork
from tests.training_helpers import MODEL, SHAPE, TRAIN, split


def trained(kind: type[torch.optim.Adam], fused: bool) -> tuple[Tensor, dict[str, object]]:
    """Weights after a few steps, with the state saved and restored on the way, and the state.

    One parameter never has a gradient.
    """
    torch.manual_seed(0)
    network, x = nn.Linear(3, 2), torch.rand(5, 3)
    for _ in range(2):
        optimizer = kind([*network.parameters(), nn.Parameter(torch.ones(2))], lr=0.1, betas=(0.8, 0.99), fused=fused)
        for _ in range(3):
            optimizer.zero_grad()
            network(x).square().sum().backward()
            optimizer.step()
        state = optimizer.state_dict()
        optimizer.load_state_dict(state)
        optimizer.step()
    return network.weight, optimizer.state_dict()


@pytest.mark.parametrize("fused", [True, False])
def test_its_steps_and_state_are_those_of_pytorchs(fused: bool) -> None:
    (weights, state), (expected, its_state) = trained(Adam, fused), trained(torch.optim.Adam, fused)
    assert torch.equal(weights, expected)
    torch.testing.assert_close(state, its_state, rtol=0.0, atol=0.0)


def _train(folder: Path) -> bool:
    """Trains, saves and resumes; whether the compiler has been loaded."""
    images = split(np.random.default_rng(0), 60)
    run = TrainingRun.start(MODEL, TRAIN)
    for _ in fit(run, Dataset("mnist", images, images, images, ("a", "b"), SHAPE)):
        run.save(folder)
        if not run.finished:
            TrainingRun.load(folder)
    return "torch._dynamo" in sys.modules


def test_training_saving_and_resuming_load_no_compiler(tmp_path: Path) -> None:
    """It would take a second of every process that trains."""
    assert in_a_fork(_train, tmp_path) is False
