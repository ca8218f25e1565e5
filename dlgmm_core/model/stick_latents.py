"""The code of SB-VAE: the pieces of a stick, a point of the simplex (Nalisnick & Smyth, ICLR 2017)."""

import numpy as np
import torch
from torch import Tensor

from dlgmm_core.model.distributions import Kumaraswamy, StickDistribution, Sticks, kl_of_fractions
from dlgmm_core.model.latents import LatentDistribution, Latents

__all__ = ["SticksLatent"]


class SticksLatent(LatentDistribution):
    """The code is pi = stick_breaking(v), a point of the simplex: a single stratum."""

    def __init__(self, sticks: StickDistribution) -> None:
        """sticks: a distribution of batch shape (B, T-1)."""
        self._sticks = sticks

    @property
    def sticks(self) -> StickDistribution:
        """The stick fractions, whose pieces are the code."""
        return self._sticks

    def stratified_rsample(self, shape: torch.Size = torch.Size()) -> Latents:
        """One reparametrised draw of the fractions, and the simplex point that they determine; K = 1."""
        sticks = self.sticks.rsample(shape)
        code = torch.exp(sticks.log_weights)[None]
        return Latents(code, torch.zeros_like(code[..., 0]), sticks)

    def quadrature(self, order: int) -> tuple[Latents, Tensor]:
        """Gauss-Legendre nodes of the survival function of each Kumaraswamy fraction, which is uniform; and weights."""
        assert isinstance(self.sticks, Kumaraswamy)
        points, weights = np.polynomial.legendre.leggauss(order)
        mean = self.sticks.log_mean_weights
        count = mean.shape[-1] - 1
        u = np.stack(np.meshgrid(*[(points + 1) / 2] * count, indexing="ij"), -1).reshape(-1, 1, count)
        products = np.prod(np.meshgrid(*[weights / 2] * count), axis=0).reshape(1, -1, 1)
        sticks = self.sticks.inverse_survival(torch.from_numpy(u).to(mean).log())
        code = sticks.log_weights.exp()[None]
        log_weights = torch.zeros_like(code[..., 0])
        return Latents(code, log_weights, sticks), torch.from_numpy(products).to(mean).expand_as(log_weights)

    def log_prob(self, latents: Latents) -> Tensor:
        """Log density of the fractions v: the Jacobian of the one-to-one map to pi cancels in density ratios."""
        assert isinstance(latents.base, Sticks)
        return self.sticks.log_prob(latents.base).sum(-1)[None]

    def component_log_prob(self, latents: Latents) -> Tensor:
        """Zero: the fractions determine the code, and their divergence is `weights_kl`."""
        return torch.zeros_like(latents.log_weights)

    conditional_log_prob = component_log_prob

    def weights_kl(self, prior: LatentDistribution) -> Tensor:
        """(B,), KL of the fractions."""
        return kl_of_fractions(self.sticks, prior.sticks)

    @property
    def log_mean_weights(self) -> Tensor:
        """(1, B), zeros: one stratum. The mean simplex point is `mean`."""
        return torch.zeros_like(self.sticks.log_mean_weights[None, ..., 0])

    @property
    def mean(self) -> Tensor:
        """(B, T), E[pi]."""
        return torch.exp(self.sticks.log_mean_weights)
