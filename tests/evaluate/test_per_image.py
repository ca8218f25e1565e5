"""log p(x) and p(k|x) of every image: those of quadrature and of `log_likelihood`, the same draws for every order."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from dlgmm_core.config import ModelConfig
from dlgmm_core.evaluate.likelihood import EvaluationError, log_likelihood
from dlgmm_core.evaluate.per_image import per_image
from dlgmm_core.model.models import MODELS, LatentVariableModel

Toy = Callable[..., LatentVariableModel]
MIXTURE = ModelConfig("dlgmm", 1, 3, (-1.5, 0.0, 2.0), (0.7, 1.0, 1.2), 2.0, hidden=8, image_shape=(2, 2))


def test_both_are_those_of_quadrature(toy: Toy, four_bit_images: torch.Tensor) -> None:
    model = toy(MIXTURE).float()
    z = torch.linspace(-12, 12, 6001)[:, None]
    with torch.no_grad():
        likelihood = model.likelihood(z[:, None]).log_prob(four_bit_images.float()).exp()  # (Z, 16)
        prior = torch.distributions.Normal(torch.tensor(MIXTURE.prior_means), torch.tensor(MIXTURE.prior_scales))
        joint = torch.einsum("zb,zk->bk", likelihood, prior.log_prob(z).exp() / 3) * (z[1] - z[0])
    heard: list[float] = []
    found = per_image(model, four_bit_images.numpy().astype(np.uint8), 20_000, seed=4, progress=heard.append)
    assert (found.num_samples, found.seed, heard) == (20_000, 4, [1.0])
    np.testing.assert_allclose(found.log_likelihood, joint.sum(1).log().numpy(), atol=0.02)
    assert found.responsibilities is not None and found.responsibilities.shape == (16, 3)
    np.testing.assert_allclose(found.responsibilities, (joint / joint.sum(1, keepdim=True)).numpy(), atol=0.02)
    np.testing.assert_allclose(found.responsibilities.sum(1), 1, atol=1e-5)


def test_every_model_has_finite_values_for_every_image(config: ModelConfig, toy: Toy) -> None:
    model = toy(config).float()
    images = np.random.default_rng(0).integers(0, 2, (120, 4), dtype=np.uint8)  # three blocks
    found = per_image(model, images, 500)
    assert found.log_likelihood.shape == (120,) and found.log_likelihood.dtype == np.float32
    difference = found.log_likelihood - log_likelihood(model, images, 500).log_p  # of other draws
    assert np.isfinite(difference).all() and np.median(np.abs(difference)) < 0.1
    assert (found.responsibilities is not None) == MODELS[config.model].has_components


def test_parts_of_a_set_get_the_values_of_the_whole(toy: Toy) -> None:
    model = toy(MIXTURE).float()
    images = np.random.default_rng(0).integers(0, 2, (230, 4), dtype=np.uint8)
    whole = per_image(model, images, 20, seed=3)
    heard: list[float] = []
    part = per_image(model, images[100:], 20, seed=3, first=100, progress=heard.append)
    np.testing.assert_array_equal(part.log_likelihood, whole.log_likelihood[100:])
    assert part.responsibilities is not None and whole.responsibilities is not None
    np.testing.assert_array_equal(part.responsibilities, whole.responsibilities[100:])
    assert heard == pytest.approx([50 / 130, 100 / 130, 1])


def test_a_model_without_numbers_is_an_error_that_names_the_image(toy: Toy) -> None:
    model = toy(replace(MIXTURE, code_dim=2)).float()
    model.decoder.data_bias.data.fill_(float("nan"))
    with pytest.raises(EvaluationError, match="weight of image 0 is not a finite number"):
        per_image(model, np.zeros((3, 4), np.uint8))
