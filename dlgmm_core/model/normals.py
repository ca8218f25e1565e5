r"""Densities of diagonal normals, of one at a code or of all components of a mixture at once.

The density of a mixture asks for every code under every component. Its exponents are one matrix product,

.. math:: -2 \log N(z; m_j, \mathrm{diag}\, s_j^2)
          = \sum_d \left( \frac{z_d^2}{s_{jd}^2} - \frac{2 m_{jd} z_d}{s_{jd}^2} \right)
          + \sum_d \left( \frac{m_{jd}^2}{s_{jd}^2} + \log 2 \pi s_{jd}^2 \right),

so that no array of codes x components x coordinates is made. The terms are large and cancel: they are summed in
float64, which leaves more correct digits than squared distances in float32 do.
"""

import math

import torch
from torch import Tensor
from torch.distributions import Normal

from dlgmm_core.model.functional import to_float64

__all__ = ["NormalTable", "expected_log_normal", "log_normal"]


def log_normal(z: Tensor, loc: Tensor, scale: Tensor) -> Tensor:
    """log N(z; loc, diag scale^2), summed over the last axis, nats."""
    standardised = (z - loc) / scale
    return -0.5 * (standardised.square().sum(-1) + z.shape[-1] * math.log(2 * math.pi)) - torch.log(scale).sum(-1)


def expected_log_normal(q: Normal, p: Normal) -> Tensor:
    """E_q[log p(z)] of diagonal normals, summed over the last axis, nats."""
    spread = (q.variance + (q.loc - p.loc) ** 2) / p.variance
    return -0.5 * (spread + torch.log(2 * torch.pi * p.variance)).sum(-1)


class NormalTable:
    """J normals for each of B images, under which any number of codes are scored."""

    def __init__(self, normals: Normal) -> None:
        """normals: of batch shape (J, B, D)."""
        loc, scale = to_float64(normals.loc), to_float64(normals.scale)
        precision = scale.reciprocal().square()
        # (B, J, 2D), of z^2 and of z; (B, J, 1)
        self._coefficients = torch.cat([precision, -2 * precision * loc], -1).movedim(1, 0)
        self._constant = (precision * loc.square() + torch.log(2 * torch.pi * scale.square())).sum(-1).T[..., None]

    def log_prob(self, code: Tensor) -> Tensor:
        """(J, *shape, B): log density, nats, of codes (*shape, B, D); any B where the normals have one image."""
        z = to_float64(code)
        features = torch.cat([z.square(), z], -1).movedim(-2, 0)  # (B, *shape, 2D)
        one_for_all = len(self._constant) == 1
        columns = features.flatten(0, -2)[None] if one_for_all else features.flatten(1, -2)
        log_density = torch.baddbmm(self._constant, self._coefficients, columns.mT, beta=-0.5, alpha=-0.5)
        by_image = log_density.movedim(1, 0).reshape(-1, *features.shape[:-1])  # (J, B, *shape)
        return by_image.movedim(1, -1).to(code)
