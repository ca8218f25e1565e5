"""The code of SB-VAE: the pieces of a stick, a point of the simplex (Nalisnick & Smyth, ICLR 2017)."""

import torch
from torch import Tensor

from dlgmm_core.model.distributions import StickDistribution, Sticks, kl_of_fractions
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
