"""Gaussian mixtures of codes: the best of several starts by the likelihood of codes that they were not fitted to."""

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import multivariate_normal
from sklearn.mixture import GaussianMixture

from dlgmm_core.evaluate.gaussian_mixtures import COVARIANCES, fit_gaussian_mixture
from dlgmm_core.evaluate.likelihood import EvaluationError


def codes(seed: int, n: int) -> tuple[np.ndarray, np.ndarray]:
    """(n, 2) codes of five groups that are long in different directions, and their groups (n,)."""
    rng = np.random.default_rng(seed)
    group = rng.integers(0, 5, n)
    angle = group * np.pi / 5
    along, across = rng.normal(0, 1.5, n), rng.normal(0, 0.1, n)
    centres = 2.5 * np.stack([np.cos(2 * angle), np.sin(2 * angle)], 1)
    offset = np.stack(
        [along * np.cos(angle) - across * np.sin(angle), along * np.sin(angle) + across * np.cos(angle)], 1
    )
    return centres + offset, group


@pytest.mark.parametrize("covariances", list(COVARIANCES))
def test_no_start_explains_the_validation_codes_better(covariances: str) -> None:
    (train, _), (valid, _) = codes(0, 600), codes(1, 600)
    best = fit_gaussian_mixture(train, valid, 5, covariances, seed=2, starts=4)
    each = [
        GaussianMixture(
            5,
            covariance_type=COVARIANCES[covariances],
            reg_covar=1e-3,
            max_iter=300,
            init_params="k-means++",
            random_state=start,
        ).fit(train)
        for start in range(8, 12)
    ]
    scores = [fit.score(valid) for fit in each]
    assert len(set(scores)) > 1, "the starts must differ"
    assert best.score(valid) == max(scores)
    by_scipy = [
        multivariate_normal(m, c if covariances == "full" else np.diag(c)).logpdf(valid)
        for m, c in zip(best.means_, best.covariances_, strict=True)
    ]
    expected = logsumexp(np.stack(by_scipy, 1) + np.log(best.weights_), axis=1).mean()
    assert best.score(valid) == pytest.approx(expected, rel=1e-9)


def test_full_covariances_find_long_groups_and_the_same_seed_finds_the_same() -> None:
    (train, group), (valid, _) = codes(0, 600), codes(1, 600)
    one, other = (fit_gaussian_mixture(train, valid, 5, seed=0) for _ in range(2))
    np.testing.assert_array_equal(one.means_, other.means_)
    found = one.predict(train)
    purity = sum(np.bincount(found[group == g]).max() for g in range(5)) / len(train)
    assert purity > 0.95


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("covariances", list(COVARIANCES))
@pytest.mark.parametrize("kind", ["not finite", "huge", "too few"])
def test_codes_that_no_mixture_fits_are_one_sentence(kind: str, covariances: str) -> None:
    given, _ = codes(0, 60)
    given = {"not finite": np.where(given > 1, np.nan, given), "huge": 1e200 * given, "too few": given[:3]}[kind]
    with pytest.raises(EvaluationError, match="A Gaussian mixture of 5 components cannot be fitted"):
        fit_gaussian_mixture(given, given, 5, covariances, starts=1)
