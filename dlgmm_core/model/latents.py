r"""Distributions over latent codes: one interface for normals, mixtures and stick-breaking codes, and the normals.

The component label of a mixture cannot be reparametrised, so a draw takes one sample from every
component, its *strata*; expectations are sums over strata, weighted by the mixture weights
(Nalisnick, Hertel & Smyth, 2016, section 2.3). A normal and a stick-breaking code have a single
stratum, so that one interface and one set of bounds serve every model.

Shapes: K strata, S the sample shape, B images, D code size, T - 1 sticks. K comes first, so that
images (B, X) broadcast against decoded codes (K, *S, B, X).
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.distributions import Categorical

from dlgmm_core.model.distributions import StickDistribution, Sticks
from dlgmm_core.model.normals import (
    align,
    expected_log_normal,
    gauss_hermite,
    log_normal,
    normal_draws,
)

__all__ = ["LatentDistribution", "Latents", "NormalLatent"]


@dataclass(frozen=True)
class Latents:
    """One stratified draw.

    Attributes:
        code: (K, *S, B, D), the decoder's input.
        log_weights: (K, *S, B), log of the drawn mixture weights; zeros when K = 1.
        base: the variables that the code was computed from, where the density is simpler in them: for example the
            drawn stick fractions (*S, B, T-1), or the normal variable before a transformation.
    """

    code: Tensor
    log_weights: Tensor
    base: Sticks | Tensor | None = None


class LatentDistribution(ABC):
    """A distribution over codes, either a posterior q(.|x) or a prior p(.).

    Three densities of a code condition on different variables: `component_log_prob` on its component,
    `conditional_log_prob` on the mixture weights drawn with it, `log_prob` on neither (the weights are
    integrated out). All return (K, *S, B), in nats.

    A new kind with a single stratum defines `stratified_rsample`, `log_prob` and `mean`; the rest has defaults.
    """

    @abstractmethod
    def stratified_rsample(self, shape: torch.Size = torch.Size()) -> Latents:
        """One reparametrised draw from every component for each element of `shape`."""

    @abstractmethod
    def log_prob(self, latents: Latents) -> Tensor:
        """Log density of each code, with the mixture weights integrated out."""

    @property
    @abstractmethod
    def mean(self) -> Tensor:
        """(B, D), mean code."""

    def component_log_prob(self, latents: Latents) -> Tensor:
        """Log density of stratum k's code under component k."""
        return self.log_prob(latents)

    def conditional_log_prob(self, latents: Latents) -> Tensor:
        """Log density of each code, given the mixture weights drawn with it."""
        return self.log_prob(latents)

    def expected_log_prob(self, prior: "LatentDistribution", latents: Latents) -> Tensor:
        """E_{q_k}[log p_k(z)], nats, (K, *S, B) or a shape that broadcasts to it.

        By default the log density at `latents`, drawn from this distribution; subclasses with a closed form override.
        """
        return prior.component_log_prob(latents)

    def weights_kl(self, prior: "LatentDistribution") -> Tensor:
        """(B,), KL(q(v|x) || p(v)) of the stick fractions v behind the mixture weights, nats; zero without any."""
        return torch.zeros_like(self.mean[:, 0])

    @property
    def log_mean_weights(self) -> Tensor:
        """(K, B), log E[pi_k] of the strata; zeros for a single stratum."""
        return torch.zeros_like(self.mean[None, :, 0])

    @property
    def sticks(self) -> StickDistribution | None:
        """Distribution of the stick fractions, of batch shape (B, T-1); None without stick-breaking."""
        return None

    @property
    def weights(self) -> Tensor | None:
        """(B, T), mean weights of the components or, in a stick-breaking code, of the pieces; rows sum to one."""
        sticks = self.sticks
        return None if sticks is None else sticks.log_mean_weights.exp()

    @property
    def component_means(self) -> Tensor:
        """(K, B, D), mean code of every component."""
        return self.mean[None]

    @property
    def component_scales(self) -> Tensor | None:
        """(K, B, D), standard deviation of every coordinate under every component; None without components."""
        return None

    @property
    def covariance_factors(self) -> Tensor | None:
        """(K, B, D, D), A of which A A^T is the covariance of each component; None unless components are Gaussian."""
        return None

    @property
    def precision_factors(self) -> Tensor | None:
        """(K, B, D, D), lower-triangular L of which L L^T is the precision of each Gaussian component.

        None where coordinates are independent given the component, and without such components.
        """
        return None

    def moved_to(self, means: Tensor) -> "LatentDistribution":
        """The same Gaussian components about other means (K, B, D).

        Raises:
            NotImplementedError: by default.
        """
        raise NotImplementedError(f"{type(self).__name__} has no means that can be moved.")

    def deviations(self, noise: Tensor) -> Tensor:
        """(K, *S, B, D): standard-normal noise (*S, B, D) as deviations of codes from the mean of each component.

        The unit is `component_scales`.
        """
        return noise[None]

    def responsibilities(self, code: Tensor) -> Tensor | None:
        """(J, *shape, B): probability that codes (*shape, B, D) came from component j, given E[pi].

        None without components.
        """
        return None

    def sample_components(self, components: Tensor) -> Latents:
        """One draw from each of `components` (S, B): a single stratum; its `log_weights` and `base` are not valid.

        With one component, `components` is ignored and the draw is that of `stratified_rsample`.
        """
        return self.stratified_rsample(components.shape[:1])

    @property
    def has_quadrature(self) -> bool:
        """Whether `quadrature` has nodes for this kind."""
        return type(self).quadrature is not LatentDistribution.quadrature

    def quadrature(self, order: int) -> tuple[Latents, Tensor]:
        """Nodes (K, M, B, D) and weights (K, M, B) with E_q[f(z)] near the sum of weights times f(node).

        Args:
            order: nodes along each of the numbers that a code is computed from; there are `order` to their power.

        Raises:
            NotImplementedError: by default.
        """
        raise NotImplementedError(f"{type(self).__name__} has no quadrature.")

    def allocate(self, num_samples: int) -> Tensor:
        """(S, B), the components of S draws from q(z|x), in proportion to E[pi].

        Systematic sampling: component k gets S E[pi_k] draws, rounded up or down by one shared uniform
        offset, so that the counts have the right expectation and the least variance.
        """
        ends = torch.exp(self.log_mean_weights).cumsum(0).T.contiguous()  # (B, K)
        steps = torch.arange(num_samples, dtype=ends.dtype, device=ends.device)
        points = (steps + torch.rand(len(ends), 1, dtype=ends.dtype, device=ends.device)) / num_samples
        # a cumulative sum in floating point may end just below one
        return torch.searchsorted(ends, points, right=True).clamp_max(ends.shape[1] - 1).T

    def sample(self, shape: torch.Size = torch.Size()) -> Tensor:
        """(*shape, B, D), ancestral draws of the code: v, then k given pi, then z given k."""
        return self.sample_with_component(shape)[0]

    @torch.no_grad()
    def sample_with_component(self, shape: torch.Size = torch.Size()) -> tuple[Tensor, Tensor]:
        """Ancestral draws (*shape, B, D), and the component (*shape, B) that each came from."""
        latents = self.stratified_rsample(shape)
        component = Categorical(logits=latents.log_weights.movedim(0, -1)).sample()
        index = component[None, ..., None].expand(1, *latents.code.shape[1:])
        return latents.code.gather(0, index).squeeze(0), component


