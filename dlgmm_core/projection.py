"""Maps of codes in the plane by t-SNE, and the place of a new code on a finished map.

openTSNE with exact neighbours and a fixed seed: the same codes give the same map. A stored map is
its coordinates; the neighbourhoods that `anchor` needs are computed again from the codes.

References:
    L. van der Maaten and G. Hinton, "Visualizing data using t-SNE", JMLR 2008.
    P. Policar, M. Strazar and B. Zupan, "openTSNE", Journal of Statistical Software, 2024.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from openTSNE import TSNE, TSNEEmbedding
from openTSNE.affinity import PerplexityBasedNN

from dlgmm_core.checkpoints import TSNE as TSNE_FILE
from dlgmm_core.checkpoints import Checkpoint, CheckpointError, read_tensors, write_tensors
from dlgmm_core.config import ConfigError
from dlgmm_core.untrusted import brief

__all__ = ["ProjectionConfig", "anchor", "fit_tsne", "load_map", "place", "save_map"]

EARLY_EXAGGERATION_ITERATIONS = 250
LARGE_MAP = 2000  # points


@dataclass(frozen=True)
class ProjectionConfig:
    """Settings of a map: what must be printed beside it."""

    perplexity: float = 30.0
    iterations: int = 500
    seed: int = 0

    def check(self, count: int) -> None:
        """Three times the perplexity is the number of neighbours looked at; openTSNE would lower it in silence.

        Raises:
            ConfigError: if the settings make no map of `count` codes.
        """
        most = (count - 1) / 3
        if not 2 <= self.perplexity <= most:
            raise ConfigError(
                f"perplexity must be a number from 2 to {most:g} for {count} images, not {self.perplexity:g}."
            )
        if self.iterations < 1:
            raise ConfigError(f"iterations must be a whole number above 0, not {self.iterations}.")
        if not 0 <= self.seed < 2**32:
            raise ConfigError(f"seed must be a whole number from 0 to {2**32 - 1}, not {self.seed}.")


def fit_tsne(
    codes: NDArray[np.float32],
    config: ProjectionConfig,
    jobs: int = -1,
    progress: Callable[[float], None] | None = None,
) -> NDArray[np.float32]:
    """(N, 2) coordinates of codes (N, D), without unit.

    Args:
        codes: of the test set, usually posterior means.
        config: settings.
        jobs: processor cores; -1 for all.
        progress: told the fraction done about every twenty-fifth iteration.

    Raises:
        ConfigError: as `ProjectionConfig.check`.
    """
    config.check(len(codes))
    total = EARLY_EXAGGERATION_ITERATIONS + config.iterations
    done = [0]

    def report(iteration: int, error: float, embedding: NDArray[np.float64]) -> None:
        done[0] += 25
        if progress is not None:
            progress(min(1.0, done[0] / total))

    tsne = TSNE(
        perplexity=config.perplexity,
        early_exaggeration_iter=EARLY_EXAGGERATION_ITERATIONS,
        n_iter=config.iterations,
        neighbors="exact",
        n_jobs=jobs,
        random_state=config.seed,
        callbacks=[report],
        callbacks_every_iters=25,
    )
    return np.asarray(tsne.fit(codes.astype(np.float64)), dtype=np.float32)


def anchor(
    coordinates: NDArray[np.float32], codes: NDArray[np.float32], config: ProjectionConfig, jobs: int = 1
) -> TSNEEmbedding:
    """A finished map (N, 2) of `codes` (N, D), ready for `place`; takes seconds, so that callers keep it."""
    affinities = PerplexityBasedNN(
        codes.astype(np.float64), perplexity=config.perplexity, method="exact", n_jobs=jobs, random_state=config.seed
    )
    # On a large map interpolation is eighty times faster than the tree, on a small one it is too coarse.
    return TSNEEmbedding(
        coordinates.astype(np.float64),
        affinities,
        n_jobs=jobs,
        random_state=config.seed,
        negative_gradient_method="fft" if len(coordinates) >= LARGE_MAP else "bh",
    )


def place(
    anchored: TSNEEmbedding, coordinates: NDArray[np.float32], new_codes: NDArray[np.float32]
) -> NDArray[np.float32]:
    """(M, 2) places of new codes (M, D) on the map (N, 2) that was anchored, which stays as it is."""
    centre = (coordinates.max(0) + coordinates.min(0)) / 2  # `transform` moves the whole map there, and leaves it there
    return np.asarray(anchored.transform(new_codes.astype(np.float64)) + centre, dtype=np.float32)


def save_map(checkpoint: Checkpoint, coordinates: NDArray[np.float32], config: ProjectionConfig) -> None:
    """Writes the map of the test set's mean codes, stamped with the weights it is about."""
    header = {"weights": checkpoint.digest, "settings": asdict(config)}
    write_tensors(checkpoint.folder / TSNE_FILE, {"coordinates": torch.from_numpy(coordinates)}, header)


def load_map(checkpoint: Checkpoint) -> tuple[NDArray[np.float32], ProjectionConfig] | None:
    """The stored map and its settings; None if there is none, or one of other weights.

    Raises:
        CheckpointError: if the file is damaged.
    """
    path = checkpoint.folder / TSNE_FILE
    if not path.exists():
        return None
    tensors, header = read_tensors(path)
    if header.get("weights") != checkpoint.digest:
        return None
    try:
        coordinates, settings = tensors["coordinates"], ProjectionConfig(**header["settings"])
        if coordinates.dtype != torch.float32 or coordinates.shape[1:] != (2,) or not coordinates.isfinite().all():
            raise ValueError("its coordinates are no pairs of finite numbers")
        settings.check(len(coordinates))
        return coordinates.numpy(), settings
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"{path} is not a map ({brief(error)}): run evaluate again.") from error
