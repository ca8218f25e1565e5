r"""Distributions of stick fractions: the Kumaraswamy posterior and the Beta prior.

A Beta has no simple reparametrisation; the Kumaraswamy does, :math:`v = (1 - u^{1/b})^{1/a}` with
:math:`u \sim U(0, 1)`, and is close to it. In float32 that formula returns exactly 1 for three per cent of
draws at a = b = 0.2, so fractions are stored as :math:`w = \log(-\log v)`, accurate near both 0 and 1.

References:
    P. Kumaraswamy, "A generalized probability density function for double-bounded random
    processes", J. Hydrology, 1980.
    E. Nalisnick and P. Smyth, "Stick-breaking variational autoencoders", ICLR 2017 (the KL).
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from dlgmm_core.model.functional import (
    log1mexp,
    log1mexp_neg_exp,
    log_inverse_binomial,
    log_stick_breaking,
    lognlog1mexp,
    to_float64,
)

__all__ = ["Beta", "Kumaraswamy", "StickDistribution", "Sticks", "kl_divergence", "kl_of_fractions"]

EULER_GAMMA = 0.5772156649015329
QUADRATURE_NODES = (12, 18)  # near x = 0, and around the bend


@dataclass(frozen=True)
class Sticks:
    """Fractions v in (0, 1), stored as `w` = log(-log v) of any shape.

    Attributes:
        w: (..., T-1).
        pieces: (T,), which piece of the stick is the weight of each component; by default the first of the first, ...
    """

    w: Tensor
    pieces: Tensor | None = None

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
        return _by_component(log_stick_breaking(self.log_v, self.log1m_v), self.pieces)


def _by_component(pieces: Tensor, order: Tensor | None) -> Tensor:
    """(..., T), values of the pieces of a stick, in the order of the components."""
    return pieces if order is None else pieces[..., order]


class StickDistribution(ABC):
    """Independent stick fractions; the parameters' shape (..., T-1) is the batch shape."""

    @abstractmethod
    def rsample(self, shape: torch.Size = torch.Size()) -> Sticks:
        """Draws of shape (*shape, ..., T-1)."""

    @abstractmethod
    def log_prob(self, sticks: Sticks) -> Tensor:
        """Log density of every fraction v (not of w), nats."""

    @property
    @abstractmethod
    def log_mean_weights(self) -> Tensor:
        """(..., T), log E[pi]."""

    @property
    @abstractmethod
    def concentrations(self) -> tuple[Tensor, Tensor]:
        """Both parameters of every fraction, (..., T-1): a and b."""

    def mean_weights_given(self, responsibilities: Tensor) -> Tensor | None:
        """(..., T), E[pi|x] of images of which p(k|x) is `responsibilities` (..., T); None without a closed form."""
        return None


class Kumaraswamy(StickDistribution):
    """Kumaraswamy(a, b): density a b v^(a-1) (1 - v^a)^(b-1) on (0, 1).

    Example:
        >>> q = Kumaraswamy(torch.zeros(100, 2), torch.zeros(100, 2))
        >>> q.rsample(torch.Size([5])).log_weights.shape
        torch.Size([5, 100, 3])
    """

    def __init__(self, log_concentration1: Tensor, log_concentration0: Tensor, pieces: Tensor | None = None) -> None:
        """log a and log b, of one shape (..., T-1). pieces: (T,), as in `Sticks`."""
        self.pieces = pieces
        self.log_concentration1, self.log_concentration0 = torch.broadcast_tensors(
            log_concentration1, log_concentration0
        )

    @property
    def concentrations(self) -> tuple[Tensor, Tensor]:
        """a and b, in float64."""
        return to_float64(self.log_concentration1).exp(), to_float64(self.log_concentration0).exp()

    def inverse_survival(self, log_u: Tensor) -> Sticks:
        """The fraction v = (1 - u^(1/b))^(1/a), whose survival function P(V > v) is u = e^log_u."""
        log_t = log_u * torch.exp(-self.log_concentration0)  # t = u^(1/b) = 1 - v^a
        return Sticks(lognlog1mexp(log_t) - self.log_concentration1, self.pieces)

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
        # not expm1, whose gradient PyTorch takes from its value: nothing is left of a once a - 1 is rounded
        return log_a + log_b + (log_a.exp() - 1) * sticks.log_v + (log_b.exp() - 1) * log1m_v_to_a

    def log_moment(self, order: float) -> Tensor:
        """log E[v^order] = log b B(1 + order/a, b)."""
        c = order * torch.exp(-self.log_concentration1)
        log_mean = log_inverse_binomial(torch.exp(self.log_concentration0), c)
        return log_mean.clamp_max(-torch.finfo(log_mean.dtype).tiny)  # keep the mean below one despite rounding

    @cached_property
    def log_mean_weights(self) -> Tensor:
        """(..., T), log E[pi]: fractions are independent, so their means multiply."""
        log_mean = self.log_moment(1.0)
        return _by_component(log_stick_breaking(log_mean, log1mexp(log_mean)), self.pieces)


