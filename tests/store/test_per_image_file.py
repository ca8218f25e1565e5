"""Estimates for every image come back from their file, or the file is named with what is wrong with it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from dlgmm_core.config import ModelConfig, TrainConfig
from dlgmm_core.model.models import build_model
from dlgmm_core.store.checkpoints import PER_IMAGE, Checkpoint, read_checkpoint, save_checkpoint
from dlgmm_core.store.files import CheckpointError, write_tensors
from dlgmm_core.store.per_image import PerImage, load_per_image, save_per_image

RNG = np.random.default_rng(0)
K = 20
FOUND = PerImage(
    RNG.normal(-90, 20, 10_000).astype(np.float32), RNG.dirichlet([0.05] * K, 10_000).astype(np.float32), 100, 7
)
MIXTURE = ModelConfig("dlgmm", 2, K, (0.0,) * K, (1.0,) * K, hidden=4, image_shape=(2, 2))


def saved(folder: Path, config: ModelConfig) -> Checkpoint:
    save_checkpoint(folder, build_model(config).state_dict(), config, TrainConfig(), 1, -1.0)
    return read_checkpoint(folder)


@pytest.fixture
def checkpoint(tmp_path: Path) -> Checkpoint:
    return saved(tmp_path / "one", MIXTURE)


def test_estimates_come_back_to_half_precision_as_probabilities(checkpoint: Checkpoint) -> None:
    assert load_per_image(checkpoint, 10_000) is None
    save_per_image(checkpoint, FOUND)
    assert (checkpoint.folder / PER_IMAGE).stat().st_size < 445_000
    stored = load_per_image(checkpoint, 10_000)
    assert stored is not None and (stored.num_samples, stored.seed) == (100, 7)
    np.testing.assert_array_equal(stored.log_likelihood, FOUND.log_likelihood)
    assert stored.responsibilities is not None and FOUND.responsibilities is not None
    np.testing.assert_allclose(stored.responsibilities, FOUND.responsibilities, atol=1e-3)
    np.testing.assert_allclose(stored.responsibilities.sum(1), 1, atol=1e-6)
    assert load_per_image(replace(checkpoint, digest="0" * 12), 10_000) is None


def test_a_model_without_components_has_no_probabilities(tmp_path: Path) -> None:
    plain = saved(tmp_path / "plain", ModelConfig("gauss-vae", 2, hidden=4, image_shape=(2, 2)))
    save_per_image(plain, replace(FOUND, responsibilities=None))
    stored = load_per_image(plain, 10_000)
    assert stored is not None and stored.responsibilities is None


def changed(**changes: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda tensors: {**tensors, **changes}


PROBABILITIES = torch.full((5, K), 1 / K).half()
DAMAGED: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "no responsibilities": lambda tensors: {"log_likelihood": tensors["log_likelihood"]},
    "no log-likelihood": lambda tensors: {"responsibilities": tensors["responsibilities"]},
    "an infinity": changed(log_likelihood=torch.full((5,), -torch.inf)),
    "a sign lost": changed(log_likelihood=torch.full((5,), 90.0)),
    "another type": changed(log_likelihood=torch.zeros(5, dtype=torch.int64)),
    "other images": changed(log_likelihood=torch.zeros(4)),
    "other components": changed(responsibilities=PROBABILITIES[:, 1:].contiguous()),
    "not a number": changed(responsibilities=PROBABILITIES * torch.nan),
    "negative": changed(responsibilities=torch.tensor([[1.5, -0.5] + [0.0] * (K - 2)] * 5).half()),
    "no sum of one": changed(responsibilities=PROBABILITIES * 1.01),
    "all zero": changed(responsibilities=PROBABILITIES * 0),
}


@pytest.mark.parametrize("kind", DAMAGED)
def test_damaged_values_are_one_sentence_that_names_the_file(checkpoint: Checkpoint, kind: str) -> None:
    tensors = {"log_likelihood": torch.full((5,), -90.0), "responsibilities": PROBABILITIES}
    header = {"weights": checkpoint.digest, "num_samples": 100, "seed": 0}
    write_tensors(checkpoint.folder / PER_IMAGE, tensors, header)
    assert load_per_image(checkpoint, 5) is not None
    write_tensors(checkpoint.folder / PER_IMAGE, DAMAGED[kind](tensors), header)
    with pytest.raises(
        CheckpointError, match=f"{PER_IMAGE} has no valid estimates.*: remove it, and run evaluate again"
    ) as caught:
        load_per_image(checkpoint, 5)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("header", [{}, {"num_samples": 0, "seed": 0}, {"num_samples": 100, "seed": "x"}])
def test_a_damaged_header_is_one_sentence_that_names_the_file(checkpoint: Checkpoint, header: dict[str, Any]) -> None:
    tensors = {"log_likelihood": torch.full((5,), -90.0), "responsibilities": PROBABILITIES}
    write_tensors(checkpoint.folder / PER_IMAGE, tensors, {"weights": checkpoint.digest, **header})
    with pytest.raises(CheckpointError, match=PER_IMAGE):
        load_per_image(checkpoint, 5)


def test_a_file_cut_short_is_one_sentence_that_names_it(checkpoint: Checkpoint) -> None:
    save_per_image(checkpoint, FOUND)
    path = checkpoint.folder / PER_IMAGE
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(CheckpointError, match=PER_IMAGE):
        load_per_image(checkpoint, 10_000)
