r"""Lower bounds on log p(x), per image, in nats, higher is better.

With one reparametrised draw z_k from every component, E[pi] under q(v|x) and pi a draw of it:

.. math::
    \text{eq1}      &= \sum_k E[\pi_k] (\log p(x|z_k) + E_{q_k}[\log p_k(z)])
                       - \log \sum_k \pi_k q_k(z_k) - KL(q(v|x) \| p(v)) \\
    \text{mixture}  &= \sum_k E[\pi_k] \log p(x|z_k) + \sum_k \pi_k \log
                       \frac{\sum_j \pi_j p_j(z_k)}{\sum_j \pi_j q_j(z_k)} - KL(q(v|x) \| p(v)) \\
    \text{marginal} &= \sum_k E[\pi_k] \log \frac{p(x|z_k)\, p(z_k)}{q(z_k|x)}, \quad
                       p(z) = \sum_j E_p[\pi_j] p_j(z), \; q(z|x) = \sum_j E_q[\pi_j] q_j(z)

In expectation eq1 <= mixture <= marginal <= log p(x). In `mixture` the weights outside the log-ratio
must be the same drawn pi as inside: with E[pi] the result is *not* a bound, since pi_k and log pi_k are correlated.

In a model of several layers these are the terms of each layer, given the codes above it, and log p(x|z_k) is the bound
of the layers below: the sum over all paths of E[pi] log p(x|z), and every layer's other terms in the mean over paths.

References:
    Nalisnick, Hertel & Smyth (2016), eq. 1 (`eq1`), and the end of section 2 (several layers).
    Y. Burda, R. Grosse and R. Salakhutdinov, "Importance weighted autoencoders", ICLR 2016;
    W. Morningstar et al., "Automatic differentiation variational inference with mixtures",
    AISTATS 2021 (its stratified form).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial

import torch
from torch import Tensor

from dlgmm_core.checks import COUNT, require
from dlgmm_core.model.functional import log_mean_exp
from dlgmm_core.model.latents import LatentDistribution, Latents
from dlgmm_core.model.models import LatentVariableModel
from dlgmm_core.model.paths import LayerDraws, Paths, every_component, one_component

__all__ = [
    "BOUNDS",
    "OBJECTIVES",
    "STICKS_FORMULA",
    "Bound",
    "BoundTerms",
    "PathTerms",
    "elbo",
    "elbo_of",
    "every_path",
    "iwae_bound",
    "layer_total",
    "log_density_ratio",
    "log_importance_weights",
    "log_layer_weight",
    "log_path_weights",
    "lower_bound",
    "path_terms",
    "require_objective",
]


@dataclass(frozen=True)
class BoundTerms:
    """The terms of a bound in one layer at S draws, nats per image; terms that a bound lacks are None.

    Attributes:
        likelihood: (K, S, B), E[pi_k] log p(x|z_k), or the bound of the layers below in place of log p(x|z_k).
        components: (K, S, B), or (K, 1, B) in closed form: the Gaussian term of each component, weighted.
        entropy: (S, B), minus the log density of the posterior, where `components` holds the prior's alone.
        weights: (B,), -KL(q(v|x) || p(v)).
    """

    likelihood: Tensor
    components: Tensor
    entropy: Tensor | None = None
    weights: Tensor | None = None

    @property
    def total(self) -> Tensor:
        """(S, B), the bound at each draw."""
        return self.likelihood.sum(0) + self.negative_divergence

    @cached_property
    def negative_divergence(self) -> Tensor:
        """(S, B), all terms but the likelihood's: minus an estimate of the divergence from the prior."""
        divergence = self.components.sum(0)
        for term in (self.entropy, self.weights):
            if term is not None:
                divergence = divergence + term
        return divergence


@dataclass(frozen=True)
class Bound:
    """A row of the table of bounds. Formulas are for readers, as text in which "_k" is a subscript.

    Attributes:
        terms: maps S draws of a layer and log p(x|z) of their codes (K, S, B) to the bound's terms.
        components: the formula of `BoundTerms.components`.
        entropy: that of `BoundTerms.entropy`, if the bound has one.
    """

    terms: Callable[[LayerDraws, Tensor], BoundTerms]
    components: str
    entropy: str = ""


