"""Raw pixels and principal components as codes, against scikit-learn and a singular value decomposition."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from sklearn.decomposition import PCA
from sklearn.neighbors import KNeighborsClassifier

from dlgmm_core.data.datasets import Dataset, Split
from dlgmm_core.evaluate.knn import KNN_SIZES
from dlgmm_core.experiments.baselines import baseline_rows, principal_components
from dlgmm_core.runtime.records import to_json
from tests.experiment_helpers import blobs

Codes = NDArray[np.floating[Any]]


def without_ties(train: Split, test: Split, encode: Callable[[Split], Codes]) -> NDArray[np.bool_]:
    """Which test images have no doubtful neighbour and no doubtful majority at any k."""
    distances = cdist(encode(test), encode(train), "sqeuclidean")
    order = distances.argsort(1, kind="stable")
    ordered, clear = np.take_along_axis(distances, order, 1), np.full(len(test), True)
    for k in KNN_SIZES:
        counts = np.sort(np.stack([(train.labels[order[:, :k]] == label).sum(1) for label in range(3)]), 0)
        clear &= (ordered[:, k] - ordered[:, k - 1] > 1e-4) & (counts[-1] > counts[-2])
    return clear


def test_baselines_are_the_errors_of_scikit_learns_classifier() -> None:
    rng = np.random.default_rng(0)
    train, test = blobs(0, 150), blobs(1, 300)
    # two labels in five are wrong, so that the votes are divided
    train = replace(train, labels=np.where(rng.random(150) < 0.6, rng.integers(0, 3, 150), train.labels))
    pca = PCA(25, svd_solver="full").fit(train.binary.astype(float))
    encoders: dict[str, Callable[[Split], Codes]] = {
        "raw-pixels": lambda split: split.binary.astype(float),
        "pca-25": lambda split: pca.transform(split.binary.astype(float)),
    }
    clear = np.logical_and.reduce([without_ties(train, test, encode) for encode in encoders.values()])
    test = Split(test.grey[clear], test.binary[clear], test.labels[clear])
    assert len(test) > 30
    rows = baseline_rows(Dataset("toy", train, test, test, tuple("abc")))
    assert [row.model for row in rows] == list(encoders)
    assert [row.code_dim for row in rows] == [784, 25]
    found = set()
    for row in rows:
        assert list(to_json(row)) == ["model", "dataset", "eval_dataset", "recipe", "code_dim", "knn"]
        assert (row.dataset, row.eval_dataset, row.recipe) == ("toy", "toy", "baseline")
        knn = row.figures.knn
        assert list(knn) == ["mean"] and list(knn["mean"]) == [str(k) for k in KNN_SIZES]
        encode = encoders[row.model]
        for k in KNN_SIZES:
            voter = KNeighborsClassifier(k, algorithm="brute").fit(encode(train), train.labels)
            error = 100 * (1 - voter.score(encode(test), test.labels))
            figure = knn["mean"][str(k)]
            assert figure.error == pytest.approx(error, abs=1e-9)
            # the normal approximation of the interval, off by the binomial's steps
            assert figure.ci95 == pytest.approx(1.96 * np.sqrt(error * (100 - error) / len(test)), rel=0.3)
            found.add(round(error, 6))
    assert len(found) > 2 and min(found) > 0
    json.dumps([to_json(row) for row in rows], allow_nan=False)


def test_principal_components_are_those_of_a_singular_value_decomposition_of_the_training_images() -> None:
    rng = np.random.default_rng(4)
    train = (rng.random((300, 12)) < rng.random((300, 3)) @ rng.random((3, 12))).astype(np.uint8)
    test = (rng.random((40, 12)) < 0.8).astype(np.uint8)  # of another mean and covariance
    train_codes, test_codes = principal_components(train, test, 5)
    assert train_codes.shape == (300, 5) and test_codes.shape == (40, 5)
    assert train_codes.dtype == test_codes.dtype == np.float32
    centre = train.mean(0)
    axes = np.linalg.svd(train - centre, full_matrices=False)[2][:5]
    signs = np.sign((axes * np.linalg.lstsq(train - centre, train_codes, rcond=None)[0].T).sum(1))
    for codes, images in ((train_codes, train), (test_codes, test)):
        np.testing.assert_allclose(codes, (images - centre) @ axes.T * signs, atol=1e-4)


def test_as_many_principal_components_as_pixels_keep_every_distance() -> None:
    images = (np.random.default_rng(5).random((50, 6)) < 0.4).astype(np.uint8)
    train_codes, test_codes = principal_components(images[:30], images[30:], 6)
    expected = cdist(images[30:], images[:30])
    np.testing.assert_allclose(cdist(test_codes, train_codes), expected, atol=1e-4)
