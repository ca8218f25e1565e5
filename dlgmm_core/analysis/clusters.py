"""What each component of a mixture has found: its share of the images, its classes, and images that are typical or not.

Every image goes to the component of its largest probability, by the weights E[pi|x] or by the responsibilities p(k|x).
Classes play no part in that: they are counted afterwards, where there are any.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dlgmm_core.evaluate.clustering import contingency

__all__ = ["Clusters", "describe_clusters"]


@dataclass(frozen=True)
class Clusters:
    """N images by K components.

    Attributes:
        assigned: (N,) component of each image's largest probability; the first of equal ones.
        shares: (K,) share of the images.
        table: (K, C) images of each component and class; None without classes.
        nearest: by component, the images that have it with the largest probability, wherever they go; equal ones by
            certainty, then in the images' order.
        least_sure: by component, the images among its own whose probability is smallest; fewer where it has fewer.
    """

    assigned: NDArray[np.int64]
    shares: NDArray[np.float64]
    table: NDArray[np.int64] | None
    nearest: tuple[NDArray[np.int64], ...]
    least_sure: tuple[NDArray[np.int64], ...]


def _first(values: NDArray[np.floating], ties: NDArray[np.floating], count: int) -> NDArray[np.int64]:
    """Places (count,) of the smallest values, in their order; equal ones by `ties`."""
    if count >= len(values):
        return np.lexsort((ties, values))
    candidates = np.flatnonzero(values <= np.partition(values, count - 1)[count - 1])
    return candidates[np.lexsort((ties[candidates], values[candidates]))[:count]]


def describe_clusters(
    probabilities: NDArray[np.floating],
    labels: NDArray[np.int64] | None,
    classes: int,
    count: int = 10,
    certainty: NDArray[np.floating] | None = None,
) -> Clusters:
    """The components that probabilities (N, K) assign images to.

    Args:
        probabilities: of each image, over components.
        labels: (N,) classes, counted from 0; None where there are none.
        classes: C, how many there are.
        count: of typical images, and of unsure ones, for each component.
        certainty: (N, K), what orders images of equal probability, the largest first, such as `log_odds`: many
            probabilities are 1 as far as they are stored.
    """
    n, k = probabilities.shape
    assigned = probabilities.argmax(1)
    ranks = np.zeros((n, k)) if certainty is None else -certainty
    own = [np.flatnonzero(assigned == component) for component in range(k)]
    return Clusters(
        assigned,
        np.bincount(assigned, minlength=k) / n,
        None if labels is None else contingency(assigned, labels, k, classes),
        tuple(_first(-probabilities[:, component], ranks[:, component], count) for component in range(k)),
        tuple(
            images[np.argsort(probabilities[images, component], kind="stable")[:count]]
            for component, images in enumerate(own)
        ),
    )
