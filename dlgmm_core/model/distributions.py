r"""Distributions of stick fractions: the Kumaraswamy posterior and the Beta prior.

A Beta has no simple reparametrisation; the Kumaraswamy does, :math:`v = (1 - u^{1/b})^{1/a}` with
:math:`u \sim U(0, 1)`, and is close to it. In float32 that formula returns exactly 1 for three per cent of
draws at a = b = 0.2, so fractions are stored as :math:`w = \log(-\log v)`, accurate near both 0 and 1.

References:
    P. Kumaraswamy, "A generalized probability density function for double-bounded random
    processes", J. Hydrology, 1980.
    E. Nalisnick and P. Smyth, "Stick-breaking variational autoencoders", ICLR 2017 (the KL).
"""

from dataclasses import dataclass
from functools import cache, cached_property
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from dlgmm_core.model.functional import (
    log1mexp,
    log1mexp_neg_exp,
    log_inverse_binomial,
    log_stick_breaking,
    lognlog1mexp,
)

__all__ = ["Beta", "Kumaraswamy", "StickDistribution", "Sticks", "kl_divergence"]

EULER_GAMMA = 0.5772156649015329
QUADRATURE_NODES = 32


@dataclass(frozen=True)
class Sticks:
    """Fractions v in (0, 1), stored as `w` = log(-log v) of any shape."""

    w: Tensor

    @classmethod
    def from_fraction(cls, v: Tensor) -> "Sticks":
        """Sticks from fractions v, strictly between 0 and 1."""
        return cls(torch.log(-torch.log(v)))

    @property
    def log_v(self) -> Tensor:
        """log v, the log of the fraction broken off."""
        return -torch.exp(self.w)

    @property
    def log1m_v(self) -> Tensor:
        """log(1 - v), the log of the remaining fraction."""
        return log1mexp_neg_exp(self.w)

    @property
    def log_weights(self) -> Tensor:
        """(..., T) log mixture weights from the T - 1 fractions along the last axis."""
        return log_stick_breaking(self.log_v, self.log1m_v)


class StickDistribution(Protocol):
    """Independent stick fractions; the parameters' shape (..., T-1) is the batch shape."""

    def rsample(self, shape: torch.Size = torch.Size()) -> Sticks:
        """Draws of shape (*shape, ..., T-1)."""
        ...

    def log_prob(self, sticks: Sticks) -> Tensor:
        """Log density of every fraction v (not of w), nats."""
        ...

    @property
    def log_mean_weights(self) -> Tensor:
        """(..., T), log E[pi]."""
        ...


class Kumaraswamy:
    """Kumaraswamy(a, b): density a b v^(a-1) (1 - v^a)^(b-1) on (0, 1).

    Example:
        >>> q = Kumaraswamy(torch.zeros(100, 2), torch.zeros(100, 2))
        >>> q.rsample(torch.Size([5])).log_weights.shape
        torch.Size([5, 100, 3])
    """

    def __init__(self, log_concentration1: Tensor, log_concentration0: Tensor) -> None:
        """log a and log b, of one shape (..., T-1)."""
        self.log_concentration1, self.log_concentration0 = torch.broadcast_tensors(
            log_concentration1, log_concentration0
        )

    def inverse_survival(self, log_u: Tensor) -> Sticks:
        """The fraction v = (1 - u^(1/b))^(1/a), whose survival function P(V > v) is u = e^log_u."""
        log_t = log_u * torch.exp(-self.log_concentration0)  # t = u^(1/b) = 1 - v^a
        return Sticks(lognlog1mexp(log_t) - self.log_concentration1)

    def rsample(self, shape: torch.Size = torch.Size()) -> Sticks:
        """Reparametrised draws of shape (*shape, ..., T-1)."""
        a = self.log_concentration1
        u = torch.rand(shape + a.shape, dtype=a.dtype, device=a.device)
        # rand() can return 0, whose log is infinite: use the midpoint of its smallest interval instead.
        return self.inverse_survival(torch.log(u.clamp_min(0.25 * torch.finfo(a.dtype).eps)))

    def log_prob(self, sticks: Sticks) -> Tensor:
        """Log density at v, nats."""
        log_a, log_b = self.log_concentration1, self.log_concentration0
        log1m_v_to_a = log1mexp_neg_exp(sticks.w + log_a)
        return log_a + log_b + torch.expm1(log_a) * sticks.log_v + torch.expm1(log_b) * log1m_v_to_a

    def log_moment(self, order: float) -> Tensor:
        """log E[v^order] = log b B(1 + order/a, b)."""
        c = order * torch.exp(-self.log_concentration1)
        log_mean = log_inverse_binomial(torch.exp(self.log_concentration0), c)
        return log_mean.clamp_max(-torch.finfo(log_mean.dtype).tiny)  # keep the mean below one despite rounding

    @cached_property
    def log_mean_weights(self) -> Tensor:
        """(..., T), log E[pi]: fractions are independent, so their means multiply."""
        log_mean = self.log_moment(1.0)
        return log_stick_breaking(log_mean, log1mexp(log_mean))


