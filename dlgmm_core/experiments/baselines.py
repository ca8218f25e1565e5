"""Baselines for codes: the kNN errors of raw pixels and of their first principal components."""

import numpy as np
from numpy.typing import NDArray

from dlgmm_core.data.datasets import Dataset
from dlgmm_core.evaluate.knn import KNN_SIZES, error_rate, vote
from dlgmm_core.evaluate.neighbours import neighbours
from dlgmm_core.experiments.rows import Row
from dlgmm_core.store.figures import ErrorRate, Figures

__all__ = ["RAW_PIXELS", "baseline_rows", "principal_components"]

RAW_PIXELS = "raw-pixels"  # as which `results.json` knows them


def baseline_rows(dataset: Dataset) -> list[Row]:
    """Rows of `results.json` with the errors of raw pixels, and of their first 25 principal components."""
    train, test = dataset.train, dataset.test
    codes = {
        RAW_PIXELS: (train.binary.astype("float32"), test.binary.astype("float32")),
        "pca-25": principal_components(train.binary, test.binary),
    }
    rows = []
    for name, (train_codes, test_codes) in codes.items():
        labels = train.known_labels[neighbours(train_codes, test_codes, max(KNN_SIZES))]
        found = {k: error_rate(vote(labels, k), test.known_labels) for k in KNN_SIZES}
        errors = {str(k): ErrorRate(e.value, e.ci95) for k, e in found.items()}
        rows.append(
            Row(
                model=name,
                dataset=dataset.name,
                eval_dataset=dataset.name,
                recipe="baseline",
                code_dim=train_codes.shape[1],
                figures=Figures(knn={"mean": errors}),
            )
        )
    return rows


def principal_components(
    train: NDArray[np.uint8], test: NDArray[np.uint8], count: int = 25
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The first principal components (N, count) of training and test images (N, X), fitted to the training set."""
    from sklearn.decomposition import PCA  # here, as most commands do without scikit-learn

    pca = PCA(count, svd_solver="covariance_eigh")
    train_codes = pca.fit_transform(train.astype(np.float32))
    return train_codes.astype(np.float32), pca.transform(test.astype(np.float32)).astype(np.float32)
