"""The first non-finite quantity between the weights and the bound, and what to change."""

from collections.abc import Iterator

import torch
from torch import Tensor

from dlgmm_core.model.models import LatentVariableModel
from dlgmm_core.model.objectives import every_path

__all__ = ["diagnose"]

_PRIOR = "prior means and scales nearer to 0 and 1"  # of the first layer: those below compute theirs
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
    paths = every_path(model, x, num_samples)
    places = [f" in layer {number}" if len(paths.layers) > 1 else "" for number in range(1, len(paths.layers) + 1)]
    for where, layer in zip(places, paths.layers, strict=True):
        yield f"the mean of q(z|x){where}", "", layer.q.mean
        yield f"a mixture weight of q(z|x){where}", "", layer.q.log_mean_weights
        yield f"a code drawn from q(z|x){where}", "", layer.latents.code
    yield "log p(x|z)", "", model.decode(paths.code).log_prob(x)
    for where, layer in zip(places, paths.layers, strict=True):
        prior = _PRIOR if layer is paths.layers[0] else ""
        yield f"log q(z|x){where}", prior, layer.q.log_prob(layer.latents)
        yield f"log p(z){where}", prior, layer.p.log_prob(layer.latents)
        yield f"E[log p(z)]{where}", prior, layer.q.expected_log_prob(layer.p, layer.latents)
        yield f"KL(q(v|x) || p(v)) of the sticks{where}", _STICKS, layer.q.weights_kl(layer.p)
