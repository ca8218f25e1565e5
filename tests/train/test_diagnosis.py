"""What blew up is named: by hand in a small model, and in models of the paper's make on real images."""

import re
from dataclasses import replace

import pytest
import torch

from dlgmm_core.config import ModelConfig, TrainConfig
from dlgmm_core.data.datasets import Dataset, load_dataset
from dlgmm_core.model.models import build_model
from dlgmm_core.train.diagnosis import diagnose
from dlgmm_core.train.training import TrainingError, TrainingRun, fit

CONFIG = ModelConfig("dlgmm", 2, 2, (-1.0, 1.0), (1.0, 1.0), hidden=8, image_shape=(2, 2))
IMAGES = torch.tensor([[0.0, 1.0, 1.0, 0.0], [1.0, 1.0, 1.0, 1.0]])
STOPPED = re.compile(
    r"The (validation )?bound is (nan|-?inf) (at step \d+ of|after) epoch \d+, because (a|the|log) .+ is not"
    r" finite: training stopped(: try|, and epoch \d+ is kept: resume with) a learning rate below 0\.03(, or .+)?\."
)


def test_a_model_with_finite_values_has_no_diagnosis() -> None:
    assert diagnose(build_model(CONFIG), IMAGES, 3) == ("", "")


NEARER = "prior means and scales nearer to 0 and 1"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ([("decoder.hidden.0.weight", slice(1), torch.nan)], "the weight decoder.hidden.0.weight"),
        ([("encoder.0.bias", slice(8), 100.0), ("layers.0.head.linear.weight", slice(4), 3e38)], "the mean of q(z|x)"),
        ([("layers.0.head.linear.bias", slice(4, 8), 100.0)], "a code drawn from q(z|x)"),
        ([("decoder.data_bias", slice(4), 3e38)], "log p(x|z)"),
        ([("layers.0.head.linear.bias", slice(4, 8), -200.0)], "log q(z|x)"),
    ],
    ids=["weight", "mean", "scale", "likelihood", "density"],
)
def test_the_first_quantity_that_is_no_number_is_named(changes: list[tuple[str, slice, float]], words: str) -> None:
    model = build_model(CONFIG)
    with torch.no_grad():
        for name, rows, value in changes:
            model.get_parameter(name)[rows] = value
    assert diagnose(model, IMAGES, 1) == (words, NEARER if words == "log q(z|x)" else "")


def test_a_prior_too_narrow_for_any_code_is_named_with_a_remedy() -> None:
    model = build_model(replace(CONFIG, prior_scales=(1e-25, 1e-25)))
    with torch.no_grad():
        model.get_parameter("layers.0.head.linear.bias")[4:] = 0.0
    assert diagnose(model, IMAGES, 1) == ("log p(z)", NEARER)


def test_the_prior_of_a_layer_below_is_named_without_a_remedy_for_the_first() -> None:
    model = build_model(replace(CONFIG, layers=2, components_below=(2,)))
    with torch.no_grad():
        model.get_parameter("layers.1.prior.linear.bias")[:4] = 3e38
    quantity, remedy = diagnose(model, IMAGES, 1)
    assert quantity.endswith("log p(z) in layer 2") and remedy == ""


@pytest.fixture(scope="module")
def digits() -> Dataset:
    """The first images of MNIST: five steps an epoch."""
    mnist = load_dataset("mnist")
    return Dataset("mnist", mnist.train[:500], mnist.valid[:100], mnist.test[:100], mnist.class_names)


def test_before_the_first_step_no_learning_rate_is_blamed(digits: Dataset) -> None:
    config = ModelConfig("dlgmm", 2, 2, (0.0, 0.0), (1e-30, 1.0), hidden=8)
    with pytest.raises(TrainingError, match=rf"step 1 of epoch 1, because .+: training stopped: try {NEARER}\.$"):
        next(fit(TrainingRun.start(config, TrainConfig()), digits))


@pytest.mark.parametrize(("rate", "alpha"), [(3e-2, 1.0), (3e-4, 1e-3), (3e-2, 1e-3)])
@pytest.mark.parametrize("model", ["gauss-vae", "sb-vae", "dlgmm", "dldpmm"])
def test_training_at_a_high_rate_succeeds_or_names_what_is_not_finite(
    model: str, rate: float, alpha: float, digits: Dataset
) -> None:
    config = ModelConfig(model, hidden=200, concentration=1.0 if model == "gauss-vae" else alpha)
    if model.startswith("dl"):
        config = replace(config, num_components=4, prior_means=(0.0,) * 4, prior_scales=(1.0,) * 4)
    run = TrainingRun.start(config, TrainConfig(learning_rate=rate, max_epochs=3))
    message = ""
    try:
        list(fit(run, digits))
    except TrainingError as error:
        message = str(error)
    if message:
        assert STOPPED.fullmatch(message) and rate == 3e-2
    else:
        assert run.history[-1].best_epoch > 1
    assert all(weight.isfinite().all() for weight in run.best_weights.values())


def test_a_gauss_vae_diverges_in_its_first_epoch_at_a_learning_rate_of_a_tenth(digits: Dataset) -> None:
    run = TrainingRun.start(ModelConfig("gauss-vae"), TrainConfig(learning_rate=0.1))
    with pytest.raises(TrainingError, match=r"^The bound is .+ at step \d of epoch 1, because .+: training stopped: "):
        next(fit(run, digits))
