"""A t-SNE map of the test codes against openTSNE's defaults, and a new digit's place on it."""

from pathlib import Path

import numpy as np
from openTSNE import TSNE

from benchmarks.measuring import Measured, compare
from dlgmm_core.checkpoints import load_checkpoint
from dlgmm_core.data import load_dataset
from dlgmm_core.knn import encode
from dlgmm_core.maps import ProjectionConfig
from dlgmm_core.projection import anchor, fit_tsne

CHECKPOINT = Path(__file__).resolve().parent.parent / "checkpoints" / "mnist-dlgmm"


def measure() -> list[Measured]:
    """One round each: a map takes most of a minute."""
    model, _ = load_checkpoint(CHECKPOINT)
    codes = encode(model, load_dataset("mnist").test.binary)
    settings = ProjectionConfig()
    coordinates = fit_tsne(codes, settings, jobs=1)
    ours, defaults = compare(
        lambda: fit_tsne(codes, settings, jobs=1),
        lambda: TSNE(random_state=0, n_jobs=1).fit(codes.astype(np.float64)),
        rounds=1,
    )
    anchored = anchor(coordinates, codes, settings)
    placing, preparing = compare(
        lambda: anchored.place(codes[:1]), lambda: anchor(coordinates, codes, settings), rounds=3
    )
    return [
        Measured("t-SNE map of 10,000 codes", "openTSNE's defaults", ours, defaults, 0.8),
        Measured("a digit's place on a map", "preparing the map", placing, preparing, 0.5),
    ]
