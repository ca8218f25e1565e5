"""The code of DLGMM and DLDPMM: a Gaussian mixture whose weights are the pieces of a stick.

Reference: Nalisnick, Hertel & Smyth (2016), section 2.
"""

import torch
from torch import Tensor

from dlgmm_core.model.distributions import StickDistribution, kl_of_fractions
from dlgmm_core.model.latents import LatentDistribution, Latents
from dlgmm_core.model.normals import DiagonalNormals, Normals, align, gauss_hermite

__all__ = ["MixtureLatent"]


class MixtureLatent(LatentDistribution):
    """z given pi ~ sum_k pi_k N_k(z), with pi = stick_breaking(v)."""

    def __init__(self, sticks: StickDistribution, normal: Normals) -> None:
        """sticks: of batch shape (B, K-1). normal: the K components."""
        self._sticks, self.normal = sticks, normal

    @property
    def sticks(self) -> StickDistribution:
        """The stick fractions behind the mixture weights."""
        return self._sticks

    def stratified_rsample(self, shape: torch.Size = torch.Size()) -> Latents:
        """A draw from every component, with the mixture weights of one draw of the sticks."""
        sticks = self.sticks.rsample(shape)
        code = self.normal.rsample(shape)
        log_weights = sticks.log_weights.movedim(-1, 0).expand(code.shape[:-1])
        return Latents(code, log_weights, sticks)

    def quadrature(self, order: int) -> tuple[Latents, Tensor]:
        """Gauss-Hermite nodes of every component, and weights times E[pi]."""
        noise, weights = gauss_hermite(order, self.normal.loc)
        loc, scale = align(self.normal.loc, 4), align(self.normal.scale, 4)
        code = loc + scale * self.normal.deviations(noise[:, None])
        log_weights = align(self.log_mean_weights, 3).expand(code.shape[:-1])
        return Latents(code, log_weights), log_weights.exp() * weights[:, None]

    def sample_components(self, components: Tensor) -> Latents:
        """A draw from each of `components` (S, B); K = 1."""
        code = self.normal.sample_of(components)[None]
        return Latents(code, torch.zeros_like(code[..., 0]))

    def component_log_prob(self, latents: Latents) -> Tensor:
        """log N_k(z_k)."""
        return self.normal.log_prob(latents.code)

    def conditional_log_prob(self, latents: Latents) -> Tensor:
        """log sum_j pi_j N_j(z_k), with the drawn pi."""
        return self._joint_log_prob(latents.code, latents.log_weights).logsumexp(0)

    def log_prob(self, latents: Latents) -> Tensor:
        """log sum_j E[pi_j] N_j(z_k)."""
        return self._joint_log_prob(latents.code, self.log_mean_weights).logsumexp(0)

    def responsibilities(self, code: Tensor) -> Tensor:
        """(J, *shape, B): as `LatentDistribution.responsibilities`."""
        return torch.softmax(self._joint_log_prob(code, self.log_mean_weights), dim=0)

    def expected_log_prob(self, prior: LatentDistribution, latents: Latents) -> Tensor:
        """Minus the cross entropy of component k of q with component k of the prior."""
        if isinstance(prior, MixtureLatent) and isinstance(self.normal, DiagonalNormals):
            return align(prior.normal.expectation_under(self.normal), latents.log_weights.dim())
        return super().expected_log_prob(prior, latents)

    def weights_kl(self, prior: LatentDistribution) -> Tensor:
        """(B,), KL of the fractions."""
        return kl_of_fractions(self.sticks, prior.sticks)

    @property
    def log_mean_weights(self) -> Tensor:
        """(K, B), log E[pi_k]."""
        return self.sticks.log_mean_weights.movedim(-1, 0)

    @property
    def mean(self) -> Tensor:
        """(B, D), sum_k E[pi_k] loc_k."""
        return (torch.exp(self.log_mean_weights)[..., None] * self.normal.loc).sum(0)

    @property
    def component_means(self) -> Tensor:
        """(K, B, D), loc."""
        return self.normal.loc

    @property
    def component_scales(self) -> Tensor:
        """(K, B, D), square roots of the diagonals of the covariances."""
        return self.normal.scale

    @property
    def covariance_factors(self) -> Tensor:
        """(K, B, D, D): as `LatentDistribution.covariance_factors`."""
        return self.normal.covariance_factors

    @property
    def precision_factors(self) -> Tensor | None:
        """(K, B, D, D): as `LatentDistribution.precision_factors`."""
        return self.normal.precision_factors

    def moved_to(self, means: Tensor) -> "MixtureLatent":
        """As `LatentDistribution.moved_to`."""
        return MixtureLatent(self.sticks, self.normal.moved_to(means))

    def deviations(self, noise: Tensor) -> Tensor:
        """(K, *S, B, D): as `LatentDistribution.deviations`."""
        return self.normal.deviations(noise)

    def _joint_log_prob(self, code: Tensor, log_weights: Tensor) -> Tensor:
        """(J, *shape, B): log pi_j N_j(z) of codes (*shape, B, D) under every component."""
        # weights (J, *S, B) or (J, B): the axis of strata, and S where missing, get length one
        return align(log_weights, code.dim()) + self.normal.log_prob_of_all(code)
