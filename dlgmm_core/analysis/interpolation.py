"""Interpolation between two images in the space of codes, in equal steps along a straight line.

If the components of a mixture's prior differ, a code on the line has *responsibilities* p(k|z): the
probability that it came from each component. Mixture weights pi are not a function of the code; only
in a stick-breaking model, whose code is a point of the simplex, the weights are the code.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from dlgmm_core.evaluate.likelihood import image_blocks
from dlgmm_core.model.latents import LatentDistribution
from dlgmm_core.model.models import LatentVariableModel, is_stick
from dlgmm_core.model.paths import mean_code

__all__ = ["CodePath", "code_path"]


@dataclass(frozen=True)
class CodePath:
    """A straight line of M codes.

    Attributes:
        codes: (M, C), from the first image's posterior means to the second's, in all layers, one after the other.
        shares: (M, K), rows sum to one: responsibilities of the first layer's components for each code, if the
            components differ; the pieces of the stick, if these are the code; otherwise None.
    """

    codes: NDArray[np.float32]
    shares: NDArray[np.float32] | None


def code_path(model: LatentVariableModel, first: NDArray[np.uint8], second: NDArray[np.uint8], points: int) -> CodePath:
    """The line between the posterior mean codes of two binary images (X,), as `points` codes, both ends included."""
    (x,) = image_blocks(model, np.stack([first, second]), 2)
    with torch.no_grad():
        ends, p = model.chosen_path(x, mean_code).code[0, 0], model.prior()  # (2, C)
        codes = torch.lerp(ends[:1], ends[1:], torch.linspace(0, 1, points, device=x.device)[:, None])
        first_codes = codes[:, : model.config.code_dim]
        shares = None
        if is_stick(model.config):
            shares = codes
        elif _components_differ(p) and (found := p.responsibilities(first_codes[None, :, None])) is not None:
            shares = found[:, 0, :, 0].T  # from (K, 1, M, 1)
    return CodePath(codes.cpu().numpy(), None if shares is None else shares.cpu().numpy())


def _components_differ(prior: LatentDistribution) -> bool:
    """Whether the prior's components differ, so that a code is informative about its component."""
    parts = [v for v in (prior.component_means, prior.component_scales) if v is not None]
    return any(bool((part != part[:1]).any()) for part in parts)
