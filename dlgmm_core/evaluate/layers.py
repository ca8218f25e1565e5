"""What each stochastic layer of a model does over test images: its divergence, active units, neighbours and clusters.

A layer has collapsed if its posterior is its prior: its divergence is then near zero, and no coordinate is active.

Reference: Burda, Grosse & Salakhutdinov (2016), section 5 (active units).
"""

import numpy as np
import torch
from numpy.typing import NDArray

from dlgmm_core.evaluate.clustering import scores
from dlgmm_core.evaluate.knn import encode
from dlgmm_core.evaluate.likelihood import MOST_PATHS, image_blocks
from dlgmm_core.evaluate.per_image import per_image
from dlgmm_core.model.models import LatentVariableModel
from dlgmm_core.model.objectives import every_path, path_terms
from dlgmm_core.model.paths import mean_code
from dlgmm_core.runtime.seeding import seeded
from dlgmm_core.store.figures import Clustering

__all__ = ["active_units", "layer_clustering", "layer_weights", "mean_divergences"]

ACTIVE = 0.01  # variance of a coordinate's posterior mean over images, from which on it counts as active
IMAGES = 500  # per block, at most


def mean_divergences(model: LatentVariableModel, images: NDArray[np.uint8], seed: int = 0) -> NDArray[np.float64]:
    """(L,), nats: what each layer takes from the marginal bound, its KL divergence, over binary images (N, X)."""
    found = []
    block = max(1, min(IMAGES, MOST_PATHS // model.config.paths))
    for index, x in enumerate(image_blocks(model, images, block)):
        with seeded(x.device, seed, index), torch.no_grad():
            paths = every_path(model, x, 1)
            terms = path_terms(paths, model.decode(paths.code).log_prob(x), "marginal")
            found.append(terms.divergences[:, 0].double().cpu())
    mean: NDArray[np.float64] = torch.cat(found, 1).mean(1).numpy()
    return mean


def active_units(model: LatentVariableModel, images: NDArray[np.uint8], layer: int) -> int:
    """Coordinates of a layer's code, counted from 0, whose posterior mean differs between binary images (N, X)."""
    return int((encode(model, images, layer=layer).var(0) > ACTIVE).sum())


def layer_weights(model: LatentVariableModel, images: NDArray[np.uint8], layer: int) -> NDArray[np.float64]:
    """(N, K), E_q[pi_k|x] of binary images (N, X) in one layer, counted from 0, given the mean codes above it."""
    found = []
    with torch.no_grad():
        for x in image_blocks(model, images, IMAGES):
            log_weights = model.chosen_path(x, mean_code).layers[layer].q.log_mean_weights
            found.append(log_weights.T.double().exp().cpu())
    weights: NDArray[np.float64] = torch.cat(found).numpy()
    return weights


def layer_clustering(
    model: LatentVariableModel, images: NDArray[np.uint8], labels: NDArray[np.int64], layer: int, seed: int = 0
) -> Clustering | None:
    """How well the components of one layer, counted from 0, find classes (N,); None without components."""
    found = per_image(model, images, seed=seed, layer=layer).responsibilities
    if found is None:
        return None
    return Clustering(
        weights=scores(layer_weights(model, images, layer), labels), responsibilities=scores(found, labels)
    )
