"""A t-SNE map as a file in a checkpoint's folder: coordinates, and the settings of t-SNE.

What reads a map needs nothing of what fits one, which is in `dlgmm_core.analysis.tsne` and takes its time to load.
"""

import math
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from dlgmm_core.checks import COUNT, SEED, ConfigError
from dlgmm_core.runtime.files import brief
from dlgmm_core.store.checkpoints import TSNE, Checkpoint, has_tensors_of, read_tensors_of
from dlgmm_core.store.files import CheckpointError, read_header, write_tensors

__all__ = [
    "LEAST_PERPLEXITY",
    "MAP_AGAIN",
    "ProjectionConfig",
    "has_map",
    "is_no_map",
    "load_map",
    "most_perplexity",
    "save_map",
    "usual_perplexity",
]

MAP_AGAIN = "remove it, and run map again"


LEAST_PERPLEXITY = 2.0


@dataclass(frozen=True)
class ProjectionConfig:
    """Settings of t-SNE, to be reported with the map."""

    perplexity: float = 30.0
    iterations: int = 500
    seed: int = 0

    def __post_init__(self) -> None:
        """Checks what does not depend on the number of codes."""
        if not LEAST_PERPLEXITY <= self.perplexity < math.inf:
            raise ConfigError(f"⟨perplexity⟩ must be a number from {LEAST_PERPLEXITY:g}, not {self.perplexity:g}.")
        COUNT.require("⟨iterations⟩", self.iterations)
        SEED.require("⟨seed⟩", self.seed)

    def check(self, count: int) -> None:
        """Checks the perplexity: t-SNE uses three times as many neighbours, and openTSNE would lower it silently.

        Raises:
            ConfigError: if the settings are invalid for `count` codes.
        """
        if (most := most_perplexity(count)) < LEAST_PERPLEXITY:
            raise ConfigError(f"A map needs at least 7 test images, and there are {count}: give the data set more.")
        if self.perplexity > (count - 1) / 3:  # not rounded, as in maps that are stored already
            raise ConfigError(
                f"⟨perplexity⟩ must be a number from {LEAST_PERPLEXITY:g} to {most:g} for"
                f" {count:,} images, not {self.perplexity:g}."
            )


def most_perplexity(count: int) -> float:
    """The largest perplexity for so many codes, to two decimals: t-SNE uses three times as many neighbours."""
    return math.floor(100 * (count - 1) / 3) / 100


def usual_perplexity(count: int) -> float:
    """The perplexity of a map of so many codes, unless another is asked for; 2 where they are too few for a map."""
    return max(LEAST_PERPLEXITY, min(ProjectionConfig.perplexity, most_perplexity(count)))


def save_map(
    checkpoint: Checkpoint, coordinates: NDArray[np.float32], config: ProjectionConfig, path: Path | None = None
) -> None:
    """Writes the map of the test set's mean codes (N, 2), with the digest of the weights.

    Args:
        checkpoint: whose codes they are.
        coordinates: (N, 2).
        config: the settings.
        path: of the file; by default in the checkpoint's folder.

    Raises:
        StorageError: if it cannot be written.
    """
    header = {"weights": checkpoint.digest, "settings": asdict(config)}
    write_tensors(path or checkpoint.folder / TSNE, {"coordinates": torch.from_numpy(coordinates)}, header)


def has_map(checkpoint: Checkpoint) -> bool:
    """Whether there is a map of these weights in the checkpoint's folder; its values are not read.

    Raises:
        CheckpointError: if the file is damaged.
    """
    return has_tensors_of(checkpoint, TSNE, MAP_AGAIN)


def is_no_map(path: Path) -> bool:
    """Whether a file of this program lies there that is no map, such as the weights of a model."""
    try:
        return "settings" not in read_header(path)
    except CheckpointError:
        return False


def load_map(
    checkpoint: Checkpoint, count: int | None, path: Path | None = None
) -> tuple[NDArray[np.float32], ProjectionConfig] | None:
    """The stored map (N, 2) and its settings; None if there is none of these weights.

    Args:
        checkpoint: whose map it is.
        count: N, the images of the test set; None takes as many as the file has.
        path: of the file; by default in the checkpoint's folder.

    Raises:
        CheckpointError: if the file is damaged, or of another number of images.
    """
    if (stored := read_tensors_of(checkpoint, path or TSNE, MAP_AGAIN)) is None:
        return None
    tensors, header = stored
    try:
        coordinates, settings = tensors["coordinates"], ProjectionConfig(**header["settings"])
        if coordinates.dtype != torch.float32 or coordinates.shape[1:] != (2,) or not coordinates.isfinite().all():
            raise ValueError("its coordinates are not pairs of finite numbers")
        count = len(coordinates) if count is None else count
        if len(coordinates) != count:
            raise ValueError(f"it has {len(coordinates)} points for {count} images")
        settings.check(count)
        return coordinates.numpy(), settings
    except (KeyError, OverflowError, TypeError, ValueError) as error:
        raise CheckpointError(
            f"{path or checkpoint.folder / TSNE} is not a valid map ({brief(error)}): {MAP_AGAIN}."
        ) from error
