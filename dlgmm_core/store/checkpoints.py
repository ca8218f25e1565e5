"""Trained models on disk: one folder per checkpoint, in formats that contain no code.

    weights.safetensors   parameters; the configuration is JSON in the file's header
    history.csv           one line per epoch
    metrics.json          measurements by `evaluate`, with the digest of the weights that were measured
    tsne.safetensors      a t-SNE map of the test set, with the digest of the weights too
    per-image.safetensors log p(x) and p(k|x) of every test image, with the digest of the weights too
    posteriors.json       modes of the posteriors of some test images, if codes have two numbers, with the digest too
    training.safetensors  optimiser state and current weights, only while training is unfinished
    preview.safetensors   weights of the current epoch, only while somebody watches the training

Every file is written atomically (`dlgmm_core.runtime.files`). Nothing is unpickled, and sizes that a file states are
checked against limits, so that reading a malicious file ends in an error.
"""

import json
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from dlgmm_core.checks import ConfigError
from dlgmm_core.config import ModelConfig, TrainConfig
from dlgmm_core.data.own import require_name
from dlgmm_core.data.sources import DataError
from dlgmm_core.model.models import LatentVariableModel, build_model, family_of
from dlgmm_core.model.objectives import require_objective
from dlgmm_core.runtime.files import brief, of_one_version, write_atomically
from dlgmm_core.runtime.seeding import seeded
from dlgmm_core.store.card import model_card
from dlgmm_core.store.files import (
    RESTORE,
    CheckpointError,
    file_digest,
    is_file,
    load_tensors,
    read_header,
    read_json,
    read_tensors,
    write_tensors,
)

__all__ = [
    "Checkpoint",
    "has_tensors_of",
    "load_checkpoint",
    "read_checkpoint",
    "read_metrics",
    "read_sound",
    "read_tensors_of",
    "save_checkpoint",
    "save_metrics",
]

WEIGHTS, HISTORY, METRICS, TSNE, PER_IMAGE, POSTERIORS, TRAINING, PREVIEW = (
    "weights.safetensors",
    "history.csv",
    "metrics.json",
    "tsne.safetensors",
    "per-image.safetensors",
    "posteriors.json",
    "training.safetensors",
    "preview.safetensors",
)
MEASURE_AGAIN = "remove it, and run evaluate again"
# Nats. E[p-hat(x)] = p(x) <= 1, so by Markov's inequality an estimate is above with a probability below 1e-13.
HIGHEST_LOG_LIKELIHOOD = 30.0
_FIRST_NAMES = {
    "encoder.0.0.": "encoder.0.",
    "encoder.1.sticks.linear.": "layers.0.head.sticks.",
    "encoder.1.": "layers.0.head.",
    "prior_network.": "layers.0.prior.",
    "decoder.logits.weight": "decoder.output.weight",
    "decoder.logits.bias": "decoder.data_bias",
}


@dataclass(frozen=True)
class Checkpoint:
    """The description of a checkpoint, from the header of its weights file.

    Attributes:
        folder: its folder, whose name is the checkpoint's name.
        model_config, train_config: what was trained, and how.
        epoch: of the stored weights, counted from 1.
        valid_bound: of these weights, nats per image.
        digest: first 12 hex digits of the weights file's SHA-256.
        data: the `digest` of the data set that it was trained on; empty in the first checkpoints.
    """

    folder: Path
    model_config: ModelConfig
    train_config: TrainConfig
    epoch: int
    valid_bound: float
    digest: str
    data: str = ""

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.name

    def _repr_html_(self) -> str:
        """In a notebook: a card with what `evaluate` measured of these weights."""
        weights = {
            "weights": f"{self.digest}, of epoch {self.epoch}",
            "validation bound": f"{self.valid_bound:.2f} nats",
        }
        tests: dict[str, Any] | str
        try:
            tests = read_metrics(self).get("test", {})
        except CheckpointError as error:
            tests = str(error)
        return model_card(self.name, self.model_config, self.train_config, weights, tests)


def save_checkpoint(
    folder: Path,
    weights: dict[str, Tensor],
    model_config: ModelConfig,
    train_config: TrainConfig,
    epoch: int,
    valid_bound: float,
    data: str = "",
) -> None:
    """Writes the weights and their description; see `Checkpoint` for the arguments.

    Raises:
        StorageError: if they cannot be written.
    """
    header = {
        "model": model_config.to_dict(),
        "train": train_config.to_dict(),
        "epoch": epoch,
        "valid_bound": valid_bound,
        "data": data,
    }
    write_tensors(folder / WEIGHTS, weights, header)


