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


def test_codes_far_from_the_origin_are_distinguished() -> None:
    train, test = cloud(3000) + 1000, cloud(300, seed=1) + 1000
    expected = cdist(test.astype(np.float64), train).argsort(1)[:, :10]
    np.testing.assert_array_equal(neighbours(train, test, 10), expected)


def test_lengths_matter_to_one_metric_and_not_to_the_other() -> None:
    train, test = cloud(500, 4), cloud(100, 4, seed=1)
    longer = test * np.float32(3)
    np.testing.assert_array_equal(neighbours(train, longer, 5, "cosine"), neighbours(train, test, 5, "cosine"))
    assert (neighbours(train, longer, 5) != neighbours(train, test, 5)).mean() > 0.2


def on_a_grid(count: int, size: int, seed: int = 0) -> Codes:
    """Codes of few whole numbers, most of them copies of others, and whose squared distances are exact."""
    return np.random.default_rng(seed).integers(0, 3, (count, size)).astype(np.float32)


EQUAL = {
    "all": (np.zeros((5000, 2), np.float32), np.zeros((3, 2), np.float32)),
    "two": (np.repeat(np.eye(2, dtype=np.float32), 1000, 0)[::-1].copy(), np.ones((2, 2), np.float32)),
    "copies": (np.repeat(cloud(50), 30, axis=0), cloud(50)),
    "a coarse grid": (on_a_grid(4000, 2), on_a_grid(50, 2, seed=1)),
    "a grid": (on_a_grid(3000, 8), on_a_grid(50, 8, seed=1)),
    "a grid far away": (on_a_grid(3000, 8) + 4096, on_a_grid(50, 8, seed=1) + 4096),
}


@pytest.mark.parametrize("k", [1, 3, 10, 200])
@pytest.mark.parametrize("which", EQUAL)
def test_of_equal_distances_the_lower_index_comes_first(which: str, k: int, monkeypatch: pytest.MonkeyPatch) -> None:
    train, test = EQUAL[which]
    distances = cdist(test.astype(np.float64), train, "sqeuclidean")
    expected = distances.argsort(1, kind="stable")[:, :k]
    np.testing.assert_array_equal(neighbours(train, test, k), expected)
    monkeypatch.setattr("dlgmm_core.evaluate.neighbours.BLOCK", 7)
    np.testing.assert_array_equal(neighbours(train, test, k), expected)


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("size", [1, 2, 25])
def test_neighbours_do_not_depend_on_how_many_are_asked_for_nor_on_the_order(size: int, metric: str) -> None:
    """Twenty thousand codes are dense enough that single precision confuses them."""
    train, test = np.unique(cloud(20_000, size), axis=0), cloud(100, size, seed=1)
    most = neighbours(train, test, 30, metric)
    for k in (1, 2, 3, 10):
        np.testing.assert_array_equal(neighbours(train, test, k, metric), most[:, :k])
    if (size, metric) == (1, "cosine"):  # two directions, and so all distances are equal
        return
    order = np.random.default_rng(0).permutation(len(train))
    np.testing.assert_array_equal(order[neighbours(train[order], test, 30, metric)], most)


@pytest.mark.parametrize("odd", [np.nan, np.inf])
def test_codes_that_are_not_finite_are_refused(odd: float) -> None:
    for place in range(2):
        codes = [cloud(5), cloud(2)]
        codes[place][1, 3] = odd
        with pytest.raises(ValueError, match="finite"):
            neighbours(*codes, 1)


@pytest.mark.parametrize("k", [0, 6])
def test_more_neighbours_than_codes_or_none_are_refused_by_name(k: int) -> None:
    with pytest.raises(ValueError, match="from 1 to 5"):
        neighbours(cloud(5), cloud(2), k)
