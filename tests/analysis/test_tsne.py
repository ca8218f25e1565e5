"""Maps of codes: one seed, one map; new codes find their place."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from dlgmm_core.analysis import tsne
from dlgmm_core.analysis.tsne import LARGE_MAP, anchor, fit_tsne
from dlgmm_core.store.tsne_map import ProjectionConfig

SETTINGS = ProjectionConfig(perplexity=15, iterations=150, seed=4)


@pytest.fixture(scope="module")
def codes() -> NDArray[np.float32]:
    """Three clouds of 50 codes in five dimensions, far apart."""
    rng = np.random.default_rng(0)
    return (10 * np.repeat(np.eye(3, 5), 50, 0) + rng.normal(size=(150, 5))).astype(np.float32)


@pytest.fixture(scope="module")
def coordinates(codes: NDArray[np.float32]) -> NDArray[np.float32]:
    return fit_tsne(codes, SETTINGS, jobs=1)


def test_the_same_seed_gives_the_same_map(codes: NDArray[np.float32], coordinates: NDArray[np.float32]) -> None:
    heard: list[float] = []
    again = fit_tsne(codes, SETTINGS, jobs=1, progress=heard.append)
    np.testing.assert_array_equal(again, coordinates)
    assert again.shape == (150, 2) and again.dtype == np.float32
    assert heard == sorted(heard) and heard[0] > 0 and heard[-1] == 1.0


def test_a_map_has_the_iterations_it_was_asked_for(codes: NDArray[np.float32], monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[int] = []
    optimize = tsne.TSNEEmbedding.optimize

    def counted(self: tsne.TSNEEmbedding, n_iter: int, **settings: object) -> object:
        steps.append(n_iter)
        return optimize(self, n_iter, **settings)

    monkeypatch.setattr(tsne.TSNEEmbedding, "optimize", counted)
    for threshold in (LARGE_MAP, 150):  # beyond it the descent has other stretches
        monkeypatch.setattr(tsne, "LARGE_MAP", threshold)
        for iterations in (1, 2, 37):
            steps.clear()
            fit_tsne(codes, replace(SETTINGS, iterations=iterations), jobs=1)
            assert sum(steps) == iterations and min(steps) > 0, (threshold, iterations)


def test_clouds_of_codes_stay_apart_on_the_map(coordinates: NDArray[np.float32]) -> None:
    assert_three_clouds(coordinates)


def test_clouds_of_codes_stay_apart_on_a_map_made_as_large_ones_are(
    codes: NDArray[np.float32], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tsne, "LARGE_MAP", len(codes))
    assert_three_clouds(fit_tsne(codes, SETTINGS, jobs=1))


def assert_three_clouds(coordinates: NDArray[np.float32]) -> None:
    clouds = coordinates.reshape(3, 50, 2)
    centres = clouds.mean(1)
    nearest = np.linalg.norm(coordinates[:, None] - centres, axis=-1).argmin(1)
    np.testing.assert_array_equal(nearest, np.repeat(np.arange(3), 50))


def test_codes_of_the_map_are_placed_near_themselves_and_new_ones_in_their_cloud(
    codes: NDArray[np.float32], coordinates: NDArray[np.float32]
) -> None:
    old = coordinates.copy()
    anchored = anchor(coordinates, codes, SETTINGS)
    placed = anchored.place(codes[::10])
    np.testing.assert_array_equal(coordinates, old)
    spread = np.linalg.norm(coordinates - coordinates.mean(0), axis=1).mean()
    assert np.linalg.norm(placed - coordinates[::10], axis=1).max() < 0.02 * spread
    fresh = (10 * np.eye(3, 5)).astype(np.float32)
    centres = coordinates.reshape(3, 50, 2).mean(1)
    found = anchored.place(fresh)
    assert np.linalg.norm(found - centres, axis=-1).max() < 0.2 * spread
