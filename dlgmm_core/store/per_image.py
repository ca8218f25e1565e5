"""What one pass of importance sampling found for every test image, as a file in a checkpoint's folder.

The estimator is in `dlgmm_core.evaluate.per_image`. Probabilities are stored in float16, whose rounding changes the sum
of a row by less than 1e-3: 10,000 images of 20 components take 0.4 MB.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dlgmm_core.checks import COUNT, SEED
from dlgmm_core.model.models import MODELS
from dlgmm_core.runtime.files import brief
from dlgmm_core.store.checkpoints import (
    HIGHEST_LOG_LIKELIHOOD,
    MEASURE_AGAIN,
    PER_IMAGE,
    Checkpoint,
    has_tensors_of,
    read_tensors_of,
)
from dlgmm_core.store.files import CheckpointError, write_tensors

__all__ = ["PerImage", "has_per_image", "load_per_image", "save_per_image"]

TOLERANCE = 1e-3  # of the sum of an image's probabilities


@dataclass(frozen=True)
class PerImage:
    """Estimates for each of N images.

    Attributes:
        log_likelihood: (N,) log p-hat(x), nats.
        responsibilities: (N, K) p(k|x), whose rows sum to one; None for a model without components.
        num_samples: S, draws of each image.
        seed: of all draws.
    """

    log_likelihood: NDArray[np.float32]
    responsibilities: NDArray[np.float32] | None
    num_samples: int
    seed: int


def save_per_image(checkpoint: Checkpoint, found: PerImage) -> None:
    """Writes the estimates for the test set of the data that the checkpoint was trained on.

    Raises:
        StorageError: if they cannot be written.
    """
    tensors = {"log_likelihood": torch.from_numpy(found.log_likelihood)}
    if found.responsibilities is not None:
        tensors["responsibilities"] = torch.from_numpy(found.responsibilities).half()
    header = {"weights": checkpoint.digest, "num_samples": found.num_samples, "seed": found.seed}
    write_tensors(checkpoint.folder / PER_IMAGE, tensors, header)


def load_per_image(checkpoint: Checkpoint, count: int | None) -> PerImage | None:
    """The stored estimates; None if there are none of these weights.

    Args:
        checkpoint: whose folder is read.
        count: N, the images of the test set; None takes as many as the file has.

    Raises:
        CheckpointError: if the file is damaged, or of another number of images or components.
    """
    if (stored := read_tensors_of(checkpoint, PER_IMAGE, MEASURE_AGAIN)) is None:
        return None
    tensors, header = stored
    try:
        log_likelihood, num_samples, seed = tensors["log_likelihood"], header["num_samples"], header["seed"]
        COUNT.require("num_samples", num_samples)
        SEED.require("seed", seed)
        count = len(log_likelihood) if count is None else count
        _require(log_likelihood, torch.float32, (count,), "log_likelihood")
        if (log_likelihood > HIGHEST_LOG_LIKELIHOOD).any():
            raise ValueError(f"log_likelihood has {log_likelihood.max():g} nats, and log p(x) is never positive")
        probabilities = None
        if MODELS[checkpoint.model_config.model].has_components:
            probabilities = _probabilities(tensors["responsibilities"], count, checkpoint.model_config.num_components)
        return PerImage(log_likelihood.numpy(), probabilities, num_samples, seed)
    except (KeyError, ValueError) as error:
        raise CheckpointError(
            f"{checkpoint.folder / PER_IMAGE} has no valid estimates ({brief(error)}): {MEASURE_AGAIN}."
        ) from error


def has_per_image(checkpoint: Checkpoint) -> bool:
    """Whether there is a file of these weights; its values are not read.

    Raises:
        CheckpointError: if the file is damaged.
    """
    return has_tensors_of(checkpoint, PER_IMAGE, MEASURE_AGAIN)


def _probabilities(stored: Tensor, count: int, k: int) -> NDArray[np.float32]:
    _require(stored, torch.float16, (count, k), "responsibilities")
    found = stored.float()
    total = found.sum(1, keepdim=True)
    if (found < 0).any() or ((total - 1).abs() > TOLERANCE).any():
        raise ValueError("responsibilities are not probabilities that sum to one")
    return (found / total).numpy()


def _require(tensor: Tensor, dtype: torch.dtype, shape: tuple[int, ...], name: str) -> None:
    if tensor.dtype != dtype or tensor.shape != shape:
        raise ValueError(f"{name} has shape {tuple(tensor.shape)} of {tensor.dtype}, not {shape} of {dtype}")
    if not tensor.isfinite().all():
        raise ValueError(f"{name} is not finite")
