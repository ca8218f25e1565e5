r"""Numerically stable scalar functions that every density of this package uses.

Under a concentrated posterior a stick :math:`v \in (0, 1)` can be within :math:`e^{-1000}` of 0 or 1, far
outside the range of float32. Two functions that relate log v and log(1 - v) avoid overflow and underflow:

.. math::
    \mathrm{log1mexp}(x) = \log(1 - e^{x}), \qquad
    \mathrm{lognlog1mexp}(x) = \log(-\log(1 - e^{x})), \qquad x < 0.

Reference: M. Maechler, "Accurately computing log(1 - exp(-|a|))", 2012.
"""

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad, softplus

__all__ = [
    "bernoulli_log_prob",
    "log1mexp",
    "log_inverse_binomial",
    "log_mean_exp",
    "log_stick_breaking",
    "lognlog1mexp",
    "soft_bound",
    "to_float64",
]

_TINY = -18.0  # below it, two terms of the series in e^x are exact in float32 and float64
_FACTORS = 12  # of Euler's product


def to_float64(x: Tensor) -> Tensor:
    """x in float64, on its own device or, as Apple's GPUs lack float64, on the CPU."""
    return (x.cpu() if x.device.type == "mps" else x).double()


def log1mexp(x: Tensor) -> Tensor:
    """log(1 - e^x) for x < 0, with a finite gradient down to the smallest |x| of the type."""
    result: Tensor = _Log1mExp.apply(x)  # type: ignore[no-untyped-call]
    return result


class _Log1mExp(torch.autograd.Function):
    """Computes both branches everywhere; the derivative, 1 / (1 - e^-x), needs neither."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return _log1mexp(x)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        return -gradient / torch.expm1(-x)


def _log1mexp(x: Tensor) -> Tensor:
    return torch.where(x > -math.log(2.0), torch.log(-torch.expm1(x)), torch.log1p(-torch.exp(x)))


def lognlog1mexp(x: Tensor) -> Tensor:
    """log(-log(1 - e^x)) for x < 0; tends to x as x falls, where 1 - e^x rounds to one.

    With t = e^x this is the complementary log-log of t.
    """
    result: Tensor = _LogNLog1MExp.apply(x)  # type: ignore[no-untyped-call]
    return result


class _LogNLog1MExp(torch.autograd.Function):
    """The derivative is 1 / (expm1(-x) e^y), and tends to one."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        y = torch.where(x < _TINY, x + 0.5 * torch.exp(x), torch.log(-_log1mexp(x)))
        ctx.save_for_backward(x, y)
        return y

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        x, y = ctx.saved_tensors
        slope = torch.where(x < _TINY, 1 + 0.5 * torch.exp(x), 1 / (torch.expm1(-x) * torch.exp(y)))
        return gradient * slope


def log1mexp_neg_exp(w: Tensor) -> Tensor:
    """log(1 - exp(-e^w)) for any real w; tends to w as w falls."""
    result: Tensor = _Log1MExpNegExp.apply(w)  # type: ignore[no-untyped-call]
    return result


class _Log1MExpNegExp(torch.autograd.Function):
    """The derivative is t / expm1(t) with t = e^w; it tends to one as w falls, and to zero as w grows."""

    @staticmethod
    def forward(ctx: Any, w: Tensor) -> Tensor:
        t = torch.exp(w)
        ctx.save_for_backward(t)
        return torch.where(w < _TINY, w - 0.5 * t, _log1mexp(-t))

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (t,) = ctx.saved_tensors
        t = t.clamp(torch.finfo(t.dtype).tiny, 1e4)  # beyond either end the slope is one, or zero
        return gradient * t / torch.expm1(t)


def log_inverse_binomial(b: Tensor, c: Tensor) -> Tensor:
    """log of Gamma(1 + b) Gamma(1 + c) / Gamma(1 + b + c) < 0, for b, c > 0 of one shape, to a relative 1e-6.

    The terms cancel almost wholly where one argument is large and the other small, or where both are small. So twelve
    factors are taken from Euler's product, in which all are below one,

        prod_n n (n + b + c) / ((n + b) (n + c)) = prod_n 1 / (1 + b c / (n (n + b + c))),

    and the rest is Stirling's series at 13, in which the large parts have been cancelled by hand.
    """
    result: Tensor = _LogInverseBinomial.apply(b, c)  # type: ignore[no-untyped-call]
    return result


