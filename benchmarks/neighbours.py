"""Time of the kNN search of test codes among training codes, compared with scikit-learn and faiss, both exact."""

import faiss
import numpy as np
from sklearn.neighbors import NearestNeighbors

from benchmarks.measuring import Measured, compare
from dlgmm_core.evaluate.knn import vote
from dlgmm_core.evaluate.neighbours import neighbours

TRAIN, TEST, SIZE, MOST, ROUNDS = 50_000, 10_000, 25, 10, 11


def measure() -> list[Measured]:
    """Codes of one model."""
    rng = np.random.default_rng(0)
    train, test = (rng.standard_normal((n, SIZE)).astype(np.float32) for n in (TRAIN, TEST))
    labels = rng.integers(0, 10, TRAIN)
    index = faiss.IndexFlatL2(SIZE)
    index.add(train)
    brute = NearestNeighbors(n_neighbors=MOST, algorithm="brute").fit(train)
    ours, sklearn, flat = compare(
        lambda: neighbours(train, test, MOST),
        lambda: brute.kneighbors(test, return_distance=False),
        lambda: index.search(test, MOST),
        rounds=ROUNDS,
    )
    found = neighbours(train, test, MOST)
    again, first = compare(lambda: vote(labels[found], 5), lambda: neighbours(train, test, MOST), rounds=ROUNDS)
    what = f"{MOST} neighbours of {TEST:,} codes among {TRAIN:,}"
    return [
        Measured(what, "scikit-learn, brute force", ours, sklearn, 1.05),
        Measured(what, "faiss, flat index", ours, flat, 1.05),
        Measured("another k", "the first", again, first, 0.05),
    ]
