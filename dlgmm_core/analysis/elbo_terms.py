r"""Where a bound comes from: its terms, one column a component, that add up to the ELBO of one image.

.. math:: L = \sum_k E[\pi_k] \log p(x|z_k) + \sum_k g_k + H - KL(q(v|x) \| p(v))

with g_k the Gaussian term of component k and H the entropy, according to the bound:

    eq1       g_k = E[pi_k] E_{q_k}[log p_k(z)],  H = -E[log sum_k pi_k q_k(z_k)]
    mixture   g_k = E[pi_k log(p(z_k|pi) / q(z_k|pi, x))],  no H: the ratio holds it
    marginal  g_k = E[pi_k] E[log(p(z_k) / q(z_k|x))],  no H and no KL: pi is integrated out

Reference: Nalisnick, Hertel & Smyth (2016), eq. 1; see `dlgmm_core.model.objectives`.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dlgmm_core.model.latents import LatentDistribution, Latents
from dlgmm_core.model.objectives import BOUNDS

__all__ = ["ElboTerms", "elbo_terms"]


@dataclass(frozen=True)
class ElboTerms:
    """The terms of one bound on log p(x) of one image, in nats, averaged over draws.

    Attributes:
        weights: (K,) E[pi_k|x].
        log_likelihood: (K,) mean of log p(x|z_k), not yet weighted.
        likelihood: (K,) its share in the bound, E[pi_k] times it.
        gaussian: (K,) g_k, the Gaussian term of each component, weighted.
        entropy: H.
        sticks: -KL(q(v|x) || p(v)), never above zero.
        error: standard error of the sum over draws.
    """

    weights: NDArray[np.float64]
    log_likelihood: NDArray[np.float64]
    likelihood: NDArray[np.float64]
    gaussian: NDArray[np.float64]
    entropy: float
    sticks: float
    error: float

    @property
    def elbo(self) -> float:
        """The sum of all terms."""
        return float(self.likelihood.sum() + self.gaussian.sum() + self.entropy + self.sticks)


def elbo_terms(
    q: LatentDistribution, p: LatentDistribution, latents: Latents, log_likelihood: Tensor
) -> dict[str, ElboTerms]:
    """The terms of every bound in `BOUNDS`, from the same draws.

    Args:
        q: posterior of one image, B = 1.
        p: prior.
        latents: S > 1 stratified draws of q.
        log_likelihood: (K, S, 1) log p(x|z) of their codes.
    """
    weights = q.log_mean_weights[:, 0].double().exp()
    log_likelihood = log_likelihood[..., 0].double()
    share = weights[:, None] * log_likelihood
    divergence = float(q.sticks_kl(p))
    of_components = {
        "weights": weights.cpu().numpy(),
        "log_likelihood": log_likelihood.mean(1).cpu().numpy(),
        "likelihood": share.mean(1).cpu().numpy(),
    }
    found = {}
    for bound, terms in _TERMS.items():
        gaussian, entropy, has_sticks = terms(q, p, latents)
        of_draws = (share + gaussian).sum(0) + entropy
        found[bound] = ElboTerms(
            **of_components,
            gaussian=gaussian.mean(1).cpu().numpy(),
            entropy=float(entropy.mean()),
            sticks=0.0 - divergence if has_sticks else 0.0,
            error=float(of_draws.std()) / math.sqrt(len(of_draws)),
        )
    return found


# Gaussian terms (K, S or 1), entropy (S or 1), and whether the sticks' divergence is a term
_Terms = tuple[Tensor, Tensor, bool]


def _eq1(q: LatentDistribution, p: LatentDistribution, latents: Latents) -> _Terms:
    gaussian = torch.exp(q.log_mean_weights) * q.expected_log_prob(p)
    log_q = torch.logsumexp(latents.log_weights + q.component_log_prob(latents), 0)[:, 0]
    return gaussian.double(), -log_q.double(), True


def _mixture(q: LatentDistribution, p: LatentDistribution, latents: Latents) -> _Terms:
    log_ratio = p.conditional_log_prob(latents) - q.conditional_log_prob(latents)
    gaussian = (torch.exp(latents.log_weights) * log_ratio)[..., 0].double()
    return gaussian, gaussian.new_zeros(1), True


def _marginal(q: LatentDistribution, p: LatentDistribution, latents: Latents) -> _Terms:
    log_ratio = (p.log_prob(latents) - q.log_prob(latents))[..., 0]
    gaussian = (torch.exp(q.log_mean_weights) * log_ratio).double()
    return gaussian, gaussian.new_zeros(1), False


_TERMS = {"eq1": _eq1, "mixture": _mixture, "marginal": _marginal}
assert _TERMS.keys() == BOUNDS.keys()
