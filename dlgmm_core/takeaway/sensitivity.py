"""How much a model's pixels and weights change with the numbers of each matrix, and so how coarse these may be.

Where every number of a matrix is rounded to multiples of a step Δ, its errors have the variance Δ²/12, and to first
order an output y changes with the variance Δ²/12 · ‖∂y/∂W‖². The mean of ‖∂y/∂W‖² over N outputs is found by one
gradient, that of their sum with independent random signs: it is the mean of ‖∂(Σ ±y)/∂W‖² / N.

Of n numbers in all, a matrix of m causes the share m/n of the variance that is allowed: at this share, halving any step
costs as many bits as it buys.
"""

import copy

import torch
from torch import Tensor

from dlgmm_core.model.models import LatentVariableModel
from dlgmm_core.runtime.seeding import seeded

__all__ = ["sensitivities", "step_of"]


def sensitivities(model: LatentVariableModel, images: Tensor) -> dict[int, float]:
    """Root mean square of ‖∂y/∂W‖ over the pixels of reconstructions and the weights, for each parameter.

    Args:
        model: which stays as it is; one that is amortised over its prior is told another prior for each image.
        images: (B, X), zeros and ones.

    Returns:
        by the address of a parameter's numbers (`Tensor.data_ptr`) in `model`.
    """
    own = copy.deepcopy(model).requires_grad_(True)
    with seeded("cpu", 0), torch.enable_grad():
        told = own.at_random(len(images))
        weights = told.posterior(images).weights
        outputs = [told.reconstruction(images).probs.flatten()] + ([] if weights is None else [weights.flatten()])
        found = torch.cat(outputs)
        signs = 2.0 * torch.randint(0, 2, found.shape) - 1
        parts = list(own.parameters())
        gradients = torch.autograd.grad(found @ signs, parts, allow_unused=True)
    return {
        part.data_ptr(): 0.0 if gradient is None else float(gradient.norm()) / len(found) ** 0.5
        for part, gradient in zip(model.parameters(), gradients, strict=True)
    }


def step_of(error: float, share: float, sensitivity: float) -> float:
    """Δ at which a matrix causes `share` of the outputs' variance, `error` squared; infinite where they ignore it."""
    return error * (12 * share) ** 0.5 / sensitivity if sensitivity else float("inf")
