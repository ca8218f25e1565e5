r"""What a latent code is, and the three kinds of distribution over it.

A mixture cannot be reparametrised through its component label, so every component is drawn from: a
draw has one *stratum* per component, and expectations are sums over strata weighted by the mixture
weights (Nalisnick, Hertel & Smyth, 2016, section 2.3). A normal and a stick-breaking code are the
case of one stratum, so that one interface, and one set of bounds, serves every model.

Shapes: K strata, S the sample shape, B images, D code size, T - 1 sticks. K comes first, so that
images (B, X) broadcast against decoded codes (K, *S, B, X).
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor
from torch.distributions import Categorical, Normal

from dlgmm_core.model.distributions import Beta, Kumaraswamy, StickDistribution, Sticks, kl_divergence
from dlgmm_core.model.normals import NormalTable, expected_log_normal, log_normal

__all__ = ["LatentDistribution", "Latents", "MixtureLatent", "NormalLatent", "SticksLatent"]


@dataclass(frozen=True)
class Latents:
    """One stratified draw.

    Attributes:
        code: (K, *S, B, D), what the decoder reads.
        log_weights: (K, *S, B), log of the drawn mixture weights; zeros when K = 1.
        sticks: (*S, B, T-1), the fractions drawn, or None where the model has none.
    """

    code: Tensor
    log_weights: Tensor
    sticks: Sticks | None = None


class LatentDistribution(ABC):
    """A distribution over codes: the posterior q(.|x) and the prior p(.) alike.

    Three densities of a code differ in what is known of the component it came from:
    `component_log_prob` (it is known), `conditional_log_prob` (the weights drawn with it are),
    `log_prob` (nothing is: weights are integrated out). All return (K, *S, B), in nats.
    """

    @abstractmethod
    def stratified_rsample(self, shape: torch.Size = torch.Size()) -> Latents:
        """One reparametrised draw from every component for each element of `shape`."""

    def sample_components(self, components: Tensor) -> Latents:
        """One draw from each of `components` (S, B): a single stratum, whose weights and sticks are not to be used.

        Where there is one component, its number says nothing and the draw is `stratified_rsample`'s.
        """
        return self.stratified_rsample(components.shape[:1])

    def allocate(self, num_samples: int) -> Tensor:
        """(S, B), the components of S draws from q(z|x), in proportion to E[pi].

        Systematic sampling: component k gets S E[pi_k] draws, rounded up or down by one shared uniform
        offset, so that the count is right in expectation and nothing else is left to chance.
        """
        ends = torch.exp(self.log_mean_weights).cumsum(0).T.contiguous()  # (B, K)
        steps = torch.arange(num_samples, dtype=ends.dtype, device=ends.device)
        points = (steps + torch.rand(len(ends), 1, dtype=ends.dtype, device=ends.device)) / num_samples
        # a cumulative sum of floats may end just below one
        return torch.searchsorted(ends, points, right=True).clamp_max(ends.shape[1] - 1).T

    @abstractmethod
    def component_log_prob(self, latents: Latents) -> Tensor:
        """log density of stratum k's code under component k alone."""

    @abstractmethod
    def conditional_log_prob(self, latents: Latents) -> Tensor:
        """log density of each code given the mixture weights drawn with it."""

    @abstractmethod
    def log_prob(self, latents: Latents) -> Tensor:
        """log density of each code with the mixture weights integrated out."""

    @abstractmethod
    def expected_log_prob(self, prior: "LatentDistribution") -> Tensor:
        """(K, B), E_{q_k}[log p_k(z)], in closed form."""

    @abstractmethod
    def sticks_kl(self, prior: "LatentDistribution") -> Tensor:
        """(B,), KL(q(v|x) || p(v)) summed over sticks; zero where there are none."""

    @property
    @abstractmethod
    def log_mean_weights(self) -> Tensor:
        """(K, B), log E[pi_k]."""

    @property
    @abstractmethod
    def mean(self) -> Tensor:
        """(B, D), mean of the code."""

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
        self.normal = Normal(loc, scale, validate_args=False)  # broadcasts the two

    def stratified_rsample(self, shape: torch.Size = torch.Size()) -> Latents:
        """One reparametrised draw; K = 1."""
        code = self.normal.rsample(shape)[None]
        return Latents(code, torch.zeros_like(code[..., 0]))

    def component_log_prob(self, latents: Latents) -> Tensor:
        """log N(z; loc, scale^2)."""
        return log_normal(latents.code, self.normal.loc, self.normal.scale)

    conditional_log_prob = component_log_prob
    log_prob = component_log_prob

    def expected_log_prob(self, prior: LatentDistribution) -> Tensor:
        """(1, B), minus the cross entropy of two Gaussians."""
        assert isinstance(prior, NormalLatent)
        return expected_log_normal(self.normal, prior.normal)[None]

    def sticks_kl(self, prior: LatentDistribution) -> Tensor:
        """(B,), zeros."""
        return torch.zeros_like(self.normal.loc[..., 0])

    @property
    def log_mean_weights(self) -> Tensor:
        """(1, B), zeros."""
        return torch.zeros_like(self.normal.loc[None, ..., 0])

    @property
    def mean(self) -> Tensor:
        """(B, D), loc."""
        return self.normal.loc