class NormalLatent(LatentDistribution):
    """z ~ N(loc, diag scale^2): a single stratum."""

    def __init__(self, loc: Tensor, scale: Tensor) -> None:
        """loc and scale: (B, D)."""
        self.loc, self.scale = loc, scale

    def stratified_rsample(self, shape: torch.Size = torch.Size()) -> Latents:
        """One reparametrised draw; K = 1."""
        code = normal_draws(self.loc, self.scale, shape)[None]
        return Latents(code, torch.zeros_like(code[..., 0]))

    def log_prob(self, latents: Latents) -> Tensor:
        """log N(z; loc, scale^2)."""
        return log_normal(latents.code, self.loc, self.scale)

    def expected_log_prob(self, prior: LatentDistribution, latents: Latents) -> Tensor:
        """Minus the cross entropy of two Gaussians; under a prior of another kind, its log density at the draws."""
        if isinstance(prior, NormalLatent):
            expected = expected_log_normal(self.loc, self.scale, prior.loc, prior.scale)[None]
            return align(expected, latents.log_weights.dim())
        return super().expected_log_prob(prior, latents)

    def quadrature(self, order: int) -> tuple[Latents, Tensor]:
        """Gauss-Hermite nodes and weights: exact for polynomials of a degree below twice the order."""
        noise, weights = gauss_hermite(order, self.loc)
        code = (self.loc + self.scale * noise[:, None])[None]
        log_weights = torch.zeros_like(code[..., 0])
        return Latents(code, log_weights), weights[:, None].expand_as(log_weights)

    @property
    def mean(self) -> Tensor:
        """(B, D), loc."""
        return self.loc

    @property
    def covariance_factors(self) -> Tensor:
        """(1, B, D, D), diagonal."""
        return torch.diag_embed(self.scale)[None]

    def moved_to(self, means: Tensor) -> "NormalLatent":
        """About a mean (1, B, D)."""
        return NormalLatent(means[0], self.scale)
