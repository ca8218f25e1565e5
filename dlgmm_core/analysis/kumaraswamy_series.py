r"""The Kumaraswamy distribution compared with a Beta, and its KL by quadrature compared with a truncated series.

The divergence from a Beta prior needs T = E[-log(1 - v)]. Published code sums the first terms of

.. math:: T = b \sum_{m=1}^{\infty} \frac{1}{m + a b} B(m / a, b)

All terms are positive, so any partial sum underestimates T. For beta > 1 the KL is then too small, and an
"ELBO" computed with it need not be a lower bound. `dlgmm_core.model.distributions` computes T by quadrature.

Reference: E. Nalisnick and P. Smyth, "Stick-breaking variational autoencoders", ICLR 2017, eq. 7.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import betaln

from dlgmm_core.model.distributions import Beta, Kumaraswamy, Sticks, kl_divergence

__all__ = [
    "densities_at_draws",
    "fraction",
    "kl_by_quadrature",
    "kl_by_series",
    "kumaraswamy_density",
    "matched_beta",
    "matched_density",
]


def _distribution(a: float, b: float) -> Kumaraswamy:
    return Kumaraswamy(*torch.tensor([a, b], dtype=torch.float64).log())


def fraction(u: float, a: float, b: float) -> float:
    """v = (1 - u^(1/b))^(1/a): the draw of Kumaraswamy(a, b) that a uniform number u in (0, 1) is mapped to."""
    log_u = torch.tensor(u, dtype=torch.float64).log()
    return float(_distribution(a, b).inverse_survival(log_u).log_v.exp())


def kumaraswamy_density(v: NDArray[np.float64], a: float, b: float) -> NDArray[np.float64]:
    """Density at fractions v in (0, 1), per unit of v."""
    density: NDArray[np.float64] = _distribution(a, b).log_prob(Sticks.from_fraction(torch.from_numpy(v))).exp().numpy()
    return density


def matched_beta(a: float, b: float) -> tuple[float, float]:
    """(alpha, beta) of the Beta with the same mean and variance as Kumaraswamy(a, b)."""
    q = _distribution(a, b)
    mean, square = (float(q.log_moment(order).exp()) for order in (1.0, 2.0))
    total = mean * (1 - mean) / (square - mean**2) - 1
    return mean * total, (1 - mean) * total


def matched_density(v: NDArray[np.float64], a: float, b: float) -> NDArray[np.float64]:
    """Density of the matched Beta at fractions v, per unit of v."""
    matched = Beta(*torch.tensor(matched_beta(a, b), dtype=torch.float64))
    density: NDArray[np.float64] = matched.log_prob(Sticks.from_fraction(torch.from_numpy(v))).exp().numpy()
    return density


def densities_at_draws(u: NDArray[np.float64], a: float, b: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Densities (N,) of Kumaraswamy(a, b) and of the matched Beta at the draws that u (N,) in (0, 1) is mapped to.

    They are accurate even for a draw that would round to 0 or 1 in floating point.
    """
    q, matched = _distribution(a, b), Beta(*torch.tensor(matched_beta(a, b), dtype=torch.float64))
    draws = q.inverse_survival(torch.from_numpy(u).log())
    return q.log_prob(draws).exp().numpy(), matched.log_prob(draws).exp().numpy()


def kl_by_quadrature(a: float, b: float, alpha: float, beta: float) -> float:
    """KL(Kumaraswamy(a, b) || Beta(alpha, beta)), nats."""
    prior = Beta(torch.tensor(alpha, dtype=torch.float64), torch.tensor(beta, dtype=torch.float64))
    return float(kl_divergence(_distribution(a, b), prior))


def kl_by_series(a: float, b: float, alpha: float, beta: float, terms: int = 50) -> NDArray[np.float64]:
    """(terms,) the same divergence, nats, with the series of T truncated after 1, 2, … terms."""
    m = np.arange(1, terms + 1)
    partial_sums = np.cumsum(b / (m + a * b) * np.exp(betaln(m / a, b)))
    kl_at_one = kl_by_quadrature(a, b, alpha, 1.0)  # at beta = 1 the KL does not contain T
    change = betaln(alpha, beta) - betaln(alpha, 1.0)
    series: NDArray[np.float64] = kl_at_one + change + (beta - 1) * partial_sums
    return series
