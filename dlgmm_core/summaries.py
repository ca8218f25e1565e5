"""One number an image: what a map of codes is coloured by, besides the class.

The *weights* E[pi|x] are what the encoder predicts of an image's sticks. A mixture weighs its
components with them; in a stick-breaking code they are the code itself; a single normal has none.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import entr

from dlgmm_core.evaluation import image_blocks, log_likelihood
from dlgmm_core.latents import MixtureLatent, SticksLatent
from dlgmm_core.models import LatentVariableModel

__all__ = ["NLL_BLOCK", "block_nll", "expected_weights", "weight_entropy"]

BLOCK = 1000  # images encoded at once
NLL_BLOCK = 500  # images of one step of the likelihood's estimate


def expected_weights(model: LatentVariableModel, images: NDArray[np.uint8]) -> NDArray[np.float32] | None:
    """(N, K) E[pi|x] of binary images (N, X); None where the model breaks no stick."""
    found = []
    with torch.no_grad():
        for x in image_blocks(model, images, BLOCK):
            q = model.posterior(x)
            if not isinstance(q, MixtureLatent | SticksLatent):
                return None
            found.append(q.sticks.log_mean_weights.exp().cpu())
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
