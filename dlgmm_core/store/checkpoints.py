"""Trained models on disk: one folder each, readable by anything, executable by nothing.

    weights.safetensors   parameters; the configuration is JSON in the file's own header
    history.csv           one line an epoch
    metrics.json          what `evaluate` measured, stamped with the digest of the weights it measured
    tsne.safetensors      a map of the test set, stamped likewise
    training.safetensors  optimiser and current weights, only while training is unfinished

Every file is written as `dlgmm_core.runtime.files` says: whole or not at all. Nothing is ever unpickled, and what a
file says of itself is believed only within limits, so that reading a hostile one ends in an error.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from dlgmm_core.config import ConfigError, ModelConfig, TrainConfig
from dlgmm_core.data.datasets import DATASETS
from dlgmm_core.model.models import LatentVariableModel, build_model, family_of
from dlgmm_core.model.objectives import require_objective
from dlgmm_core.runtime.files import brief, of_one_version, write_atomically
from dlgmm_core.runtime.seeding import seeded
from dlgmm_core.store.files import CheckpointError, file_digest, load_tensors, read_header, read_json, write_tensors

__all__ = [
    "BrokenCheckpoint",
    "Checkpoint",
    "checkpoint_folder",
    "list_checkpoints",
    "load_checkpoint",
    "read_metrics",
    "save_checkpoint",
    "save_metrics",
]

WEIGHTS, HISTORY, METRICS, TSNE, TRAINING = (
    "weights.safetensors",
    "history.csv",
    "metrics.json",
    "tsne.safetensors",
    "training.safetensors",
)
_FIRST_NAMES = {
    "encoder.0.0.": "encoder.0.",
    "encoder.1.sticks.linear.": "layers.0.head.sticks.",
    "encoder.1.": "layers.0.head.",
    "prior_network.": "layers.0.prior.",
    "decoder.logits.weight": "decoder.output.weight",
    "decoder.logits.bias": "decoder.data_bias",
}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")  # fits an address, a file system and a line of text as it is


@dataclass(frozen=True)
class Checkpoint:
    """What the header of a weights file says, without its weights.

    Attributes:
        folder: where it lies; its name is the checkpoint's name.
        model_config, train_config: what was trained, and how.
        epoch: of the weights kept, counted from 1.
        valid_bound: of these weights, nats per image.
        digest: first 12 hex digits of the weights file's SHA-256.
    """

    folder: Path
    model_config: ModelConfig
    train_config: TrainConfig
    epoch: int
    valid_bound: float
    digest: str

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.name


@dataclass(frozen=True)
class BrokenCheckpoint:
    """A folder that should hold a checkpoint, and the sentence that says why it does not."""

    folder: Path
    reason: str

    @property
    def name(self) -> str:
        """The folder's name, with a question mark for what a name may not contain."""
        return re.sub("[^A-Za-z0-9._-]", "?", self.folder.name)[:100]


def checkpoint_folder(root: Path, name: str) -> Path:
    """The folder of the checkpoint of that name, which need not exist.

    Raises:
        CheckpointError: if the name is none: a path, say.
    """
    if not _NAME.fullmatch(name):
        raise CheckpointError(
            f"{name[:100]!r} is no name of a checkpoint: take at most 100 letters, digits, dots, hyphens and"
            " underscores, and begin with a letter or a digit."
        )
    return root / name


def save_checkpoint(
    folder: Path,
    weights: dict[str, Tensor],
    model_config: ModelConfig,
    train_config: TrainConfig,
    epoch: int,
    valid_bound: float,
) -> None:
    """Writes the weights and what they are; see `Checkpoint` for the arguments.

    Raises:
        StorageError: if they cannot be written.
    """
    header = {
        "model": model_config.to_dict(),
        "train": train_config.to_dict(),
        "epoch": epoch,
        "valid_bound": valid_bound,
    }
    write_tensors(folder / WEIGHTS, weights, header)


