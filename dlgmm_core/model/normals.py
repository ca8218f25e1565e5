r"""Gaussian densities, for one normal and for all components of a mixture at once.

The density of a mixture needs every code under every component. With diagonal covariances the exponents are one
matrix product,

.. math:: -2 \log N(z; m_j, \mathrm{diag}\, s_j^2)
          = \sum_d \left( \frac{z_d^2}{s_{jd}^2} - \frac{2 m_{jd} z_d}{s_{jd}^2} \right)
          + \sum_d \left( \frac{m_{jd}^2}{s_{jd}^2} + \log 2 \pi s_{jd}^2 \right),

so that no array of codes x components x coordinates is needed. The terms are large and cancel, so they are summed
in float64, which is more accurate than squared distances in float32. With full covariances, given by the
lower-triangular Cholesky factor L of the precision,

.. math:: \log N(z; m, (L L^T)^{-1}) = -\tfrac12 \|L^T (z - m)\|^2 + \log |L| - \tfrac{D}{2} \log 2 \pi .

Reference: K. P. Murphy, "Machine Learning: A Probabilistic Perspective", 2012, section 4.1.
"""

import math
from abc import ABC, abstractmethod
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from dlgmm_core.model.functional import to_float64

__all__ = [
    "DiagonalNormals",
    "FullNormals",
    "Normals",
    "expected_log_normal",
    "gauss_hermite",
    "log_normal",
    "normal_draws",
]


def gauss_hermite(order: int, like: Tensor) -> tuple[Tensor, Tensor]:
    """Nodes (M, D) and weights (M,) of a standard normal of the dimension of `like` (..., D); M = order^D."""
    points, weights = np.polynomial.hermite_e.hermegauss(order)
    nodes = np.stack(np.meshgrid(*[points] * like.shape[-1], indexing="ij"), -1).reshape(-1, like.shape[-1])
    products = np.prod(np.meshgrid(*[weights / weights.sum()] * like.shape[-1]), axis=0).reshape(-1)
    return torch.from_numpy(nodes).to(like), torch.from_numpy(products).to(like)


def normal_draws(loc: Tensor, scale: Tensor, shape: torch.Size) -> Tensor:
    """(*shape, *batch, D), reparametrised draws from N(loc, diag scale^2) with loc and scale (*batch, D)."""
    noise = torch.empty(shape + loc.shape, dtype=loc.dtype, device=loc.device).normal_()
    return torch.addcmul(loc, scale, noise)


def log_normal(z: Tensor, loc: Tensor, scale: Tensor) -> Tensor:
    """log N(z; loc, diag scale^2), summed over the last axis, nats."""
    density: Tensor = _ExpectedLogNormal.apply(z, None, loc, scale)  # type: ignore[no-untyped-call]
    return density


def expected_log_normal(mean: Tensor, spread: Tensor, loc: Tensor, scale: Tensor) -> Tensor:
    """E[log N(z; loc, diag scale^2)] of z ~ N(mean, diag spread^2), summed over the last axis, nats."""
    expectation: Tensor = _ExpectedLogNormal.apply(mean, spread, loc, scale)  # type: ignore[no-untyped-call]
    return expectation


class _ExpectedLogNormal(torch.autograd.Function):
    """-1/2 sum [((mean - loc)^2 + spread^2) / scale^2 + log(2 pi scale^2)], with a third of the operations."""

    @staticmethod
    def forward(ctx: Any, mean: Tensor, spread: Tensor | None, loc: Tensor, scale: Tensor) -> Tensor:
        shift = (mean - loc).div_(scale)
        square, width = shift.square(), None
        if spread is not None:
            width = spread / scale
            square = square.addcmul(width, width)
        ctx.save_for_backward(shift, width, square, scale)
        ctx.shapes = [None if each is None else each.shape for each in (mean, spread, loc, scale)]
        constant = 0.5 * shift.shape[-1] * math.log(2 * math.pi)
        return square.sum(-1).mul_(-0.5).sub_(torch.log(scale).sum(-1) + constant)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        shift, width, square, scale = ctx.saved_tensors
        by_scale = gradient[..., None] / scale
        by_loc = shift * by_scale
        by_all = by_loc.neg(), None if width is None else -width * by_scale, by_loc, (square - 1).mul_(by_scale)
        return tuple(
            each.sum_to_size(shape) if needed else None
            for each, shape, needed in zip(by_all, ctx.shapes, ctx.needs_input_grad, strict=True)
        )