class SticksLatent(LatentDistribution):
    """The code is pi = stick_breaking(v) itself, a point of the simplex: a single stratum."""

    def __init__(self, sticks: StickDistribution) -> None:
        """sticks: a distribution of batch shape (B, T-1)."""
        self.sticks = sticks

    def stratified_rsample(self, shape: torch.Size = torch.Size()) -> Latents:
        """One reparametrised draw of the fractions, and the simplex point they break off; K = 1."""
        sticks = self.sticks.rsample(shape)
        code = torch.exp(sticks.log_weights)[None]
        return Latents(code, torch.zeros_like(code[..., 0]), sticks)

    def component_log_prob(self, latents: Latents) -> Tensor:
        """Zero: given its fractions the code is certain, and their divergence is `sticks_kl`."""
        return torch.zeros_like(latents.log_weights)

    conditional_log_prob = component_log_prob

    def log_prob(self, latents: Latents) -> Tensor:
        """log density of the fractions v (the map to pi is one to one, and cancels in ratios)."""
        assert latents.sticks is not None
        return self.sticks.log_prob(latents.sticks).sum(-1)[None]

    def expected_log_prob(self, prior: LatentDistribution) -> Tensor:
        """(1, B), zeros: see `component_log_prob`."""
        return torch.zeros_like(self.sticks.log_mean_weights[None, ..., 0])

    def sticks_kl(self, prior: LatentDistribution) -> Tensor:
        """(B,), KL of the fractions."""
        assert isinstance(prior, SticksLatent)
        return _sum_kl(self.sticks, prior.sticks)

    @property
    def log_mean_weights(self) -> Tensor:
        """(1, B), zeros: one stratum. The mean simplex point is `mean`."""
        return self.expected_log_prob(self)

    @property
    def mean(self) -> Tensor:
        """(B, T), E[pi]."""
        return torch.exp(self.sticks.log_mean_weights)


