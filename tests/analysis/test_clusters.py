"""What components have found is counted and ordered as a loop over all images does it."""

import numpy as np
import pytest

from dlgmm_core.analysis.clusters import describe_clusters

N, K, C, COUNT = 60, 4, 3, 5


def test_shares_classes_and_images_are_those_of_a_loop_and_ties_go_to_the_lowest() -> None:
    rng = np.random.default_rng(0)
    probabilities = rng.integers(0, 4, (N, K)) / 12.0  # many are equal
    probabilities[:, 3] = 0.0  # which therefore takes only images without any
    labels = rng.integers(0, C, N)
    found = describe_clusters(probabilities, labels, C, COUNT)
    assert found.table is not None and found.table.shape == (K, C)
    owner = [max(range(K), key=lambda k: (probabilities[n, k], -k)) for n in range(N)]
    assert found.assigned.tolist() == owner
    for k in range(K):
        own = [n for n in range(N) if owner[n] == k]
        assert found.shares[k] == len(own) / N
        assert found.table[k].tolist() == [sum(labels[n] == c for n in own) for c in range(C)]
        order = sorted(range(N), key=lambda n: (-probabilities[n, k], n))
        assert found.nearest[k].tolist() == order[:COUNT]
        assert found.least_sure[k].tolist() == sorted(own, key=lambda n: (probabilities[n, k], n))[:COUNT]
    assert len(found.least_sure[3]) == 0 and found.shares.sum() == pytest.approx(1)


def test_images_of_equal_probability_are_ordered_by_certainty() -> None:
    probabilities, certainty = np.ones((4, 1)), np.array([[3.0], [9.0], [3.0], [20.0]])
    probabilities[3] = 0.5
    found = describe_clusters(probabilities, None, 0, certainty=certainty)
    assert found.nearest[0].tolist() == [1, 0, 2, 3]


def test_images_without_classes_are_described_all_the_same() -> None:
    found = describe_clusters(np.eye(3)[[0, 0, 2]], None, 0)
    assert found.table is None and found.shares.tolist() == pytest.approx([2 / 3, 0, 1 / 3])
