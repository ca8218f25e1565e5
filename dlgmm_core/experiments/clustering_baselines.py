"""Baselines for the components of a mixture: what clustering finds in pixels, principal components and other codes.

Each row groups the training images by k-means or by a Gaussian mixture with full covariances, and scores the groups of
the test images against their classes. Of several starts the best counts, by the sum of squares of k-means or by the
likelihood of the validation images; a Gaussian mixture of pixels has one start only.

Reference: Z. Jiang et al., "Variational deep embedding", IJCAI 2017, table 2 (the same baselines).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlgmm_core.data.datasets import Dataset
from dlgmm_core.evaluate.clustering import scores
from dlgmm_core.evaluate.gaussian_mixtures import STARTS, fit_gaussian_mixture
from dlgmm_core.evaluate.knn import encode
from dlgmm_core.experiments.baselines import principal_components
from dlgmm_core.experiments.rows import Row
from dlgmm_core.model.models import LatentVariableModel
from dlgmm_core.store.figures import Clustering, Figures

__all__ = ["METHODS", "clustering_baselines"]

METHODS = ("k-means", "gmm")
_PIXELS, _COMPONENTS, _CODES = "pixels", "pca-25", "codes"
_KMEANS_STARTS = 10
_PIXEL_STARTS = 1  # of a Gaussian mixture in hundreds of dimensions, which takes many minutes

Splits = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]  # training, validation, test codes


def clustering_baselines(
    dataset: Dataset, gauss_vaes: Mapping[int, LatentVariableModel], sizes: Sequence[int]
) -> list[Row]:
    """Rows of `results.json`, one for every representation of images, method and number of groups.

    Args:
        dataset: whose images are grouped.
        gauss_vaes: whose codes are grouped, by their seeds.
        sizes: numbers of groups.
    """
    images = [split.binary for split in (dataset.train, dataset.valid, dataset.test)]
    train, valid, test = images
    represented: list[tuple[str, int, Splits]] = [
        (_PIXELS, 0, (train.astype(np.float32), valid.astype(np.float32), test.astype(np.float32))),
        (_COMPONENTS, 0, (*principal_components(train, valid), principal_components(train, test)[1])),
        *(
            (_CODES, seed, (encode(model, train), encode(model, valid), encode(model, test)))
            for seed, model in gauss_vaes.items()
        ),
    ]
    return [
        Row(
            model=f"{method}-on-{representation}",
            dataset=dataset.name,
            eval_dataset=dataset.name,
            recipe="baseline",
            code_dim=splits[0].shape[1],
            num_components=k,
            seed=seed,
            figures=Figures(clustering=_scored(method, splits, k, seed, dataset.test.known_labels)),
        )
        for representation, seed, splits in represented
        for method in METHODS
        for k in sizes
    ]


def _scored(method: str, splits: Splits, k: int, seed: int, labels: NDArray[np.int64]) -> Clustering:
    return Clustering(responsibilities=scores(_groups(method, splits, k, seed), labels))


def _groups(method: str, splits: Splits, k: int, seed: int) -> NDArray[np.floating[Any]]:
    """(N, K), the probability of each group for each test image; of k-means, 0 or 1."""
    train, valid, test = splits
    if method == "k-means":
        from sklearn.cluster import KMeans  # here, as most commands do without scikit-learn

        groups: NDArray[np.int64] = KMeans(k, n_init=_KMEANS_STARTS, random_state=seed).fit(train).predict(test)
        return np.eye(k)[groups]
    starts = STARTS if train.shape[1] < 100 else _PIXEL_STARTS
    found: NDArray[np.float64] = fit_gaussian_mixture(train, valid, k, "full", seed, starts).predict_proba(test)
    return found
