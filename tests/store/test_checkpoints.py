"""What is saved comes back, weights and metrics alike, and a save that fails harms nothing."""

import errno
import os
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from dlgmm_core.config import ModelConfig
from dlgmm_core.model.models import build_model
from dlgmm_core.model.objectives import elbo
from dlgmm_core.runtime.files import StorageError
from dlgmm_core.store.checkpoints import (
    METRICS,
    WEIGHTS,
    load_checkpoint,
    read_checkpoint,
    read_metrics,
    save_checkpoint,
    save_metrics,
)
from dlgmm_core.store.files import CheckpointError, read_tensors, write_tensors
from tests.checkpoint_helpers import CONFIG, TRAIN, save

# --- round trip --------------------------------------------------------------------------------


def test_a_model_comes_back_with_equal_outputs(config: ModelConfig, tmp_path: Path) -> None:
    original = save(tmp_path / "it", config)
    model, checkpoint = load_checkpoint(tmp_path / "it")
    x = torch.bernoulli(torch.full((5, 4), 0.5))
    bounds = []
    for each in (original, model):
        torch.manual_seed(1)
        bounds.append(elbo(each, x, "mixture", 3))
    assert torch.equal(*bounds)
    assert (checkpoint.model_config, checkpoint.train_config) == (config, TRAIN)
    assert (checkpoint.epoch, checkpoint.valid_bound, checkpoint.name) == (7, -1.25, "it")


def test_a_loaded_model_is_ready_for_evaluation(tmp_path: Path) -> None:
    save(tmp_path)
    model, _ = load_checkpoint(tmp_path)
    assert not model.training and not any(p.requires_grad for p in model.parameters())


def test_the_digest_follows_the_weights_and_nothing_else(tmp_path: Path) -> None:
    model = build_model(CONFIG)
    digests = []
    for name in "ab":
        save_checkpoint(tmp_path / name, model.state_dict(), CONFIG, TRAIN, 1, -1.0)
        digests.append(read_checkpoint(tmp_path / name).digest)
    with torch.no_grad():
        model.decoder.data_bias[0] += 1e-6
    save_checkpoint(tmp_path / "c", model.state_dict(), CONFIG, TRAIN, 1, -1.0)
    assert digests[0] == digests[1] != read_checkpoint(tmp_path / "c").digest
    assert len(digests[0]) == 12


def test_tensors_and_header_come_back_even_from_a_transposed_view(tmp_path: Path) -> None:
    tensor = torch.randn(3, 5).T
    write_tensors(tmp_path / "map.safetensors", {"t": tensor}, {"seed": 4})
    tensors, found = read_tensors(tmp_path / "map.safetensors")
    assert torch.equal(tensors["t"], tensor) and found["seed"] == 4


def test_files_are_readable_by_everybody(tmp_path: Path) -> None:
    save(tmp_path)
    assert (tmp_path / WEIGHTS).stat().st_mode & 0o777 == 0o644


# --- writing -----------------------------------------------------------------------------------


def test_a_save_that_fails_leaves_the_old_file_alone_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(tmp_path)
    before = (tmp_path / WEIGHTS).read_bytes()

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)  # some disks are full only then
        with pytest.raises(StorageError, match=rf"{WEIGHTS} cannot be written \(No space left on device\): make room"):
            save(tmp_path, epoch=8)
    assert (tmp_path / WEIGHTS).read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == [WEIGHTS]
    assert read_checkpoint(tmp_path).epoch == 7


# --- metrics -----------------------------------------------------------------------------------


def test_metrics_come_back_for_the_weights_they_measured_and_no_others(tmp_path: Path) -> None:
    save(tmp_path)
    checkpoint = read_checkpoint(tmp_path)
    assert read_metrics(checkpoint) == {}
    save_metrics(checkpoint, {"nll": 86.5, "seed": 1})
    assert read_metrics(checkpoint) == {"weights": checkpoint.digest, "nll": 86.5, "seed": 1}
    save(tmp_path)  # other weights in the same folder
    retrained = read_checkpoint(tmp_path)
    assert retrained.digest != checkpoint.digest
    assert read_metrics(retrained) == {}
    assert read_metrics(replace(retrained, digest=checkpoint.digest))["nll"] == 86.5


@pytest.mark.parametrize("content", [b"{", b"5", b"\xff\xfe"])
def test_damaged_metrics_are_an_error_that_names_the_file(content: bytes, tmp_path: Path) -> None:
    save(tmp_path)
    (tmp_path / METRICS).write_bytes(content)
    with pytest.raises(CheckpointError, match=METRICS):
        read_metrics(read_checkpoint(tmp_path))
