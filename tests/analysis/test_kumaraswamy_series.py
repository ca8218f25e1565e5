"""The Kumaraswamy distribution against SciPy: densities, moments, and the error of a truncated series."""

import numpy as np
import pytest
from scipy import integrate, stats

from dlgmm_core.analysis.kumaraswamy_series import (
    densities_at_draws,
    fraction,
    kl_by_quadrature,
    kl_by_series,
    kumaraswamy_density,
    matched_beta,
    matched_density,
)

SHAPES = [(1.0, 1.0), (0.5, 2.0), (3.0, 0.7), (2.0, 5.0)]


@pytest.mark.parametrize(("a", "b"), SHAPES)
def test_the_density_integrates_to_the_survival_function_that_fractions_invert(a: float, b: float) -> None:
    for u in (0.1, 0.5, 0.9):
        v = fraction(u, a, b)
        above, _ = integrate.quad(lambda t: kumaraswamy_density(np.array([t]), a, b)[0], v, 1)
        assert above == pytest.approx(u, abs=1e-6)


@pytest.mark.parametrize(("a", "b"), SHAPES)
def test_the_matched_beta_has_the_mean_and_variance_of_draws_by_quadrature(a: float, b: float) -> None:
    mean, square = (integrate.quad(lambda u, n=n: fraction(u, a, b) ** n, 0, 1)[0] for n in (1, 2))
    matched = stats.beta(*matched_beta(a, b))
    assert matched.mean() == pytest.approx(mean, abs=1e-5) and matched.var() == pytest.approx(
        square - mean**2, abs=1e-5
    )
    v = np.linspace(0.1, 0.9, 5)
    np.testing.assert_allclose(matched_density(v, a, b), matched.pdf(v))


@pytest.mark.parametrize(("a", "b"), SHAPES)
def test_densities_at_draws_are_those_at_their_fractions(a: float, b: float) -> None:
    u = np.array([0.01, 0.3, 0.99])
    v = np.array([fraction(each, a, b) for each in u])
    density, matched = densities_at_draws(u, a, b)
    np.testing.assert_allclose(density, kumaraswamy_density(v, a, b), rtol=1e-6)
    np.testing.assert_allclose(matched, matched_density(v, a, b), rtol=1e-6)


def test_a_draw_that_rounds_to_one_still_has_its_density() -> None:
    assert fraction(0.01, 20, 0.1) == 1
    (density,), (matched,) = densities_at_draws(np.array([0.01]), 20, 0.1)
    assert density == pytest.approx(2e18, rel=1e-6)  # a b u^(1 - 1/b), where v^(a - 1) is one
    assert 1e18 < matched < 2e18


def test_a_kumaraswamy_that_is_a_beta_is_its_own_match() -> None:
    assert matched_beta(1.0, 3.0) == pytest.approx((1.0, 3.0))
    assert kl_by_quadrature(1.0, 3.0, 1.0, 3.0) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(("a", "b"), SHAPES)
@pytest.mark.parametrize(("alpha", "beta"), [(1.0, 5.0), (0.5, 2.0)])
def test_the_series_rises_to_the_quadrature_and_falls_short_on_the_way(
    a: float, b: float, alpha: float, beta: float
) -> None:
    series, exact = kl_by_series(a, b, alpha, beta, 50), kl_by_quadrature(a, b, alpha, beta)
    assert series.shape == (50,) and (np.diff(series) > 0).all() and (series < exact).all()
    long = kl_by_series(a, b, alpha, beta, 200_000)[-1]
    assert long == pytest.approx(exact, abs=2e-2) and exact - series[9] > exact - series[-1]


def test_ten_terms_fall_short_by_nine_hundredths_at_one_and_one() -> None:
    exact, ten = kl_by_quadrature(1, 1, 1, 2), kl_by_series(1, 1, 1, 2)[9]
    assert exact - ten == pytest.approx(0.0909, abs=1e-3)
