r"""Contexts of a model that is amortised over its prior, as rows of numbers, and how training draws them.

.. math:: c = (m_1, \ldots, m_K, \log \alpha), \qquad m_1 \le \ldots \le m_K

Components of equal scale whose weights have a symmetric Dirichlet prior can be exchanged, so that a set of means is one
prior in whatever order it is given: rows have it in ascending order.
"""

import math

import torch
from torch import Tensor

from dlgmm_core.config import Context, ContextSampler

__all__ = ["context_row", "draw_contexts", "random_contexts"]


def context_row(context: Context) -> Tensor:
    """(1, K+1), a context, its means in ascending order."""
    return torch.tensor([[*sorted(context.prior_means), math.log(context.concentration)]])


def draw_contexts(sampler: ContextSampler, num_components: int, rows: int, device: torch.device | str) -> Tensor:
    """(B, K+1), contexts as in training, from the global random state.

    Args:
        sampler: the distribution of contexts.
        num_components: K.
        rows: B.
        device: where they lie.
    """

    def uniform(columns: int = 1) -> Tensor:
        return torch.rand(rows, columns, device=device)

    spread = _with_ends(uniform(), uniform(), sampler.at_ends) * sampler.largest_mean
    even = spread * torch.linspace(-1, 1, num_components, device=device)
    independent = sampler.largest_mean * (2 * uniform(num_components) - 1)
    moved = torch.arange(num_components, device=device) == (uniform() * num_components).long()
    family = uniform()
    means = torch.where(
        family < sampler.evenly_spaced,
        even,
        torch.where(
            (family < sampler.evenly_spaced + sampler.one_moved) & ~moved,
            even,
            independent,
        ),
    )
    low, high = math.log(sampler.smallest_concentration), math.log(sampler.largest_concentration)
    log_alpha = low + (high - low) * _with_ends(uniform(), uniform(), sampler.alpha_at_ends)
    if low <= 0 <= high:
        log_alpha = torch.where(uniform() < sampler.alpha_one, 0.0, log_alpha)
    return torch.cat([means.sort(1).values, log_alpha], 1)


def _with_ends(values: Tensor, choice: Tensor, share: float) -> Tensor:
    """Values from 0 to 1, of which a share is replaced by 0 or 1 in equal parts; `choice` is uniform."""
    return torch.where(choice < share / 2, 0.0, torch.where(choice > 1 - share / 2, 1.0, values))


def random_contexts(sampler: ContextSampler, num_components: int, count: int, seed: int) -> list[Context]:
    """Contexts of independent means and concentrations, evenly distributed over the whole range, log alpha likewise.

    Numbers are rounded to two decimal places, alpha to two digits, for a record that can be read.
    """
    generator = torch.Generator().manual_seed(seed)
    shares = torch.rand(count, num_components + 1, generator=generator, dtype=torch.float64).tolist()
    low, high = math.log(sampler.smallest_concentration), math.log(sampler.largest_concentration)
    return [
        Context(
            tuple(sorted(round(sampler.largest_mean * (2 * share - 1), 2) for share in means)),
            float(f"{math.exp(low + (high - low) * of_alpha):.2g}"),
        )
        for *means, of_alpha in shares
    ]
