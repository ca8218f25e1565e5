"""Divergences, moments and densities of sticks keep four digits wherever a head may take them, and so do gradients.

In float32, from logarithms of a and b up to 20 either way, against arithmetic of many digits.
"""

from collections.abc import Callable

import mpmath
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from dlgmm_core.model.distributions import Beta, Kumaraswamy, Sticks, kl_divergence
from dlgmm_core.model.networks import MAX_LOG_CONCENTRATION_OF_CODE as LIMIT

Floats = NDArray[np.float64]
PRIORS = [(1, 1), (1, 5), (1, 0.01), (0.01, 0.01), (0.01, 100), (100, 0.01), (100, 100), (2, 8), (100, 900)]
NAMED = [  # log a, log b, and a prior: KL, and its derivatives by log a and by log b
    (np.log(1e-6), np.log(1e-6), 1.0, 5.0),
    (-20.0, -13.0, 1.0, 0.01),
]


def points(count: int) -> Tensor:
    """(count, 2), log a and log b: half of them within the limit of mixtures, and the corners."""
    rng = np.random.default_rng(0)
    corners = np.array([[a, b] for a in (-1, 0, 1) for b in (-1, 0, 1)]) * LIMIT
    within = (
        rng.uniform(-1, 1, (count - len(corners), 2)) * np.where(np.arange(count - len(corners)) % 2, LIMIT, 6)[:, None]
    )
    return torch.tensor(np.concatenate([corners, within]), dtype=torch.float32)


def with_gradient(function: Callable[[Tensor, Tensor], Tensor], at: Tensor) -> Floats:
    """(3, N): a function of log a and log b (N,), and its two derivatives."""
    log_a, log_b = (column.clone().requires_grad_() for column in at.T)
    value = function(log_a, log_b)
    gradients = torch.autograd.grad(value.sum(), (log_a, log_b))
    return torch.stack([value, *gradients]).detach().double().numpy()


def assert_close(found: Floats, expected: Floats, at: Tensor, smallest: float = 1e-3) -> None:
    """To a ten-thousandth, or to one of `smallest` where the right value is nearer to zero."""
    excess = np.abs(found - expected) / (1e-4 * np.maximum(np.abs(expected), smallest))
    which, where = np.unravel_index(excess.argmax(), excess.shape)
    assert excess.max() <= 1, (
        f"{('the value', 'd/d log a', 'd/d log b')[which]} at log a, log b = {at[where].tolist()}"
        f" is {found[which, where]}, not {expected[which, where]}"
    )


# --- KL -----------------------------------------------------------------------------------------


def neg_log1m(log_a: float, log_b: float) -> Floats:
    """(3,): E[-log(1 - v)] and its derivatives, by 4800 nodes over s = log x, with x = -log(1 - v^a) ~ Exp(b)."""
    nodes, weights = np.polynomial.legendre.leggauss(12)
    ends = np.linspace(-log_b - 45, np.log(45) - log_b, 401)
    half = np.diff(ends)[:, None] / 2
    x = np.exp((ends[:-1, None] + half * (1 + nodes)).ravel())
    mass = (half * weights).ravel() * x * np.exp(log_b - np.exp(log_b) * x)
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        log_neg_log = np.where(x > 30, -x, np.log(np.where(x > 0.7, -np.log1p(-np.exp(-x)), -np.log(-np.expm1(-x)))))
        w = log_neg_log - log_a  # log(-log v)
        value = -np.where(w < -30, w, np.log(-np.expm1(-np.exp(w))))
        slope = np.where(w < -30, 1, np.where(w > 6, 0, np.exp(w) / np.expm1(np.exp(w))))
    found: Floats = np.array(
        [(mass * value).sum(), (mass * slope).sum(), (mass * value * (1 - np.exp(log_b) * x)).sum()]
    )
    return found


def exact_kl(log_a: float, log_b: float, alpha: float, beta: float, t: Floats) -> list[float]:
    """[KL, d/d log a, d/d log b] from those of E[-log(1 - v)], the rest with 40 digits."""
    with mpmath.workdps(40):
        a, b = mpmath.exp(mpmath.mpf(log_a)), mpmath.exp(mpmath.mpf(log_b))
        alpha, beta = mpmath.mpf(alpha), mpmath.mpf(beta)
        log = -mpmath.euler - mpmath.digamma(1 + b)  # E[log v^a]
        constant = mpmath.log(mpmath.beta(alpha, beta)) - 1 + 1 / b
        return [
            float((1 - alpha / a) * log + mpmath.log(a) + mpmath.log(b) + constant + (beta - 1) * t[0]),
            float(alpha / a * log + 1 + (beta - 1) * t[1]),
            float(-(1 - alpha / a) * b * mpmath.psi(1, 1 + b) + 1 - 1 / b + (beta - 1) * t[2]),
        ]


@pytest.fixture(scope="module")
def expectations() -> list[Floats]:
    return [neg_log1m(*point) for point in points(300).tolist()]


@pytest.mark.parametrize(("alpha", "beta"), PRIORS)
def test_kl_and_its_gradient_keep_four_digits(alpha: float, beta: float, expectations: list[Floats]) -> None:
    at, prior = points(300), Beta(torch.tensor([float(alpha)]), torch.tensor([float(beta)]))
    exact_prior = (float(prior.concentration1), float(prior.concentration0))
    expected = np.array([exact_kl(*p, *exact_prior, t) for p, t in zip(at.tolist(), expectations, strict=True)]).T
    found = with_gradient(lambda log_a, log_b: kl_divergence(Kumaraswamy(log_a, log_b), prior), at)
    assert_close(found, expected, at)


