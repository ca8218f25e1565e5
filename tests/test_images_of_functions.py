"""Images that are no model's, or not binary, are refused in a sentence by whatever public function takes them."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from dlgmm_core.analysis.inspection import inspect_image, reconstruct
from dlgmm_core.checks import ConfigError
from dlgmm_core.config import ModelConfig
from dlgmm_core.evaluate.convergence import estimate_convergence
from dlgmm_core.evaluate.knn import encode
from dlgmm_core.evaluate.likelihood import log_likelihood, mean_elbo
from dlgmm_core.model.models import LatentVariableModel, build_model
from dlgmm_core.model.objectives import BOUNDS, elbo, iwae_bound

CONFIG = ModelConfig("dlgmm", 2, 2, (-1.0, 1.0), (1.0, 1.0), hidden=8, image_shape=(2, 2))
Images = NDArray[np.generic]
OF_ARRAYS: dict[str, Callable[[LatentVariableModel, Images], object]] = {
    "log_likelihood": lambda model, images: log_likelihood(model, images, 5),
    "mean_elbo": lambda model, images: mean_elbo(model, images, "eq1"),
    "encode": encode,
    "reconstruct": reconstruct,
    "inspect_image": lambda model, images: inspect_image(model, images[0] if len(images) else images.ravel()),
    "estimate_convergence": lambda model, images: list(
        estimate_convergence(model, images[0] if len(images) else images.ravel(), 5)
    ),
}
OF_TENSORS = {
    **{bound: partial(elbo, bound=bound) for bound in BOUNDS},
    "iwae": partial(iwae_bound, num_samples=2),
}
GREY = np.array([[0, 255, 3, 1], [0, 1, 1, 0]], np.uint8)
WRONG: dict[str, Images] = {
    "grey levels": GREY,
    "fractions": GREY / 255,
    "minus one": -1.0 * (GREY > 0),
    "not a number": np.where(GREY > 1, np.nan, 0.0),
    "none": GREY[:0],
    "other pixels": GREY[:, :3] > 0,
}


@pytest.mark.parametrize("images", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("function", OF_ARRAYS.values(), ids=OF_ARRAYS)
def test_arrays_that_are_no_binary_images_are_refused(
    function: Callable[[LatentVariableModel, Images], object], images: Images
) -> None:
    with pytest.raises(ConfigError, match=r"^images must be "):
        function(build_model(CONFIG), images)


@pytest.mark.parametrize("wrong", [each for each in WRONG if each != "fractions"])  # which are probabilities of ink
@pytest.mark.parametrize("function", OF_TENSORS.values(), ids=OF_TENSORS)
def test_tensors_that_are_no_images_are_refused(function: Callable[..., object], wrong: str) -> None:
    with pytest.raises(ConfigError, match=r"^(images|pixels) must be "):
        function(build_model(CONFIG), torch.from_numpy(WRONG[wrong]).float())
    with pytest.raises(ConfigError, match=r"^images must be a torch.float32 tensor"):
        function(build_model(CONFIG), torch.zeros(3, 4, dtype=torch.float64))


@pytest.mark.parametrize("function", [elbo, partial(iwae_bound, num_samples=2)])
@pytest.mark.parametrize("decoded", [0, -1, 1.5])
def test_a_number_of_components_that_cannot_be_decoded_is_refused(
    function: Callable[..., object], decoded: float
) -> None:
    with pytest.raises(ConfigError, match=r"^decoded must be a whole number from 1"):
        function(build_model(CONFIG), torch.zeros(3, 4), decoded=decoded)


def test_images_in_reverse_order_are_images() -> None:
    model, images = build_model(CONFIG), (GREY > 2).astype(np.uint8)
    np.testing.assert_allclose(encode(model, images[::-1]), encode(model, images)[::-1], rtol=1e-6)
