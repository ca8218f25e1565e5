"""Intervals of a mean: by hand, and by how often they cover the truth in simulated measurements."""

import numpy as np
import pytest
from numpy.typing import NDArray

from dlgmm_core.evaluate.likelihood import LogLikelihood, mean_interval, refined_interval

ALL, CHOSEN, TRUTH = 400, 40, -86.0


def test_the_interval_is_that_of_a_mean() -> None:
    nll = LogLikelihood(np.array([-1.0, -2.0, -6.0]), np.ones(3)).nll
    assert nll.value == 3
    assert nll.ci95 == pytest.approx(1.96 * np.sqrt(7 / 3))  # the sample variance of 1, 2, 6 is 7


def test_the_interval_of_a_single_value_is_unknown() -> None:
    interval = mean_interval(np.array([-4.0]))
    assert interval.value == -4 and np.isnan(interval.ci95)


def test_a_refined_interval_by_hand() -> None:
    interval = refined_interval(np.array([1.0, 2.0, 3.0, 6.0]), np.array([9.0, 2.0]), np.array([3, 0]))
    assert interval.value == 5  # the rough mean 3, and the mean 2 of the differences 3 and 1
    # the variance of 2 and 9 is 24.5, that of 1 and 3 is 2
    assert interval.ci95 == pytest.approx(1.96 * np.sqrt(24.5 / 4 + 2 * (1 / 2 - 1 / 4)))


def test_a_refined_interval_of_all_images_is_the_plain_one_whatever_the_rough_values() -> None:
    rng = np.random.default_rng(0)
    precise, rough, order = rng.normal(90, 5, 30), rng.normal(0, 100, 30), rng.permutation(30)
    refined, plain = refined_interval(rough, precise[order], order), mean_interval(precise)
    assert refined.value == pytest.approx(plain.value)
    assert refined.ci95 == pytest.approx(plain.ci95)


def measured(rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(N,) precise values of mean TRUTH, and cheap ones that are biased, noisy and stretched.

    Images and their differences add about as much to the variance of the mean: neither may be forgotten.
    """
    precise = rng.normal(TRUTH, 10, ALL)
    return precise, 0.9 * precise + 2 + rng.normal(0, 3, ALL)


def test_a_refined_interval_covers_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    repeats, covered, values = 3000, 0, []
    for _ in range(repeats):
        precise, rough = measured(rng)
        chosen = rng.choice(ALL, CHOSEN, replace=False)
        interval = refined_interval(rough, precise[chosen], chosen)
        covered += abs(interval.value - TRUTH) < interval.ci95
        values.append(interval.value)
    assert np.mean(values) == pytest.approx(TRUTH, abs=4.5 * np.std(values) / np.sqrt(repeats))
    # a share of 3000 is off by .004 in one deviation; variances of 40 differences cost about as much
    assert covered / repeats == pytest.approx(0.95, abs=0.02)


def test_a_refined_interval_is_narrower_than_that_of_the_chosen_alone_and_wider_than_that_of_all() -> None:
    rng = np.random.default_rng(2)
    for _ in range(200):
        precise, rough = measured(rng)
        chosen = rng.choice(ALL, CHOSEN, replace=False)
        refined = refined_interval(rough, precise[chosen], chosen).ci95
        assert refined < 0.7 * mean_interval(precise[chosen]).ci95
    widths = [
        mean_interval(precise).ci95 / refined_interval(rough, precise[::10], np.arange(0, ALL, 10)).ci95
        for precise, rough in (measured(rng) for _ in range(200))
    ]
    assert np.mean(widths) < 0.9