def read_checkpoint(folder: Path) -> Checkpoint:
    """The description of a checkpoint, without building its model.

    Raises:
        CheckpointError: if the weights file is missing, damaged, from another program or of a newer format.
    """
    path = folder / WEIGHTS
    if not is_file(path, RESTORE) and not os.path.exists(folder):
        raise CheckpointError(f"There is no checkpoint {folder}: choose one that `list` names, or train it first.")
    header, digest = of_one_version(path, lambda: (read_header(path), file_digest(path)))
    try:
        config, train_config = ModelConfig.from_dict(header["model"]), TrainConfig.from_dict(header["train"])
        family_of(config)
        require_objective(train_config.bound)
        require_name(train_config.dataset)
        epoch, bound = header["epoch"], header["valid_bound"]
        if type(epoch) is not int or not 1 <= epoch <= train_config.max_epochs:  # True is an int, too
            raise ValueError(f"epoch must be a whole number from 1 to {train_config.max_epochs}, not {epoch!r}")
        if type(bound) not in (int, float) or not math.isfinite(bound):
            raise ValueError(f"valid_bound must be a finite number, not {bound!r}")
        if bound > HIGHEST_LOG_LIKELIHOOD:
            raise ValueError(f"valid_bound is {bound:g} nats, and log p(x) is never positive")
        if not isinstance(data := header.get("data", ""), str):
            raise ValueError(f"data must be a digest, not {data!r}")
        return Checkpoint(folder, config, train_config, epoch, float(bound), digest, data)
    except (KeyError, TypeError, ValueError, OverflowError, DataError) as error:
        raise CheckpointError(f"{path} has an invalid header ({brief(error)}): {RESTORE}.") from error


def load_checkpoint(folder: str | Path, device: str | torch.device = "cpu") -> tuple[LatentVariableModel, Checkpoint]:
    """The trained model, ready for evaluation, and its description.

    Raises:
        CheckpointError: as `read_checkpoint`, and if weights do not match the configuration or are not finite.
    """
    folder = Path(folder)
    path = folder / WEIGHTS
    checkpoint, weights = read_sound(folder)
    try:
        with seeded("cpu", 0):  # protects the caller's random state; the weights drawn here are overwritten
            model = build_model(checkpoint.model_config)
        model.load_state_dict({_current_name(name): weight for name, weight in weights.items()})
    except (ConfigError, RuntimeError) as error:
        raise CheckpointError(
            f"{path} has weights that do not match its configuration ({brief(error)}): {RESTORE}."
        ) from error
    return model.to(device).eval().requires_grad_(False), checkpoint


def read_sound(folder: Path) -> tuple[Checkpoint, dict[str, Tensor]]:
    """The description of a checkpoint, and its weights, which are finite numbers in float32.

    Raises:
        CheckpointError: as `read_checkpoint`, and if they are not.
    """
    path = folder / WEIGHTS
    checkpoint, weights = of_one_version(path, lambda: (read_checkpoint(folder), load_tensors(path)))
    for name, weight in weights.items():
        if weight.dtype != torch.float32:
            raise CheckpointError(
                f"{path} has weights of another type than float32 ({brief(name)} is {weight.dtype}): {RESTORE}."
            )
        if not weight.sum().isfinite() and not weight.isfinite().all():  # a finite sum tells it sooner
            raise CheckpointError(f"{path} has weights that are not finite: {RESTORE}.")
    return checkpoint, weights


def _current_name(name: str) -> str:
    """The current name of a parameter: the first checkpoints were written before models had layers."""
    for old, new in _FIRST_NAMES.items():
        if name.startswith(old):
            return new + name.removeprefix(old)
    return name


def save_metrics(checkpoint: Checkpoint, metrics: dict[str, Any]) -> None:
    """Writes `metrics.json`, with the digest of the weights that were measured.

    Raises:
        StorageError: if it cannot be written.
    """
    text = json.dumps({"weights": checkpoint.digest, **metrics}, indent=2)
    write_atomically(checkpoint.folder / METRICS, (text + "\n").encode())


def read_metrics(checkpoint: Checkpoint) -> dict[str, Any]:
    """The measurements by `evaluate` of exactly these weights; empty if there are none, or only of other weights.

    Raises:
        CheckpointError: if the file is damaged.
    """
    path = checkpoint.folder / METRICS
    if not is_file(path, MEASURE_AGAIN):
        return {}
    metrics = read_json(path, MEASURE_AGAIN)
    tests = metrics.get("test", {}) if isinstance(metrics, dict) else None
    if not isinstance(tests, dict) or not all(isinstance(figures, dict) for figures in tests.values()):
        raise CheckpointError(f"{path} is damaged (it contains no measurements): {MEASURE_AGAIN}.")
    return metrics if metrics.get("weights") == checkpoint.digest else {}


def has_tensors_of(checkpoint: Checkpoint, name: str, remedy: str) -> bool:
    """Whether `read_tensors_of`, whose arguments these are, finds a file; its values are not read.

    Raises:
        CheckpointError: if the file is damaged.
    """
    path = checkpoint.folder / name
    return is_file(path, remedy) and read_header(path, remedy).get("weights") == checkpoint.digest


def read_tensors_of(
    checkpoint: Checkpoint, name: str | Path, remedy: str
) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
    """Tensors and header of a file that was made of exactly these weights; None if there is none, or only of others.

    Args:
        checkpoint: in whose folder the file lies.
        name: of the file, whose header has the digest of the weights as "weights"; its path if it lies elsewhere.
        remedy: what to do if it is damaged, the end of the error message.

    Raises:
        CheckpointError: if the file is damaged.
    """
    path = checkpoint.folder / name
    if not is_file(path, remedy):
        return None
    tensors, header = read_tensors(path, remedy)
    return (tensors, header) if header.get("weights") == checkpoint.digest else None
