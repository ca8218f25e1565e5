"""Peaks of a posterior, and the best members of families, against closed forms."""

import math
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
import torch
from torch import Tensor

from dlgmm_core.analysis.plane import (
    GAUSSIAN,
    MIXTURE,
    best_fit,
    best_fits,
    kl_p_q,
    kl_q_p,
    modes,
)
from dlgmm_core.config import ModelConfig
from dlgmm_core.evaluate.plane_grid import Field, Floats, PlaneGrid
from dlgmm_core.model.latents import NormalLatent
from dlgmm_core.model.models import build_model
from dlgmm_core.model.objectives import elbo

STEP = 0.05
AXIS = np.arange(-4, 4 + STEP / 2, STEP)
IMAGE = np.zeros(1, np.uint8)


def field_of(log_density: Any) -> Field:
    points = np.stack(np.meshgrid(AXIS, AXIS, indexing="ij"), -1)
    return Field(log_density(points), np.full(2, AXIS[0]), np.full(2, STEP))


def normal(points: Floats, mean: tuple[float, float], scale: float) -> Floats:
    found: Floats = -0.5 * np.square((points - np.array(mean)) / scale).sum(-1) - 2 * math.log(scale)
    return found - math.log(2 * math.pi)


def two_peaks(points: Floats) -> Floats:
    return np.logaddexp(
        math.log(0.7) + normal(points, (-1.5, 0.0), 0.3), math.log(0.3) + normal(points, (1.0, 1.0), 0.4)
    )


def test_two_gaussians_are_two_modes_with_their_shares_and_spreads() -> None:
    first, second = modes(field_of(two_peaks))
    assert first.share == pytest.approx(0.7, abs=1e-3) and second.share == pytest.approx(0.3, abs=1e-3)
    np.testing.assert_allclose(first.code, (-1.5, 0.0), atol=STEP)
    np.testing.assert_allclose(second.spread, (0.4, 0.4), atol=0.01)


def test_neither_a_ripple_nor_a_speck_is_a_mode() -> None:
    def ripple(points: Floats) -> Floats:
        return normal(points, (0.0, 0.0), 1.0) + 0.2 * np.cos(8 * points).sum(-1)

    def speck(points: Floats) -> Floats:
        return np.logaddexp(normal(points, (0.0, 0.0), 0.5), math.log(0.005) + normal(points, (3.0, 3.0), 0.2))

    assert len(modes(field_of(ripple))) == len(modes(field_of(speck))) == 1


class LinearGaussian:
    """p(x|z) = N(x; z_1 + z_2, 1/4) of one observed number under z ~ N(0, I): its posterior is a Gaussian."""

    x = 1.3
    precision = np.eye(2) + 4.0 * np.ones((2, 2))
    mean = np.linalg.solve(precision, 4.0 * 1.3 * np.ones(2))
    log_p = -0.5 * math.log(2 * math.pi * 2.25) - 0.5 * 1.3**2 / 2.25

    def decode(self, code: Tensor) -> Any:
        residual = self.x - code.sum(-1)
        return SimpleNamespace(log_prob=lambda _: -2 * residual.square() - 0.5 * math.log(2 * math.pi / 4))

    def prior(self) -> NormalLatent:
        return NormalLatent(torch.zeros(1, 2), torch.ones(1, 2))

    config = ModelConfig("gauss-vae", 2)

    def log_joint(self, points: Floats) -> Floats:
        code = torch.from_numpy(points)
        log_p: Tensor = self.decode(code).log_prob(None)
        return (log_p - 0.5 * code.square().sum(-1) - math.log(2 * math.pi)).numpy()


TOY = LinearGaussian()
GRID = cast(PlaneGrid, SimpleNamespace(model=TOY, prior=TOY.prior()))


def test_divergences_of_a_linear_gaussian_model_have_their_closed_forms() -> None:
    field = field_of(TOY.log_joint)
    assert field.log_integral == pytest.approx(TOY.log_p, abs=1e-4)
    loc, scale = np.array([0.3, 0.6]), np.array([0.5, 0.8])
    q = NormalLatent(torch.tensor(loc[None]).float(), torch.tensor(scale[None]).float())
    shift, covariance = loc - TOY.mean, np.linalg.inv(TOY.precision)
    log_ratio = -math.log(np.linalg.det(TOY.precision)) - 2 * np.log(scale).sum()
    forward = 0.5 * (np.diag(TOY.precision) @ scale**2 + shift @ TOY.precision @ shift - 2 + log_ratio)
    assert kl_q_p(GRID, field, IMAGE, q) == pytest.approx(forward, abs=1e-3)
    backward = 0.5 * (np.diag(covariance) @ scale**-2 + (shift / scale) @ (shift / scale) - 2 - log_ratio)
    assert kl_p_q(GRID, field, q) == pytest.approx(backward, abs=1e-2)


def test_the_best_gaussian_of_a_correlated_posterior_has_the_diagonal_of_its_precision() -> None:
    field = field_of(TOY.log_joint)
    far = NormalLatent(torch.tensor([[-2.0, 2.5]]), torch.tensor([[0.1, 2.0]]))
    fit = best_fit(GRID, field, IMAGE, far, GAUSSIAN)
    least = 0.5 * (np.log(np.diag(TOY.precision)).sum() - math.log(np.linalg.det(TOY.precision)))
    assert fit.divergence == pytest.approx(least, abs=2e-3)
    np.testing.assert_allclose(fit.q.mean[0], TOY.mean, atol=0.01)
    # components side by side along the diagonal hold what one cannot
    assert best_fit(GRID, field, IMAGE, far, MIXTURE).divergence < 0.6 * least


@pytest.mark.parametrize("name", ["gauss-vae", "dlgmm", "sb-vae"])
def test_the_gap_of_the_encoder_is_log_p_less_its_bound_and_no_less_than_the_best_ones(name: str) -> None:
    torch.manual_seed(2)
    sizes = {"gauss-vae": (2, 1, (0.0,)), "dlgmm": (2, 2, (-1.0, 1.0)), "sb-vae": (3, 1, (0.0,))}[name]
    d, k, means = sizes
    model = build_model(ModelConfig(name, d, k, means, (1.0,) * k, hidden=16, image_shape=(2, 3)))
    with torch.no_grad():
        model.decoder.output.weight *= 20  # type: ignore[union-attr]
    image = np.array([1, 0, 1, 1, 0, 1], np.uint8)
    grid = PlaneGrid.of(model, image[None], size=64)
    field = grid.resolved(next(grid.fields(image[None])), image)
    x = torch.from_numpy(image).float()[None]
    with torch.no_grad():
        q = model.posterior(x)
        gap = kl_q_p(grid, field, image, q)
        draws = elbo(model, x.expand(20_000, 6), "marginal")
    assert gap == pytest.approx(field.log_integral - draws.mean().item(), abs=5 * draws.std().item() / 140 + 1e-3)
    best = [fit.divergence for fit in best_fits(grid, field, image, q).values()]
    assert min(best) > -1e-3 and max(best) <= gap + 1e-3
    assert best == sorted(best, reverse=True)  # a mixture is no worse than one Gaussian
