r"""Convergence of the importance-sampling estimate of log p(x) of one image with the number of samples.

.. math:: \log \hat p_S(x) = \log \frac{1}{S} \sum_{s \le S} w_s

is too low in expectation at every S and approaches log p(x) as S grows. Its variance over seeds shows
whether S is large enough; the effective sample size shows how many of the S weights contribute.

Reference: Burda, Grosse & Salakhutdinov (2016).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from dlgmm_core.evaluate.likelihood import effective_sample_size, image_blocks
from dlgmm_core.model.models import LatentVariableModel
from dlgmm_core.model.objectives import log_density_ratio
from dlgmm_core.runtime.seeding import seeded

__all__ = ["Convergence", "estimate_convergence", "sample_sizes"]


@dataclass(frozen=True)
class Convergence:
    """Estimates of one image for increasing S and several seeds.

    Attributes:
        sizes: (G,) values of S, ascending.
        log_p: (R, G) estimate for every seed and S, nats.
        ess: (R, G) effective sample size, (sum w)^2 / sum w^2.
    """

    sizes: NDArray[np.int64]
    log_p: NDArray[np.float64]
    ess: NDArray[np.float64]


def sample_sizes(largest: int) -> NDArray[np.int64]:
    """About 40 whole numbers from 1 to `largest`, evenly spaced on a logarithmic scale."""
    return np.unique(np.geomspace(1, largest, 40).round().astype(np.int64))


def estimate_convergence(
    model: LatentVariableModel, image: NDArray[np.uint8], largest: int = 5000, repeats: int = 8, seed: int = 0
) -> Iterator[tuple[float, Convergence | None]]:
    """Yields the fraction done and None, finally 1.0 and the estimates.

    Args:
        model: any model.
        image: (X,) zeros and ones.
        largest: the largest S.
        repeats: R, independent runs.
        seed: of all draws; run r uses the seed (seed, r).
    """
    (x,) = image_blocks(model, image[None], 1)
    sizes = sample_sizes(largest)
    log_p, ess = [], []
    for repeat in range(repeats):
        with seeded(x.device, seed, repeat), torch.no_grad():
            q = model.posterior(x)
            # in random order: `allocate` sorts draws by component, and an estimate uses the first S of them
            components = q.allocate(largest)[torch.randperm(largest, device=x.device)]
            latents = q.sample_components(components)
            log_w = log_density_ratio(model, x, q, latents)[0, :, 0].double().cpu()
        log_sum = torch.logcumsumexp(log_w, 0)[sizes - 1]
        log_p.append(log_sum.numpy() - np.log(sizes))
        ess.append(effective_sample_size(log_sum, torch.logcumsumexp(2 * log_w, 0)[sizes - 1]).numpy())
        if repeat + 1 < repeats:
            yield (repeat + 1) / repeats, None
    yield 1.0, Convergence(sizes, np.stack(log_p), np.stack(ess))
