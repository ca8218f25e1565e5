"""Our training step, as in `dlgmm_core.train.training`, in float32 or with products in bfloat16."""

from copy import deepcopy

import torch
from torch import Tensor

from benchmarks.peers.trainee import LEARNING_RATE, Trainee
from dlgmm_core.model.models import LatentVariableModel
from dlgmm_core.model.objectives import elbo
from dlgmm_core.train.adam import Adam

__all__ = ["ours"]


def ours(model: LatentVariableModel, x: Tensor, product_type: torch.dtype = torch.float32) -> Trainee:
    """A copy of a model, trained on images x (B, X) with the bound eq1."""
    model = deepcopy(model).train().requires_grad_()
    model.product_type = product_type
    optimizer = Adam(model.parameters(), lr=LEARNING_RATE, fused=True)

    def bound() -> float:
        with torch.no_grad():
            return elbo(model, x, "eq1").mean().item()

    def step() -> float:
        loss = -elbo(model, x, "eq1").mean()
        value = loss.item()  # training checks that it is finite
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return value

    return Trainee(bound, step)