class Beta(StickDistribution):
    """Beta(alpha, beta), the prior over stick fractions."""

    def __init__(self, concentration1: Tensor, concentration0: Tensor) -> None:
        """alpha and beta, positive, of one shape (..., T-1)."""
        self.concentration1, self.concentration0 = concentration1, concentration0

    @property
    def concentrations(self) -> tuple[Tensor, Tensor]:
        """alpha and beta."""
        return self.concentration1, self.concentration0

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
        odds = self.concentration1 / self.concentration0
        return log_stick_breaking(-torch.log1p(1 / odds), -torch.log1p(odds))

    def mean_weights_given(self, responsibilities: Tensor) -> Tensor:
        """As `StickDistribution.mean_weights_given`.

        Given k, fractions stay independent, v_j ~ Beta(alpha_j + [j = k], beta_j + [j < k]), and their means multiply.
        Under a Dirichlet this is (alpha + p(k|x)) / (1 + K alpha), at most (1 + alpha) / (1 + K alpha).
        """
        alpha, beta = (each[..., None, :].to(responsibilities) for each in self.concentrations)
        same = torch.eye(responsibilities.shape[-1], alpha.shape[-1]).to(alpha)
        given = Beta(alpha + same, beta + torch.ones_like(same).tril(-1))
        return (responsibilities[..., None, :] @ given.log_mean_weights.exp())[..., 0, :]


def log_beta(a: Tensor, b: Tensor) -> Tensor:
    """log B(a, b) = log Gamma(a) + log Gamma(b) - log Gamma(a + b), summed in float64."""
    x, y = to_float64(a), to_float64(b)
    return (torch.lgamma(x) + torch.lgamma(y) - torch.lgamma(x + y)).to(a)


@cache
def _quadrature() -> tuple[np.ndarray, np.ndarray]:
    """(N, 2) nodes and weights in units of `expected_neg_log1m`'s intervals: Gauss-Legendre, at first in x^(1/3)."""
    (s, w), (t, u) = (np.polynomial.legendre.leggauss(count) for count in QUADRATURE_NODES)
    s, t = (s + 1) / 2, (t + 1) / 2
    first, second = np.zeros_like(s), np.zeros_like(t)
    nodes = np.stack([np.append(s**3, second + 1), np.append(first, t)], 1)
    return nodes, np.stack([np.append(1.5 * w * s**2, second), np.append(first, u / 2)], 1)


