r"""Where a bound comes from: its terms, one column a component, that add up to the ELBO of one image.

.. math:: L = \sum_k E[\pi_k] \log p(x|z_k) + \sum_k g_k + H - KL(q(v|x) \| p(v))

with g_k the Gaussian term of component k and H the entropy, according to the bound:

    eq1       g_k = E[pi_k] E_{q_k}[log p_k(z)],  H = -E[log sum_k pi_k q_k(z_k)]
    mixture   g_k = E[pi_k log(p(z_k|pi) / q(z_k|pi, x))],  no H: the ratio holds it
    marginal  g_k = E[pi_k] E[log(p(z_k) / q(z_k|x))],  no H and no KL: pi is integrated out

Reference: Nalisnick, Hertel & Smyth (2016), eq. 1; see `dlgmm_core.objectives`.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from dlgmm_core.latents import LatentDistribution, Latents
from dlgmm_core.models import LatentVariableModel
from dlgmm_core.objectives import BOUNDS
from dlgmm_core.seeding import seeded

__all__ = ["Ledger", "open_ledger"]

DRAWS = 200


@dataclass(frozen=True)
class Ledger:
    """The terms of one bound on log p(x) of one image, in nats, averaged over draws.

    Attributes:
        weights: (K,) E[pi_k|x].
        log_likelihood: (K,) mean of log p(x|z_k), not yet weighted.
        likelihood: (K,) its share in the bound, E[pi_k] times it.
        gaussian: (K,) g_k, the Gaussian term of each component, weighted.
        entropy: H.
        sticks: -KL(q(v|x) || p(v)), never above zero.
    """

    weights: NDArray[np.float64]
    log_likelihood: NDArray[np.float64]
    likelihood: NDArray[np.float64]
    gaussian: NDArray[np.float64]
    entropy: float
    sticks: float

    @property
    def elbo(self) -> float:
        """The sum of all terms."""
        return float(self.likelihood.sum() + self.gaussian.sum() + self.entropy + self.sticks)


def open_ledger(
    model: LatentVariableModel, image: NDArray[np.uint8], bound: str, num_samples: int = DRAWS, seed: int = 0
) -> Ledger:
    """The terms of `elbo(model, image, bound)` over S draws.

    Args:
        model: any of the four.
        image: (X,) zeros and ones.
        bound: a name in `BOUNDS`.
        num_samples: S, draws of every component.
        seed: of the draws.

    Raises:
        KeyError: for an unknown bound.
    """
    terms = _TERMS[bound]
    x = torch.from_numpy(image[None]).to(next(model.parameters()).device).float()
    with seeded(x.device, seed), torch.no_grad():
        q, p = model.posterior(x), model.prior()
        latents = q.stratified_rsample(torch.Size([num_samples]))
        log_likelihood = model.likelihood(latents.code).log_prob(x).double().mean((1, 2))  # (K, S, 1) -> (K,)
        weights = q.log_mean_weights[:, 0].double().exp()
        gaussian, entropy, sticks = terms(q, p, latents)
    return Ledger(
        weights=weights.cpu().numpy(),
        log_likelihood=log_likelihood.cpu().numpy(),
        likelihood=(weights * log_likelihood).cpu().numpy(),
        gaussian=gaussian.double().cpu().numpy(),
        entropy=entropy,
        sticks=sticks,
    )


_Terms = tuple[torch.Tensor, float, float]


def _eq1(q: LatentDistribution, p: LatentDistribution, latents: Latents) -> _Terms:
    gaussian = (torch.exp(q.log_mean_weights) * q.expected_log_prob(p))[:, 0]
    log_q = torch.logsumexp(latents.log_weights + q.component_log_prob(latents), 0)
    return gaussian, -float(log_q.mean()), 0.0 - float(q.sticks_kl(p))


def _mixture(q: LatentDistribution, p: LatentDistribution, latents: Latents) -> _Terms:
    log_ratio = p.conditional_log_prob(latents) - q.conditional_log_prob(latents)
    return (torch.exp(latents.log_weights) * log_ratio).mean((1, 2)), 0.0, 0.0 - float(q.sticks_kl(p))


def _marginal(q: LatentDistribution, p: LatentDistribution, latents: Latents) -> _Terms:
    log_ratio = (p.log_prob(latents) - q.log_prob(latents)).mean((1, 2))
    return torch.exp(q.log_mean_weights[:, 0]) * log_ratio, 0.0, 0.0


_TERMS = {"eq1": _eq1, "mixture": _mixture, "marginal": _marginal}
assert _TERMS.keys() == BOUNDS.keys()