class Beta:
    """Beta(alpha, beta), the prior over stick fractions."""

    def __init__(self, concentration1: Tensor, concentration0: Tensor) -> None:
        """alpha and beta, positive, of one shape (..., T-1)."""
        self.concentration1, self.concentration0 = concentration1, concentration0

    def rsample(self, shape: torch.Size = torch.Size()) -> Sticks:
        """Draws of shape (*shape, ..., T-1), computed in log space from two Gammas, without gradient."""
        with torch.no_grad():
            # log Gamma(a) = log Gamma(a+1) + log(u)/a never underflows (Marsaglia & Tsang, 2000).
            log_x, log_y = (
                torch.log(torch._standard_gamma((c + 1).expand(shape + c.shape)))
                + torch.log1p(-torch.rand(shape + c.shape, dtype=c.dtype, device=c.device)) / c
                for c in (self.concentration1, self.concentration0)
            )
            # -log v = softplus(log y - log x), whose log tends to log y - log x as v tends to one.
            odds = log_y - log_x
            softplus = torch.nn.functional.softplus(odds)
            return Sticks(torch.where(odds < -15.0, odds, torch.log(softplus)))

    def log_prob(self, sticks: Sticks) -> Tensor:
        """Log density at v, nats."""
        a, b = self.concentration1, self.concentration0
        return (a - 1) * sticks.log_v + (b - 1) * sticks.log1m_v - log_beta(a, b)

    @cached_property
    def log_mean_weights(self) -> Tensor:
        """(..., T), log E[pi]."""
        log_total = torch.log(self.concentration1 + self.concentration0)
        return log_stick_breaking(
            torch.log(self.concentration1) - log_total, torch.log(self.concentration0) - log_total
        )


def log_beta(a: Tensor, b: Tensor) -> Tensor:
    """log B(a, b) = log Gamma(a) + log Gamma(b) - log Gamma(a + b)."""
    return torch.lgamma(a) + torch.lgamma(b) - torch.lgamma(a + b)


@cache
def _quadrature() -> tuple[np.ndarray, np.ndarray]:
    """log u and weights of Gauss-Legendre quadrature in s, with u = s^2 (3 - 2s): du/ds is zero at both ends."""
    x, weights = np.polynomial.legendre.leggauss(QUADRATURE_NODES)
    s = 0.5 * (x + 1)
    return np.log(s * s * (3 - 2 * s)), 0.5 * weights * 6 * s * (1 - s)


def expected_neg_log1m(q: Kumaraswamy) -> Tensor:
    """T = E[-log(1 - v)], nats: 1/b plus the integral over u of a bounded function.

    With t = u^(1/b), E[log t] = -1/b exactly, and log t - log(1 - v) stays between 0 and log a.
    The 10-term series in common use always underestimates T, by 0.09 nats at a = b = 1.
    """
    log_a, log_b = q.log_concentration1, q.log_concentration0
    log_u, weights = (torch.as_tensor(n, dtype=log_a.dtype, device=log_a.device) for n in _quadrature())
    log_u = log_u.reshape(-1, *[1] * log_a.dim())
    log_t = log_u * torch.exp(-log_b)
    return torch.exp(-log_b) + torch.tensordot(weights, log_t - q.inverse_survival(log_u).log1m_v, dims=1)


def kl_divergence(q: Kumaraswamy, p: Beta) -> Tensor:
    """KL(Kumaraswamy(a, b) || Beta(alpha, beta)) of every fraction, nats, shape (..., T-1).

    Nalisnick & Smyth (2017), eq. 7, with E[log(1 - v)] by quadrature.
    """
    log_a, log_b = q.log_concentration1, q.log_concentration0
    alpha, beta = p.concentration1, p.concentration0
    # -gamma - psi(b) - 1/b, in a form whose poles at b = 0 need not cancel
    mean_log = -EULER_GAMMA - torch.digamma(1 + torch.exp(log_b))
    return (
        (1 - alpha * torch.exp(-log_a)) * mean_log
        + log_a
        + log_b
        + log_beta(alpha, beta)
        + torch.expm1(-log_b)
        + (beta - 1) * expected_neg_log1m(q)
    )
