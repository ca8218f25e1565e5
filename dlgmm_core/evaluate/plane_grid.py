r"""A grid over codes of two numbers, on which log p(x) and the true posterior of any image are known.

.. math:: \log p(x) = \log \int p(x|z)\, p(z)\, dz \approx \log \sum_g p(x|z_g)\, p(z_g)\, \Delta

over the centres of N x N cells of area :math:`\Delta`. The codes are decoded once. Their logits vary smoothly over the
plane, so that a matrix of a low rank R holds them, by the principal axes of the pixels, weighted by the prior, to
within about a nat where an image has mass; an image costs one product with a matrix (N^2, R). The grid is widened until
images have no mass at its edge.

That shows where an image has mass. There the codes at the cells' centres are decoded, and cells divided into four,
again and again, until the standard deviation at the highest peak is s = 0.9 cells or more. A sum over such centres is
as good as exact: of a Gaussian it is off by 2 e^(-2 pi^2 s^2), 3e-7. Where an image's mass is broad, cells are joined
before; beside a narrow peak, broad parts can be interpolated instead of decoded, for some hundredths of a nat.

Real codes are the plane itself. A code that is a stick of three pieces is a point of a triangle, computed from two
fractions v, and its grid is over v in the unit square, with densities of v.
"""

import math
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import softplus

from dlgmm_core.config import ModelConfig
from dlgmm_core.model.distributions import Sticks
from dlgmm_core.model.latents import LatentDistribution, Latents
from dlgmm_core.model.models import LatentVariableModel, family_of, is_stick, prior_of
from dlgmm_core.runtime.device import device_of

__all__ = ["Field", "PlaneGrid", "exact_log_likelihood", "has_plane", "latents_at"]

Floats = NDArray[np.float64]

SIZE, RANK = 160, 256  # cells along each side; R: 13 MB
_COARSE = 80  # cells along each side of a grid that is only to find how wide another must be
_SPARSE = 3  # every so many codes give the principal axes
IMAGES = 20  # at once
_ROWS = 2_000  # codes decoded at once
_OUTSIDE = 1e-6  # of an image's mass, at most, in the outermost cells
_EDGE, _WIDER, _WIDEST = 4, 1.2, 12  # cells that count as outermost; factor; how often
_ORDER = 8  # of the nodes of the prior that the grid contains at first: 4.1 standard deviations
_AROUND = 2  # cells beside those with mass: a narrow peak may lie between their centres
_DEEP = 20.0  # nats below the highest cell, of logits of a low rank: lower ones have no mass
_DEEP_DECODED, _AROUND_DECODED = 12.0, 1  # the same of decoded logits
_TOP = 3.0  # nats below it: a peak
_STEPS, _DIVISIONS = 0.9, 6  # smallest standard deviation, in steps; how often a cell is divided at most
_BENT, _BENT_WITH_MASS = 0.8, 0.1  # largest second differences that are interpolated: anywhere, at the highest peak
_JOINED = 3.0  # standard deviation, in steps, from which on cells are joined


@lru_cache(maxsize=500)
def has_plane(config: ModelConfig) -> bool:
    """Whether two numbers of known quadrature give a code: a point of the plane, or a stick of three pieces."""
    family = family_of(config)
    size = 2 if family.code_kind == "real" else 3 if is_stick(config) else None
    if config.layers > 1 or config.code_dim != size:
        return False
    return prior_of(config).has_quadrature


def latents_at(model: LatentVariableModel, points: Tensor) -> Latents:
    """Codes (1, N, 1, D) at places (N, 2) of the plane or, of a stick, at fractions v in the unit square."""
    rows = points[None, :, None]
    if is_stick(model.config):
        sticks = Sticks.from_fraction(rows[0])
        return Latents(sticks.log_weights.exp()[None], torch.zeros_like(rows[..., 0]), sticks)
    return Latents(rows, torch.zeros_like(rows[..., 0]))


