"""Clustering scores against scikit-learn's and enumeration."""

import itertools
from collections.abc import Callable

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sklearn.metrics import normalized_mutual_info_score

from dlgmm_core.config import ModelConfig
from dlgmm_core.evaluate.clustering import clustering, contingency, scores
from dlgmm_core.evaluate.likelihood import mean_weights
from dlgmm_core.evaluate.per_image import per_image
from dlgmm_core.model.models import LatentVariableModel

Toy = Callable[..., LatentVariableModel]


def one_hot(assigned: NDArray[np.int64], k: int) -> NDArray[np.float64]:
    return np.eye(k)[assigned]


@pytest.mark.parametrize(("k", "classes"), [(4, 4), (6, 4), (3, 5), (1, 3)])
def test_accuracy_is_that_of_the_best_assignment_by_enumeration(k: int, classes: int) -> None:
    rng = np.random.default_rng(k)
    labels = rng.integers(0, classes, 200)
    assigned = np.where(rng.random(200) < 0.6, labels % k, rng.integers(0, k, 200))
    counts = contingency(assigned, labels, k, classes)
    if k >= classes:
        best = max(sum(counts[p[c], c] for c in range(classes)) for p in itertools.permutations(range(k), classes))
    else:
        best = max(sum(counts[j, p[j]] for j in range(k)) for p in itertools.permutations(range(classes), k))
    found = scores(one_hot(assigned, k), labels)
    assert found.acc == pytest.approx(100 * best / 200)
    assert found.purity == pytest.approx(100 * counts.max(1).sum() / 200) and found.purity >= found.acc - 1e-9
    assert found.nmi == pytest.approx(normalized_mutual_info_score(labels, assigned))


def test_perfect_components_score_full_marks_and_one_component_none() -> None:
    labels = np.arange(1000) % 10
    perfect = scores(one_hot((labels + 3) % 10, 10), labels)
    assert (perfect.acc, perfect.purity, perfect.mean_max, perfect.used) == (100, 100, 1, 10)
    assert perfect.nmi == pytest.approx(1)
    collapsed = scores(one_hot(np.zeros(1000, np.int64), 10), labels)
    assert (collapsed.acc, collapsed.nmi, collapsed.used) == (10, 0, 1)
    flat = scores(np.full((1000, 4), 0.25), labels)
    assert flat.mean_max == 0.25
    assert scores(np.ones((5, 1)), np.zeros(5, np.int64)).nmi == 1


def test_a_component_counts_as_used_from_one_image_in_a_thousand_on() -> None:
    assigned = np.zeros(3000, np.int64)
    assigned[:3], assigned[3:5] = 1, 2
    assert scores(one_hot(assigned, 3), np.zeros(3000, np.int64)).used == 2


def test_weights_sum_to_one_and_both_ways_are_scored(toy: Toy, four_bit_images: torch.Tensor) -> None:
    model = toy(ModelConfig("dldpmm", 2, 4, (0.0,) * 4, (1.0,) * 4, hidden=8, image_shape=(2, 2))).float()
    images, labels = four_bit_images.numpy().astype(np.uint8), np.arange(16) % 4
    np.testing.assert_allclose(mean_weights(model, images).sum(1), 1, atol=1e-5)
    found = clustering(model, images, labels, per_image(model, images))
    assert found is not None and found.weights == scores(mean_weights(model, images), labels)
    # components that are all alike leave the prior's weights, whatever the image
    assert found.responsibilities.used == 1 and found.responsibilities.mean_max == pytest.approx(0.5, abs=1e-3)


def test_a_model_without_components_clusters_nothing(toy: Toy) -> None:
    model, images = toy(ModelConfig("gauss-vae", 2, hidden=8, image_shape=(2, 2))).float(), np.zeros((2, 4), np.uint8)
    assert clustering(model, images, np.zeros(2, np.int64), per_image(model, images)) is None
