"""Nearest neighbours against all distances in double precision, and against scikit-learn."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from sklearn.neighbors import NearestNeighbors

from dlgmm_core.evaluate.neighbours import BLOCK, QUERIES, neighbours

Codes = NDArray[np.float32]


def cloud(count: int, size: int = 25, seed: int = 0) -> Codes:
    return np.random.default_rng(seed).normal(size=(count, size)).astype(np.float32)


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("count", [10, 11, 12, 13, BLOCK, 10 * BLOCK - 1, 12 * BLOCK, 12 * BLOCK + 1, 3000])
def test_neighbours_are_the_nearest_in_order_however_many_codes_there_are(count: int, metric: str) -> None:
    train, test = cloud(count), cloud(40, seed=1)
    expected = cdist(test.astype(np.float64), train, metric).argsort(1)[:, :10]
    np.testing.assert_array_equal(neighbours(train, test, 10, metric), expected)


@pytest.mark.parametrize("k", [1, 10, 30])
def test_neighbours_are_scikit_learns(k: int) -> None:
    train, test = cloud(20_000), cloud(2 * QUERIES + 1, seed=1)
    reference = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(train)
    np.testing.assert_array_equal(neighbours(train, test, k), reference.kneighbors(test, return_distance=False))


def test_codes_far_from_the_origin_are_told_apart() -> None:
    train, test = cloud(3000) + 1000, cloud(300, seed=1) + 1000
    expected = cdist(test.astype(np.float64), train).argsort(1)[:, :10]
    np.testing.assert_array_equal(neighbours(train, test, 10), expected)


def test_lengths_matter_to_one_metric_and_not_to_the_other() -> None:
    train, test = cloud(500, 4), cloud(100, 4, seed=1)
    longer = test * np.float32(3)
    np.testing.assert_array_equal(neighbours(train, longer, 5, "cosine"), neighbours(train, test, 5, "cosine"))
    assert (neighbours(train, longer, 5) != neighbours(train, test, 5)).mean() > 0.2


def test_of_equal_distances_the_lower_index_comes_first() -> None:
    train = np.repeat(cloud(50), 3, axis=0)
    found = neighbours(train, train[::3], 3)
    np.testing.assert_array_equal(found, np.arange(150).reshape(50, 3))


@pytest.mark.parametrize("k", [0, 6])
def test_more_neighbours_than_codes_or_none_are_refused_by_name(k: int) -> None:
    with pytest.raises(ValueError, match="from 1 to 5"):
        neighbours(cloud(5), cloud(2), k)
