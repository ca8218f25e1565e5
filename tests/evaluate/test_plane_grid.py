"""log p(x) and the posterior on a grid, against all images of a toy, brute force and importance sampling."""

import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from dlgmm_core.config import ModelConfig
from dlgmm_core.evaluate.likelihood import log_likelihood
from dlgmm_core.evaluate.plane_grid import (
    Field,
    PlaneGrid,
    exact_log_likelihood,
    has_plane,
)
from dlgmm_core.model.models import LatentVariableModel, build_model

SMALL = {"hidden": 16, "image_shape": (2, 3)}
MODELS = {
    "gauss-vae": ModelConfig("gauss-vae", 2, **SMALL),  # type: ignore[arg-type]
    "dlgmm": ModelConfig("dlgmm", 2, 3, (-1.5, 0.0, 1.0), (0.7, 1.0, 0.5), **SMALL),  # type: ignore[arg-type]
    "full": ModelConfig("dlgmm", 2, 2, (-1.0, 1.0), (1.0, 1.0), prior_components="full", **SMALL),  # type: ignore[arg-type]
    "sb-vae": ModelConfig("sb-vae", 3, **SMALL),  # type: ignore[arg-type]
}
ALL_IMAGES: NDArray[np.uint8] = ((np.arange(64)[:, None] >> np.arange(6)) & 1).astype(np.uint8)


def toy(name: str, steepness: float = 3.0) -> LatentVariableModel:
    """Posteriors are the narrower, the steeper the logits."""
    torch.manual_seed(1)
    model = build_model(MODELS[name])
    with torch.no_grad():
        model.decoder.output.weight *= steepness  # type: ignore[union-attr]
    return model


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("steepness", [3.0, 60.0])
def test_the_probabilities_of_all_images_add_up_to_one(name: str, steepness: float) -> None:
    grid = PlaneGrid.of(toy(name, steepness), ALL_IMAGES, size=48)
    assert np.exp(exact_log_likelihood(grid, ALL_IMAGES)).sum() == pytest.approx(1, abs=2e-4)


def test_log_p_is_the_integral_over_the_plane_and_over_the_square_of_fractions() -> None:
    for name in ("full", "sb-vae"):
        model = toy(name)
        grid, image = PlaneGrid.of(model, ALL_IMAGES, size=96), ALL_IMAGES[37]

        points, weights = np.polynomial.legendre.leggauss(160)
        half = (grid.high - grid.low) / 2
        x, y = (low + side * (points + 1) for low, side in zip(grid.low, half, strict=True))
        density = np.exp(grid.log_joint(np.stack(np.meshgrid(x, y, indexing="ij"), -1).reshape(-1, 2), image))
        integral = weights @ density.reshape(160, 160) @ weights * half.prod()
        assert exact_log_likelihood(grid, image[None])[0] == pytest.approx(math.log(integral), abs=1e-3)


@pytest.mark.parametrize("name", MODELS)
def test_importance_sampling_agrees_within_its_error(name: str) -> None:
    model, images = toy(name), ALL_IMAGES[::9]
    grid = PlaneGrid.of(model, images, size=48)
    estimate = log_likelihood(model, images, 5000)
    error = 1 / np.sqrt(estimate.ess)
    assert (np.abs(exact_log_likelihood(grid, images) - estimate.log_p) < 5 * error + 1e-3).all()


def test_a_peak_far_narrower_than_a_cell_is_measured_by_smaller_cells() -> None:
    model, image = toy("gauss-vae", 300.0), ALL_IMAGES[21:22]
    coarse, fine = (PlaneGrid(model, np.full(2, -5.0), np.full(2, 5.0), size) for size in (40, 1000))
    (field,), (brute_force,) = coarse.fields(image), fine.fields(image)
    found = coarse.resolved(field, image[0])
    assert found.log_integral == pytest.approx(brute_force.log_integral, abs=5e-3)
    assert (found.step < field.step).all() and found.values.size < 40_000


@pytest.mark.parametrize("name", MODELS)
def test_interpolated_cells_hardly_change_log_p_and_save_decoding(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    decoded = []

    def counting(self: PlaneGrid, points: NDArray[np.float64], image: NDArray[np.uint8]) -> NDArray[np.float64]:
        decoded.append(len(points))
        return log_joint(self, points, image)

    log_joint = PlaneGrid.log_joint
    monkeypatch.setattr(PlaneGrid, "log_joint", counting)
    grid = PlaneGrid.of(toy(name, 300.0), ALL_IMAGES[::5], size=48)
    counts, found = [], []
    for interpolated in False, True:
        decoded.clear()
        fields = zip(grid.fields(ALL_IMAGES[::5]), ALL_IMAGES[::5], strict=True)
        found.append([grid.resolved(f, image, interpolated=interpolated).log_integral for f, image in fields])
        counts.append(sum(decoded))
    assert found[1] == pytest.approx(found[0], abs=0.03)
    assert counts[1] < 0.6 * counts[0]


def test_the_grid_is_widened_until_no_image_has_mass_at_its_edge() -> None:
    model = toy("gauss-vae")
    with torch.no_grad():
        model.decoder.hidden[0].weight *= 0.03  # type: ignore[union-attr]
        model.decoder.output.weight *= 300  # type: ignore[union-attr]
    grid = PlaneGrid.of(model, ALL_IMAGES, size=48)
    usual = PlaneGrid.of(toy("gauss-vae"), ALL_IMAGES, size=48)
    assert grid.high[0] > usual.high[0]
    assert max(grid.mass_at_edge(field) for field in grid.fields(ALL_IMAGES)) < 1e-6


def test_under_another_prior_the_integral_is_over_that_prior() -> None:
    model, image = toy("full"), ALL_IMAGES[37:38]
    moved = model.prior().moved_to(torch.tensor([[[1.5, -0.5]], [[0.0, 2.0]]]))
    grid = PlaneGrid.of(model, ALL_IMAGES, size=96)
    draws = model.decode(moved.sample(torch.Size([200_000]))[:, 0]).log_prob(torch.from_numpy(image)).exp().double()
    found = np.exp(exact_log_likelihood(grid.under(moved), image)[0])
    assert found == pytest.approx(draws.mean().item(), abs=5 * draws.std().item() / math.sqrt(len(draws)))
    assert abs(found - np.exp(exact_log_likelihood(grid, image)[0])) > 0.01 * found


def test_only_codes_of_two_numbers_have_a_plane() -> None:
    assert all(has_plane(config) for config in MODELS.values())
    others = (ModelConfig("gauss-vae", 3), ModelConfig("sb-vae", 2), ModelConfig("gauss-vae", 2, layers=2))
    assert not any(has_plane(config) for config in others)


def test_the_narrowest_spread_of_a_gaussian_is_its_standard_deviation() -> None:
    x, y = np.meshgrid(np.arange(-20, 21), np.arange(-20, 21), indexing="ij")
    field = Field(-0.5 * (np.square(x / 3.0) + np.square(y / 1.5)), np.full(2, -20.0), np.ones(2))
    assert field.narrowest == pytest.approx(1.5)
    assert field.log_integral == pytest.approx(math.log(2 * math.pi * 3.0 * 1.5))