def _eq1(layer: LayerDraws, log_likelihood: Tensor) -> BoundTerms:
    q, p, latents = layer.q, layer.p, layer.latents
    likelihood = _weighted(q, log_likelihood)
    expected_prior = _weighted(q, q.expected_log_prob(p, latents))
    log_q = q.component_log_prob(latents)
    log_q = log_q[0] if len(log_q) == 1 else torch.logsumexp(latents.log_weights + log_q, 0)
    return BoundTerms(likelihood, expected_prior, -log_q, -layer.weights_kl)


def _mixture(layer: LayerDraws, log_likelihood: Tensor) -> BoundTerms:
    q, p, latents = layer.q, layer.p, layer.latents
    likelihood = _weighted(q, log_likelihood)
    log_ratio = p.conditional_log_prob(latents) - q.conditional_log_prob(latents)
    return BoundTerms(likelihood, torch.exp(latents.log_weights) * log_ratio, weights=-layer.weights_kl)


def _marginal(layer: LayerDraws, log_likelihood: Tensor) -> BoundTerms:
    return BoundTerms(_weighted(layer.q, log_likelihood), _weighted(layer.q, layer.log_p - layer.log_q))


def _weighted(q: LatentDistribution, values: Tensor) -> Tensor:
    """(K, S, B): E[pi_k] times values that broadcast with it; a single stratum has all the weight."""
    return values if len(values) == 1 else torch.exp(q.log_mean_weights)[:, None] * values


BOUNDS: dict[str, Bound] = {
    "eq1": Bound(_eq1, "E[π_k] E log p_k(z)", entropy="−E log Σ_k π_k q_k(z)"),
    "mixture": Bound(_mixture, "E[π_k log p(z|π)/q(z|π, x)]"),
    "marginal": Bound(_marginal, "E[π_k] E log p(z)/q(z|x)"),
}
"""Bounds by name. Their terms add up to the ELBO: `elbo` sums them, and the app shows them."""

STICKS_FORMULA = "−KL(q(v|x) ‖ p(v))"
"""The formula of `BoundTerms.weights`, the same in every bound that has it."""

OBJECTIVES = (*BOUNDS, "iwae")
"""Objectives of training: an ELBO, or the IWAE bound."""


def require_objective(name: str) -> None:
    """Checks that `name` is in `OBJECTIVES`.

    Raises:
        ConfigError: if it is not.
    """
    require(name in OBJECTIVES, f"There is no bound {name!r}: choose one of {', '.join(OBJECTIVES)}.")


def lower_bound(
    model: LatentVariableModel, x: Tensor, objective: str, num_samples: int = 1, decoded: int | None = None
) -> Tensor:
    """(B,), nats: `elbo` by the name of its bound or, for "iwae", `iwae_bound`.

    Raises:
        ConfigError: as `elbo`.
    """
    if objective == "iwae":
        return iwae_bound(model, x, num_samples, decoded)
    return elbo(model, x, objective, num_samples, decoded)


def elbo_of(objective: str) -> str:
    """The bound whose ELBO is reported for a model trained on `objective`: `marginal`, S = 1, for "iwae"."""
    return "marginal" if objective == "iwae" else objective


def elbo(
    model: LatentVariableModel, x: Tensor, bound: str = "eq1", num_samples: int = 1, decoded: int | None = None
) -> Tensor:
    """An unbiased estimate of a lower bound on log p(x).

    Args:
        model: any model.
        x: (B, X), zeros and ones.
        bound: a name in `BOUNDS`.
        num_samples: S, draws per component.
        decoded: M, the components of each layer that are decoded and stand for all: the value and its gradient have the
            same mean, and a larger variance. All by default.

    Returns:
        (B,), nats, higher is better.

    Raises:
        ConfigError: for an unknown bound, S below 1, or images of another shape than the model's.
    """
    require(bound in BOUNDS, f"There is no bound {bound!r}: choose one of {', '.join(BOUNDS)}.")
    paths = every_path(model, x, num_samples, decoded)
    log_likelihood = model.decode(paths.code).log_prob(x)  # (P, S, B)
    return paths.fold(log_likelihood, partial(layer_total, BOUNDS[bound])).mean(0)


