"""Maps of codes in the plane by t-SNE, and the place of a new code on a finished map.

openTSNE with exact neighbours and a fixed seed: the same codes give the same map. A stored map is
its coordinates; the neighbourhoods that `anchor` needs are computed again from the codes.

References:
    L. van der Maaten and G. Hinton, "Visualizing data using t-SNE", JMLR 2008.
    P. Policar, M. Strazar and B. Zupan, "openTSNE", Journal of Statistical Software, 2024.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from openTSNE import TSNE, TSNEEmbedding
from openTSNE.affinity import PerplexityBasedNN

from dlgmm_core.maps import ProjectionConfig

__all__ = ["AnchoredMap", "anchor", "fit_tsne"]

EARLY_EXAGGERATION_ITERATIONS = 250
LARGE_MAP = 2000  # points


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


@dataclass(frozen=True)
class AnchoredMap:
    """A finished map on which new codes find their place."""

    embedding: TSNEEmbedding
    centre: NDArray[np.float32]

    def place(self, new_codes: NDArray[np.float32]) -> NDArray[np.float32]:
        """(M, 2) places of new codes (M, D) on the map, which stays as it is."""
        # `transform` moves the whole map to the origin, and leaves it there
        return np.asarray(self.embedding.transform(new_codes.astype(np.float64)) + self.centre, dtype=np.float32)


def anchor(
    coordinates: NDArray[np.float32], codes: NDArray[np.float32], config: ProjectionConfig, jobs: int = 1
) -> AnchoredMap:
    """A finished map (N, 2) of `codes` (N, D), ready for new ones; takes seconds, so that callers keep it."""
    affinities = PerplexityBasedNN(
        codes.astype(np.float64), perplexity=config.perplexity, method="exact", n_jobs=jobs, random_state=config.seed
    )
    # On a large map interpolation is eighty times faster than the tree, on a small one it is too coarse.
    embedding = TSNEEmbedding(
        coordinates.astype(np.float64),
        affinities,
        n_jobs=jobs,
        random_state=config.seed,
        negative_gradient_method="fft" if len(coordinates) >= LARGE_MAP else "bh",
    )
    return AnchoredMap(embedding, (coordinates.max(0) + coordinates.min(0)) / 2)
