r"""Codes of two numbers in pictures: where a code lies, how densities look there, and Gaussians as ellipses.

A stick of three pieces lies in a triangle of side one whose corners are the sticks of one piece. A density of its
fractions v is one of places, by :math:`|d\pi / dv| = 1 - v_1`, up to a constant.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion, map_coordinates

from dlgmm_core.config import ModelConfig
from dlgmm_core.evaluate.plane_grid import Field, Floats, latents_at
from dlgmm_core.model.latents import LatentDistribution
from dlgmm_core.model.models import LatentVariableModel, is_stick

__all__ = [
    "CORNERS",
    "Ellipses",
    "Window",
    "density_picture",
    "ellipses",
    "is_triangle",
    "outlines_of",
    "places_of",
    "window_around",
    "window_of",
]

CORNERS: Floats = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, 0.75**0.5]])
_IN_SIGHT = 8.0  # nats below the peak: cells that a window shows
_FLOOR = 30.0  # nats below the peak: no density
_MARGIN = 0.08  # of a window's side
_NODES, _LEAST = 4, 0.005  # of a posterior that a window shows, along each coordinate; their weight, at least


@dataclass(frozen=True)
class Window:
    """A square part of the plane, from its lowest corner (2,), of a side's length."""

    low: Floats
    side: float

    def points(self, size: int) -> Floats:
        """(size, size, 2), places at the centres of pixels, the topmost row first."""
        steps = self.side * (np.arange(size) + 0.5) / size
        x, y = np.meshgrid(self.low[0] + steps, self.low[1] + steps[::-1])
        return np.stack([x, y], -1)


@dataclass(frozen=True)
class Ellipses:
    """Gaussians of a mixture.

    Attributes:
        weights: (K,).
        means: (K, 2).
        factors: (K, 2, 2), A, of which A A^T is the covariance: the ellipse of r standard deviations is the mean plus
            r A u, for all unit vectors u.
    """

    weights: Floats
    means: Floats
    factors: Floats


def is_triangle(config: ModelConfig) -> bool:
    """Whether codes lie in a triangle, of a configuration with a plane."""
    return is_stick(config)


def places_of(config: ModelConfig, codes: NDArray[np.floating]) -> Floats:
    """(N, 2), where codes (N, D) lie."""
    found: Floats = codes.astype(np.float64)
    return found @ CORNERS if is_triangle(config) else found


def _fractions(points: Floats) -> Floats:
    """(..., 2), the fractions of the sticks at places; outside the triangle some are not between 0 and 1."""
    third = points[..., 1] / CORNERS[2, 1]
    second = points[..., 0] - third / 2
    first = 1 - second - third
    return np.stack([first, second / np.maximum(1 - first, 1e-12)], -1)


def _log_density(config: ModelConfig, points: Floats, log_density: Floats) -> Floats:
    """A log density of places, of one of fractions at the same places (..., 2); minus infinity outside the triangle."""
    if not is_triangle(config):
        return log_density
    v = _fractions(points)
    inside = ((v > 0) & (v < 1)).all(-1)
    return np.where(inside, log_density - np.log(np.where(inside, 1 - v[..., 0], 1.0)), -np.inf)


def ellipses(q: LatentDistribution) -> Ellipses | None:
    """The Gaussians of a distribution over one image's codes, or of a prior; None of sticks."""
    if (factors := q.covariance_factors) is None:
        return None
    found = q.log_mean_weights[:, 0].exp(), q.component_means[:, 0], factors[:, 0]
    return Ellipses(*(part.detach().double().cpu().numpy() for part in found))


def window_of(config: ModelConfig, field: Field, q: LatentDistribution) -> Window:
    """The window that contains a posterior, given as a resolved field, and the encoder's q."""
    cells = np.argwhere(field.values > field.values.max() - _IN_SIGHT)
    corners = (cells[:, None] + np.array([[-0.5, -0.5], [0.5, 0.5]])).reshape(-1, 2)
    points = field.low + field.step * corners
    with torch.no_grad():
        latents, weights = q.quadrature(_NODES)
    nodes = latents.code[weights > _LEAST].double().cpu().numpy()
    if is_triangle(config):
        v = points.clip(0, 1)
        points = np.stack([v[:, 0], (1 - v[:, 0]) * v[:, 1], (1 - v[:, 0]) * (1 - v[:, 1])], 1)
    return window_around(np.concatenate([places_of(config, points), places_of(config, nodes)]))


def window_around(points: Floats) -> Window:
    """A square around places (N, 2)."""
    low, high = points.min(0), points.max(0)
    side = float((high - low).max()) * (1 + 2 * _MARGIN)
    return Window((low + high - side) / 2, side)


def density_picture(config: ModelConfig, field: Field, window: Window, size: int) -> NDArray[np.float32]:
    """(size, size), a posterior's density in a window, the highest being one; by a cubic spline of its logarithm."""
    points = window.points(size)
    at = _fractions(points) if is_triangle(config) else points
    values = np.maximum(field.values, field.values.max() - _FLOOR)
    places_in_field = ((at - field.low) / field.step).transpose(2, 0, 1)
    found = map_coordinates(values, places_in_field, order=3, mode="constant", cval=-np.inf, prefilter=True)
    return _relative(_log_density(config, points, found))


def _relative(log_density: Floats) -> NDArray[np.float32]:
    found: NDArray[np.float32] = np.exp(log_density - log_density.max()).astype(np.float32)
    return found


def outlines_of(model: LatentVariableModel, q: LatentDistribution, window: Window, size: int) -> NDArray[np.bool_]:
    """(size, size), outlines of the smallest regions that hold as much of q as one and two standard deviations do."""
    points = window.points(size)
    at = _fractions(points).reshape(-1, 2).clip(1e-6, 1 - 1e-6)
    with torch.no_grad():
        log_q = q.log_prob(latents_at(model, torch.from_numpy(at).float()))[0, :, 0].double().numpy()
    mass = np.exp(_log_density(model.config, points, log_q.reshape(size, size)))
    order = np.argsort(-mass, axis=None)
    held = np.empty(mass.size)
    held[order] = np.cumsum(mass.ravel()[order]) / mass.sum()
    outlines = np.zeros(mass.shape, bool)
    for deviations in (1, 2):
        inside = held.reshape(mass.shape) <= -np.expm1(-(deviations**2) / 2)
        outlines |= inside & ~binary_erosion(inside)
    return outlines
