"""Maps of codes: one seed, one map; new codes find their place; files come back or say why not."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from dlgmm_core.checkpoints import TSNE, Checkpoint, CheckpointError, read_checkpoint, save_checkpoint, write_tensors
from dlgmm_core.config import ModelConfig, TrainConfig
from dlgmm_core.models import build_model
from dlgmm_core.projection import ProjectionConfig, anchor, fit_tsne, load_map, place, save_map

SETTINGS = ProjectionConfig(perplexity=15, iterations=150, seed=4)


@pytest.fixture(scope="module")
def codes() -> NDArray[np.float32]:
    """Three clouds of 50 codes in five dimensions, far apart."""
    rng = np.random.default_rng(0)
    return (10 * np.repeat(np.eye(3, 5), 50, 0) + rng.normal(size=(150, 5))).astype(np.float32)


@pytest.fixture(scope="module")
def coordinates(codes: NDArray[np.float32]) -> NDArray[np.float32]:
    return fit_tsne(codes, SETTINGS, jobs=1)


@pytest.fixture
def checkpoint(tmp_path: Path) -> Checkpoint:
    config = ModelConfig("gauss-vae", 2, hidden=4, data_dim=4)
    save_checkpoint(tmp_path / "one", build_model(config).state_dict(), config, TrainConfig(), 1, -1.0)
    return read_checkpoint(tmp_path / "one")


def test_the_same_seed_gives_the_same_map(codes: NDArray[np.float32], coordinates: NDArray[np.float32]) -> None:
    heard: list[float] = []
    again = fit_tsne(codes, SETTINGS, jobs=1, progress=heard.append)
    np.testing.assert_array_equal(again, coordinates)
    assert again.shape == (150, 2) and again.dtype == np.float32
    assert heard == sorted(heard) and heard[0] > 0 and heard[-1] == 1.0


def test_clouds_of_codes_stay_apart_on_the_map(coordinates: NDArray[np.float32]) -> None:
    clouds = coordinates.reshape(3, 50, 2)
    centres = clouds.mean(1)
    nearest = np.linalg.norm(coordinates[:, None] - centres, axis=-1).argmin(1)
    np.testing.assert_array_equal(nearest, np.repeat(np.arange(3), 50))


def test_codes_of_the_map_are_placed_near_themselves_and_new_ones_in_their_cloud(
    codes: NDArray[np.float32], coordinates: NDArray[np.float32]
) -> None:
    old = coordinates.copy()
    anchored = anchor(coordinates, codes, SETTINGS)
    placed = place(anchored, coordinates, codes[::10])
    np.testing.assert_array_equal(coordinates, old)
    spread = np.linalg.norm(coordinates - coordinates.mean(0), axis=1).mean()
    assert np.linalg.norm(placed - coordinates[::10], axis=1).max() < 0.02 * spread
    fresh = (10 * np.eye(3, 5)).astype(np.float32)
    centres = coordinates.reshape(3, 50, 2).mean(1)
    found = place(anchored, coordinates, fresh)
    assert np.linalg.norm(found - centres, axis=-1).max() < 0.2 * spread


def test_a_map_comes_back_with_its_settings(checkpoint: Checkpoint, coordinates: NDArray[np.float32]) -> None:
    assert load_map(checkpoint) is None
    save_map(checkpoint, coordinates, SETTINGS)
    stored = load_map(checkpoint)
    assert stored is not None
    np.testing.assert_array_equal(stored[0], coordinates)
    assert stored[1] == SETTINGS


def test_a_map_of_other_weights_is_none(checkpoint: Checkpoint, coordinates: NDArray[np.float32]) -> None:
    save_map(checkpoint, coordinates, SETTINGS)
    assert load_map(replace(checkpoint, digest="0" * 12)) is None


@pytest.mark.parametrize("kind", ["truncated", "text", "no coordinates", "no settings", "strange settings"])
def test_a_damaged_map_is_an_error_that_names_the_file(
    checkpoint: Checkpoint, coordinates: NDArray[np.float32], kind: str
) -> None:
    save_map(checkpoint, coordinates, SETTINGS)
    path = checkpoint.folder / TSNE
    content = path.read_bytes()
    header = {"weights": checkpoint.digest}
    if kind == "truncated":
        path.write_bytes(content[: len(content) // 2])
    elif kind == "text":
        path.write_text("a map")
    elif kind == "no coordinates":
        write_tensors(path, {}, {**header, "settings": {}})
    elif kind == "no settings":
        write_tensors(path, {}, header)
    else:
        write_tensors(path, {}, {**header, "settings": {"colour": "red"}})
    with pytest.raises(CheckpointError, match=TSNE):
        load_map(checkpoint)