class Normals(ABC):
    """K normals for each of B images; B = 1 broadcasts to any number of images.

    Attributes:
        loc: (K, B, D), means.
        scale: (K, B, D), standard deviations of each coordinate.
    """

    loc: Tensor
    scale: Tensor

    @property
    @abstractmethod
    def covariance_factors(self) -> Tensor:
        """(K, B, D, D), A of which A A^T is each covariance."""

    @property
    def precision_factors(self) -> Tensor | None:
        """(K, B, D, D), lower-triangular L of which L L^T is each precision; None where coordinates are independent."""
        return None

    @abstractmethod
    def moved_to(self, loc: Tensor) -> "Normals":
        """The same covariances about other means (K, B, D)."""

    @abstractmethod
    def rsample(self, shape: torch.Size) -> Tensor:
        """(K, *S, B, D), a reparametrised draw from every normal for each element of `shape`."""

    @abstractmethod
    def sample_of(self, components: Tensor) -> Tensor:
        """(S, B, D), a draw from each of `components` (S, B)."""

    @abstractmethod
    def deviations(self, noise: Tensor) -> Tensor:
        """(K, *S, B, D): standard-normal noise (*S, B, D) as deviations from the mean in units of `scale`."""

    @abstractmethod
    def log_prob(self, code: Tensor) -> Tensor:
        """(K, *S, B): log density, nats, of codes (K, *S, B, D), each under its own normal."""

    @abstractmethod
    def log_prob_of_all(self, code: Tensor) -> Tensor:
        """(J, *shape, B): log density, nats, of codes (*shape, B, D) under each of the J normals."""

    @abstractmethod
    def expectation_under(self, q: "DiagonalNormals") -> Tensor:
        """(K, B): E_{q_k}[log N_k(z)], nats, in closed form."""


class DiagonalNormals(Normals):
    """Normals whose coordinates are independent."""

    def __init__(self, loc: Tensor, scale: Tensor) -> None:
        """loc and scale: (K, B, D)."""
        self.loc, self.scale = loc, scale

    @property
    def covariance_factors(self) -> Tensor:
        """Diagonal."""
        return torch.diag_embed(self.scale)

    def moved_to(self, loc: Tensor) -> "DiagonalNormals":
        """As `Normals.moved_to`."""
        return DiagonalNormals(loc, self.scale)

    def rsample(self, shape: torch.Size) -> Tensor:
        """As `Normals.rsample`."""
        return normal_draws(self.loc, self.scale, shape).movedim(len(shape), 0)

    def sample_of(self, components: Tensor) -> Tensor:
        """As `Normals.sample_of`."""
        index = components[..., None].expand(*components.shape, self.loc.shape[-1])
        loc, scale = self.loc.gather(0, index), self.scale.gather(0, index)
        return torch.addcmul(loc, scale, torch.randn_like(loc))

    def deviations(self, noise: Tensor) -> Tensor:
        """The noise itself."""
        return noise.expand(len(self.loc), *noise.shape)

    def log_prob(self, code: Tensor) -> Tensor:
        """As `Normals.log_prob`."""
        return log_normal(code, *(align(v, code.dim()) for v in (self.loc, self.scale)))

    def log_prob_of_all(self, code: Tensor) -> Tensor:
        """As `Normals.log_prob_of_all`."""
        coefficients, constant = self._exponents
        z = to_float64(code)
        features = torch.cat([z.square(), z], -1).movedim(-2, 0)  # (B, *shape, 2D)
        columns = features.flatten(0, -2)[None] if len(constant) == 1 else features.flatten(1, -2)
        log_density = torch.baddbmm(constant, coefficients, columns.mT, beta=-0.5, alpha=-0.5)
        by_image = log_density.movedim(1, 0).reshape(-1, *features.shape[:-1])  # (J, B, *shape)
        return by_image.movedim(1, -1).to(code)

    def expectation_under(self, q: "DiagonalNormals") -> Tensor:
        """As `Normals.expectation_under`."""
        return expected_log_normal(q.loc, q.scale, self.loc, self.scale)

    @cached_property
    def _exponents(self) -> tuple[Tensor, Tensor]:
        """Coefficients (B, J, 2D) of z^2 and of z, and constants (B, J, 1)."""
        loc, scale = to_float64(self.loc), to_float64(self.scale)
        precision = scale.reciprocal().square()
        coefficients = torch.cat([precision, -2 * precision * loc], -1).movedim(1, 0)
        constant = (precision * loc.square() + torch.log(2 * torch.pi * scale.square())).sum(-1).T[..., None]
        return coefficients, constant


