r"""How well a mixture's components find the classes of a data set, which it was never shown.

Each test image goes to the component of its largest probability: by the *weights* E_q[\pi_k|x], which the encoder
predicts, or by the *responsibilities*

.. math:: p(k|x) = E_{p(z|x)} \left[ \frac{E_p[\pi_k]\, p_k(z)}{p(z)} \right],

estimated by self-normalised importance sampling from q(z|x). Four scores compare components with classes: the
accuracy of the best one-to-one assignment (for K other than the number of classes, the rectangular one), purity,
normalised mutual information (by the arithmetic mean of both entropies), and the mean largest probability.

References: J. Xie, R. Girshick and A. Farhadi, "Unsupervised deep embedding for clustering analysis", ICML 2016 (the
accuracy); N. X. Vinh, J. Epps and J. Bailey, "Information theoretic measures for clusterings comparison", JMLR 2010.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.special import entr

from dlgmm_core.evaluate.likelihood import image_blocks, mean_weights
from dlgmm_core.model.models import LatentVariableModel
from dlgmm_core.model.objectives import log_density_ratio
from dlgmm_core.runtime.device import device_of
from dlgmm_core.runtime.seeding import seeded

__all__ = ["Clustering", "ClusteringScores", "clustering", "contingency", "responsibilities", "scores", "weights"]

IMAGES, DRAWS = 50, 100  # of one block of images, and of each of them, for p(k|x): 5,000 decoded codes
IN_USE = 1e-3  # the share of images from which on a component counts as used


@dataclass(frozen=True)
class ClusteringScores:
    """Components against classes, over test images.

    Attributes:
        acc: accuracy of the best one-to-one assignment of components to classes, percent.
        purity: share of images whose class is the most frequent one of their component, percent.
        nmi: normalised mutual information of component and class, between 0 and 1.
        mean_max: mean of the largest probability of an image, between 1/K and 1.
        used: components that have at least one image in a thousand.
    """

    acc: float
    purity: float
    nmi: float
    mean_max: float
    used: int


@dataclass(frozen=True, kw_only=True)
class Clustering:
    """Scores by the weights E_q[pi|x], which baselines do not have, and by the responsibilities p(k|x)."""

    weights: ClusteringScores | None = None
    responsibilities: ClusteringScores


def weights(model: LatentVariableModel, images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """(N, K), E_q[pi_k|x] of binary images (N, X)."""
    found: NDArray[np.float64] = mean_weights(model, images).T.numpy()
    return found


def responsibilities(
    model: LatentVariableModel,
    images: NDArray[np.uint8],
    num_samples: int = DRAWS,
    seed: int = 0,
    progress: Callable[[float], None] | None = None,
) -> NDArray[np.float32]:
    """(N, K), p(k|x) of binary images (N, X).

    Args:
        model: a mixture.
        images: (N, X), zeros and ones.
        num_samples: S, draws from q(z|x) of each image, in all.
        seed: of all draws.
        progress: told the fraction done, in (0, 1].

    Raises:
        ValueError: for a model without components.
    """
    found, prior = [], model.prior()
    for index, x in enumerate(image_blocks(model, images, IMAGES)):
        with seeded(device_of(model), seed, index), torch.no_grad():
            q = model.posterior(x)
            latents = q.sample_components(q.allocate(num_samples))  # (1, S, B)
            log_w = log_density_ratio(model, x, q, latents)[0]
            by_component = prior.responsibilities(latents.code)  # (J, 1, S, B)
        if by_component is None:
            raise ValueError("responsibilities are for mixtures: this model has no components.")
        found.append((by_component[:, 0] * torch.softmax(log_w, 0)).sum(1).T.cpu())
        if progress is not None:
            progress(min(1.0, (index + 1) * IMAGES / len(images)))
    return torch.cat(found).numpy()


def contingency(assigned: NDArray[np.int64], labels: NDArray[np.int64], k: int, classes: int) -> NDArray[np.int64]:
    """(K, C), images of each component (rows) and class (columns)."""
    counts = np.zeros((k, classes), np.int64)
    np.add.at(counts, (assigned, labels), 1)
    return counts


def scores(probabilities: NDArray[np.floating], labels: NDArray[np.int64]) -> ClusteringScores:
    """Scores of components' probabilities (N, K) for images of the given classes (N,)."""
    n, k = probabilities.shape
    counts = contingency(probabilities.argmax(1), labels, k, int(labels.max()) + 1)
    rows, columns = linear_sum_assignment(counts, maximize=True)
    return ClusteringScores(
        acc=100 * float(counts[rows, columns].sum()) / n,
        purity=100 * float(counts.max(1).sum()) / n,
        nmi=_mutual_information(counts / n),
        mean_max=float(probabilities.max(1).astype(np.float64).mean()),
        used=int((counts.sum(1) >= IN_USE * n).sum()),
    )


def _mutual_information(joint: NDArray[np.float64]) -> float:
    """I(component; class) over the mean of both entropies; 1 where both have a single value."""
    of_components, of_classes = float(entr(joint.sum(1)).sum()), float(entr(joint.sum(0)).sum())
    mean = (of_components + of_classes) / 2
    return 1.0 if mean == 0 else max(0.0, of_components + of_classes - float(entr(joint).sum())) / mean


def clustering(
    model: LatentVariableModel,
    images: NDArray[np.uint8],
    labels: NDArray[np.int64],
    seed: int = 0,
    progress: Callable[[float], None] | None = None,
) -> Clustering:
    """Both scores of a mixture for binary images (N, X) of the given classes (N,).

    Raises:
        ValueError: for a model without components.
    """
    by_responsibility = responsibilities(model, images, seed=seed, progress=progress)
    return Clustering(
        weights=scores(weights(model, images), labels), responsibilities=scores(by_responsibility, labels)
    )
