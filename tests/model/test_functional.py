"""Scalar functions against 60-digit arithmetic, values and gradients."""

import math
from collections.abc import Callable

import mpmath
import numpy as np
import pytest
import torch
from torch import Tensor

from dlgmm_core.model.functional import (
    bernoulli_log_prob,
    log1mexp,
    log1mexp_neg_exp,
    log_inverse_binomial,
    log_mean_exp,
    log_stick_breaking,
    lognlog1mexp,
    soft_bound,
)

DTYPES = [torch.float32, torch.float64]
SERIES = math.exp(-30)  # below -15 two terms of a series stand in: what they leave out is of order e^(2x)


def exact(function: Callable[[mpmath.mpf], mpmath.mpf], x: Tensor) -> Tensor:
    """The function of every element, computed with 60 digits and then rounded."""
    with mpmath.workdps(60):
        return torch.tensor([float(function(mpmath.mpf(v))) for v in x.tolist()], dtype=torch.float64)


def exact_log1mexp(x: mpmath.mpf) -> mpmath.mpf:
    return mpmath.log(-mpmath.expm1(x)) if x > -1 else mpmath.log1p(-mpmath.exp(x))


def value_and_gradient(function: Callable[[Tensor], Tensor], x: Tensor) -> tuple[Tensor, Tensor]:
    x = x.clone().requires_grad_()
    value = function(x)
    (gradient,) = torch.autograd.grad(value.sum(), x)
    return value.detach().double(), gradient.double()


def negatives(dtype: torch.dtype) -> Tensor:
    """From the smallest normal number, through both switches of branch, to where e^x underflows."""
    smallest = math.log10(torch.finfo(dtype).tiny)
    switches = [-math.log(2) * (1 + d) for d in (-1e-6, 0.0, 1e-6)] + [-15.0 * (1 + d) for d in (-1e-6, 0.0, 1e-6)]
    grid = -np.concatenate([np.logspace(smallest + 0.1, 0, 200), np.linspace(0.01, 80, 400), -np.array(switches)])
    return torch.tensor(grid, dtype=dtype)


def reals(dtype: torch.dtype) -> Tensor:
    """e^w from far below one to the largest that float32 holds."""
    return torch.tensor(np.concatenate([np.linspace(-300, 80, 800), [-15.00001, -15.0, -14.99999]]), dtype=dtype)


def assert_relative(actual: Tensor, expected: Tensor, dtype: torch.dtype, ulps: Tensor | float = 8.0) -> None:
    """Within a few rounding errors of the type, or below the smallest normal number it has."""
    info = torch.finfo(dtype)
    excess = (actual - expected).abs() / (ulps * info.eps * expected.abs() + info.tiny)
    assert excess.max() <= 1, f"{excess.max()} times the rounding error allowed"


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_log1mexp_is_exact_to_rounding_and_so_is_its_gradient(dtype: torch.dtype) -> None:
    x = negatives(dtype)
    value, gradient = value_and_gradient(log1mexp, x)
    assert_relative(value, exact(exact_log1mexp, x), dtype)
    assert gradient.isfinite().all()
    assert_relative(gradient, exact(lambda t: -1 / mpmath.expm1(-t), x), dtype)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_lognlog1mexp_is_exact_to_rounding_and_so_is_its_gradient(dtype: torch.dtype) -> None:
    x = negatives(dtype)
    value, gradient = value_and_gradient(lognlog1mexp, x)
    expected = exact(lambda t: mpmath.log(-exact_log1mexp(t)), x)
    # It crosses zero, where a logarithm is good to absolute rounding only.
    assert ((value - expected).abs() / (1 + expected.abs())).max() < 8 * torch.finfo(dtype).eps
    assert gradient.isfinite().all()
    slope = exact(lambda t: 1 / (-mpmath.expm1(-t) * exact_log1mexp(t)), x)
    assert_relative(gradient, slope, dtype, 16 + SERIES / torch.finfo(dtype).eps)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_log1mexp_neg_exp_is_exact_to_rounding_and_has_a_finite_gradient(dtype: torch.dtype) -> None:
    w = reals(dtype)
    value, gradient = value_and_gradient(log1mexp_neg_exp, w)
    expected = exact(lambda t: exact_log1mexp(-mpmath.exp(t)), w)
    # exp(-e^w) multiplies the rounding error of e^w by e^w: the best a double exponential can do.
    assert_relative(value, expected, dtype, 8 * (1 + torch.exp(w.double())))
    assert gradient.isfinite().all()
    slope = exact(lambda t: mpmath.exp(t) / mpmath.expm1(mpmath.exp(t)) if t < 9 else mpmath.mpf(0), w)
    assert_relative(gradient, slope, dtype, 16 * (1 + torch.exp(w.double())) + SERIES / torch.finfo(dtype).eps)


