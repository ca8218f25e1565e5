"""The line from one image's code to another's, and the components along it."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor

from dlgmm_core.analysis.inspection import reconstruct
from dlgmm_core.analysis.interpolation import code_path
from dlgmm_core.config import ModelConfig
from dlgmm_core.model.models import LatentVariableModel

Toy = Callable[[ModelConfig], LatentVariableModel]


@pytest.fixture
def ends(four_bit_images: Tensor) -> tuple[np.ndarray, np.ndarray]:
    images = four_bit_images.numpy().astype(np.uint8)
    return images[3], images[12]


def test_a_path_runs_straight_in_equal_steps_from_mean_to_mean(
    config: ModelConfig, toy: Toy, ends: tuple[np.ndarray, np.ndarray]
) -> None:
    model = toy(config).float()
    path = code_path(model, *ends, points=5)
    means = model.posterior(torch.from_numpy(np.stack(ends)).float()).mean.detach().numpy()
    assert path.codes.shape == (5, config.code_dim)
    np.testing.assert_allclose(path.codes[[0, -1]], means, atol=1e-6)
    np.testing.assert_allclose(np.diff(path.codes, axis=0), np.tile((means[1] - means[0]) / 4, (4, 1)), atol=1e-6)
    if path.shares is not None:
        np.testing.assert_allclose(path.shares.sum(1), 1, atol=1e-5)


def test_a_path_through_two_layers_begins_and_ends_at_the_reconstructions(
    toy: Toy, ends: tuple[np.ndarray, np.ndarray]
) -> None:
    sizes = {"hidden": 8, "image_shape": (2, 2), "layers": 2, "code_dims_below": (3,)}
    model = toy(ModelConfig("dlgmm", 2, 2, (-1.0, 1.0), (1.0, 1.0), **sizes)).float()  # type: ignore[arg-type]
    path = code_path(model, *ends, points=5)
    assert path.codes.shape == (5, 5) and path.shares is not None and path.shares.shape == (5, 2)
    with torch.no_grad():
        decoded = model.likelihood(torch.from_numpy(path.codes[[0, -1]])).probs
    np.testing.assert_allclose(decoded, reconstruct(model, np.stack(ends)), atol=1e-6)


def test_the_shares_of_a_broken_stick_are_the_code_itself(toy: Toy, ends: tuple[np.ndarray, np.ndarray]) -> None:
    path = code_path(toy(ModelConfig("sb-vae", 3, hidden=8, image_shape=(2, 2))).float(), *ends, points=4)
    assert path.shares is not None
    np.testing.assert_array_equal(path.shares, path.codes)


def test_the_shares_of_a_mixture_are_bayes_rule_under_its_prior(toy: Toy, ends: tuple[np.ndarray, np.ndarray]) -> None:
    config = ModelConfig("dlgmm", 2, 3, (-1.5, 0.0, 2.0), (0.7, 1.0, 1.2), hidden=8, image_shape=(2, 2))
    path = code_path(toy(config).float(), *ends, points=3)
    components = zip(config.prior_means, config.prior_scales, strict=True)
    # under Dirichlet(1, 1, 1) every component weighs the same
    density = np.array([stats.norm.pdf(path.codes, m, s).prod(1) for m, s in components]).T
    assert path.shares is not None and path.shares.shape == (3, 3)
    np.testing.assert_allclose(path.shares, density / density.sum(1, keepdims=True), atol=1e-5)


@pytest.mark.parametrize("model", ["gauss-vae", "dlgmm"])
def test_there_are_no_shares_where_all_components_are_the_same(
    model: str, toy: Toy, ends: tuple[np.ndarray, np.ndarray]
) -> None:
    components = 3 if model == "dlgmm" else 1
    config = ModelConfig(model, 2, components, (0.0,) * components, (1.0,) * components, hidden=8, image_shape=(2, 2))
    assert code_path(toy(config).float(), *ends, points=3).shares is None
