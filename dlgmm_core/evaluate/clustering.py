"""How well a mixture's components find the classes of a data set, which it was never shown.

Each test image goes to the component of its largest probability: by the *weights* E_q[pi_k|x], which the encoder
predicts, or by the *responsibilities* p(k|x), which `dlgmm_core.evaluate.per_image` estimates. Four scores compare
components with classes: the accuracy of the best one-to-one assignment (for K other than the number of classes, the
rectangular one), purity, normalised mutual information (by the arithmetic mean of both entropies), and the mean largest
probability.

References: J. Xie, R. Girshick and A. Farhadi, "Unsupervised deep embedding for clustering analysis", ICML 2016 (the
accuracy); N. X. Vinh, J. Epps and J. Bailey, "Information theoretic measures for clusterings comparison", JMLR 2010.
"""

import numpy as np
from numpy.typing import NDArray

from dlgmm_core.evaluate.likelihood import mean_weights
from dlgmm_core.model.models import LatentVariableModel
from dlgmm_core.store.figures import Clustering, ClusteringScores
from dlgmm_core.store.per_image import PerImage

__all__ = ["clustering", "contingency", "scores"]

IN_USE = 1e-3  # the share of images from which on a component counts as used


def contingency(assigned: NDArray[np.int64], labels: NDArray[np.int64], k: int, classes: int) -> NDArray[np.int64]:
    """(K, C), images of each component (rows) and class (columns)."""
    counts = np.zeros((k, classes), np.int64)
    np.add.at(counts, (assigned, labels), 1)
    return counts


def scores(probabilities: NDArray[np.floating], labels: NDArray[np.int64]) -> ClusteringScores:
    """Scores of components' probabilities (N, K) for images of the given classes (N,)."""
    n, k = probabilities.shape
    counts = contingency(probabilities.argmax(1), labels, k, int(labels.max()) + 1)
    from scipy.optimize import linear_sum_assignment  # here, as most commands do without it

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
    from scipy.special import entr  # here, as most commands do without SciPy

    of_components, of_classes = float(entr(joint.sum(1)).sum()), float(entr(joint.sum(0)).sum())
    mean = (of_components + of_classes) / 2
    return 1.0 if mean == 0 else max(0.0, of_components + of_classes - float(entr(joint).sum())) / mean


def clustering(
    model: LatentVariableModel, images: NDArray[np.uint8], labels: NDArray[np.int64], found: PerImage
) -> Clustering | None:
    """Both scores of a mixture for binary images (N, X) of the given classes (N,); None without components.

    Args:
        model: any model.
        images: (N, X), zeros and ones.
        labels: (N,) classes.
        found: what `per_image` estimated for these images.
    """
    if found.responsibilities is None:
        return None
    return Clustering(
        weights=scores(mean_weights(model, images), labels), responsibilities=scores(found.responsibilities, labels)
    )
