"""From one image to another through the space of codes, in equal steps along a straight line.

Where the components of a mixture's prior differ, a code on the line says which of them it is likely
to come from: the *responsibilities* p(k|z) of the prior. Weights pi, by contrast, belong to an image
and not to a code; only in a stick-breaking code, which is a point of the simplex, the two are one.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from dlgmm_core.evaluate.likelihood import image_blocks
from dlgmm_core.model.latents import LatentDistribution
from dlgmm_core.model.models import MODELS, LatentVariableModel

__all__ = ["CodePath", "code_path"]


@dataclass(frozen=True)
class CodePath:
    """A straight line of M codes.

    Attributes:
        codes: (M, D), from the first image's posterior mean to the second's.
        shares: (M, K), each row sums to one: responsibilities of the prior's components for a code, where
            they differ; the pieces of the stick, where these are the code; else None.
    """

    codes: NDArray[np.float32]
    shares: NDArray[np.float32] | None


def code_path(model: LatentVariableModel, first: NDArray[np.uint8], second: NDArray[np.uint8], points: int) -> CodePath:
    """The line between the posterior mean codes of two binary images (X,), at `points` places, ends included."""
    (x,) = image_blocks(model, np.stack([first, second]), 2)
    with torch.no_grad():
        q, p = model.posterior(x), model.prior()
        share = torch.linspace(0, 1, points, device=x.device)[:, None]
        codes = torch.lerp(q.mean[:1], q.mean[1:], share)  # (M, D)
        shares = None
        if MODELS[model.config.model].code_kind == "simplex":
            shares = codes
        elif _components_differ(p) and (responsibilities := p.responsibilities(codes[None, :, None])) is not None:
            shares = responsibilities[:, 0, :, 0].T  # from (K, 1, M, 1)
    return CodePath(codes.cpu().numpy(), None if shares is None else shares.cpu().numpy())


def _components_differ(prior: LatentDistribution) -> bool:
    """Whether a code says anything about its component."""
    parts = [v for v in (prior.component_means, prior.component_scales) if v is not None]
    return any(bool((part != part[:1]).any()) for part in parts)
