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

References:
    Nalisnick, Hertel & Smyth (2016), eq. 1 (`eq1`).
    Y. Burda, R. Grosse and R. Salakhutdinov, "Importance weighted autoencoders", ICLR 2016;
    W. Morningstar et al., "Automatic differentiation variational inference with mixtures",
    AISTATS 2021 (its stratified form).
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from dlgmm_core.config import ConfigError
from dlgmm_core.model.functional import log_mean_exp
from dlgmm_core.model.latents import LatentDistribution, Latents
from dlgmm_core.model.models import LatentVariableModel

__all__ = [
    "BOUNDS",
    "OBJECTIVES",
    "BoundTerms",
    "elbo",
    "elbo_of",
    "iwae_bound",
    "log_density_ratio",
    "log_importance_weights",
    "lower_bound",
    "require_objective",
]


@dataclass(frozen=True)
class BoundTerms:
    """The terms of a bound at S draws, nats per image; terms that a bound lacks are None.

    Attributes:
        likelihood: (K, S, B), E[pi_k] log p(x|z_k).
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
        divergence = self.components.sum(0)
        for term in (self.entropy, self.weights):
            if term is not None:
                divergence = divergence + term
        return self.likelihood.sum(0) + divergence


Bound = Callable[[LatentDistribution, LatentDistribution, Latents, Tensor], BoundTerms]
"""Maps posterior q, prior p, S draws of q and log p(x|z) of their codes (K, S, B) to the terms of a bound."""


def _eq1(q: LatentDistribution, p: LatentDistribution, latents: Latents, log_likelihood: Tensor) -> BoundTerms:
    likelihood = _weighted(q, log_likelihood)
    expected_prior = _weighted(q, q.expected_log_prob(p, latents))
    log_q = torch.logsumexp(latents.log_weights + q.component_log_prob(latents), 0)
    return BoundTerms(likelihood, expected_prior, -log_q, -q.weights_kl(p))


def _mixture(q: LatentDistribution, p: LatentDistribution, latents: Latents, log_likelihood: Tensor) -> BoundTerms:
    likelihood = _weighted(q, log_likelihood)
    log_ratio = p.conditional_log_prob(latents) - q.conditional_log_prob(latents)
    return BoundTerms(likelihood, torch.exp(latents.log_weights) * log_ratio, weights=-q.weights_kl(p))


def _marginal(q: LatentDistribution, p: LatentDistribution, latents: Latents, log_likelihood: Tensor) -> BoundTerms:
    likelihood = _weighted(q, log_likelihood)
    return BoundTerms(likelihood, _weighted(q, p.log_prob(latents) - q.log_prob(latents)))


def _weighted(q: LatentDistribution, values: Tensor) -> Tensor:
    """(K, S, B): E[pi_k] times values that broadcast with it."""
    return torch.exp(q.log_mean_weights)[:, None] * values


BOUNDS: dict[str, Bound] = {"eq1": _eq1, "mixture": _mixture, "marginal": _marginal}
"""Bounds by name. Their terms add up to the ELBO: `elbo` sums them, and the app shows them."""

OBJECTIVES = (*BOUNDS, "iwae")
"""Objectives of training: an ELBO, or the IWAE bound."""


def require_objective(name: str) -> None:
    """Checks that `name` is in `OBJECTIVES`.

    Raises:
        ConfigError: if it is not.
    """
    if name not in OBJECTIVES:
        raise ConfigError(f"There is no bound {name!r}: choose one of {', '.join(OBJECTIVES)}.")


def lower_bound(model: LatentVariableModel, x: Tensor, objective: str, num_samples: int = 1) -> Tensor:
    """(B,), nats: `elbo` by the name of its bound or, for "iwae", `iwae_bound`.

    Raises:
        KeyError: for an unknown objective.
    """
    if objective == "iwae":
        return iwae_bound(model, x, num_samples)
    return elbo(model, x, objective, num_samples)


def elbo_of(objective: str) -> str:
    """The bound whose ELBO is reported for a model trained on `objective`: `marginal`, S = 1, for "iwae"."""
    return "marginal" if objective == "iwae" else objective


def elbo(model: LatentVariableModel, x: Tensor, bound: str = "eq1", num_samples: int = 1) -> Tensor:
    """An unbiased estimate of a lower bound on log p(x).

    Args:
        model: any model.
        x: (B, X), zeros and ones.
        bound: a name in `BOUNDS`.
        num_samples: S, draws per component.

    Returns:
        (B,), nats, higher is better.

    Raises:
        KeyError: for an unknown bound.
    """
    q = model.posterior(x)
    latents = q.stratified_rsample(torch.Size([num_samples]))
    log_likelihood = model.likelihood(latents.code).log_prob(x)  # (K, S, B)
    return BOUNDS[bound](q, model.prior(), latents, log_likelihood).total.mean(0)


def log_importance_weights(model: LatentVariableModel, x: Tensor, num_samples: int) -> Tensor:
    """(S, B), log of w_s = sum_k E[pi_k] p(x|z_sk) p(z_sk) / q(z_sk|x), each an unbiased estimate of p(x).

    Stratified: every w_s averages over all components.
    """
    q = model.posterior(x)
    latents = q.stratified_rsample(torch.Size([num_samples]))
    return torch.logsumexp(q.log_mean_weights[:, None] + log_density_ratio(model, x, q, latents), 0)


def log_density_ratio(model: LatentVariableModel, x: Tensor, q: LatentDistribution, latents: Latents) -> Tensor:
    """(K, S, B), log p(x|z) p(z) / q(z|x) at each code, nats: the log importance weight of a draw from q(z|x)."""
    return model.likelihood(latents.code).log_prob(x) + model.prior().log_prob(latents) - q.log_prob(latents)


def iwae_bound(model: LatentVariableModel, x: Tensor, num_samples: int) -> Tensor:
    """(B,), nats, log of the mean of S importance weights: a lower bound that approaches log p(x) as S grows."""
    return log_mean_exp(log_importance_weights(model, x, num_samples), 0)
