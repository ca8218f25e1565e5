"""Codes, neighbours, votes and their comparison against brute force, scikit-learn, SciPy and enumeration."""

import itertools
import math
from collections.abc import Callable
from dataclasses import astuple, replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy import stats
from sklearn.neighbors import KNeighborsClassifier
from torch import Tensor, nn

from dlgmm_core.checks import ConfigError
from dlgmm_core.config import ModelConfig
from dlgmm_core.evaluate.knn import encode, error_rate, paired_test, vote
from dlgmm_core.evaluate.likelihood import EvaluationError
from dlgmm_core.evaluate.neighbours import neighbours
from dlgmm_core.model.mixture_latents import MixtureLatent
from dlgmm_core.model.models import LatentVariableModel, build_model
from tests.fixtures import CONTRACT

Toy = Callable[..., LatentVariableModel]
Clouds = tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.float32]]
MIXTURE = CONTRACT["dlgmm"]


@pytest.fixture
def images(four_bit_images: Tensor) -> NDArray[np.uint8]:
    return four_bit_images.numpy().astype(np.uint8)


# --- codes -----------------------------------------------------------------------------------------


def test_a_mean_code_is_the_posterior_mean(config: ModelConfig, toy: Toy, images: NDArray[np.uint8]) -> None:
    model = toy(config).float()
    with torch.no_grad():
        expected = model.posterior(torch.from_numpy(images).float()).mean.numpy()
    np.testing.assert_allclose(encode(model, images), expected, rtol=1e-6)


def test_a_sample_code_comes_from_the_component_of_largest_weight(toy: Toy, images: NDArray[np.uint8]) -> None:
    # Components a thousand apart: a draw shows where it came from.
    config = replace(MIXTURE, prior_means=(-1000.0, 0.0, 1000.0), prior_scales=(1.0, 1.0, 1.0))
    model = toy(config).float()
    sticks = model.layer.head.get_submodule("sticks")
    assert isinstance(sticks, nn.Linear)
    with torch.no_grad():
        sticks.weight.mul_(6)
        q = model.posterior(torch.from_numpy(images).float())
        assert isinstance(q, MixtureLatent)
        largest = q.log_mean_weights.argmax(0)
        expected = q.normal.loc[largest, torch.arange(16)].numpy()
    assert len(set(largest.tolist())) > 1
    codes = encode(model, images, "sample")
    assert codes.shape == (16, 2)
    assert np.abs(codes - expected).max() < 100


def test_sample_codes_are_draws_with_the_posterior_spread() -> None:
    model = build_model(CONTRACT["gauss-vae"])
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()  # so that every posterior is a standard normal
    codes = encode(model, np.zeros((4000, 4), np.uint8), "sample")
    assert stats.kstest(codes.ravel(), "norm").pvalue > 1e-3
    np.testing.assert_array_equal(encode(model, np.zeros((4000, 4), np.uint8), "sample"), codes)
    assert (encode(model, np.zeros((4000, 4), np.uint8), "sample", seed=1) != codes).any()


def test_codes_keep_the_order_of_images_across_blocks(toy: Toy, images: NDArray[np.uint8]) -> None:
    model = toy(MIXTURE).float()
    order = np.random.default_rng(0).integers(0, 16, 2500)
    np.testing.assert_allclose(encode(model, images[order]), encode(model, images)[order], rtol=1e-5)


def test_a_code_that_is_not_finite_is_an_error_that_names_its_image(toy: Toy, images: NDArray[np.uint8]) -> None:
    model = toy(CONTRACT["gauss-vae"]).float()
    for parameter in model.layer.head.parameters():
        torch.nn.init.constant_(parameter, 3e38)
    with pytest.raises(EvaluationError, match=r"The code of image \d+ is not finite"):
        encode(model, images)


def test_an_unknown_representation_or_layer_is_one_sentence(images: NDArray[np.uint8]) -> None:
    with pytest.raises(ConfigError, match="representation must be 'mean' or 'sample', not 'median'"):
        encode(build_model(MIXTURE), images, "median")
    with pytest.raises(ConfigError, match="layer must be a whole number from 0 to 0, not 1"):
        encode(build_model(MIXTURE), images, layer=1)


# --- votes of neighbours ----------------------------------------------------------------------------


@pytest.fixture
def clouds() -> Clouds:
    """Three overlapping classes whose codes differ much in length, so that angle and distance disagree."""
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 3, 300)
    directions = rng.normal(size=(3, 4))[labels] + 0.8 * rng.normal(size=(300, 4))
    codes = (directions * np.exp(rng.normal(size=(300, 1)))).astype(np.float32)
    return codes[:200], labels[:200], codes[200:]


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("k", [1, 3, 5, 10])
def test_votes_without_a_tie_are_those_of_scikit_learn(clouds: Clouds, metric: str, k: int) -> None:
    train, labels, test = clouds
    reference = KNeighborsClassifier(k, metric=metric, algorithm="brute").fit(train, labels)
    shares = np.sort(reference.predict_proba(test), 1)
    clear = shares[:, -1] > shares[:, -2] + 1e-9
    assert clear.sum() > 50
    predicted = vote(labels[neighbours(train, test, 10, metric)], k)
    np.testing.assert_array_equal(predicted[clear], reference.predict(test)[clear])


