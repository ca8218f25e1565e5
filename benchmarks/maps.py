"""A t-SNE map of the test codes compared with openTSNE's defaults in time and KL divergence, and placing a digit."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from openTSNE import TSNE
from openTSNE.affinity import PerplexityBasedNN
from scipy.sparse import csr_matrix
from scipy.spatial.distance import cdist
from scipy.special import rel_entr

from benchmarks.measuring import Limit, Measured, compare
from dlgmm_core.analysis.tsne import anchor, fit_tsne
from dlgmm_core.data.datasets import load_dataset
from dlgmm_core.evaluate.knn import encode
from dlgmm_core.store.checkpoints import load_checkpoint
from dlgmm_core.store.tsne_map import ProjectionConfig

CHECKPOINT = Path(__file__).resolve().parent.parent / "checkpoints" / "mnist-dlgmm"


def measure() -> list[Measured | Limit]:
    """Map in one round, since it takes most of a minute; placing in three."""
    model, _ = load_checkpoint(CHECKPOINT)
    codes = encode(model, load_dataset("mnist").test.binary)
    exact, settings, maps = codes.astype(np.float64), ProjectionConfig(), {}

    def map_ours() -> None:
        maps["ours"] = fit_tsne(codes, settings)

    def map_by_defaults() -> None:
        maps["defaults"] = TSNE(random_state=0, n_jobs=torch.get_num_threads()).fit(exact)

    ours, defaults = compare(map_ours, map_by_defaults, rounds=1)
    affinities = PerplexityBasedNN(exact, perplexity=settings.perplexity, method="exact").P
    divergences = {name: _divergence(affinities, coordinates) for name, coordinates in maps.items()}
    anchored = anchor(maps["ours"], codes, settings)
    placing, preparing = compare(
        lambda: anchored.place(codes[:1]), lambda: anchor(maps["ours"], codes, settings), rounds=3
    )
    return [
        Measured("t-SNE map of 10,000 codes", "openTSNE's defaults", ours, defaults, 0.8),
        Limit(
            "KL divergence of that map, summed exactly",
            "nats",
            divergences["ours"],
            0.0,
            "openTSNE's defaults",
            divergences["defaults"],
        ),
        Measured("placing a digit on a map", "preparing the map", placing, preparing, 0.5),
    ]


def _divergence(affinities: csr_matrix, coordinates: NDArray[np.floating]) -> float:
    """KL(P || Q), which t-SNE minimises, summed exactly over all pairs."""
    pairs, y = affinities.tocoo(), np.asarray(coordinates, dtype=np.float64)
    kernel = sum(float((1 / (1 + cdist(rows, y, "sqeuclidean"))).sum()) for rows in np.array_split(y, 20)) - len(y)
    log_q = -np.log1p(((y[pairs.row] - y[pairs.col]) ** 2).sum(1)) - np.log(kernel)
    return float((rel_entr(pairs.data, 1) - pairs.data * log_q).sum())
