"""One number an image: expected weights, their entropy, and the likelihood in blocks."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from dlgmm_core.analysis import image_statistics
from dlgmm_core.analysis.image_statistics import expected_weights, log_odds, weight_entropy
from dlgmm_core.config import ModelConfig
from dlgmm_core.evaluate.likelihood import weight_usage
from dlgmm_core.model.models import LatentVariableModel

Toy = Callable[[ModelConfig], LatentVariableModel]


def as_images(images: Tensor) -> np.ndarray:
    return images.numpy().astype(np.uint8)


def single(model: LatentVariableModel) -> LatentVariableModel:
    """In the type that images are given in."""
    return model.float()


def test_weights_are_the_posteriors_and_average_to_their_use(
    config: ModelConfig, toy: Toy, four_bit_images: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, images = single(toy(config)), as_images(four_bit_images)
    monkeypatch.setattr(image_statistics, "BLOCK", 5)  # which does not divide 16
    weights = expected_weights(model, images)
    if config.model == "gauss-vae":
        assert weights is None
        return
    assert weights is not None
    np.testing.assert_allclose(weights.sum(1), 1, atol=1e-5)
    if config.model == "sb-vae":
        expected = model.posterior(four_bit_images.float()).mean.detach().numpy()
        np.testing.assert_allclose(weights, expected, atol=1e-6)
    else:
        assert weights.shape == (16, config.num_components)
        np.testing.assert_allclose(weights.mean(0), weight_usage(model, images).mean, atol=1e-5)


def test_log_odds_are_those_of_the_mean_code_and_are_finite_where_a_component_is_certain(
    config: ModelConfig, toy: Toy, four_bit_images: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, images = single(toy(config)), as_images(four_bit_images)
    monkeypatch.setattr(image_statistics, "BLOCK", 5)
    found = log_odds(model, images)
    with torch.no_grad():
        p = model.prior().responsibilities(model.posterior(four_bit_images.float()).mean)
    if p is None:
        assert found is None
        return
    assert found is not None and found.shape == (16, len(p)) and np.isfinite(found).all()
    if len(p) > 1:
        by_image = p.double().numpy().T
        np.testing.assert_allclose(found, np.log(by_image / (1 - by_image)), rtol=1e-3, atol=1e-5)


def test_entropy_is_none_for_certainty_and_log_k_for_equal_weights() -> None:
    weights = np.array([[1, 0, 0, 0], [0.25] * 4, [0.5, 0.5, 0, 0]], np.float32)
    np.testing.assert_allclose(weight_entropy(weights), [0, np.log(4), np.log(2)], atol=1e-12)
