"""Maps of codes: one seed, one map; new codes find their place."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from openTSNE import TSNEEmbedding

from dlgmm_core.analysis import tsne
from dlgmm_core.analysis.tsne import LARGE_MAP, anchor, fit_tsne
from dlgmm_core.evaluate.likelihood import EvaluationError
from dlgmm_core.store.tsne_map import ProjectionConfig

SETTINGS = ProjectionConfig(perplexity=15, iterations=150, seed=4)


@pytest.fixture(scope="module")
def codes() -> NDArray[np.float32]:
    """Three clouds of 50 codes in five dimensions, far apart."""
    rng = np.random.default_rng(0)
    return (10 * np.repeat(np.eye(3, 5), 50, 0) + rng.normal(size=(150, 5))).astype(np.float32)


@pytest.fixture(scope="module")
def coordinates(codes: NDArray[np.float32]) -> NDArray[np.float32]:
    return fit_tsne(codes, SETTINGS)


def test_the_same_seed_gives_the_same_map(codes: NDArray[np.float32], coordinates: NDArray[np.float32]) -> None:
    heard: list[float] = []
    again = fit_tsne(codes, SETTINGS, progress=heard.append)
    np.testing.assert_array_equal(again, coordinates)
    assert again.shape == (150, 2) and again.dtype == np.float32
    assert heard == sorted(heard) and heard[0] > 0 and heard[-1] == 1.0


def test_a_map_has_the_iterations_it_was_asked_for(codes: NDArray[np.float32], monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[int] = []
    optimize = TSNEEmbedding.optimize

    def counted(self: TSNEEmbedding, n_iter: int, **settings: object) -> object:
        steps.append(n_iter)
        return optimize(self, n_iter, **settings)

    monkeypatch.setattr(TSNEEmbedding, "optimize", counted)
    for threshold in (LARGE_MAP, 150):  # beyond it the descent has other stretches
        monkeypatch.setattr(tsne, "LARGE_MAP", threshold)
        for iterations in (1, 2, 37):
            steps.clear()
            fit_tsne(codes, replace(SETTINGS, iterations=iterations))
            assert sum(steps) == iterations and min(steps) > 0, (threshold, iterations)


def test_a_map_is_computed_by_as_many_threads_as_pytorch_uses(
    codes: NDArray[np.float32], monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[object] = []
    optimize = TSNEEmbedding.optimize

    def watched(self: TSNEEmbedding, *arguments: object, **settings: object) -> object:
        threads.extend((self.affinities.n_jobs, self.gradient_descent_params["n_jobs"]))
        return optimize(self, *arguments, **settings)

    monkeypatch.setattr(TSNEEmbedding, "optimize", watched)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    fit_tsne(codes, replace(SETTINGS, iterations=1))
    assert threads and set(threads) == {2}


def test_clouds_of_codes_stay_apart_on_the_map(coordinates: NDArray[np.float32]) -> None:
    assert_three_clouds(coordinates)


def test_clouds_of_codes_stay_apart_on_a_map_made_as_large_ones_are(
    codes: NDArray[np.float32], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tsne, "LARGE_MAP", len(codes))
    assert_three_clouds(fit_tsne(codes, SETTINGS))


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


@pytest.mark.parametrize("count", [LARGE_MAP + 1000, 500])
def test_codes_that_are_all_equal_have_no_map(count: int) -> None:
    with pytest.raises(EvaluationError, match="All codes are equal"):
        fit_tsne(np.ones((count, 25), np.float32), ProjectionConfig(30, 50, 0))


@pytest.mark.parametrize("odd", [np.nan, np.inf])
def test_codes_that_are_not_finite_have_no_map_and_no_place_on_one(
    odd: float, codes: NDArray[np.float32], coordinates: NDArray[np.float32]
) -> None:
    damaged = codes.copy()
    damaged[3, 1] = odd
    for work in (
        lambda: fit_tsne(damaged, SETTINGS),
        lambda: anchor(coordinates, damaged, SETTINGS),
        lambda: anchor(coordinates, codes, SETTINGS).place(damaged),
    ):
        with pytest.raises(EvaluationError, match="finite"):
            work()


def test_codes_that_are_too_large_have_no_map(codes: NDArray[np.float32], coordinates: NDArray[np.float32]) -> None:
    for work in (fit_tsne, lambda huge, settings: anchor(coordinates, huge, settings)):
        with pytest.raises(EvaluationError, match="too large"):
            work(np.float32(1e30) * codes, SETTINGS)


@pytest.mark.parametrize("large", [False, True])
def test_a_code_far_away_is_placed_or_refused(
    large: bool, codes: NDArray[np.float32], coordinates: NDArray[np.float32], monkeypatch: pytest.MonkeyPatch
) -> None:
    if large:
        monkeypatch.setattr(tsne, "LARGE_REFERENCE", len(codes))
    anchored = anchor(coordinates, codes, SETTINGS)
    assert np.isfinite(anchored.place(np.full((2, 5), 1e6, np.float32))).all()
    with pytest.raises(EvaluationError, match="too far"):
        anchored.place(np.full((2, 5), 1e30, np.float32))


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("kind", ["two", "copies", "nearly all equal", "one number", "a line", "tiny"])
def test_odd_codes_have_a_map_of_finite_coordinates_and_places_on_it(
    kind: str, large: bool, codes: NDArray[np.float32], monkeypatch: pytest.MonkeyPatch
) -> None:
    if large:
        monkeypatch.setattr(tsne, "LARGE_MAP", len(codes))
    odd = {
        "two": codes[np.arange(150) % 2],
        "copies": codes[np.arange(150) % 40],
        "nearly all equal": np.where(np.arange(150)[:, None] < 148, codes[0], codes),
        "one number": codes[:, :1],
        "a line": codes * np.eye(5, dtype=np.float32)[0],
        "tiny": np.float32(1e-30) * codes,
    }[kind]
    settings = replace(SETTINGS, iterations=30)
    places = fit_tsne(odd, settings)
    assert np.isfinite(places).all()
    assert np.isfinite(anchor(places, odd, settings).place(odd[:5])).all()


def test_a_map_ready_for_new_codes_keeps_nothing_that_only_fitting_needs() -> None:
    codes = np.random.default_rng(0).normal(size=(2000, 5)).astype(np.float32)
    anchored = anchor(codes[:, :2], codes, SETTINGS)
    neighbourhoods = 2000 * 3 * SETTINGS.perplexity * 8  # bytes of one number for every neighbour of every code
    kept = vars(anchored.embedding.affinities).values()
    assert sum(getattr(getattr(each, "data", each), "nbytes", 0) for each in kept) < neighbourhoods
