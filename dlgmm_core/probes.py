"""One number for what the eye sees: what a reconstruction loses, how clear a picture is, how pure a map is.

The *doubt* of a picture is the entropy of its pixels: none where every pixel is surely ink or surely
paper, log 2 for each that may as well be one as the other. A clear picture need not be a good one.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import entr

from dlgmm_core.evaluation import image_blocks
from dlgmm_core.models import LatentVariableModel
from dlgmm_core.neighbours import neighbours

__all__ = ["doubt", "map_purity", "reconstruction_loss"]

BLOCK = 1000  # images encoded at once


def reconstruction_loss(model: LatentVariableModel, images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """(N,) -log p(x|z) of binary images (N, X) at the mean of their own posterior, nats."""
    losses = []
    with torch.no_grad():
        for x in image_blocks(model, images, BLOCK):
            losses.append(-model.likelihood(model.posterior(x).mean).log_prob(x).double().cpu())
    return torch.cat(losses).numpy()


def doubt(probabilities: NDArray[np.floating]) -> NDArray[np.float64]:
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