def read_checkpoint(folder: Path) -> Checkpoint:
    """The description of a checkpoint, without building its model.

    Raises:
        CheckpointError: if the weights file is missing, damaged, foreign or newer.
    """
    path = folder / WEIGHTS
    header, digest = of_one_version(path, lambda: (read_header(path), file_digest(path)))
    try:
        config, train_config = ModelConfig.from_dict(header["model"]), TrainConfig.from_dict(header["train"])
        family_of(config)
        require_objective(train_config.bound)
        if train_config.dataset not in DATASETS:
            raise ConfigError(f"There is no data set {train_config.dataset!r}: choose one of {', '.join(DATASETS)}.")
        return Checkpoint(folder, config, train_config, int(header["epoch"]), float(header["valid_bound"]), digest)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise CheckpointError(f"{path} has a header that makes no sense ({brief(error)}): restore it.") from error


def load_checkpoint(folder: Path, device: str | torch.device = "cpu") -> tuple[LatentVariableModel, Checkpoint]:
    """The trained model, ready for evaluation, and its description.

    Raises:
        CheckpointError: as `read_checkpoint`, and if weights and configuration do not fit, or a weight is no number.
    """
    path = folder / WEIGHTS
    checkpoint, weights = of_one_version(path, lambda: (read_checkpoint(folder), load_tensors(path)))
    try:
        with seeded("cpu", 0):  # the weights drawn here are overwritten; the caller's random state is not
            model = build_model(checkpoint.model_config)
        model.load_state_dict({_current_name(name): weight for name, weight in weights.items()})
    except (ConfigError, RuntimeError) as error:
        raise CheckpointError(f"{path} holds weights that do not fit its configuration ({brief(error)}).") from error
    if not all(weight.isfinite().all() for weight in model.state_dict().values()):
        raise CheckpointError(f"{path} holds weights that are no finite numbers: restore it, or train again.")
    return model.to(device).eval().requires_grad_(False), checkpoint


def _current_name(name: str) -> str:
    """A parameter's name of today: the first checkpoints are from before models had layers."""
    for old, new in _FIRST_NAMES.items():
        if name.startswith(old):
            return new + name.removeprefix(old)
    return name


def list_checkpoints(root: Path) -> list[Checkpoint | BrokenCheckpoint]:
    """Every folder of `root` that holds a checkpoint, or should, in order of name.

    A run that has not finished its first epoch has no weights yet and is left out.
    """
    found: list[Checkpoint | BrokenCheckpoint] = []
    for folder in sorted(root.iterdir()) if root.is_dir() else []:
        if (folder / WEIGHTS).exists() or _has_lost_its_weights(folder):
            try:
                found.append(read_checkpoint(checkpoint_folder(root, folder.name)))
            except CheckpointError as error:
                found.append(BrokenCheckpoint(folder, str(error)))
    return found


def _has_lost_its_weights(folder: Path) -> bool:
    return not (folder / TRAINING).exists() and any((folder / name).exists() for name in (HISTORY, METRICS))


def save_metrics(checkpoint: Checkpoint, metrics: dict[str, Any]) -> None:
    """Writes `metrics.json`, stamped with the weights it is about.

    Raises:
        StorageError: if it cannot be written.
    """
    text = json.dumps({"weights": checkpoint.digest, **metrics}, indent=2)
    write_atomically(checkpoint.folder / METRICS, (text + "\n").encode())


def read_metrics(checkpoint: Checkpoint) -> dict[str, Any]:
    """What `evaluate` measured on exactly these weights; empty if it has not, or on other ones.

    Raises:
        CheckpointError: if the file is damaged.
    """
    path = checkpoint.folder / METRICS
    if not path.exists():
        return {}
    metrics = read_json(path, "run evaluate again")
    tests = metrics.get("test", {}) if isinstance(metrics, dict) else None
    if not isinstance(tests, dict) or not all(isinstance(figures, dict) for figures in tests.values()):
        raise CheckpointError(f"{path} is damaged (it holds no measurements): run evaluate again.")
    return metrics if metrics.get("weights") == checkpoint.digest else {}