class MixtureLatent(LatentDistribution):
    """z given pi ~ sum_k pi_k N(loc_k, diag scale_k^2), with pi = stick_breaking(v)."""

    def __init__(self, sticks: StickDistribution, loc: Tensor, scale: Tensor) -> None:
        """sticks: batch shape (B, K-1); loc and scale: (K, B, D)."""
        self.sticks = sticks
        self.normal = Normal(loc, scale, validate_args=False)  # broadcasts the two

    def stratified_rsample(self, shape: torch.Size = torch.Size()) -> Latents:
        """A draw from every component, and the weights of one draw of the sticks."""
        sticks = self.sticks.rsample(shape)
        code = self.normal.rsample(shape).movedim(len(shape), 0)
        log_weights = sticks.log_weights.movedim(-1, 0).expand(code.shape[:-1])
        return Latents(code, log_weights, sticks)

    def sample_components(self, components: Tensor) -> Latents:
        """A draw from each of `components` (S, B); K = 1."""
        index = components[..., None].expand(*components.shape, self.normal.loc.shape[-1])
        loc, scale = self.normal.loc.gather(0, index), self.normal.scale.gather(0, index)
        code = (loc + scale * torch.randn_like(loc))[None]
        return Latents(code, torch.zeros_like(code[..., 0]))

    def reparametrise(self, noise: Tensor) -> Tensor:
        """(K, *S, B, D): one standard-normal noise (*S, B, D), seen through every component."""
        dim = noise.dim() + 1
        return _align(self.normal.loc, dim) + _align(self.normal.scale, dim) * noise

    def component_log_prob(self, latents: Latents) -> Tensor:
        """log N(z_k; loc_k, scale_k^2)."""
        dim = latents.code.dim()
        return log_normal(latents.code, _align(self.normal.loc, dim), _align(self.normal.scale, dim))

    def conditional_log_prob(self, latents: Latents) -> Tensor:
        """log sum_j pi_j N(z_k; loc_j, scale_j^2), with the drawn pi."""
        return self._joint_log_prob(latents.code, latents.log_weights).logsumexp(0)

    def log_prob(self, latents: Latents) -> Tensor:
        """log sum_j E[pi_j] N(z_k; loc_j, scale_j^2)."""
        return self._joint_log_prob(latents.code, self.log_mean_weights).logsumexp(0)

    def responsibilities(self, code: Tensor) -> Tensor:
        """(J, K, *S, B): probability that a code (K, *S, B, D) came from component j, given E[pi]."""
        return torch.softmax(self._joint_log_prob(code, self.log_mean_weights), dim=0)

    def expected_log_prob(self, prior: LatentDistribution) -> Tensor:
        """(K, B), minus the cross entropy of component k of q and component k of the prior."""
        assert isinstance(prior, MixtureLatent)
        return expected_log_normal(self.normal, prior.normal)

    def sticks_kl(self, prior: LatentDistribution) -> Tensor:
        """(B,), KL of the fractions."""
        assert isinstance(prior, MixtureLatent)
        return _sum_kl(self.sticks, prior.sticks)

    @property
    def log_mean_weights(self) -> Tensor:
        """(K, B), log E[pi_k]."""
        return self.sticks.log_mean_weights.movedim(-1, 0)

    @property
    def mean(self) -> Tensor:
        """(B, D), sum_k E[pi_k] loc_k."""
        return (torch.exp(self.log_mean_weights)[..., None] * self.normal.loc).sum(0)

    @cached_property
    def _table(self) -> NormalTable:
        return NormalTable(self.normal)

    def _joint_log_prob(self, code: Tensor, log_weights: Tensor) -> Tensor:
        """(J, K, *S, B): log pi_j N(z_k; loc_j, scale_j^2) of every code under every component."""
        # weights (J, *S, B) or (J, B): the axis of strata, and S where missing, are of length one
        return _align(log_weights, code.dim()) + self._table.log_prob(code)


def _align(x: Tensor, dim: int) -> Tensor:
    """x of shape (K, *rest), with axes of length one after K up to `dim` in all."""
    return x.reshape(x.shape[:1] + (1,) * (dim - x.dim()) + x.shape[1:])


def _sum_kl(q: StickDistribution, p: StickDistribution) -> Tensor:
    """(B,), KL of Kumaraswamy fractions from Beta ones, summed over sticks."""
    assert isinstance(q, Kumaraswamy)
    assert isinstance(p, Beta)
    return kl_divergence(q, p).sum(-1)
