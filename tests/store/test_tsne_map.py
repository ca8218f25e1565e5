"""Maps on disk come back with their settings, or say why not."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from dlgmm_core.checks import ConfigError
from dlgmm_core.config import ModelConfig, TrainConfig
from dlgmm_core.model.models import build_model
from dlgmm_core.store.checkpoints import TSNE, Checkpoint, read_checkpoint, save_checkpoint
from dlgmm_core.store.files import CheckpointError, write_tensors
from dlgmm_core.store.tsne_map import ProjectionConfig, has_map, load_map, save_map

SETTINGS = ProjectionConfig(perplexity=15, iterations=150, seed=4)
COORDINATES = np.random.default_rng(0).normal(size=(150, 2)).astype(np.float32)


@pytest.fixture
def checkpoint(tmp_path: Path) -> Checkpoint:
    config = ModelConfig("gauss-vae", 2, hidden=4, image_shape=(2, 2))
    save_checkpoint(tmp_path / "one", build_model(config).state_dict(), config, TrainConfig(), 1, -1.0)
    return read_checkpoint(tmp_path / "one")


def test_a_map_comes_back_with_its_settings(checkpoint: Checkpoint) -> None:
    assert load_map(checkpoint, 150) is None and not has_map(checkpoint)
    save_map(checkpoint, COORDINATES, SETTINGS)
    stored = load_map(checkpoint, 150)
    assert stored is not None and has_map(checkpoint)
    np.testing.assert_array_equal(stored[0], COORDINATES)
    assert stored[1] == SETTINGS


def test_a_map_of_other_weights_is_none(checkpoint: Checkpoint) -> None:
    save_map(checkpoint, COORDINATES, SETTINGS)
    other = replace(checkpoint, digest="0" * 12)
    assert load_map(other, 150) is None and not has_map(other)


def test_a_map_of_another_number_of_images_is_an_error_that_says_so(checkpoint: Checkpoint) -> None:
    save_map(checkpoint, COORDINATES, SETTINGS)
    with pytest.raises(CheckpointError, match=f"{TSNE} is not a valid map .*150 points for 151 images.*run map again"):
        load_map(checkpoint, 151)


@pytest.mark.parametrize("kind", ["truncated", "text", "no coordinates", "no settings", "strange settings", "overflow"])
def test_a_damaged_map_is_an_error_that_names_the_file(checkpoint: Checkpoint, kind: str) -> None:
    save_map(checkpoint, COORDINATES, SETTINGS)
    path = checkpoint.folder / TSNE
    content = path.read_bytes()
    header = {"weights": checkpoint.digest}
    if kind == "truncated":
        path.write_bytes(content[: len(content) // 2])
    elif kind == "text":
        path.write_text("a map", encoding="utf-8")
    elif kind == "no coordinates":
        write_tensors(path, {}, {**header, "settings": {}})
    elif kind == "no settings":
        write_tensors(path, {}, header)
    elif kind == "overflow":
        write_tensors(path, {"coordinates": torch.zeros(9, 2)}, {**header, "settings": {"perplexity": 10**400}})
    else:
        write_tensors(path, {}, {**header, "settings": {"colour": "red"}})
    with pytest.raises(CheckpointError, match=TSNE):
        load_map(checkpoint, 150)


@pytest.mark.parametrize(
    ("count", "sentence"),
    [
        (5, "A map needs at least 7 test images, and there are 5: give"),
        (40, "perplexity must be a number from 2 to 13 for 40"),
    ],
)
def test_too_few_images_for_the_perplexity_or_for_any_are_refused(count: int, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        SETTINGS.check(count)
