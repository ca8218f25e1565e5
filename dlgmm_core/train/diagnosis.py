"""The first non-finite quantity between the weights and the bound, and what to change."""

from collections.abc import Iterator

import torch
from torch import Tensor

from dlgmm_core.model.models import LatentVariableModel

__all__ = ["diagnose"]

_PRIOR = "prior means and scales nearer to 0 and 1"
_STICKS = "a concentration nearer to 1"


@torch.no_grad()
def diagnose(model: LatentVariableModel, x: Tensor, num_samples: int) -> tuple[str, str]:
    """The first quantity that is not finite, and what to change besides the learning rate; both may be empty.

    Args:
        model: whose bound is not finite.
        x: (B, X), the images of that bound.
        num_samples: S, draws per component in the bound; new draws are made from the global random state.
    """
    for quantity, remedy, values in _quantities(model, x, num_samples):
        if not values.isfinite().all():
            return quantity, remedy
    return "", ""


def _quantities(model: LatentVariableModel, x: Tensor, num_samples: int) -> Iterator[tuple[str, str, Tensor]]:
    """Name, remedy and values of every quantity, in the order of computation."""
    for name, weight in model.named_parameters():
        yield f"the weight {name}", "", weight
    q, p = model.posterior(x), model.prior()
    yield "the mean of q(z|x)", "", q.mean
    yield "a mixture weight of q(z|x)", "", q.log_mean_weights
    latents = q.stratified_rsample(torch.Size([num_samples]))
    yield "a code drawn from q(z|x)", "", latents.code
    yield "log p(x|z)", "", model.likelihood(latents.code).log_prob(x)
    yield "log q(z|x)", "", q.log_prob(latents)
    yield "log p(z)", _PRIOR, p.log_prob(latents)
    yield "E[log p(z)]", _PRIOR, q.expected_log_prob(p, latents)
    yield "KL(q(v|x) || p(v)) of the sticks", _STICKS, q.weights_kl(p)