@dataclass(frozen=True)
class Field:
    """A log density on a grid of cells, up to a constant.

    Attributes:
        values: (N, M), nats, at the centres; minus infinity where there is no mass. The first axis is the first
            coordinate.
        low: the first centre, (2,).
        step: between centres, (2,).
    """

    values: Floats
    low: Floats
    step: Floats

    @property
    def log_integral(self) -> float:
        """log of the integral of the density."""
        from scipy.special import logsumexp  # here, as most commands do without SciPy

        return float(logsumexp(self.values) + np.log(self.step).sum())

    @property
    def axes(self) -> tuple[Floats, Floats]:
        """The centres (N,) and (M,) along each coordinate."""
        x, y = (low + step * np.arange(n) for low, step, n in zip(self.low, self.step, self.values.shape, strict=True))
        return x, y

    @property
    def narrowest(self) -> float:
        """The smallest standard deviation along a coordinate at the highest peaks, in steps, by second differences."""
        padded = np.pad(self.values, 1, mode="edge")
        rows, columns = np.nonzero(self.values > self.values.max() - _TOP)
        centre, bend = 2 * self.values[rows, columns], 1e-12
        for i, j in ((1, 0), (0, 1)):
            around = padded[rows + 1 + i, columns + 1 + j] + padded[rows + 1 - i, columns + 1 - j]
            bend = max([bend, *(centre - around)[np.isfinite(around)]])
        return bend**-0.5

    @property
    def is_even(self) -> bool:
        """Whether the numbers of cells along both coordinates are."""
        return not any(n % 2 for n in self.values.shape)

    @property
    def halved(self) -> "Field":
        """Half as many cells along each coordinate, which must be even; of the mean density of four."""
        from scipy.special import logsumexp

        n, m = self.values.shape
        mean = logsumexp(self.values.reshape(n // 2, 2, m // 2, 2), axis=(1, 3)) - math.log(4)
        return Field(mean, self.low + self.step / 2, 2 * self.step)

    def with_mass(self, deep: float, around: int) -> NDArray[np.int64]:
        """(n, 2), the cells that may have mass: less than `deep` nats below the highest, and those `around` them."""
        from scipy.ndimage import binary_dilation

        # inside a cell, the density rises above the one at its centre by this much at most, if it is a Gaussian's
        rise = 0.25 / self.narrowest**2
        mass = self.values > self.values.max() - deep - min(rise, deep)
        return np.argwhere(binary_dilation(mass, np.ones((3, 3)), around))


class PlaneGrid:
    """The decoded grid of a model with codes of two numbers.

    Attributes:
        model: of whose configuration `has_plane` is true.
        prior: over its codes.
        low, high: corners, (2,).
        size: N, cells along each side.
    """

    def __init__(self, model: LatentVariableModel, low: Floats, high: Floats, size: int = SIZE) -> None:
        self.model, self.low, self.high, self.size = model, low, high, size
        self.step = (high - low) / size
        with torch.no_grad():
            latents = self._latents
            codes = latents.code[0, :, 0]
            log_prior = model.prior().log_prob(latents)[0, :, 0]
            weights = (0.5 * (log_prior - log_prior.max())).exp()[:, None]
            squares = torch.zeros(2 * [len(model.decoder.data_bias)], device=codes.device)
            for some, weight in zip(codes[::_SPARSE].split(_ROWS), weights[::_SPARSE].split(_ROWS), strict=True):
                weighted = weight * (model.decode(some).logits - model.decoder.data_bias)
                squares += weighted.T @ weighted
            axes = torch.linalg.eigh(squares)[1][:, -RANK:]  # (X, R), orthonormal
            projected, log_blank = [], []
            for each in codes.split(_ROWS):
                logits = model.decode(each).logits
                projected.append((logits - model.decoder.data_bias) @ axes)
                log_blank.append(-softplus(logits).sum(-1).double())
        along = torch.cat(projected)  # (N^2, R)
        largest = along.abs().amax(0).clamp_min(torch.finfo(along.dtype).tiny)
        # in 16 bits, numbers of at most one: log p(x|z) changes by hundredths of a nat
        self._axes, self._along = axes * largest, (along / largest).half()
        self._log_blank = torch.cat(log_blank)  # log p(x|z) of an image without ink
        self._assume(model.prior())

    @property
    def _latents(self) -> Latents:
        """The latents at the centres of all cells."""
        axes = [a + s * (np.arange(self.size) + 0.5) for a, s in zip(self.low, self.step, strict=True)]
        points = torch.from_numpy(np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 2)).float()
        return latents_at(self.model, points.to(device_of(self.model)))

    def _assume(self, prior: LatentDistribution) -> None:
        with torch.no_grad():
            log_prior = prior.log_prob(self._latents)[0, :, 0].double()
        self.prior, self.constant = prior, (self._log_blank + log_prior).cpu().numpy()

    def under(self, prior: LatentDistribution) -> "PlaneGrid":
        """The same decoded cells under another prior of the same kind of codes; the encoder's q stays what it is."""
        other = copy(self)
        other._assume(prior)
        return other

    @classmethod
    def of(cls, model: LatentVariableModel, images: NDArray[np.uint8], size: int = SIZE) -> "PlaneGrid":
        """A grid outside which none of the binary images (N, X) has more than a millionth of its mass."""
        if is_stick(model.config):
            return cls(model, np.zeros(2), np.ones(2), size)
        with torch.no_grad():
            nodes = model.prior().quadrature(_ORDER)[0].code.reshape(-1, 2).double().cpu().numpy()
        low, high = nodes.min(0), nodes.max(0)
        for cells in (min(size, _COARSE), size):  # few cells find how wide, most often
            for _ in range(_WIDEST):
                grid = cls(model, low, high, cells)
                if max(map(grid.mass_at_edge, grid.fields(images))) < _OUTSIDE:
                    break
                centre, half = (low + high) / 2, _WIDER * (high - low) / 2
                low, high = centre - half, centre + half
        return grid

    def fields(self, images: NDArray[np.uint8]) -> Iterator[Field]:
        """log p(x, z) of each of binary images (N, X), nats, to within about a nat where an image has mass.

        `resolved` is as good as exact.
        """
        centre = self.low + 0.5 * self.step
        for block in torch.from_numpy(images).split(IMAGES):
            x = block.to(self._axes)
            with torch.no_grad():
                of_axes = x @ self._axes
                of_ink = torch.cat([of_axes @ rows.to(x).T for rows in self._along.split(_ROWS)], 1)
                of_ink += (x @ self.model.decoder.data_bias)[:, None]
            for values in of_ink.cpu().numpy():
                yield Field((values + self.constant).reshape(self.size, self.size), centre, self.step)

    def mass_at_edge(self, field: Field) -> float:
        """Share of the mass in the outermost cells."""
        mass = np.exp(field.values - field.values.max())  # SciPy's logsumexp takes three times as long
        return float(1 - mass[_EDGE:-_EDGE, _EDGE:-_EDGE].sum() / mass.sum())

    def resolved(self, field: Field, image: NDArray[np.uint8], *, interpolated: bool = False) -> Field:
        """The field of a binary image (X,) where it has mass, decoded for it, in cells small enough for its peaks.

        Args:
            field: log p(x, z) on the cells of this grid.
            image: binary, (X,).
            interpolated: divided cells where the field hardly bends are not decoded. Posteriors with a narrow peak
                beside broad ones take a third of the time; log p(x) is off by .001 nats most often, .03 at worst.
        """
        on_a_square = is_stick(self.model.config)  # whose border cuts densities off
        while not on_a_square and field.is_even and field.narrowest > _JOINED:
            field = field.halved
        cells = field.with_mass(_DEEP, _AROUND)
        for division in range(_DIVISIONS):
            low, step, known = field.low, field.step, np.full(len(cells), np.nan)
            if field.narrowest < _STEPS:
                known = _at_quarters(field, cells) if interpolated and division else np.full(4 * len(cells), np.nan)
                cells, low, step = _quarters(cells, low, step)
            unknown = np.isnan(known)
            known[unknown] = self.log_joint(low + cells[unknown] * step, image)
            first = cells.min(0)
            values = np.full(cells.max(0) - first + 1, -np.inf)
            values[tuple((cells - first).T)] = known
            field = Field(values, low + first * step, step)
            if field.narrowest >= _STEPS:
                break
            cells = field.with_mass(_DEEP_DECODED, _AROUND_DECODED)
        return field

    def log_joint(self, points: Floats, image: NDArray[np.uint8]) -> Floats:
        """(n,), log p(x, z) of a binary image (X,) at places (n, 2), decoded for it."""
        x = torch.from_numpy(image).to(self._axes)
        with torch.no_grad():
            latents = latents_at(self.model, torch.from_numpy(points).to(self._axes))
            prior = self.prior.log_prob(latents)[0, :, 0].double()
            codes = latents.code[0, :, 0].split(_ROWS)
            likelihood = torch.cat([self.model.decode(rows).log_prob(x).double() for rows in codes])
        found: Floats = (likelihood + prior).cpu().numpy()
        return found


def _quarters(cells: NDArray[np.int64], low: Floats, step: Floats) -> tuple[NDArray[np.int64], Floats, Floats]:
    """The cells (4 n, 2) that cells (n, 2) are divided into, the first centre, and the step between centres."""
    quarters = (2 * cells[:, None] + np.array([[0, 0], [0, 1], [1, 0], [1, 1]])).reshape(-1, 2)
    return quarters, low - step / 4, step / 2


def _at_quarters(field: Field, cells: NDArray[np.int64]) -> Floats:
    """(4 n,), a field at the `_quarters` of cells (n, 2), by the quadratic through the nine centres around each.

    Not a number where the field bends too much for that, given its density, or where it is not known all around.
    """
    values = np.pad(np.where(np.isfinite(field.values), field.values, np.nan), 1, constant_values=np.nan)
    nine = np.lib.stride_tricks.sliding_window_view(values, (3, 3))[tuple(cells.T)]
    centre, (up, down), (left, right) = nine[:, 1, 1], nine[:, ::2, 1].T, nine[:, 1, ::2].T
    bends, slopes = (up + down - 2 * centre, left + right - 2 * centre), (down - up, right - left)
    twist = nine[:, 2, 2] - nine[:, 2, 0] - nine[:, 0, 2] + nine[:, 0, 0]
    bend = np.abs(bends).max(0)
    smooth = (bend < _BENT) & (bend * np.exp(centre - field.values.max()) < _BENT_WITH_MASS)
    middle = np.where(smooth, centre + (bends[0] + bends[1]) / 32, np.nan)
    quarters = [(i, j) for i in (-1, 1) for j in (-1, 1)]
    return np.stack([middle + (i * slopes[0] + j * slopes[1]) / 8 + i * j * twist / 64 for i, j in quarters], 1).ravel()


def exact_log_likelihood(grid: PlaneGrid, images: NDArray[np.uint8]) -> Floats:
    """(N,), log p(x) of binary images (N, X), nats."""
    fields = grid.fields(images)
    return np.array([grid.resolved(field, image).log_integral for field, image in zip(fields, images, strict=True)])
