r"""The true posterior of an image over codes of two numbers, and what separates the encoder's from it.

.. math:: \log p(x) - \mathrm{ELBO} = KL(q(z|x) \| p(z|x)) = A + B, \qquad A = \min_{q' \in Q} KL(q' \| p(z|x))

A, due to the family Q of the posterior, is the approximation gap; B, due to the encoder, which misses the best member,
the amortisation gap. The ELBO is the marginal bound. p(z|x) is known on a grid
(`dlgmm_core.evaluate.plane_grid`), and divergences of q are sums over the nodes of its quadrature. The best member of a
family is found for the image alone by optimisation, from several starts: one of them at the encoder's q.

Reference: C. Cremer, X. Li and D. Duvenaud, "Inference suboptimality in variational autoencoders", ICML 2018.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dlgmm_core.evaluate.plane_grid import Field, Floats, PlaneGrid, latents_at
from dlgmm_core.model.distributions import Kumaraswamy
from dlgmm_core.model.latents import LatentDistribution, NormalLatent
from dlgmm_core.model.mixture_latents import MixtureLatent
from dlgmm_core.model.models import LatentVariableModel, is_stick
from dlgmm_core.model.normals import DiagonalNormals
from dlgmm_core.model.stick_latents import SticksLatent

__all__ = [
    "BARRIER",
    "SHARE",
    "Family",
    "Fit",
    "Mode",
    "best_fit",
    "best_fits",
    "families_of",
    "kl_p_q",
    "kl_q_p",
    "modes",
]

_NODES, _FIT_NODES = 24, 6  # along each coordinate, to measure a divergence and to minimise it
_NEGLIGIBLE = 1e-9  # weight of a node that is not decoded
_STEPS = 80  # of the optimiser
_STARTS = 3  # peaks from which one Gaussian starts
_COMPONENTS = 5  # of the best mixture
BARRIER = 0.5  # nats from a mode down to the highest saddle: less is no mode of its own
SHARE = 0.01  # of the mass, at least, of a mode


@dataclass(frozen=True)
class Mode:
    """A peak of a posterior.

    Attributes:
        code: (2,), where the density is highest.
        share: of the posterior's mass, in the part of the plane from which the density rises to it.
        spread: (2,), standard deviations of that part along each coordinate.
    """

    code: Floats
    share: float
    spread: Floats


def modes(field: Field) -> list[Mode]:
    """The peaks of a posterior, the largest share first: those `BARRIER` above the pass to a higher one.

    Cells are joined from the highest down; a peak's part ends where it meets a higher one's. Parts without a barrier
    belong to the peak that they meet.
    """
    from scipy.special import logsumexp  # here, as most commands do without SciPy

    values = np.pad(field.values, 1, constant_values=-np.inf).ravel()
    width = field.values.shape[1] + 2
    order = np.argsort(values)[::-1][: int(np.isfinite(values).sum())]
    around = (-width - 1, -width, -width + 1, -1, 1, width - 1, width, width + 1)
    heights, part = values.tolist(), [-1] * values.size  # cell by cell, lists are four times as fast as arrays
    joined: dict[int, int] = {}

    def peak(cell: int) -> int:
        while cell in joined:
            cell = joined[cell]
        return cell

    for cell in order.tolist():
        met = set(map(peak, {part[cell + step] for step in around} - {-1}))
        part[cell] = highest = max(met, key=heights.__getitem__, default=cell)
        for lower in met - {highest}:
            if heights[lower] - heights[cell] < BARRIER:
                joined[lower] = highest
    owner = np.array([peak(part[cell]) for cell in order.tolist()])
    mass = np.exp(values[order] - logsumexp(values[order]))
    rows, columns = (order // width - 1, order % width - 1)
    codes = field.low + field.step * np.stack([rows, columns], 1)
    found = []
    for each in np.unique(owner):
        own = owner == each
        share = float(mass[own].sum())
        if share >= SHARE:
            mean = mass[own] @ codes[own] / share
            spread = np.sqrt(mass[own] @ np.square(codes[own] - mean) / share)
            found.append(Mode(codes[own][0], share, spread))
    return sorted(found, key=lambda mode: -mode.share)


def kl_q_p(grid: PlaneGrid, field: Field, image: NDArray[np.uint8], q: LatentDistribution) -> float:
    """KL(q || p(z|x)), nats, of a posterior q of one image (X,), by its quadrature.

    Args:
        grid: of the model.
        field: log p(x, z) of the image, resolved.
        image: binary, (X,).
        q: over one image.
    """
    with torch.no_grad():
        return field.log_integral - float(_elbo(grid, torch.from_numpy(image), q, _NODES)[0])


def _elbo(grid: PlaneGrid, image: Tensor, q: LatentDistribution, order: int) -> Tensor:
    """(B,), E_q[log p(x, z) - log q(z)] for each of B posteriors of one image."""
    latents, weights = q.quadrature(order)
    counted = weights > _NEGLIGIBLE
    decoded = grid.model.decode(latents.code[counted]).log_prob(image.to(latents.code))
    log_p = torch.zeros_like(weights).masked_scatter(counted, decoded) + grid.prior.log_prob(latents)
    return (weights * (log_p - q.log_prob(latents))).sum((0, 1))


def kl_p_q(grid: PlaneGrid, field: Field, q: LatentDistribution) -> float:
    """KL(p(z|x) || q), nats, of a posterior q of one image, a sum over the cells of its field."""
    cells = np.argwhere(np.isfinite(field.values))
    log_p = field.values[tuple(cells.T)] - field.log_integral
    points = torch.from_numpy(field.low + field.step * cells).float()
    with torch.no_grad():
        log_q = q.log_prob(latents_at(grid.model, points))[0, :, 0].double().numpy()
    return float((np.exp(log_p) * (log_p - log_q)).sum() * field.step.prod())


@dataclass(frozen=True)
class Fit:
    """The member of a family that is closest to an image's posterior.

    Attributes:
        q: over one image.
        divergence: KL(q || p(z|x)), nats.
    """

    q: LatentDistribution
    divergence: float


@dataclass(frozen=True)
class Family:
    """A family of posteriors.

    Attributes:
        label: for tables.
        build: from unbounded parameters (P,) to the posterior of one image.
        starts: parameters to start from, given the image's peaks and the encoder's posterior.
    """

    label: str
    build: Callable[[Tensor], LatentDistribution]
    starts: Callable[[Sequence[Mode], LatentDistribution], list[Floats]]


def _gaussian(raw: Tensor) -> NormalLatent:
    return NormalLatent(raw[None, :2], raw[None, 2:].exp())


def _gaussian_starts(peaks: Sequence[Mode], q: LatentDistribution) -> list[Floats]:
    return [_moments(q), *(_of(peak) for peak in peaks[:_STARTS])]


def _moments(q: LatentDistribution) -> Floats:
    """The mean and the log of the standard deviation along each coordinate."""
    latents, weights = q.quadrature(_FIT_NODES)
    code, share = latents.code.reshape(-1, 2).double().numpy(), weights.reshape(-1).double().numpy()
    mean = share @ code
    spread = np.sqrt(share @ np.square(code - mean))
    return np.concatenate([mean, np.log(spread)])


def _of(peak: Mode) -> Floats:
    return np.concatenate([peak.code, np.log(peak.spread)])


def _mixture(raw: Tensor) -> MixtureLatent:
    k = (len(raw) + 1) // 5
    log_b, loc, log_scale = raw.split([k - 1, 2 * k, 2 * k])
    sticks = Kumaraswamy(torch.zeros_like(log_b)[None], log_b[None])
    return MixtureLatent(sticks, DiagonalNormals(loc.reshape(k, 1, 2), log_scale.reshape(k, 1, 2).exp()))


def _mixture_starts(peaks: Sequence[Mode], q: LatentDistribution) -> list[Floats]:
    """The peaks, the largest of them several times, and the encoder's own components."""
    several = [peaks[i % len(peaks)] for i in range(_COMPONENTS)]
    repeated = [i // len(peaks) for i in range(_COMPONENTS)]
    loc = np.array(
        [m.code + 0.5 * r * m.spread * (-1) ** i for i, (m, r) in enumerate(zip(several, repeated, strict=True))]
    )
    scale = np.array([m.spread * 1.5**r for m, r in zip(several, repeated, strict=True)])
    found = [
        _mixture_parameters(np.array([m.share / 3**r for m, r in zip(several, repeated, strict=True)]), loc, scale)
    ]
    if q.component_scales is not None:
        weights = q.log_mean_weights[:, 0].double().exp().numpy()
        found.append(_mixture_parameters(weights, q.component_means[:, 0].numpy(), q.component_scales[:, 0].numpy()))
    return found


def _mixture_parameters(weights: Floats, loc: Floats, scale: Floats) -> Floats:
    """E[v_k] = 1 / (1 + b_k) is the share of component k in what those before it leave."""
    weights = np.maximum(weights / weights.sum(), 1e-4)
    left = np.cumsum(weights[::-1])[::-1]
    return np.concatenate([np.log(left[1:] / weights[:-1]), loc.ravel(), np.log(scale).ravel()])


def _fractions(raw: Tensor) -> SticksLatent:
    return SticksLatent(Kumaraswamy(raw[None, :2], raw[None, 2:]))


def _fractions_starts(peaks: Sequence[Mode], q: LatentDistribution) -> list[Floats]:
    """The encoder's if it has a stick, and Betas of the moments of the peaks, which Kumaraswamys are close to."""
    found = []
    if q.sticks is not None:
        found.append(torch.cat(q.sticks.concentrations, -1)[0].double().log().numpy())
    for peak in peaks[:_STARTS]:
        mean = np.clip(peak.code, 0.01, 0.99)
        size = np.maximum(mean * (1 - mean) / np.square(peak.spread) - 1, 1.0)
        found.append(np.log(np.concatenate([mean * size, (1 - mean) * size])))
    return found


GAUSSIAN = Family("one Gaussian", _gaussian, _gaussian_starts)
MIXTURE = Family(f"{_COMPONENTS} Gaussians", _mixture, _mixture_starts)
FRACTIONS = Family("Kumaraswamy fractions", _fractions, _fractions_starts)


def families_of(model: LatentVariableModel) -> tuple[Family, ...]:
    """The families whose best members are compared with the encoder's posterior."""
    return (FRACTIONS,) if is_stick(model.config) else (GAUSSIAN, MIXTURE)


def best_fits(grid: PlaneGrid, field: Field, image: NDArray[np.uint8], q: LatentDistribution) -> dict[str, Fit]:
    """The closest member of each of `families_of` the model, by label; arguments as of `best_fit`.

    Five Gaussians also start from the best one, so that they are no worse.
    """
    found: dict[str, Fit] = {}
    for family in families_of(grid.model):
        starts = [_alike(found[GAUSSIAN.label].q)] if family is MIXTURE else []
        found[family.label] = best_fit(grid, field, image, q, family, starts)
    return found


def _alike(q: LatentDistribution) -> Floats:
    """One Gaussian as a mixture of equal components."""
    loc, log_scale = np.split(_moments(q), 2)
    equal = np.full(_COMPONENTS, 1 / _COMPONENTS)
    return _mixture_parameters(equal, np.tile(loc, (_COMPONENTS, 1)), np.tile(np.exp(log_scale), (_COMPONENTS, 1)))


def best_fit(
    grid: PlaneGrid,
    field: Field,
    image: NDArray[np.uint8],
    q: LatentDistribution,
    family: Family,
    starts: Sequence[Floats] = (),
) -> Fit:
    """The member of a family that has the least divergence from an image's posterior, as far as optimisation finds it.

    Args:
        grid: of the model.
        field: log p(x, z) of the image, resolved.
        image: binary, (X,).
        q: the encoder's posterior, of this one image, computed without gradient.
        family: in `families_of` the model.
        starts: parameters to start from, too.
    """
    from scipy.optimize import minimize  # half a second, which few programs need

    x = torch.from_numpy(image)

    def loss(parameters: Floats) -> tuple[float, Floats]:
        raw = torch.from_numpy(parameters).float().requires_grad_()
        value = -_elbo(grid, x, family.build(raw), _FIT_NODES)[0]
        (gradient,) = torch.autograd.grad(value, raw)
        return value.item(), gradient.double().numpy()

    found = []
    for start in [*family.starts(modes(field), q), *starts]:
        ended = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": _STEPS})
        for parameters in (start, ended.x):
            member = family.build(torch.from_numpy(parameters).float())
            found.append(Fit(member, kl_q_p(grid, field, image, member)))
    return min(found, key=lambda fit: fit.divergence)