class _LogInverseBinomial(torch.autograd.Function):
    """The derivatives are psi(1 + b) - psi(1 + b + c) and, with b and c exchanged, by c."""

    @staticmethod
    def forward(ctx: Any, b: Tensor, c: Tensor) -> Tensor:
        ctx.save_for_backward(b, c)
        product, total, x = b * c, b + c, _FACTORS + 1
        n = _up_to(_FACTORS, b)
        factors = torch.log1p(product[..., None] / (n * (n + total[..., None]))).sum(-1)
        rest = (
            b * torch.log1p(c / (x + b))
            + c * torch.log1p(b / (x + c))
            - (x - 0.5) * torch.log1p(product / (x * (x + total)))
            + product / (x + b) * (2 * x + total) / (12 * x * (x + c) * (x + total))
        )
        return -(factors + rest)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor]:
        both = torch.stack(ctx.saved_tensors)
        by_b, by_c = gradient * _digamma_difference(both, both.flip(0))
        return by_b, by_c


def _digamma_difference(b: Tensor, c: Tensor) -> Tensor:
    """psi(1 + b) - psi(1 + b + c), by the same factors and the same series as the function."""
    near = _up_to(_FACTORS, b) + b[..., None]
    factors = (c[..., None] / (near * (near + c[..., None]))).sum(-1)
    x = 1 / (_FACTORS + 1 + b)
    y = 1 / (_FACTORS + 1 + b + c)
    return -(factors + torch.log1p(c * x) + c * x * y * (0.5 + (x + y) / 12))


def _up_to(count: int, like: Tensor) -> Tensor:
    """1, 2, ..., count."""
    return torch.arange(1, count + 1, dtype=like.dtype, device=like.device)


def log_mean_exp(x: Tensor, dim: int) -> Tensor:
    """log of the mean of e^x along `dim`, which is removed."""
    return torch.logsumexp(x, dim) - math.log(x.shape[dim])


def log_stick_breaking(log_v: Tensor, log1m_v: Tensor) -> Tensor:
    """Log lengths of the pieces that break a stick of length one.

    pi_k = v_k prod_{j<k} (1 - v_j), and the last piece is the remainder (a truncated GEM).

    Args:
        log_v: (..., T-1), log of the fraction broken off at each break.
        log1m_v: (..., T-1), log of the remaining fraction.

    Returns:
        (..., T), log pi; the pieces sum to one.

    Example:
        >>> v = torch.tensor([0.5, 0.5])
        >>> log_stick_breaking(torch.log(v), torch.log(1 - v)).exp()
        tensor([0.5000, 0.2500, 0.2500])
    """
    return pad(log_v, (0, 1)) + pad(torch.cumsum(log1m_v, dim=-1), (1, 0))


def soft_bound(x: Tensor, limit: float) -> Tensor:
    """Smooth, increasing map of the real line onto (-limit, limit), close to the identity near zero."""
    return limit * torch.tanh(x / limit)


def bernoulli_log_prob(logits: Tensor, x: Tensor) -> Tensor:
    """(*batch), nats: log probability of pixels x, which broadcast with the log odds `logits` of ink (*batch, X)."""
    result: Tensor = _BernoulliLogProb.apply(*torch.broadcast_tensors(logits, x))  # type: ignore[no-untyped-call]
    return result


class _BernoulliLogProb(torch.autograd.Function):
    """sum x l - softplus(l), with derivative x - sigmoid(l): half as many passes over the pixels of all codes."""

    @staticmethod
    def forward(ctx: Any, logits: Tensor, x: Tensor) -> Tensor:
        ctx.save_for_backward(logits, x)
        missing = softplus(logits)
        return torch.addcmul(missing, x, logits, value=-1, out=missing).sum(-1).neg_()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        logits, x = ctx.saved_tensors
        expected = torch.sigmoid(logits)
        return torch.sub(x, expected, out=expected).mul_(gradient[..., None]), None
