"""Kumaraswamy and Beta fractions against SciPy, quadrature and high-precision arithmetic."""

import math

import mpmath
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy import special, stats
from torch import Tensor

from dlgmm_core.model.distributions import Beta, Kumaraswamy, Sticks, expected_neg_log1m, kl_divergence

DOUBLE = torch.float64
SHAPES = [(0.2, 0.2), (0.2, 3.0), (1.0, 1.0), (1.0, 5.0), (3.0, 0.2), (2.0, 3.0), (40.0, 40.0)]
CORNERS = torch.cartesian_prod(torch.linspace(-6, 6, 7), torch.linspace(-6, 6, 7))  # (49, 2), log a and log b
PRIORS = [(1.0, 1.0), (1.0, 5.0), (1.0, 0.1), (0.1, 0.4), (2.0, 1.0), (3.0, 5.0)]


def kumaraswamy(a: float, b: float) -> Kumaraswamy:
    return Kumaraswamy(torch.tensor([math.log(a)], dtype=DOUBLE), torch.tensor([math.log(b)], dtype=DOUBLE))


def beta(alpha: float, beta_: float, dtype: torch.dtype = DOUBLE) -> Beta:
    return Beta(torch.tensor([alpha], dtype=dtype), torch.tensor([beta_], dtype=dtype))


def log_odds_grid() -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], float]:
    """log odds y, log v and log(1 - v), and the step of a trapezoid rule that no tail of e^(-.05 |y|) escapes."""
    step = 0.02
    y = np.arange(-700, 700, step)
    return y, -np.logaddexp(0, -y), -np.logaddexp(0, y), step


def oracle_log_density(
    a: float, b: float, log_v: NDArray[np.float64], log1m_v: NDArray[np.float64]
) -> NDArray[np.float64]:
    """log a b v^(a-1) (1 - v^a)^(b-1), term by term in NumPy."""
    with np.errstate(divide="ignore"):
        log1m_v_to_a = np.log(-np.expm1(a * log_v))
    near_one = log1m_v < -30  # there 1 - v^a = a (1 - v), and log v is about to underflow
    log1m_v_to_a = np.where(near_one, np.log(a) + log1m_v, log1m_v_to_a)
    density: NDArray[np.float64] = np.log(a * b) + (a - 1) * log_v + (b - 1) * log1m_v_to_a
    return density


def quadrature_kl(a: float, b: float, alpha: float, beta_: float) -> tuple[float, float]:
    """(mass, KL) of Kumaraswamy(a, b) from Beta(alpha, beta) by the trapezoid rule over log odds."""
    _, log_v, log1m_v, step = log_odds_grid()
    log_q = oracle_log_density(a, b, log_v, log1m_v)
    log_p = (alpha - 1) * log_v + (beta_ - 1) * log1m_v - special.betaln(alpha, beta_)
    mass = np.exp(log_q + log_v + log1m_v) * step  # dv = v (1 - v) dy
    return float(mass.sum()), float((mass * (log_q - log_p)).sum())


def ten_term_series(a: float, b: float) -> float:
    """The E[-log(1 - v)] in common use: b sum_{m <= 10} B(m/a, b) / (m + ab)."""
    m = np.arange(1, 11)
    return float((b * special.beta(m / a, b) / (m + a * b)).sum())


# --- Kumaraswamy -------------------------------------------------------------------------------


