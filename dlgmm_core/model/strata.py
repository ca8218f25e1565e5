r"""Sampled strata: M of a mixture's K components go on to the decoder, and stand for all of them.

Only f(z_k), the log-likelihood or the bound of the layers below, needs the decoder; the densities of all K codes are
cheap. With component k chosen with probability r_k, sum_k r_k = M, and a baseline c that does not depend on the choice,

.. math:: \sum_k E[\pi_k] f(z_k)
          = E \left[ c + \sum_{k\ \mathrm{chosen}} \frac{E[\pi_k]}{r_k} (f(z_k) - c) \right],

since the weights sum to one. The gradient is unbiased, too, without a score function: r and c are constants to it. In
the IWAE bound the estimate is inside a logarithm: its mean is lower, and depends on r, so that the gradient is biased.

r is in proportion to the weights mixed with equal ones, and at most 1. Components are chosen by systematic sampling:
those in whose part of the cumulative sum of r lie u, u + 1, ..., u + M - 1, of one uniform offset u. c is the mean of f
over the other images.

Reference: W. G. Cochran, "Sampling Techniques", 1977, chapters 8 and 9A (systematic sampling, unequal probabilities).
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from dlgmm_core.model.latents import LatentDistribution

__all__ = ["Strata", "choose_strata", "inclusion_probabilities"]

FLOOR = 0.1  # share of equal probabilities in r, so that no component of a small weight has a huge factor


@dataclass(frozen=True)
class Strata:
    """M of K strata for each of S draws and R rows.

    Attributes:
        index: (M, S, R), which.
        inclusion: (M, S, R), the probability r of each to be chosen.
        num_strata: K.
        images: B, the last axis of the rows.
    """

    index: Tensor
    inclusion: Tensor
    num_strata: int
    images: int

    def of(self, code: Tensor) -> Tensor:
        """(M, S, R, D), the codes of the chosen strata, from those of all (K, S, R, D)."""
        return code.gather(0, self.index[..., None].expand(*self.index.shape, code.shape[-1]))

    def estimates(self, values: Tensor) -> Tensor:
        """(K, S, R): an unbiased estimate of the value of every stratum, from values (M, S, R) of the chosen ones."""
        baseline = _mean_of_others(values.detach(), self.images)
        found = values.new_zeros(self.num_strata, *values.shape[1:])
        return found.scatter(0, self.index, (values - baseline) / self.inclusion) + baseline

    def log_estimates(self, values: Tensor) -> Tensor:
        """(K, S, R): log of an unbiased estimate of e^value of every stratum; minus infinity where it is not chosen."""
        found = values.new_full((self.num_strata, *values.shape[1:]), -torch.inf)
        return found.scatter(0, self.index, values - torch.log(self.inclusion))


def _mean_of_others(values: Tensor, images: int) -> Tensor:
    """(R,), the mean of values (..., R) of the other images; zero for a single image."""
    by_image = values.reshape(-1, images).mean(0)
    others = (by_image.sum() - by_image) / max(1, images - 1)
    return others.repeat(values.shape[-1] // images)


def choose_strata(q: LatentDistribution, num_strata: int, num_samples: int, images: int) -> Strata | None:
    """Chooses M strata of a distribution over R rows, for each of S draws; None if it has no more than M.

    Args:
        q: over R rows, whose weights decide.
        num_strata: M.
        num_samples: S.
        images: B, the last axis of the rows.
    """
    weights = q.log_mean_weights.detach().exp()  # (K, R)
    k, rows = weights.shape
    if k <= num_strata:
        return None
    inclusion = inclusion_probabilities(weights, num_strata)
    points = (
        _offsets(torch.Size([1, num_samples, rows]), weights)
        + torch.arange(num_strata, dtype=weights.dtype, device=weights.device)[:, None, None]
    )
    ends = inclusion.cumsum(0).T.contiguous()  # (R, K)
    index = torch.searchsorted(ends, points.flatten(0, 1).T.contiguous(), right=True)  # (R, M S)
    index = index.clamp_max(k - 1).T.reshape(points.shape)  # a cumulative sum in floating point may end just below M
    return Strata(index, inclusion[:, None].expand(-1, num_samples, -1).gather(0, index), k, images)


def _offsets(shape: torch.Size, like: Tensor) -> Tensor:
    """Where systematic sampling begins, uniform between 0 and 1 for each draw and row."""
    return torch.rand(shape, dtype=like.dtype, device=like.device)


def inclusion_probabilities(weights: Tensor, num_strata: int) -> Tensor:
    """(K, R), r: at most 1, with the sum M < K, otherwise in proportion to weights (K, R) mixed with equal ones."""
    shares = (1 - FLOOR) * weights + FLOOR / len(weights)
    # the largest shares get 1, as few as leave no other above 1: what is left is divided among the rest
    ordered = shares.sort(0, descending=True).values
    rest = ordered.flip(0).cumsum(0).flip(0)[:num_strata]  # of the j-th largest and all below it
    factors = torch.arange(num_strata, 0, -1, dtype=weights.dtype, device=weights.device)[:, None] / rest
    first = (factors * ordered[:num_strata] <= 1).int().argmax(0, keepdim=True)
    return (factors.gather(0, first) * shares).clamp_max(1)