def test_log_mean_exp_is_the_log_of_the_mean_and_does_not_overflow() -> None:
    x = torch.randn(7, 3, dtype=torch.float64)
    torch.testing.assert_close(log_mean_exp(x, 0), x.exp().mean(0).log())
    torch.testing.assert_close(log_mean_exp(x, -1), x.exp().mean(-1).log())
    torch.testing.assert_close(log_mean_exp(x - 5000, 0), log_mean_exp(x, 0) - 5000, rtol=0, atol=1e-11)


@pytest.mark.parametrize("breaks", [1, 2, 16])
def test_stick_pieces_are_those_of_breaking_one_by_one(breaks: int) -> None:
    v = torch.rand(5, 2, breaks, dtype=torch.float64)
    pieces, left = [], torch.ones(5, 2, dtype=torch.float64)
    for k in range(breaks):
        pieces.append(left * v[..., k])
        left = left - pieces[-1]
    expected = torch.stack([*pieces, left], -1)
    actual = log_stick_breaking(v.log(), torch.log1p(-v)).exp()
    # The last pieces come from repeated subtraction here: absolute, not relative, digits.
    torch.testing.assert_close(actual, expected, rtol=0, atol=1e-14)
    torch.testing.assert_close(actual.sum(-1), torch.ones(5, 2, dtype=torch.float64), rtol=0, atol=1e-14)


def test_a_stick_that_is_never_broken_is_one_piece_of_length_one() -> None:
    nothing = torch.empty(4, 2, 0)
    assert torch.equal(log_stick_breaking(nothing, nothing), torch.zeros(4, 2, 1))


def test_soft_bound_is_odd_increasing_the_identity_near_zero_and_inside_its_limit() -> None:
    x = torch.linspace(-20, 20, 801, dtype=torch.float64)
    y = soft_bound(x, 6.0)
    assert (y.diff() > 0).all() and (y.abs() < 6).all() and y[-1] > 5.98
    torch.testing.assert_close(y, -y.flip(0))
    small = torch.tensor([-0.01, 0.01], dtype=torch.float64)
    torch.testing.assert_close(soft_bound(small, 6.0), small, rtol=1e-6, atol=0)  # x^3/108 is 1e-8


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_inverse_binomial_keeps_its_digits_where_its_gammas_cancel(dtype: torch.dtype) -> None:
    rng = np.random.default_rng(0)
    b, c = (torch.tensor(np.exp(rng.uniform(-9, 20, 400)), dtype=dtype) for _ in range(2))
    with mpmath.workdps(60):
        expected = [
            float(
                mpmath.loggamma(1 + mpmath.mpf(x))
                + mpmath.loggamma(1 + mpmath.mpf(y))
                - mpmath.loggamma(1 + x + mpmath.mpf(y))
            )
            for x, y in zip(b.tolist(), c.tolist(), strict=True)
        ]
    found = log_inverse_binomial(b, c).double().numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-6 if dtype == torch.float32 else 2e-7)
    np.testing.assert_array_equal(found, log_inverse_binomial(c, b).double().numpy())


def test_the_inverse_binomial_has_the_gradient_of_its_digammas() -> None:
    b, c = (torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in ([0.3, 4.0, 2e4], [7.0, 0.2, 3.0]))
    found = torch.autograd.grad(log_inverse_binomial(b, c).sum(), (b, c))
    for variable, gradient in zip((b, c), found, strict=True):
        torch.testing.assert_close(
            gradient, (torch.digamma(1 + variable) - torch.digamma(1 + b + c)).detach(), rtol=1e-7, atol=1e-9
        )


def test_the_inverse_binomial_and_the_pieces_of_a_stick_have_the_gradients_of_differences() -> None:
    b, c = ((3 * torch.randn(2, 4, dtype=torch.float64)).exp().requires_grad_() for _ in range(2))
    assert torch.autograd.gradcheck(log_inverse_binomial, (b, c))
    log_v, log1m_v = (torch.randn(2, 3, dtype=torch.float64, requires_grad=True) for _ in range(2))
    assert torch.autograd.gradcheck(log_stick_breaking, (log_v, log1m_v))


@pytest.mark.parametrize("batch", [(3,), (2, 3), (4, 2, 3), (4, 1)])
def test_pixels_have_torchs_bernoulli_log_probability_and_its_gradient(batch: tuple[int, ...]) -> None:
    logits = (20 * torch.randn(*batch, 7, dtype=torch.float64)).requires_grad_()
    x = torch.bernoulli(torch.full((3, 7), 0.5, dtype=torch.float64))
    # of images and codes, so that each has a gradient of its own
    weights = torch.rand(*batch[:-1], 3, dtype=torch.float64)
    found = bernoulli_log_prob(logits, x)
    expected = torch.distributions.Bernoulli(logits=logits).log_prob(x).sum(-1)
    torch.testing.assert_close(found, expected)
    gradients = [torch.autograd.grad((weights * each).sum(), logits)[0] for each in (found, expected)]
    torch.testing.assert_close(*gradients)
    near_zero = torch.randn_like(logits, requires_grad=True)
    assert torch.autograd.gradcheck(lambda odds: bernoulli_log_prob(odds, x), near_zero)
