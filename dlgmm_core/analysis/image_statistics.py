"""Summary statistics: reconstruction loss, weights and their entropy, and log-odds of components of images; pixel
entropy of pictures; purity of maps.

The *weights* E[pi|x] follow from the stick fractions that the encoder predicts for an image. In a mixture they weight
the components; in a stick-breaking code they are the code; a single normal has none. The *pixel entropy* of a picture
is the sum over its pixels of an entropy that is 0 if ink has probability 0 or 1, and log 2 if it has probability 1/2.
A low pixel entropy means a sharp picture, not necessarily a good one.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import entr

from dlgmm_core.evaluate.likelihood import image_blocks
from dlgmm_core.evaluate.neighbours import neighbours
from dlgmm_core.model.models import LatentVariableModel

__all__ = [
    "expected_weights",
    "log_odds",
    "map_purity",
    "pixel_entropy",
    "reconstruction_loss",
    "weight_entropy",
    "within_outline",
]

BLOCK = 1000  # images encoded at once


def expected_weights(model: LatentVariableModel, images: NDArray[np.uint8]) -> NDArray[np.float32] | None:
    """(N, K) E[pi|x] of binary images (N, X); None if the model has no weights."""
    found = []
    with torch.no_grad():
        for x in image_blocks(model, images, BLOCK):
            weights = model.posterior(x).weights
            if weights is None:
                return None
            found.append(weights.cpu())
    return torch.cat(found).numpy()


def log_odds(model: LatentVariableModel, images: NDArray[np.uint8]) -> NDArray[np.float64] | None:
    """(N, K) log p(k|z) / (1 - p(k|z)), nats, of binary images (N, X) at their posterior mean z.

    z is the code of the first layer; None if it has no components. The sum of the other components' probabilities,
    rather than 1 - p, distinguishes images for which a component is nearly certain.
    """
    found, prior = [], model.prior()
    with torch.no_grad():
        for x in image_blocks(model, images, BLOCK):
            by_component = prior.responsibilities(model.posterior(x).mean)
            if by_component is None:
                return None
            p = by_component.T.double().cpu()
            others = p @ (1 - torch.eye(p.shape[1], dtype=p.dtype))
            least = torch.finfo(torch.float32).tiny
            found.append(p.clamp_min(least).log() - others.clamp_min(least).log())
    return torch.cat(found).numpy()


def weight_entropy(weights: NDArray[np.float32]) -> NDArray[np.float64]:
    """(N,) entropy of weights (N, K), nats: 0 if one weight is 1, log K if all are equal."""
    entropy: NDArray[np.float64] = entr(weights.astype(np.float64)).sum(1)
    return entropy


def reconstruction_loss(model: LatentVariableModel, images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """(N,) -log p(x|z) of binary images (N, X) at their posterior mean z, nats."""
    losses = []
    with torch.no_grad():
        for x in image_blocks(model, images, BLOCK):
            losses.append(-model.reconstruction(x).log_prob(x).double().cpu())
    return torch.cat(losses).numpy()


def pixel_entropy(probabilities: NDArray[np.floating]) -> NDArray[np.float64]:
    """(...) entropy, nats, of pictures (..., X) of independent pixels, given as probabilities of ink."""
    p = probabilities.astype(np.float64)
    entropy: NDArray[np.float64] = (entr(p) + entr(1 - p)).sum(-1)
    return entropy


def map_purity(coordinates: NDArray[np.float32], labels: NDArray[np.int64], k: int = 10) -> NDArray[np.float64]:
    """(N,) share of each point's k nearest neighbours on a map (N, 2) that have its label (N,)."""
    nearest = neighbours(coordinates, coordinates, k + 1)
    others = nearest != np.arange(len(nearest))[:, None]
    others[others.all(1), -1] = False  # many points coincide, and the point itself is not among its k + 1 nearest
    nearest = nearest[others].reshape(-1, k)
    purity: NDArray[np.float64] = (labels[nearest] == labels[:, None]).mean(1)
    return purity


def within_outline(places: NDArray[np.float32], outline: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(N,) whether places (N, 2) on a map lie within a polygon (C, 2): an odd number of its edges is to their right."""
    (x, y), (ax, ay), (bx, by) = places.astype(float).T[..., None], outline.T, np.roll(outline, 1, 0).T
    with np.errstate(divide="ignore", invalid="ignore"):  # a horizontal edge crosses no horizontal line
        crossed = ((ay > y) != (by > y)) & (x < ax + (bx - ax) * (y - ay) / (by - ay))
    inside: NDArray[np.bool_] = crossed.sum(1) % 2 == 1
    return inside
