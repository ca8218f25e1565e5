"""The weights in the middle of an epoch, for those who watch a run: no checkpoint, and nothing to resume from.

An epoch takes seconds to minutes, and a model changes most in its first ones.
"""

import time
from contextlib import suppress
from pathlib import Path

import torch

from dlgmm_core.config import ModelConfig
from dlgmm_core.model.models import LatentVariableModel, build_model
from dlgmm_core.runtime.files import StorageError, brief, remove
from dlgmm_core.runtime.seeding import seeded
from dlgmm_core.store.checkpoints import PREVIEW
from dlgmm_core.store.files import CheckpointError, is_file, read_tensors, write_tensors
from dlgmm_core.train.training import TrainingRun

__all__ = ["Previews", "read_preview"]

_REMEDY = "remove it"


class Previews:
    """Writes the weights of a run into its folder now and then."""

    def __init__(self, run: TrainingRun, folder: Path, every: float) -> None:
        """The run, its folder, and the seconds between two previews."""
        self.run, self.folder, self.every = run, folder, every
        self._last = time.monotonic()

    def after_step(self, step: int, steps: int) -> None:
        """Writes the weights if it is time to; training goes on if they cannot be written."""
        if time.monotonic() - self._last < self.every:
            return
        model, epochs = self.run.model, len(self.run.history) + step / steps
        with suppress(StorageError):
            header = {"model": model.config.to_dict(), "epochs": epochs}
            write_tensors(self.folder / PREVIEW, model.state_dict(), header)
        self._last = time.monotonic()

    def end(self) -> None:
        """Removes them."""
        with suppress(StorageError):
            remove(self.folder / PREVIEW)


def read_preview(folder: Path) -> tuple[LatentVariableModel, float] | None:
    """The model as it was a moment ago, and how many epochs it had been trained for; None if there is no preview.

    Raises:
        CheckpointError: if the file is damaged.
    """
    path = folder / PREVIEW
    if not is_file(path, _REMEDY):
        return None
    tensors, header = read_tensors(path, _REMEDY)
    try:
        with seeded("cpu", 0):  # protects what others draw meanwhile; the weights drawn here are overwritten
            model, epochs = build_model(ModelConfig.from_dict(header["model"])), float(header["epochs"])
        if not all(torch.isfinite(tensor).all() for tensor in tensors.values()) or not epochs > 0:
            raise ValueError("a number in it is not finite")
        model.load_state_dict(tensors)
    except (KeyError, OverflowError, TypeError, ValueError, RuntimeError) as error:
        raise CheckpointError(f"{path} is damaged ({brief(error)}): {_REMEDY}.") from error
    return model, epochs