@pytest.mark.parametrize(
    ("labels", "k", "winner"),
    [
        ([2, 1, 1, 2, 0], 4, 2),
        ([1, 2, 2, 1, 0], 4, 1),
        ([2, 1, 1, 2, 1], 5, 1),
        ([2, 1, 1, 2, 1], 2, 2),
        ([9, 0, 4], 3, 9),
        ([7, 3, 3], 3, 3),
        ([7, 3, 3], 1, 7),
    ],
)
def test_a_tie_goes_to_the_nearest_among_the_winners(labels: list[int], k: int, winner: int) -> None:
    assert vote(np.array([labels]), k).tolist() == [winner]


def test_the_interval_of_an_error_rate_is_that_of_a_bootstrap_loop() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, 400)
    predicted = np.where(rng.random(400) < 0.08, (labels + 1) % 10, labels)
    wrong = predicted != labels
    rates = [100 * wrong[rng.integers(0, 400, 400)].mean() for _ in range(4000)]
    low, high = np.quantile(rates, [0.025, 0.975])
    error = error_rate(predicted, labels)
    assert error.value == pytest.approx(100 * wrong.mean())
    one_image = 100 / 400
    assert error.ci95 == pytest.approx(max(high - error.value, error.value - low), abs=1.01 * one_image)


@pytest.mark.parametrize(("count", "wrong"), [(10_000, 308), (10_000, 1), (300, 7), (40, 39), (7, 3)])
def test_the_interval_of_an_error_rate_ends_at_the_binomials_quantiles(count: int, wrong: int) -> None:
    labels = np.zeros(count, np.int64)
    error = error_rate((np.arange(count) < wrong).astype(np.int64), labels)
    low, high = stats.binom(count, wrong / count).ppf([0.025, 0.975])
    assert error.ci95 == pytest.approx(100 * max(high - wrong, wrong - low) / count)


@pytest.mark.parametrize(("right", "rate"), [(True, 0.0), (False, 100.0)])
def test_an_error_rate_of_none_or_all_has_no_width(right: bool, rate: float) -> None:
    labels = np.arange(10)
    error = error_rate(labels if right else labels + 1, labels)
    assert (error.value, error.ci95) == (rate, 0.0)


# --- the comparison of two votes -------------------------------------------------------------------


def predictions(*outcomes: tuple[bool, bool, int]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Two predictions and the labels, from (is the first right, is the second right, number of images)."""
    right = np.repeat([outcome[:2] for outcome in outcomes], [outcome[2] for outcome in outcomes], axis=0)
    labels = np.arange(len(right)) % 10
    first, second = ((labels + np.where(column, 0, 1 + column.cumsum() % 9)) % 10 for column in right.T)
    return first, second, labels


def enumerated_p_value(successes: int, trials: int) -> float:
    """Share of all sequences of fair coin flips whose number of heads is no more likely than `successes`."""
    ways = [0] * (trials + 1)
    for flips in itertools.product((0, 1), repeat=trials):
        ways[sum(flips)] += 1
    return sum(count for count in ways if count <= ways[successes]) / 2**trials


@pytest.mark.parametrize(("only_first_wrong", "only_second_wrong"), [(0, 1), (1, 4), (3, 3), (0, 9), (7, 5), (10, 1)])
def test_the_paired_test_is_that_of_enumerated_coin_flips(only_first_wrong: int, only_second_wrong: int) -> None:
    outcomes = ((True, True, 50), (False, False, 6), (False, True, only_first_wrong), (True, False, only_second_wrong))
    found = paired_test(*predictions(*outcomes))
    assert (found.only_first_wrong, found.only_second_wrong) == (only_first_wrong, only_second_wrong)
    expected = enumerated_p_value(only_first_wrong, only_first_wrong + only_second_wrong)
    assert found.p_value == pytest.approx(expected, rel=1e-12)


def test_the_paired_test_of_many_images_is_twice_the_binomial_tail() -> None:
    found = paired_test(*predictions((True, True, 9000), (False, True, 210), (True, False, 160), (False, False, 630)))
    assert found.p_value == pytest.approx(2 * stats.binom(370, 0.5).cdf(160), rel=1e-9)
    assert found.p_value == pytest.approx(math.erfc(49 / math.sqrt(2 * 370)), rel=0.02)  # chi-square, corrected


def test_images_on_which_both_are_right_or_both_wrong_do_not_count() -> None:
    few = paired_test(*predictions((True, True, 3), (False, False, 1), (False, True, 8), (True, False, 2)))
    many = paired_test(*predictions((True, True, 300), (False, False, 200), (False, True, 8), (True, False, 2)))
    assert few == many and few.p_value < 0.2


def test_the_paired_test_does_not_depend_on_who_comes_first() -> None:
    first, second, labels = predictions((True, True, 20), (False, False, 5), (False, True, 9), (True, False, 2))
    found, swapped = paired_test(first, second, labels), paired_test(second, first, labels)
    assert astuple(swapped) == (found.only_second_wrong, found.only_first_wrong, found.p_value)


def test_predictions_that_err_on_the_same_images_do_not_differ() -> None:
    first, second, labels = predictions((True, True, 20), (False, False, 5))
    assert astuple(paired_test(first, second, labels)) == (0, 0, 1.0)
    assert astuple(paired_test(labels, labels, labels)) == (0, 0, 1.0)
