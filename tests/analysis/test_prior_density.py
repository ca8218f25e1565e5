"""The density of a coordinate: that of the paper's formula for mixtures, and of whatever the prior says elsewhere."""

import numpy as np
import pytest
import torch
from scipy import stats
from sklearn.decomposition import PCA
from torch.distributions import StudentT

from dlgmm_core.analysis.prior_density import coordinate_densities, means_and_scales
from dlgmm_core.config import ModelConfig
from dlgmm_core.model.models import build_model

Z = np.linspace(-4, 4, 81)


def test_a_mixture_has_a_weighted_normal_density_for_each_component() -> None:
    model = build_model(ModelConfig("dlgmm", 4, 2, (-1.0, 2.0), (0.5, 1.5), image_shape=(2, 2)))
    expected = [stats.norm.pdf(Z, -1, 0.5) / 2, stats.norm.pdf(Z, 2, 1.5) / 2]
    np.testing.assert_allclose(coordinate_densities(model, Z), expected, atol=1e-6)


@pytest.mark.parametrize("kind", ["diagonal", "full"])
def test_learnt_components_are_projected_on_the_axis_along_which_their_means_differ_most(kind: str) -> None:
    model = build_model(
        ModelConfig("dlgmm", 4, 3, (-1.0, 0.0, 2.0), (0.5, 1.0, 1.5), image_shape=(2, 2), prior_components=kind)
    ).double()
    with torch.no_grad():
        for parameter in model.layer.prior.parameters():
            parameter.add_(0.7 * torch.randn_like(parameter))
        codes = model.prior().normal.rsample(torch.Size([400_000]))[:, :, 0]  # (K, S, D)
    means, scales = means_and_scales(model)
    axis = PCA(1).fit(model.prior().component_means[:, 0].detach()).components_[0]
    drawn = codes.numpy() @ (axis * np.sign(axis[np.abs(axis).argmax()]))
    np.testing.assert_allclose(means, drawn.mean(1), atol=0.02)
    np.testing.assert_allclose(scales, drawn.std(1), rtol=0.01)
    expected = [stats.norm.pdf(Z, m, s) / 3 for m, s in zip(means, scales, strict=True)]
    np.testing.assert_allclose(coordinate_densities(model, Z), expected, atol=1e-6)


def test_another_prior_is_asked_for_its_density_and_normalised() -> None:
    model = build_model(ModelConfig("gauss-vae", 25, image_shape=(2, 2)))
    (found,) = coordinate_densities(model, Z)
    np.testing.assert_allclose(found, stats.norm.pdf(Z), atol=1e-5)


@pytest.mark.parametrize("freedom", [1.0, 3.0])
def test_heavy_tails_count(freedom: float, monkeypatch: pytest.MonkeyPatch) -> None:
    model = build_model(ModelConfig("gauss-vae", 2, image_shape=(2, 2)))
    prior = model.prior()
    monkeypatch.setattr(prior, "log_prob", lambda latents: StudentT(freedom).log_prob(latents.code).sum(-1))
    monkeypatch.setattr(model, "prior", lambda: prior)
    (found,) = coordinate_densities(model, Z)
    np.testing.assert_allclose(found, stats.t.pdf(Z, freedom), rtol=1e-3)
