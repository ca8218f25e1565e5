"""Maps of codes in the plane by t-SNE, and the place of a new code on a finished map.

openTSNE with exact neighbours and a fixed seed: the same codes give the same map. A stored map is
its coordinates; the neighbourhoods that `place` needs are computed again from the codes.

References:
    L. van der Maaten and G. Hinton, "Visualizing data using t-SNE", JMLR 2008.
    P. Policar, M. Strazar and B. Zupan, "openTSNE", Journal of Statistical Software, 2024.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from openTSNE import TSNE, TSNEEmbedding
from openTSNE.affinity import PerplexityBasedNN

from dlgmm_core.checkpoints import TSNE as TSNE_FILE
from dlgmm_core.checkpoints import Checkpoint, CheckpointError, read_tensors, write_tensors

__all__ = ["ProjectionConfig", "fit_tsne", "load_map", "place", "save_map"]

EARLY_EXAGGERATION_ITERATIONS = 250


@dataclass(frozen=True)
class ProjectionConfig:
    """Settings of a map: what must be printed beside it."""

    perplexity: float = 30.0
    iterations: int = 500
    seed: int = 0


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
    """
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


def place(
    coordinates: NDArray[np.float32],
    codes: NDArray[np.float32],
    new_codes: NDArray[np.float32],
    config: ProjectionConfig,
    jobs: int = -1,
) -> NDArray[np.float32]:
    """(M, 2) coordinates of new codes (M, D) on a map (N, 2) of `codes` (N, D), which stays as it is."""
    affinities = PerplexityBasedNN(
        codes.astype(np.float64), perplexity=config.perplexity, method="exact", n_jobs=jobs, random_state=config.seed
    )
    embedding = TSNEEmbedding(coordinates.astype(np.float64), affinities, n_jobs=jobs, random_state=config.seed)
    centre = (coordinates.max(0) + coordinates.min(0)) / 2  # `transform` moves the whole map there, and leaves it there
    return np.asarray(embedding.transform(new_codes.astype(np.float64)) + centre, dtype=np.float32)


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
        settings: dict[str, Any] = header["settings"]
        return tensors["coordinates"].numpy(), ProjectionConfig(**settings)
    except (KeyError, TypeError) as error:
        raise CheckpointError(f"{path} is not a map ({error}): run evaluate again.") from error
