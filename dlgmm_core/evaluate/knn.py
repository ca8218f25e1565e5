r"""How well codes separate the classes: the error of k-nearest-neighbour classification.

The paper's measure: a test code gets the majority class of its k nearest training codes by Euclidean
distance; ties go to the nearest. Two models are compared on the same images by McNemar's test, which
uses only the images that one of them gets wrong and the other right.

References: Nalisnick, Hertel & Smyth (2016), section 3; Q. McNemar, "Note on the sampling error of
the difference between correlated proportions", Psychometrika, 1947.
"""

import numpy as np
import torch
from numpy.typing import NDArray

from dlgmm_core.checks import one_of, require
from dlgmm_core.evaluate.likelihood import EvaluationError, Interval, image_blocks
from dlgmm_core.model.models import LatentVariableModel
from dlgmm_core.model.paths import largest_component, mean_code
from dlgmm_core.runtime.seeding import seeded
from dlgmm_core.store.figures import PairedTest

__all__ = [
    "KNN_SIZES",
    "REPRESENTATIONS",
    "encode",
    "error_rate",
    "paired_test",
    "vote",
]

KNN_SIZES = (3, 5, 10)
REPRESENTATIONS = ("sample", "mean")
BLOCK = 1000  # images encoded at once


def encode(
    model: LatentVariableModel, images: NDArray[np.uint8], representation: str = "mean", seed: int = 0, layer: int = 0
) -> NDArray[np.float32]:
    """(N, D) codes of binary images (N, X) in one layer, given those of the same kind in the layers above.

    Args:
        model: any model.
        images: (N, X) zeros and ones.
        representation: "mean", the posterior mean; or "sample", one posterior draw, for mixtures from
            the component of largest mean weight.
        seed: of the draw.
        layer: of a model of several layers, from 0.

    Raises:
        ConfigError: for an unknown representation or layer, or images that are not the model's.
        EvaluationError: if a code is not finite.
    """
    choices = {"mean": mean_code, "sample": largest_component}
    one_of(*choices).require("representation", representation)
    require(
        layer in range(model.config.layers),
        f"layer must be a whole number from 0 to {model.config.layers - 1}, not {layer!r}.",
    )
    choose = choices[representation]
    codes = []
    for index, x in enumerate(image_blocks(model, images, BLOCK)):
        with seeded(x.device, seed, index), torch.no_grad():
            codes.append(model.chosen_path(x, choose).layers[layer].latents.code[0, 0].cpu())
        if not (finite := codes[-1].isfinite().all(1)).all():
            image = BLOCK * index + int((~finite).nonzero()[0])
            raise EvaluationError(f"The code of image {image} is not finite: train the model again.")
    return torch.cat(codes).numpy()


def vote(neighbour_labels: NDArray[np.int64], k: int) -> NDArray[np.int64]:
    """(N,) majority label of each row's first k neighbours (N, >=k, nearest first); ties go to the nearest.

    Of training codes at the same distance the first in the training set come first, as `neighbours` says: where models
    have collapsed and many codes are equal, the vote is that of the first images, and its error that of a guess.
    """
    labels = neighbour_labels[:, :k]
    supporters = (labels[:, :, None] == labels[:, None, :]).sum(-1)
    # of the neighbours whose class has most votes, argmax takes the first, which is the nearest
    winner = supporters.argmax(1)
    chosen: NDArray[np.int64] = np.take_along_axis(labels, winner[:, None], 1)[:, 0]
    return chosen


def error_rate(predicted: NDArray[np.int64], labels: NDArray[np.int64]) -> Interval:
    """Share of wrong predictions in percent, with its 95 % bootstrap interval over images.

    A bootstrap resample of N zeros and ones has a Binomial(N, error) sum, so the interval is computed from the
    quantiles of that distribution, without the noise of resampling. The wider half is given.
    """
    count, wrong = len(labels), int((predicted != labels).sum())
    low, high = (_binomial_quantile(q, count, wrong / count) for q in (0.025, 0.975))
    return Interval(100 * wrong / count, 100 * float(max(high - wrong, wrong - low)) / count)


def _binomial_quantile(q: float, count: int, share: float) -> float:
    """The q-quantile of Binomial(count, share)."""
    from scipy.special import bdtr, bdtrik  # here, as most commands do without SciPy

    if share in (0, 1):
        return count * share
    above = np.ceil(bdtrik(q, count, share))  # the solution is a real number, so one less may suffice
    return float(above - 1 if above > 0 and bdtr(above - 1, count, share) >= q else above)


def paired_test(first: NDArray[np.int64], second: NDArray[np.int64], labels: NDArray[np.int64]) -> PairedTest:
    """Compares two predictions (N,) of the same labels (N,)."""
    from scipy.special import bdtr  # here, as most commands do without SciPy

    only_first = int(((first != labels) & (second == labels)).sum())
    only_second = int(((first == labels) & (second != labels)).sum())
    discordant = only_first + only_second
    p_value = min(1.0, 2 * float(bdtr(min(only_first, only_second), discordant, 0.5)))
    return PairedTest(only_first, only_second, p_value)
