"""A mixture that starts from a Gauss-VAE is that Gauss-VAE at first, with the components of a Gaussian mixture."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from dlgmm_core.checks import ConfigError
from dlgmm_core.config import ModelConfig
from dlgmm_core.data.datasets import Dataset
from dlgmm_core.evaluate.clustering import scores
from dlgmm_core.evaluate.gaussian_mixtures import fit_gaussian_mixture
from dlgmm_core.evaluate.knn import encode
from dlgmm_core.evaluate.likelihood import mean_weights
from dlgmm_core.model.models import LatentVariableModel, build_model
from dlgmm_core.model.networks import NormalPrior
from dlgmm_core.store.files import CheckpointError
from dlgmm_core.train.mixture_start import load_start, start_mixture, start_run
from dlgmm_core.train.training import TrainingRun, fit
from tests.training_helpers import SHAPE, TRAIN, assert_same_run

GAUSS = ModelConfig("gauss-vae", 2, hidden=8, image_shape=SHAPE)
MIXTURE = ModelConfig("dlgmm", 2, 2, (0.0, 0.0), (1.0, 1.0), 0.1, 8, SHAPE, prior_components="full")
LONG = replace(TRAIN, max_epochs=20, patience=20, bound="eq1", data_bias=True)


@pytest.fixture
def shaped(dataset: Dataset) -> Dataset:
    return replace(dataset, shape=SHAPE)


@pytest.fixture
def gauss(shaped: Dataset) -> LatentVariableModel:
    run = TrainingRun.start(GAUSS, LONG)
    list(fit(run, shaped))
    return run.model


@pytest.mark.parametrize("kind", ["full", "diagonal"])
def test_components_are_those_of_the_mixture_of_codes_and_the_rest_is_the_gauss_vae(
    kind: str, gauss: LatentVariableModel, shaped: Dataset
) -> None:
    model = build_model(replace(MIXTURE, prior_components=kind))
    start_mixture(model, gauss, shaped, 3)
    codes = encode(gauss, shaped.train.binary)
    best = fit_gaussian_mixture(codes, encode(gauss, shaped.valid.binary), 2, kind, 3)
    x = torch.from_numpy(shaped.test.binary).float()
    with torch.no_grad():
        normal = model.prior().normal  # type: ignore[attr-defined]
        np.testing.assert_allclose(normal.loc[:, 0], best.means_, rtol=1e-5, atol=1e-6)
        variances = best.covariances_ if kind == "diagonal" else np.diagonal(best.covariances_, axis1=1, axis2=2)
        np.testing.assert_allclose(normal.scale[:, 0] ** 2, variances, rtol=1e-4)
        q, of_gauss = model.posterior(x), gauss.posterior(x)
        for k in range(2):
            torch.testing.assert_close(q.component_means[k], of_gauss.mean)
        torch.testing.assert_close(model.likelihood(q.mean).logits, gauss.likelihood(of_gauss.mean).logits)


def test_the_weights_follow_the_responsibilities_of_the_start(gauss: LatentVariableModel, shaped: Dataset) -> None:
    model = build_model(MIXTURE)
    before = scores(mean_weights(model, shaped.test.binary), shaped.test.labels)
    start_mixture(model, gauss, shaped, 0)
    after = scores(mean_weights(model, shaped.test.binary), shaped.test.labels)
    assert after.acc > max(before.acc, 90), "two patterns, two components"


def test_a_run_that_starts_from_a_gauss_vae_resumes_to_the_same_digits(
    gauss: LatentVariableModel, shaped: Dataset, tmp_path: Path
) -> None:
    start = TrainingRun.start(GAUSS, LONG)
    list(fit(start, shaped))
    start.save(tmp_path / "start")
    config = replace(LONG, max_epochs=4, start_from="start")
    whole = start_run(MIXTURE, config, "cpu", load_start(MIXTURE, tmp_path / "start"), shaped)
    list(fit(whole, shaped))
    begun = start_run(MIXTURE, config, "cpu", load_start(MIXTURE, tmp_path / "start"), shaped)
    next(fit(begun, shaped))
    begun.save(tmp_path / "mixture")
    resumed = TrainingRun.load(tmp_path / "mixture")
    list(fit(resumed, shaped))
    assert_same_run(whole, resumed)


@pytest.mark.parametrize(
    ("mixture", "words"),
    [
        (replace(MIXTURE, prior_components="fixed"), "prior_components are diagonal or full"),
        (replace(MIXTURE, hidden=9), "must be a Gauss-VAE with the body"),
        (replace(MIXTURE, code_dim=3), "must be a Gauss-VAE with the body"),
        (GAUSS, "prior_components are diagonal or full"),
        (replace(MIXTURE, prior_means=(-1.0,) * MIXTURE.num_components), "leave out prior_means and prior_scales"),
    ],
)
def test_models_that_do_not_fit_together_are_refused(
    mixture: ModelConfig, words: str, gauss: LatentVariableModel, shaped: Dataset
) -> None:
    with pytest.raises(ConfigError, match=words):
        start_mixture(build_model(mixture), gauss, shaped, 0)


def test_a_mixture_with_a_prior_of_its_own_is_refused(gauss: LatentVariableModel, shaped: Dataset) -> None:
    model = build_model(MIXTURE)
    model.layer.prior = NormalPrior(2)
    with pytest.raises(ConfigError, match="for mixtures with a MixturePrior and a MixtureHead"):
        start_mixture(model, gauss, shaped, 0)


def test_a_start_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="There is no checkpoint"):
        load_start(MIXTURE, tmp_path / "nowhere")


def test_a_run_says_that_it_starts_from_a_model_if_and_only_if_it_does(shaped: Dataset) -> None:
    for config, start in ((replace(LONG, start_from="gauss"), None), (LONG, build_model(GAUSS))):
        with pytest.raises(ConfigError, match="start_from and the model to start from go together"):
            start_run(MIXTURE, config, "cpu", start, shaped)