@pytest.mark.parametrize(("log_a", "log_b", "alpha", "beta"), NAMED)
def test_kl_at_small_concentrations_is_that_of_thirty_digits(
    log_a: float, log_b: float, alpha: float, beta: float
) -> None:
    at = torch.tensor([[log_a, log_b]])
    log_a, log_b = at[0].tolist()
    prior = Beta(torch.tensor([alpha]), torch.tensor([beta]))
    with mpmath.workdps(30):
        rate = mpmath.exp(log_b)

        def neg_log(x: mpmath.mpf) -> mpmath.mpf:
            return -mpmath.log(-mpmath.expm1(mpmath.exp(-log_a) * mpmath.log1p(-mpmath.exp(-x))))

        ends = [mpmath.exp(s) for s in range(-20, 24, 2)]  # beyond both no probability is left, or no value
        mean = mpmath.quad(lambda x: neg_log(x) * rate * mpmath.exp(-rate * x), ends)
    # the oracle of the other tests, and then the function
    assert neg_log1m(log_a, log_b)[0] == pytest.approx(float(mean), rel=1e-7)
    expected = exact_kl(log_a, log_b, float(prior.concentration1), float(prior.concentration0), neg_log1m(log_a, log_b))
    found = with_gradient(lambda a, b: kl_divergence(Kumaraswamy(a, b), prior), at)
    assert_close(found, np.array(expected)[:, None], at)


# --- moments, mean weights and densities ----------------------------------------------------------


def moments(log_a: float, log_b: float, order: int = 1) -> tuple[list[float], list[float]]:
    """log E[v^order] and log(1 - E[v^order]), each with its derivatives by log a and log b."""
    with mpmath.workdps(60):
        b, c = mpmath.exp(mpmath.mpf(log_b)), order * mpmath.exp(-mpmath.mpf(log_a))
        log_mean = mpmath.loggamma(1 + b) + mpmath.loggamma(1 + c) - mpmath.loggamma(1 + b + c)
        slopes = [
            -c * (mpmath.digamma(1 + c) - mpmath.digamma(1 + b + c)),
            b * (mpmath.digamma(1 + b) - mpmath.digamma(1 + b + c)),
        ]
        odds = -mpmath.exp(log_mean) / -mpmath.expm1(log_mean)
        return (
            [float(log_mean), *map(float, slopes)],
            [float(mpmath.log(-mpmath.expm1(log_mean))), *(float(odds * slope) for slope in slopes)],
        )


@pytest.mark.parametrize("order", [1, 2])
def test_moments_and_their_gradients_keep_four_digits(order: int) -> None:
    at = points(300)
    expected = np.array([moments(*point, order)[0] for point in at.tolist()]).T
    found = with_gradient(lambda log_a, log_b: Kumaraswamy(log_a, log_b).log_moment(order), at)
    assert_close(found, expected, at, smallest=1e-30)


def test_mean_weights_and_their_gradients_keep_four_digits() -> None:
    at = points(300)
    exact = [moments(*point) for point in at.tolist()]
    for piece in range(2):
        found = with_gradient(lambda a, b: Kumaraswamy(a[:, None], b[:, None]).log_mean_weights[:, piece], at)  # noqa: B023
        assert_close(found, np.array([each[piece] for each in exact]).T, at, smallest=1e-30)


@pytest.mark.parametrize(("alpha", "beta"), PRIORS)
def test_the_density_and_the_mean_weights_of_a_prior_keep_four_digits(alpha: float, beta: float) -> None:
    a, b = torch.tensor([float(alpha)]), torch.tensor([float(beta)])
    sticks = Sticks(torch.linspace(-20, 5, 101)[:, None])
    with mpmath.workdps(60):
        x, y = mpmath.mpf(float(a)), mpmath.mpf(float(b))
        weights = [float(mpmath.log(part / (x + y))) for part in (x, y)]
        log_beta, expected = mpmath.log(mpmath.beta(x, y)), []
        for w in sticks.w[:, 0].tolist():
            log_v = -mpmath.exp(mpmath.mpf(w))
            expected.append(float((x - 1) * log_v + (y - 1) * mpmath.log(-mpmath.expm1(log_v)) - log_beta))
    np.testing.assert_allclose(Beta(a, b).log_mean_weights, weights, rtol=1e-5)
    np.testing.assert_allclose(Beta(a, b).log_prob(sticks)[:, 0], expected, rtol=1e-5, atol=1e-4)


def test_the_density_of_own_draws_and_its_gradient_keep_four_digits() -> None:
    at = points(300)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        sticks = Kumaraswamy(*at.T).rsample()
    expected = []
    with mpmath.workdps(80):
        for (log_a, log_b), w in zip(at.tolist(), sticks.w.tolist(), strict=True):
            a, b, log_v = mpmath.exp(mpmath.mpf(log_a)), mpmath.exp(mpmath.mpf(log_b)), -mpmath.exp(mpmath.mpf(w))
            power = mpmath.exp(a * log_v)
            log1m = mpmath.log(-mpmath.expm1(a * log_v))
            value = mpmath.log(a) + mpmath.log(b) + (a - 1) * log_v + (b - 1) * log1m
            by_log_a = 1 + a * log_v - (b - 1) * power / -mpmath.expm1(a * log_v) * a * log_v
            expected.append([float(value), float(by_log_a), float(1 + b * log1m)])
    found = with_gradient(lambda log_a, log_b: Kumaraswamy(log_a, log_b).log_prob(sticks), at)
    assert_close(found, np.array(expected).T, at, smallest=1)