class FullNormals(Normals):
    """Normals with full covariance matrices."""

    def __init__(self, loc: Tensor, factor: Tensor) -> None:
        """loc: (K, B, D). factor: L, (K, B, D, D), lower-triangular with a positive diagonal."""
        self.loc, self.factor = loc, factor

    @cached_property
    def scale(self) -> Tensor:  # type: ignore[override]
        """(K, B, D), standard deviations of each coordinate."""
        return self._inverse.square().sum(-2).sqrt()

    @cached_property
    def _inverse(self) -> Tensor:
        """L^-1, whose transpose turns noise into deviations."""
        identity = torch.eye(self.loc.shape[-1], dtype=self.factor.dtype, device=self.factor.device)
        return torch.linalg.solve_triangular(self.factor, identity.expand_as(self.factor), upper=False)

    @property
    def covariance_factors(self) -> Tensor:
        """Transposes of L^-1."""
        return self._inverse.mT

    @property
    def precision_factors(self) -> Tensor:
        """L."""
        return self.factor

    def moved_to(self, loc: Tensor) -> "FullNormals":
        """As `Normals.moved_to`."""
        return FullNormals(loc, self.factor)

    def rsample(self, shape: torch.Size) -> Tensor:
        """As `Normals.rsample`."""
        noise = torch.randn(len(self.loc), *shape, *self.loc.shape[1:], dtype=self.loc.dtype, device=self.loc.device)
        return align(self.loc, noise.dim()) + _rows_times(noise, self._inverse)

    def sample_of(self, components: Tensor) -> Tensor:
        """As `Normals.sample_of`."""
        image = torch.arange(self.loc.shape[1], device=components.device).expand_as(components)
        loc, inverse = self.loc[components, image], self._inverse[components, image]
        return loc + (torch.randn_like(loc)[..., None, :] @ inverse)[..., 0, :]

    def deviations(self, noise: Tensor) -> Tensor:
        """As `Normals.deviations`."""
        correlated = _rows_times(noise.expand(len(self.loc), *noise.shape), self._inverse)
        return correlated / align(self.scale, correlated.dim())

    def log_prob(self, code: Tensor) -> Tensor:
        """As `Normals.log_prob`."""
        standardised = _rows_times(code - align(self.loc, code.dim()), self.factor)
        return align(self._log_normaliser, code.dim() - 1) - 0.5 * standardised.square().sum(-1)

    def log_prob_of_all(self, code: Tensor) -> Tensor:
        """As `Normals.log_prob_of_all`."""
        z, loc = code[None], self.loc.reshape(len(self.loc), *[1] * (code.dim() - 2), *self.loc.shape[1:])
        standardised = _rows_times(z - loc, self.factor)
        return align(self._log_normaliser, code.dim()) - 0.5 * standardised.square().sum(-1)

    def expectation_under(self, q: DiagonalNormals) -> Tensor:
        """-1/2 (|L^T (mu - m)|^2 + sum_d sigma_d^2 (L L^T)_dd) + log|L| - D/2 log 2 pi."""
        shift = _rows_times(q.loc - self.loc, self.factor).square().sum(-1)
        spread = (q.scale.square() * self.factor.square().sum(-1)).sum(-1)
        return self._log_normaliser - 0.5 * (shift + spread)

    @property
    def _log_normaliser(self) -> Tensor:
        """(K, B)."""
        log_determinant = self.factor.diagonal(dim1=-2, dim2=-1).log().sum(-1)
        return log_determinant - 0.5 * self.loc.shape[-1] * math.log(2 * math.pi)


def align(x: Tensor, dim: int) -> Tensor:
    """x of shape (K, *rest), with axes of length one after K up to `dim` in all."""
    return x.reshape(x.shape[:1] + (1,) * (dim - x.dim()) + x.shape[1:])


def _rows_times(rows: Tensor, matrices: Tensor) -> Tensor:
    """(K, *S, B, D): each row (K, *S, B, D) times the matrix (K, B, D, D) of its normal and image."""
    k, batch, dim = rows.shape[0], *rows.shape[-2:]
    if matrices.shape[1] == 1:
        return (rows.reshape(k, -1, dim) @ matrices[:, 0]).reshape(rows.shape)
    by_image = rows.reshape(k, -1, batch, dim).movedim(2, 1)  # (K, B, S, D)
    return (by_image @ matrices).movedim(1, 2).reshape(rows.shape)
