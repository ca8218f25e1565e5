r"""log p(x) and p(k|x) of every image, in one pass of self-normalised importance sampling.

.. math::
    \log p(x) \approx \log \frac{1}{S} \sum_s w_s, \qquad
    p(k|x) = E_{p(z|x)} \left[ \frac{E_p[\pi_k]\, p_k(z)}{p(z)} \right]
           \approx \frac{\sum_s w_s\, p(k|z_s)}{\sum_s w_s}, \qquad
    w_s = \frac{p(x|z_s)\, p(z_s)}{q(z_s|x)}, \quad z_s \sim q(z|x)

S is smaller than that of the reported -log p(x) (`dlgmm_core.evaluate.likelihood`): these values compare images.
"""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from dlgmm_core.evaluate.likelihood import EvaluationError, image_blocks
from dlgmm_core.model.functional import to_float64
from dlgmm_core.model.models import LatentVariableModel
from dlgmm_core.model.objectives import log_path_weights
from dlgmm_core.model.paths import one_component
from dlgmm_core.runtime.device import device_of
from dlgmm_core.runtime.seeding import seeded
from dlgmm_core.store.per_image import PerImage

__all__ = ["DRAWS", "IMAGES", "per_image"]

IMAGES, DRAWS = 50, 100  # of one block of images, and of each of them: 5,000 decoded codes


def per_image(
    model: LatentVariableModel,
    images: NDArray[np.uint8],
    num_samples: int = DRAWS,
    seed: int = 0,
    progress: Callable[[float], None] | None = None,
    first: int = 0,
    layer: int = 0,
) -> PerImage:
    """log p(x) of binary images (N, X), nats, and for a mixture p(k|x) of the components of one layer.

    Args:
        model: any model.
        images: (N, X), zeros and ones.
        num_samples: S, draws from q(z|x) of each image, in all.
        seed: of all draws.
        progress: called with the fraction done, in (0, 1].
        first: the place of the first image in the whole set, a multiple of `IMAGES`: parts then get the same draws.
        layer: of a model of several layers, from 0; below the first, p(k|x) is a mean over the codes above, too.

    Raises:
        EvaluationError: if an importance weight is not finite.
    """
    log_p, found = [], []
    for index, x in enumerate(image_blocks(model, images, IMAGES), first // IMAGES):
        with seeded(device_of(model), seed, index), torch.no_grad():
            q = model.posterior(x)
            latents = q.sample_components(q.allocate(num_samples))  # (1, S, B)
            paths = model.paths(x, q, latents, one_component)
            log_w = log_path_weights(model, x, paths)[0]
            by_component = paths.responsibilities(layer)  # (J, 1, S, B)
        if not torch.isfinite(log_w).all():
            image = IMAGES * index + int((~torch.isfinite(log_w)).any(0).nonzero()[0])
            raise EvaluationError(f"An importance weight of image {image} is not a finite number (seed {seed}).")
        log_p.append((torch.logsumexp(to_float64(log_w), 0) - np.log(num_samples)).float().cpu())
        if by_component is not None:
            found.append((by_component[:, 0] * torch.softmax(log_w, 0)).sum(1).T.cpu())
        if progress is not None:
            progress(min(1.0, ((index + 1) * IMAGES - first) / len(images)))
    probabilities = torch.cat(found).numpy() if found else None
    return PerImage(torch.cat(log_p).numpy(), probabilities, num_samples, seed)
