"""t-SNE maps of codes in the plane, and the coordinates of a new code on a finished map.

openTSNE with exact neighbours and a fixed seed: the same codes give the same map. Only the coordinates
of a map are stored; the affinities that `anchor` needs are computed again from the codes.

On a large map most iterations serve to separate clusters, on an interpolation grid that grows with the
map. A phase with exaggeration 0.5 and a coarse grid does this in fewer and cheaper iterations; the last
iterations are as usual. The final KL divergence is equal to or lower than with openTSNE's defaults, in
half the time.

References:
    L. van der Maaten and G. Hinton, "Visualizing data using t-SNE", JMLR 2008.
    G. Linderman et al., "Fast interpolation-based t-SNE", Nature Methods 2019 (the grid).
    P. Policar, M. Strazar and B. Zupan, "openTSNE", Journal of Statistical Software, 2024.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from dlgmm_core.evaluate.likelihood import EvaluationError
from dlgmm_core.store.tsne_map import ProjectionConfig

if TYPE_CHECKING:  # openTSNE takes as long to import as PyTorch, and most commands fit no map
    from openTSNE import TSNEEmbedding
    from openTSNE.affinity import PerplexityBasedNN

__all__ = ["AnchoredMap", "anchor", "fit_tsne"]


@dataclass(frozen=True)
class Phase:
    """A phase of the gradient descent.

    Attributes:
        until: the fraction of all iterations at which it ends.
        exaggeration: factor of the attractive forces.
        momentum: of the gradient descent.
        cell: side of the grid's cells, in units of the map.
    """

    until: float
    exaggeration: float
    momentum: float
    cell: float = 1.0


LARGE_MAP = 5000  # points from which the grid is faster; smaller maps sum repulsive forces by Barnes-Hut
SMALL_MAP_PHASES = (Phase(1 / 3, 12, 0.5), Phase(1, 1, 0.8))
LARGE_MAP_PHASES = (
    Phase(0.2, 12, 0.5, cell=2),
    Phase(0.4, 1, 0.8, cell=2),
    Phase(0.7, 0.5, 0.9, cell=2),
    Phase(0.9, 1, 0.9, cell=2),
    Phase(1, 1, 0.9),
)
PLACING_CELL = 2.0  # of the grid for placing: a fourth of the memory of 1; new codes move by .04 of 190, 2 at worst
# what openTSNE keeps for fitting: 30 MB of 10,000 codes
_OF_FITTING = ("P", "_PerplexityBasedNN__neighbors", "_PerplexityBasedNN__distances")
LARGE_REFERENCE = 2000  # points from which placing new ones with the grid is accurate, and eighty times faster
REPORT_EVERY = 25  # iterations
REACH = 1e6  # of new codes, in units of the largest coordinate of the map's codes


def fit_tsne(
    codes: NDArray[np.float32],
    config: ProjectionConfig,
    progress: Callable[[float], None] | None = None,
) -> NDArray[np.float32]:
    """(N, 2) coordinates of codes (N, D), without unit; computed by as many threads as PyTorch uses.

    Args:
        codes: of the test set, usually posterior means.
        config: settings.
        progress: called with the fraction done about every twenty-fifth iteration.

    Raises:
        ConfigError: as `ProjectionConfig.check`.
        EvaluationError: if codes are all equal, not finite, or too large.
    """
    from openTSNE import TSNEEmbedding
    from openTSNE.initialization import pca

    config.check(len(codes))
    exact = _finite(codes)
    if (codes == codes[0]).all():
        raise EvaluationError("All codes are equal, so there is no map: the model has collapsed, so train another.")
    large = len(codes) >= LARGE_MAP
    phases, method = (LARGE_MAP_PHASES, "fft") if large else (SMALL_MAP_PHASES, "bh")
    jobs = torch.get_num_threads()  # more than its share of the cores would wait for one another at every step
    common = {"n_jobs": jobs, "random_state": config.seed}
    affinities = _affinities(exact, config, jobs)
    places, done = pca(exact, random_state=config.seed), 0
    for phase in phases:
        end = round(phase.until * config.iterations)
        # a new embedding for every phase: openTSNE's adapted step sizes are valid for one exaggeration only
        embedding = TSNEEmbedding(
            places, affinities, negative_gradient_method=method, ints_in_interval=phase.cell, **common
        )
        while done < end:
            steps = min(REPORT_EVERY, end - done)
            embedding.optimize(steps, inplace=True, exaggeration=phase.exaggeration, momentum=phase.momentum)
            if not np.isfinite(embedding).all():  # openTSNE would read beyond its memory in the next step
                raise EvaluationError("The coordinates of the map are not finite: choose another perplexity or seed.")
            done += steps
            if progress is not None:
                progress(done / config.iterations)
        places = np.asarray(embedding)
    return np.asarray(places, dtype=np.float32)


def _finite(codes: NDArray[np.float32]) -> NDArray[np.float64]:
    """Codes (N, D) in float64, with a second coordinate of zero where D = 1, as openTSNE needs."""
    if not np.isfinite(codes).all():
        raise EvaluationError("Codes must be finite numbers: train the model again.")
    return np.pad(codes.astype(np.float64), ((0, 0), (0, max(0, 2 - codes.shape[1]))))


def _affinities(codes: NDArray[np.float64], config: ProjectionConfig, jobs: int) -> "PerplexityBasedNN":
    from openTSNE.affinity import PerplexityBasedNN

    found = PerplexityBasedNN(
        codes, perplexity=config.perplexity, method="exact", n_jobs=jobs, random_state=config.seed
    )
    if not np.isfinite(found.P.data).all():  # openTSNE would read beyond its memory
        raise EvaluationError("The codes are too large or too far apart for a map: train the model again.")
    return found


@dataclass(frozen=True)
class AnchoredMap:
    """A finished map, on which new codes can be placed.

    Attributes:
        embedding: openTSNE's, of the map's codes.
        centre: (2,) of the map.
        reach: the largest coordinate of a new code; neighbourhoods of farther ones have no finite numbers.
    """

    embedding: "TSNEEmbedding"
    centre: NDArray[np.float32]
    reach: float

    def place(self, new_codes: NDArray[np.float32]) -> NDArray[np.float32]:
        """(M, 2) coordinates of new codes (M, D) on the map, which does not change.

        Raises:
            EvaluationError: if a code is not finite, or too far from the codes of the map.
        """
        codes = _finite(new_codes)
        if np.abs(codes).max(initial=0) > self.reach:
            raise EvaluationError("A code is too far from those of the map to be placed on it.")
        # `transform` centres the whole map at the origin
        return np.asarray(self.embedding.transform(codes) + self.centre, dtype=np.float32)


def anchor(coordinates: NDArray[np.float32], codes: NDArray[np.float32], config: ProjectionConfig) -> AnchoredMap:
    """A finished map (N, 2) of `codes` (N, D), ready for new codes; takes seconds, so callers should cache it.

    Of 10,000 codes, it has 6 MB.
    """
    from openTSNE import TSNEEmbedding

    affinities = _affinities(_finite(codes), config, jobs=1)
    embedding = TSNEEmbedding(
        coordinates.astype(np.float64),
        affinities,
        random_state=config.seed,
        negative_gradient_method="fft" if len(coordinates) >= LARGE_REFERENCE else "bh",
        ints_in_interval=PLACING_CELL,
    )
    for name in _OF_FITTING:
        vars(affinities).pop(name, None)  # by these names in the versions that we know
    return AnchoredMap(embedding, (coordinates.max(0) + coordinates.min(0)) / 2, REACH * float(np.abs(codes).max()))
