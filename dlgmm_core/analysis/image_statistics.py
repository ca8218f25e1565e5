"""One number an image, a picture or a map: what it loses, how clear it is, how its weights are spread, how pure it is.

The *weights* E[pi|x] are what the encoder predicts of an image's sticks. A mixture weighs its components with them;
in a stick-breaking code they are the code itself; a single normal has none. The *pixel entropy* of a picture is zero
where every pixel is surely ink or surely paper, and log 2 for each that may as well be one as the other. A clear
picture need not be a good one.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import entr

from dlgmm_core.evaluate.likelihood import image_blocks, log_likelihood
from dlgmm_core.evaluate.neighbours import neighbours
from dlgmm_core.model.models import LatentVariableModel

__all__ = [
    "NLL_BLOCK",
    "block_nll",
    "expected_weights",
    "map_purity",
    "pixel_entropy",
    "reconstruction_loss",
    "weight_entropy",
]

BLOCK = 1000  # images encoded at once
NLL_BLOCK = 500  # images of one step of the likelihood's estimate


def expected_weights(model: LatentVariableModel, images: NDArray[np.uint8]) -> NDArray[np.float32] | None:
    """(N, K) E[pi|x] of binary images (N, X); None where the model has none."""
    found = []
    with torch.no_grad():
        for x in image_blocks(model, images, BLOCK):
            weights = model.posterior(x).weights
            if weights is None:
                return None
            found.append(weights.cpu())
    return torch.cat(found).numpy()


def weight_entropy(weights: NDArray[np.float32]) -> NDArray[np.float64]:
    """(N,) entropy of weights (N, K), nats: 0 where one has everything, log K where all are equal."""
    entropy: NDArray[np.float64] = entr(weights.astype(np.float64)).sum(1)
    return entropy


def block_nll(
    model: LatentVariableModel, images: NDArray[np.uint8], block: int, num_samples: int, seed: int = 0
) -> NDArray[np.float64]:
    """(B,) -log p-hat(x) of one block of `NLL_BLOCK` of the binary images (N, X), nats.

    An estimate of all images takes a minute: by blocks it can be watched, left and taken up again.

    Args:
        model: any of the four.
        images: (N, X) zeros and ones, all of them.
        block: counted from 0; B is `NLL_BLOCK`, and less in the last one.
        num_samples: S.
        seed: of the draws; those of different blocks differ.

    Raises:
        EvaluationError: as `log_likelihood`.
    """
    chosen = images[block * NLL_BLOCK : (block + 1) * NLL_BLOCK]
    return -log_likelihood(model, chosen, num_samples, seed + block).log_p


def reconstruction_loss(model: LatentVariableModel, images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """(N,) -log p(x|z) of binary images (N, X) at the mean of their own posterior, nats."""
    losses = []
    with torch.no_grad():
        for x in image_blocks(model, images, BLOCK):
            losses.append(-model.likelihood(model.posterior(x).mean).log_prob(x).double().cpu())
    return torch.cat(losses).numpy()


def pixel_entropy(probabilities: NDArray[np.floating]) -> NDArray[np.float64]:
    """(...) entropy of pictures (..., X) of independent pixels, probabilities of ink, in nats."""
    p = probabilities.astype(np.float64)
    entropy: NDArray[np.float64] = (entr(p) + entr(1 - p)).sum(-1)
    return entropy


def map_purity(coordinates: NDArray[np.float32], labels: NDArray[np.int64], k: int = 10) -> NDArray[np.float64]:
    """(N,) share of each point's k nearest others on a map (N, 2) that have its label (N,)."""
    nearest = neighbours(coordinates, coordinates, k + 1)
    others = nearest != np.arange(len(nearest))[:, None]
    others[others.all(1), -1] = False  # so many points in the same place that the point itself is not among them
    nearest = nearest[others].reshape(-1, k)
    purity: NDArray[np.float64] = (labels[nearest] == labels[:, None]).mean(1)
    return purity