def expected_neg_log1m(log_a: Tensor, log_b: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """T = E[-log(1 - v)] of Kumaraswamy(a, b), nats, in float64, and its derivatives by log a and by log b.

    With t = 1 - v^a, E[log t] = -1/b exactly, and log t - log(1 - v) stays between 0 and log a.
    The 10-term series in common use always falls short of it, by 0.09 nats at a = b = 1.

    x = -log t is exponential of rate b, and the ratio goes from 0 at x = 0 to log a. It bends where x = -log a, over
    about one unit, however small b is; and at x = 0 its slope is infinite if a > 1. Hence two intervals of x, of which
    the second begins before the bend; beyond them the ratio is log a, or no probability is left. The derivatives are
    by the same nodes.
    """
    nodes, weights = (torch.from_numpy(each).to(log_a) for each in _quadrature())
    rate, inverse_rate = torch.exp(log_b), torch.exp(-log_b)
    first = torch.minimum(torch.log1p(torch.exp(-log_a - 3)) + 0.5, 6 * inverse_rate)
    second = torch.clamp_max(24 * inverse_rate, 17)
    intervals = torch.stack([first, second])
    # in place, and with -x for x: these arrays are the largest of a step but for those of the pixels
    minus_x = torch.tensordot(-nodes, intervals, 1)
    density = torch.exp(rate * minus_x).mul_(torch.tensordot(weights, rate * intervals, 1))
    near, far = minus_x.split(QUADRATURE_NODES)
    log_v = torch.cat([torch.expm1(near).neg_().log_(), torch.exp(far).neg_().log1p_()]).mul_(torch.exp(-log_a))
    left = torch.expm1(log_v).neg_()
    weighted = torch.sub(minus_x, torch.log(left)).mul_(density)
    total = weighted.sum(0)
    end = rate * (first + second)
    beyond = torch.exp(-end)
    by_log_a = left.reciprocal_().sub_(1).mul_(log_v).mul_(density).sum(0).neg_().add_(beyond)
    by_log_b = total + rate * weighted.mul_(minus_x).sum(0) - log_a * end * beyond
    return inverse_rate + total + log_a * beyond, by_log_a, by_log_b - inverse_rate


def kl_divergence(q: Kumaraswamy, p: Beta) -> Tensor:
    """KL(Kumaraswamy(a, b) || Beta(alpha, beta)) of every fraction, nats, shape (..., T-1).

    Nalisnick & Smyth (2017), eq. 7, with the expectation of log(1 - v) by quadrature. In float64, since its terms can
    be large where their sum is not, and single precision has no digit of gamma + psi(1 + b) for small b.
    """
    divergence: Tensor = _Divergence.apply(  # type: ignore[no-untyped-call]
        q.log_concentration1, q.log_concentration0, p.concentration1, p.concentration0
    )
    return divergence


class _Divergence(torch.autograd.Function):
    """The divergence as a function of log a, log b, alpha and beta."""

    @staticmethod
    def forward(ctx: Any, *parameters: Tensor) -> Tensor:
        log_a, log_b, alpha, beta = (to_float64(each) for each in parameters)
        b, ratio = torch.exp(log_b), alpha * torch.exp(-log_a)
        mean_neg_log = EULER_GAMMA + torch.digamma(1 + b)  # E[-log v^a]
        neg_log1m, by_log_a, by_log_b = expected_neg_log1m(log_a, log_b)
        slopes: list[Tensor] = []
        if any(ctx.needs_input_grad):
            slopes.append(1 - ratio * mean_neg_log + (beta - 1) * by_log_a)
            trigamma = torch.polygamma(1, 1 + b)
            slopes.append(1 - torch.exp(-log_b) + (ratio - 1) * b * trigamma + (beta - 1) * by_log_b)
        if any(ctx.needs_input_grad[2:]):  # in the four models the prior is constant
            both = torch.digamma(alpha + beta)
            slopes.append(torch.exp(-log_a) * mean_neg_log + torch.digamma(alpha) - both)
            slopes.append(neg_log1m + torch.digamma(beta) - both)
        ctx.save_for_backward(*(each.to(parameters[0]) for each in slopes))
        ctx.shapes = [each.shape for each in parameters]
        return (
            (ratio - 1) * mean_neg_log
            + log_a
            + log_b
            + log_beta(alpha, beta)
            + torch.expm1(-log_b)
            + (beta - 1) * neg_log1m
        ).to(parameters[0])

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        by = [
            (gradient * slope).sum_to_size(shape) for slope, shape in zip(ctx.saved_tensors, ctx.shapes, strict=False)
        ]
        return (*by, *[None] * (len(ctx.shapes) - len(by)))


def kl_of_fractions(q: StickDistribution, p: StickDistribution | None) -> Tensor:
    """(B,), KL of Kumaraswamy from Beta fractions (B, T-1), summed over sticks, nats."""
    assert isinstance(q, Kumaraswamy)
    assert isinstance(p, Beta)
    return kl_divergence(q, p).sum(-1)