@pytest.mark.parametrize(("a", "b"), SHAPES)
def test_kumaraswamy_density_is_that_of_a_beta_power(a: float, b: float) -> None:
    v = torch.tensor([1e-9, 0.01, 0.3, 0.5, 0.9, 0.999], dtype=DOUBLE)
    # v^a ~ Beta(1, b): an independent way to the same density
    expected = stats.beta(1, b).logpdf(v.numpy() ** a) + math.log(a) + (a - 1) * np.log(v.numpy())
    np.testing.assert_allclose(kumaraswamy(a, b).log_prob(Sticks.from_fraction(v)), expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize(("a", "b"), SHAPES)
def test_kumaraswamy_density_integrates_to_one(a: float, b: float) -> None:
    y, _, _, step = log_odds_grid()
    odds = torch.as_tensor(y)
    softplus = torch.nn.functional.softplus(-odds)  # -log v
    sticks = Sticks(torch.where(odds > 30, -odds, torch.log(softplus)))
    mass = torch.exp(kumaraswamy(a, b).log_prob(sticks) + sticks.log_v + sticks.log1m_v).sum() * step
    assert mass.item() == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(("a", "b"), SHAPES)
def test_inverse_survival_undoes_the_survival_function(a: float, b: float) -> None:
    u = torch.tensor([1e-12, 1e-3, 0.2, 0.5, 0.9, 1 - 1e-9], dtype=DOUBLE)
    sticks = kumaraswamy(a, b).inverse_survival(torch.log(u))
    with mpmath.workdps(120):  # u^(1/b) is 1e-60 at the smallest u and b
        survival = [
            float((1 - mpmath.exp(-mpmath.exp(mpmath.mpf(w))) ** mpmath.mpf(a)) ** b) for w in sticks.w.tolist()
        ]
    np.testing.assert_allclose(survival, u, rtol=1e-10)


@pytest.mark.parametrize(("dtype", "digits"), [(torch.float32, 2e-5), (DOUBLE, 1e-12)], ids=str)
@pytest.mark.parametrize(("a", "b"), [(0.2, 0.2), (0.05, 20.0), (20.0, 0.05)])
def test_log_prob_of_own_draws_is_right_where_fractions_round_to_one(
    a: float, b: float, dtype: torch.dtype, digits: float
) -> None:
    q = Kumaraswamy(torch.tensor([math.log(a)], dtype=dtype), torch.tensor([math.log(b)], dtype=dtype))
    sticks = q.rsample(torch.Size([400]))
    if (a, b, dtype) == (0.2, 0.2, torch.float32):
        assert (torch.exp(sticks.log_v) == 1).any(), "the case that breaks the plain formula must occur"
    with mpmath.workdps(60):
        log_a, log_b = (mpmath.mpf(x.item()) for x in (q.log_concentration1, q.log_concentration0))
        expected = []
        for w in sticks.w.flatten().tolist():
            log_v = -mpmath.exp(mpmath.mpf(w))
            log1m = mpmath.log(-mpmath.expm1(mpmath.exp(log_a) * log_v))
            expected.append(float(log_a + log_b + mpmath.expm1(log_a) * log_v + mpmath.expm1(log_b) * log1m))
    np.testing.assert_allclose(q.log_prob(sticks).flatten().double(), expected, rtol=digits, atol=10 * digits)


@pytest.mark.parametrize("dtype", [torch.float32, DOUBLE], ids=str)
@pytest.mark.parametrize(("a", "b"), [*SHAPES, (0.05, 0.05)])
def test_kumaraswamy_draws_follow_its_distribution(a: float, b: float, dtype: torch.dtype) -> None:
    q = Kumaraswamy(torch.tensor([math.log(a)], dtype=dtype), torch.tensor([math.log(b)], dtype=dtype))
    w = q.rsample(torch.Size([20_000])).w.flatten().double().numpy()
    # P(w' <= w) = P(V >= exp(-e^w)) = (1 - exp(-a e^w))^b; W keeps what V rounds away
    result = stats.kstest(w, lambda w: (-np.expm1(-a * np.exp(w))) ** b)
    assert result.pvalue > 1e-3


@pytest.mark.parametrize("order", [1.0, 2.0, 0.5])
@pytest.mark.parametrize(("a", "b"), SHAPES)
def test_moments_agree_with_quadrature(a: float, b: float, order: float) -> None:
    _, log_v, log1m_v, step = log_odds_grid()
    density = oracle_log_density(a, b, log_v, log1m_v) + log_v + log1m_v
    expected = math.log(np.exp(density + order * log_v).sum() * step)
    assert kumaraswamy(a, b).log_moment(order).item() == pytest.approx(expected, abs=1e-6)


def test_draws_carry_the_gradient_of_the_mean() -> None:
    log_a = torch.tensor([math.log(2.0)], dtype=DOUBLE, requires_grad=True)
    log_b = torch.tensor([math.log(3.0)], dtype=DOUBLE, requires_grad=True)
    q = Kumaraswamy(log_a, log_b)
    exact = torch.autograd.grad(q.log_moment(1.0).exp().sum(), (log_a, log_b))
    drawn = torch.autograd.grad(q.rsample(torch.Size([100_000])).log_v.exp().mean(), (log_a, log_b))
    # dv / d log a = -v log v and dv / d log b are below 1/2 in size: the standard error is below .0016
    torch.testing.assert_close(torch.cat(drawn), torch.cat(exact), rtol=0, atol=0.008)


@pytest.mark.parametrize("kind", ["kumaraswamy", "beta"])
def test_mean_weights_are_the_mean_of_drawn_weights(kind: str) -> None:
    a, b = torch.tensor([[0.3, 2.0, 1.0], [5.0, 0.2, 0.7]], dtype=DOUBLE), torch.tensor([4.0, 1.0, 0.5], dtype=DOUBLE)
    b = b.expand_as(a)
    q = Kumaraswamy(a.log(), b.log()) if kind == "kumaraswamy" else Beta(a, b)
    draws = q.rsample(torch.Size([100_000])).log_weights.exp()
    assert draws.shape == (100_000, 2, 4)
    error = (draws.mean(0) - q.log_mean_weights.exp()).abs() / (draws.std(0) / math.sqrt(len(draws)))
    assert error.max() < 5
    torch.testing.assert_close(q.log_mean_weights.exp().sum(-1), torch.ones(2, dtype=DOUBLE))
    torch.testing.assert_close(q.concentrations, (a, b))


def test_dirichlet_sticks_give_equal_mean_weights() -> None:
    pieces_left = torch.tensor([[3.0, 2.0, 1.0]])
    prior = Beta(torch.ones_like(pieces_left), pieces_left)
    torch.testing.assert_close(prior.log_mean_weights.exp(), torch.full((1, 4), 0.25))


# --- Beta --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("alpha", "beta_"), PRIORS)
def test_beta_density_is_scipys(alpha: float, beta_: float) -> None:
    v = torch.tensor([1e-9, 0.01, 0.5, 0.999], dtype=DOUBLE)
    actual = beta(alpha, beta_).log_prob(Sticks.from_fraction(v))
    np.testing.assert_allclose(actual, stats.beta(alpha, beta_).logpdf(v), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("dtype", [torch.float32, DOUBLE], ids=str)
@pytest.mark.parametrize(("alpha", "beta_"), [*PRIORS, (0.1, 0.1), (0.05, 0.05), (0.05, 20.0)])
def test_beta_draws_follow_scipys_distribution(alpha: float, beta_: float, dtype: torch.dtype) -> None:
    sticks = beta(alpha, beta_, dtype).rsample(torch.Size([20_000]))
    assert sticks.w.shape == (20_000, 1) and sticks.w.isfinite().all()

    def cdf(odds: NDArray[np.float64]) -> NDArray[np.float64]:
        # in log odds neither end of the unit interval is rounded away
        low = special.betainc(alpha, beta_, special.expit(odds))
        high = 1 - special.betainc(beta_, alpha, special.expit(-odds))
        result: NDArray[np.float64] = np.where(odds < 0, low, high)
        return result

    odds = (sticks.log_v - sticks.log1m_v).flatten().double().numpy()
    assert stats.kstest(odds, cdf).pvalue > 1e-3


# --- KL ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("a", [0.05, 0.3, 1.0, 4.0, 50.0])
@pytest.mark.parametrize("b", [0.05, 0.3, 1.0, 4.0, 50.0])
def test_kl_agrees_with_quadrature_to_a_ten_thousandth_of_a_nat(a: float, b: float) -> None:
    for alpha, beta_ in PRIORS:
        mass, expected = quadrature_kl(a, b, alpha, beta_)
        assert mass == pytest.approx(1, abs=1e-7), "the oracle's own grid must hold the density"
        assert kl_divergence(kumaraswamy(a, b), beta(alpha, beta_)).item() == pytest.approx(expected, abs=1e-4)


def test_the_quadrature_oracle_agrees_with_thirty_digit_arithmetic() -> None:
    a, b, alpha, beta_ = 0.3, 4.0, 0.1, 0.4

    def integrand(u: mpmath.mpf) -> mpmath.mpf:
        t = mpmath.power(u, 1 / mpmath.mpf(b))  # 1 - v^a
        log_v = mpmath.log1p(-t) / a
        log_q = mpmath.log(a * b) + (a - 1) * log_v + (b - 1) * mpmath.log(t)
        log_p = (alpha - 1) * log_v + (beta_ - 1) * mpmath.log(-mpmath.expm1(log_v)) - special.betaln(alpha, beta_)
        return log_q - log_p

    with mpmath.workdps(30):
        expected = float(mpmath.quad(integrand, [0, 0.01, 0.5, 0.99, 1]))
    assert quadrature_kl(a, b, alpha, beta_)[1] == pytest.approx(expected, abs=1e-7)


def test_kl_vanishes_where_the_two_families_meet() -> None:
    for c in (0.05, 1.0, 7.0):
        # only the quadrature of E[-log(1 - v)] is inexact, and it is multiplied by c - 1
        assert kl_divergence(kumaraswamy(1.0, c), beta(1.0, c)).item() == pytest.approx(0, abs=1e-4)
        assert kl_divergence(kumaraswamy(c, 1.0), beta(c, 1.0)).item() == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("rows", [1, 5])
def test_kl_has_the_gradient_of_differences(rows: int) -> None:
    log_a, log_b = (torch.randn(rows, 3, dtype=DOUBLE, requires_grad=True) for _ in range(2))
    alpha, beta = (torch.rand(5, 3, dtype=DOUBLE) + 0.2 for _ in range(2))

    def divergence(*parameters: torch.Tensor) -> torch.Tensor:
        return kl_divergence(Kumaraswamy(*parameters[:2]), Beta(*parameters[2:]))

    assert torch.autograd.gradcheck(divergence, (log_a, log_b, alpha, beta))
    assert torch.autograd.gradcheck(divergence, (log_a, log_b, alpha.requires_grad_(), beta.requires_grad_()))


def test_the_divergence_is_the_same_with_and_without_gradients() -> None:
    log_a, log_b = (torch.randn(20, 3, requires_grad=True) for _ in range(2))
    q, p = Kumaraswamy(log_a, log_b), Beta(torch.rand(1, 3) + 0.2, torch.rand(1, 3) + 0.2)
    with torch.no_grad():
        alone = kl_divergence(q, p)
    assert torch.equal(alone, kl_divergence(q, p)) and not alone.requires_grad


def test_the_ten_term_series_falls_short_and_the_quadrature_does_not() -> None:
    # At a = 1 the fraction left is u^(1/b), so that E[-log(1 - v)] = 1/b.
    for b, missing in ((1.0, 1 / 11), (0.1, 7.5)):
        expected, _, _ = expected_neg_log1m(*torch.tensor([1.0, b], dtype=DOUBLE).log())
        assert expected.item() == pytest.approx(1 / b, rel=1e-7)
        assert 1 / b - ten_term_series(1.0, b) == pytest.approx(missing, abs=0.05 if missing > 1 else 1e-12)


# --- range -------------------------------------------------------------------------------------


def assert_finite(**tensors: Tensor) -> None:
    for name, tensor in tensors.items():
        assert tensor.isfinite().all(), f"{name} is not finite"


@pytest.mark.parametrize(("alpha", "beta_"), PRIORS)
def test_float32_stays_finite_with_its_gradients_over_the_whole_range_of_the_networks(
    alpha: float, beta_: float
) -> None:
    log_a, log_b = (CORNERS[:, i : i + 1].expand(-1, 2).clone().requires_grad_() for i in range(2))
    q, p = Kumaraswamy(log_a, log_b), beta(alpha, beta_, torch.float32)
    smallest, largest = 2.0**-25, 1 - 2.0**-24  # of the uniform draws in float32
    ends = torch.log(torch.tensor([smallest, largest])).reshape(2, 1, 1)
    for sticks in (q.rsample(torch.Size([3000])), q.inverse_survival(ends)):
        outcomes = {
            "w": sticks.w,
            "log_v": sticks.log_v,
            "log1m_v": sticks.log1m_v,
            "log_weights": sticks.log_weights,
            "log q": q.log_prob(sticks),
            "log p": p.log_prob(sticks),
            "kl": kl_divergence(q, p),
            "log_mean_weights": q.log_mean_weights,
        }
        assert_finite(**outcomes)
        for name, outcome in outcomes.items():
            gradients = torch.autograd.grad(outcome.sum(), (log_a, log_b), retain_graph=True)
            assert_finite(**{f"gradient of {name}": torch.cat(gradients)})


def test_a_uniform_draw_of_exactly_zero_gives_a_finite_fraction(monkeypatch: pytest.MonkeyPatch) -> None:
    # Once in 2^24 draws torch.rand returns 0: too seldom to wait for, too often for a long training.
    monkeypatch.setattr(torch, "rand", lambda shape, **options: torch.zeros(shape, **options))
    log_a, log_b = CORNERS[:, :1], CORNERS[:, 1:]
    for distribution in (Kumaraswamy(log_a, log_b), Beta(log_a.exp(), log_b.exp())):
        sticks = distribution.rsample()
        assert_finite(w=sticks.w, log_v=sticks.log_v, log1m_v=sticks.log1m_v, density=distribution.log_prob(sticks))