def every_path(model: LatentVariableModel, x: Tensor, num_samples: int, decoded: int | None = None) -> Paths:
    """All paths of S draws for binary images x (B, X), from every component of every layer, or from M of them each.

    Raises:
        ConfigError: if S or M is below 1, or the images are not the model's.
    """
    COUNT.require("num_samples", num_samples)
    COUNT.require("decoded", 1 if decoded is None else decoded)
    model.require_images(x)
    features = model.features(x)
    q = model.posterior_of(features)
    latents = q.stratified_rsample(torch.Size([num_samples]))
    return model.paths(x, q, latents, every_component, features, decoded)


def layer_total(bound: Bound, layer: LayerDraws, values: Tensor) -> Tensor:
    """(S, R), a bound in one layer, where the layers below are worth `values` (K, S, R)."""
    return bound.terms(layer, layer.estimates(values)).total


@dataclass(frozen=True)
class PathTerms:
    """The terms of a bound at S draws for a model of L layers, nats per image.

    Attributes:
        below: (K, S, B), the bound of the layers below the first or, with one layer, log p(x|z).
        first: the terms of the first layer, given `below`.
        divergences: (L, S, B), what each layer takes from the bound in the mean over its paths, an estimate of its KL
            divergence.
    """

    below: Tensor
    first: BoundTerms
    divergences: Tensor


def path_terms(paths: Paths, log_likelihood: Tensor, bound: str) -> PathTerms:
    """The terms of a bound by layer.

    Args:
        paths: from `every_path`, with all components decoded.
        log_likelihood: (P, S, B), log p(x|z) of each.
        bound: a name in `BOUNDS`.
    """
    divergences: list[Tensor] = []

    def terms_of(layer: LayerDraws, values: Tensor) -> BoundTerms:
        divergences[:] = [_weighted(layer.q, each.reshape(values.shape)).sum(0) for each in divergences]
        terms = BOUNDS[bound].terms(layer, values)
        divergences.insert(0, -terms.negative_divergence)
        return terms

    below = paths.fold_below(log_likelihood, lambda layer, values: terms_of(layer, values).total)
    first = terms_of(paths.layers[0], below)
    return PathTerms(below, first, torch.stack(divergences))


def log_importance_weights(
    model: LatentVariableModel, x: Tensor, num_samples: int, decoded: int | None = None
) -> Tensor:
    """(S, B), log of w_s = sum_k E[pi_k] p(x|z_sk) p(z_sk) / q(z_sk|x), each an unbiased estimate of p(x).

    Stratified: every w_s averages over all components, of all layers, or over those that are decoded.
    """
    paths = every_path(model, x, num_samples, decoded)
    return paths.fold(model.decode(paths.code).log_prob(x), log_layer_weight)


def log_layer_weight(layer: LayerDraws, values: Tensor) -> Tensor:
    """(S, R), log sum_k E[pi_k] e^values p(z_k) / q(z_k|x) of one layer, with values (K, S, R) of those below."""
    return torch.logsumexp(layer.q.log_mean_weights[:, None] + _with_ratio(layer, layer.log_estimates(values)), 0)


def log_density_ratio(model: LatentVariableModel, x: Tensor, q: LatentDistribution, latents: Latents) -> Tensor:
    """(K, S, B), log p(x|z) p(z) / q(z|x) at each code, nats: the log importance weight of a draw from q(z|x).

    In a model of several layers one path goes on from each code of the first, to a component of each layer below.
    """
    return log_path_weights(model, x, model.paths(x, q, latents, one_component))


def log_path_weights(model: LatentVariableModel, x: Tensor, paths: Paths) -> Tensor:
    """(P, S, B), nats: log p(x|z) p(z) / q(z|x) of paths of which one goes on from each code of the first layer."""
    values = model.decode(paths.code).log_prob(x)
    return paths.fold(values, _with_ratio).reshape(values.shape)


def _with_ratio(layer: LayerDraws, values: Tensor) -> Tensor:
    """(K, S, R): values plus log p(z) / q(z|x) of one layer's codes, given those above."""
    return values + layer.log_p - layer.log_q


def iwae_bound(model: LatentVariableModel, x: Tensor, num_samples: int, decoded: int | None = None) -> Tensor:
    """(B,), nats, log of the mean of S importance weights: a lower bound that approaches log p(x) as S grows.

    With M components decoded in each layer, the weights are unbiased still; the bound is lower, its gradient biased.

    Raises:
        ConfigError: for S below 1, or images of another shape than the model's.
    """
    return log_mean_exp(log_importance_weights(model, x, num_samples, decoded), 0)
