r"""A Gaussian mixture of codes, fitted by expectation maximisation: the start of a prior, and a baseline for one.

Expectation maximisation ends in a local optimum that depends on its start, so the best of several is taken, by the
likelihood of validation codes; labels are not used. Each starts from K codes chosen as k-means++ chooses its centres,
likely far apart, rather than from the groups of k-means: on codes of digits it reaches higher likelihoods.

References: C. M. Bishop, "Pattern Recognition and Machine Learning", 2006, section 9.2; D. Arthur and S. Vassilvitskii,
"k-means++: the advantages of careful seeding", SODA 2007.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dlgmm_core.evaluate.likelihood import EvaluationError
from dlgmm_core.runtime.files import brief

if TYPE_CHECKING:
    from sklearn.mixture import GaussianMixture

__all__ = ["COVARIANCES", "STARTS", "fit_gaussian_mixture"]

STARTS = 12
COVARIANCE_FLOOR = 1e-3  # added to the variances, in units of the codes
_CANNOT = "A Gaussian mixture of {k} components cannot be fitted to these {n} codes ({why}): has their model diverged?"
COVARIANCES = {"diagonal": "diag", "full": "full"}  # scikit-learn's names


def fit_gaussian_mixture(
    codes: NDArray[np.floating[Any]],
    valid: NDArray[np.floating[Any]],
    k: int,
    covariances: str = "full",
    seed: int = 0,
    starts: int = STARTS,
    on_start: Callable[[int, int], None] | None = None,
) -> "GaussianMixture":
    """The best of several Gaussian mixtures of K components.

    Args:
        codes: (N, D), that the mixtures are fitted to.
        valid: (M, D), whose mean log density chooses among the starts.
        k: number of components.
        covariances: "diagonal" or "full".
        seed: of the starts.
        starts: their number.
        on_start: called with (start, starts) before each, counted from 1.

    Raises:
        EvaluationError: if there are fewer codes than components, or codes that are not finite or far too large.
    """
    from sklearn.mixture import GaussianMixture  # half a second, which most commands need not wait for

    try:
        fits = []
        for start in range(starts):
            if on_start is not None:
                on_start(start + 1, starts)
            mixture = GaussianMixture(
                k,
                covariance_type=COVARIANCES[covariances],
                init_params="k-means++",
                reg_covar=COVARIANCE_FLOOR,
                random_state=starts * seed + start,
                max_iter=300,
            )
            fits.append(mixture.fit(codes))
        best = max(fits, key=lambda fit: float(fit.score(valid)))
    except ValueError as error:  # scikit-learn's, of what it is given
        raise EvaluationError(_CANNOT.format(k=k, n=len(codes), why=brief(error))) from error
    if not (np.isfinite(best.means_).all() and np.isfinite(best.covariances_).all()):
        raise EvaluationError(_CANNOT.format(k=k, n=len(codes), why="its means are not finite"))
    return best
