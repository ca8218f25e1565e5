"""Images out of the prior: each component depends on its own slider alone, and draws follow the prior's weights."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor

from dlgmm_core.analysis.generation import (
    ancestral_noise,
    ancestral_samples,
    centres,
    component_noise,
    component_samples,
    prototypes,
    shapes,
)
from dlgmm_core.config import ModelConfig
from dlgmm_core.model.mixture_latents import MixtureLatent
from dlgmm_core.model.models import LatentVariableModel

Toy = Callable[..., LatentVariableModel]

MEANS, SCALES = (-1.5, 0.0, 2.0), (0.7, 1.0, 1.2)
MIXTURE = ModelConfig("dlgmm", 2, 3, MEANS, SCALES, hidden=8, image_shape=(2, 2))


@pytest.fixture
def model(toy: Toy) -> LatentVariableModel:
    return toy(MIXTURE).float()


@pytest.fixture
def learnt(toy: Toy) -> LatentVariableModel:
    return toy(replace(MIXTURE, prior_components="diagonal")).float()


def test_only_the_component_whose_slider_moves_changes(model: LatentVariableModel) -> None:
    trained = component_samples(model, MEANS, SCALES, 6)
    assert trained.shape == (3, 6, 4)
    for k in range(3):
        for means, scales in (
            ([m + (j == k) for j, m in enumerate(MEANS)], SCALES),
            (MEANS, [s + (j == k) / 2 for j, s in enumerate(SCALES)]),
        ):
            moved = component_samples(model, means, scales, 6)
            changed = [bool((moved[j] != trained[j]).any()) for j in range(3)]
            assert changed == [j == k for j in range(3)]


def test_equal_means_and_scales_make_equal_rows_of_different_images(model: LatentVariableModel) -> None:
    samples = component_samples(model, [0.4] * 3, [0.9] * 3, 6)
    np.testing.assert_allclose(samples, samples[:1].repeat(3, 0), atol=1e-6)
    assert len(np.unique(samples[0].round(4), axis=0)) == 6


def test_every_row_is_its_mean_plus_its_scale_times_one_noise(model: LatentVariableModel) -> None:
    decoded: list[Tensor] = []
    model.decoder.register_forward_pre_hook(lambda _, inputs: decoded.append(inputs[0]))
    component_samples(model, MEANS, SCALES, 400, seed=3)
    (codes,) = decoded
    assert codes.shape == (3, 400, 2)
    noise = (codes - torch.tensor(MEANS)[:, None, None]) / torch.tensor(SCALES)[:, None, None]
    torch.testing.assert_close(noise, noise[:1].expand(3, -1, -1), atol=1e-5, rtol=0)
    assert stats.kstest(noise[0].flatten().numpy(), "norm").pvalue > 1e-3


def test_a_given_prior_has_its_configured_centres_and_no_shape(model: LatentVariableModel) -> None:
    assert centres(model) == (MEANS, SCALES)
    offsets, stretches = shapes(model)
    np.testing.assert_allclose(offsets, np.zeros((3, 2)), atol=1e-6)
    np.testing.assert_allclose(stretches, np.ones((3, 2)), rtol=1e-6)


def test_a_learnt_prior_is_its_centres_and_shapes(learnt: LatentVariableModel) -> None:
    prior = learnt.prior()
    assert isinstance(prior, MixtureLatent)
    means, scales = (np.array(v)[:, None] for v in centres(learnt))
    offsets, stretches = shapes(learnt)
    np.testing.assert_allclose(means + offsets, prior.normal.loc[:, 0].detach(), atol=1e-6)
    np.testing.assert_allclose(scales * stretches, prior.normal.scale[:, 0].detach(), rtol=1e-6)
    np.testing.assert_allclose(offsets.mean(1), 0, atol=1e-6)
    np.testing.assert_allclose(np.log(stretches).mean(1), 0, atol=1e-6)
    assert np.ptp(offsets) > 0.1 and np.ptp(stretches) > 0.1


def test_sliders_move_and_stretch_all_coordinates_of_a_learnt_component(learnt: LatentVariableModel) -> None:
    prior = learnt.prior()
    assert isinstance(prior, MixtureLatent)
    (m0, m1, m2), (s0, s1, s2) = centres(learnt)
    moved = component_samples(learnt, (m0, m1 + 0.7, m2), (s0, s1, 2 * s2), 5, seed=3)
    noise = torch.from_numpy(component_noise(learnt, 5, seed=3)[0])
    loc, scale = prior.normal.loc[:, 0], prior.normal.scale[:, 0]
    code = torch.stack([loc[0] + scale[0] * noise, loc[1] + 0.7 + scale[1] * noise, loc[2] + 2 * scale[2] * noise])
    with torch.no_grad():
        np.testing.assert_allclose(moved, learnt.likelihood(code).probs, atol=1e-5)


def test_a_seed_decides_the_noise_and_the_random_state_is_left_alone(model: LatentVariableModel) -> None:
    state = torch.get_rng_state()
    first = component_samples(model, MEANS, SCALES, 6, seed=1)
    drawn = ancestral_samples(model, 50, seed=1)
    assert torch.equal(torch.get_rng_state(), state)
    np.testing.assert_array_equal(component_samples(model, MEANS, SCALES, 6, seed=1), first)
    assert (component_samples(model, MEANS, SCALES, 6, seed=2) != first).all(-1).all()
    again = ancestral_samples(model, 50, seed=1)
    np.testing.assert_array_equal(again[0], drawn[0])
    np.testing.assert_array_equal(again[1], drawn[1])
    assert (ancestral_samples(model, 50, seed=2)[0] != drawn[0]).any()


@pytest.mark.parametrize(("means", "scales"), [(MEANS[:2], SCALES), (MEANS, SCALES[:2]), ((), ())])
def test_wrong_numbers_of_means_or_scales_are_refused(
    model: LatentVariableModel, means: tuple[float, ...], scales: tuple[float, ...]
) -> None:
    with pytest.raises(ValueError, match="3 components need as many means and scales, not"):
        component_samples(model, means, scales, 2)


WEIGHTS = pytest.mark.parametrize(
    ("config", "weights"),
    [
        (MIXTURE, [1 / 3, 1 / 3, 1 / 3]),
        # Beta(1, 2) breaks off a third of what is left
        (ModelConfig("dldpmm", 2, 4, (0.0,) * 4, (1.0,) * 4, 2.0, 8, (2, 2)), [1 / 3, 2 / 9, 4 / 27, 8 / 27]),
    ],
    ids=["dlgmm", "dldpmm"],
)


@WEIGHTS
def test_components_are_drawn_as_often_as_the_prior_says(toy: Toy, config: ModelConfig, weights: list[float]) -> None:
    images, component = ancestral_samples(toy(config).float(), 6000)
    assert images.shape == (6000, 4) and component.shape == (6000,)
    counts = np.bincount(component, minlength=len(weights))
    assert stats.chisquare(counts, 6000 * np.array(weights)).pvalue > 1e-3


@WEIGHTS
def test_ancestral_noise_names_components_as_often_as_the_prior_says(
    toy: Toy, config: ModelConfig, weights: list[float]
) -> None:
    model = toy(config).float()
    component, noise = ancestral_noise(model, 6000)
    assert component.shape == (6000,) and noise.shape == (6000, 2) and noise.dtype == np.float32
    np.testing.assert_allclose(torch.exp(model.prior().log_mean_weights[:, 0]), weights, atol=1e-6)
    counts = np.bincount(component, minlength=len(weights))
    assert stats.chisquare(counts, 6000 * np.array(weights)).pvalue > 1e-3
    # whatever the component, the noise is standard normal
    for k in range(len(weights)):
        assert stats.kstest(noise[component == k].ravel(), "norm").pvalue > 1e-3


def test_the_first_row_of_noise_decodes_to_the_components_samples(model: LatentVariableModel) -> None:
    noise = torch.from_numpy(component_noise(model, 6, seed=4))
    samples = component_samples(model, MEANS, SCALES, 6, seed=4)
    weights = model.decoder.state_dict()
    for k in range(3):
        code = MEANS[k] + SCALES[k] * noise[0]
        features = torch.relu(code @ weights["hidden.0.weight"].T + weights["hidden.0.bias"])
        expected = torch.sigmoid(features @ weights["output.weight"].T + weights["data_bias"])
        np.testing.assert_allclose(samples[k], expected, atol=1e-6)


def test_every_row_of_noise_is_another_standard_normal_draw(model: LatentVariableModel) -> None:
    noise = component_noise(model, 400)
    assert noise.shape == (3, 400, 2) and noise.dtype == np.float32
    rows = noise.reshape(3, -1)
    for row in rows:
        assert stats.kstest(row, "norm").pvalue > 1e-3
    assert np.abs(np.corrcoef(rows) - np.eye(3)).max() < 5 / np.sqrt(rows.shape[1])


def test_noise_follows_from_its_seed_and_leaves_the_random_state_alone(model: LatentVariableModel) -> None:
    state = torch.get_rng_state()
    rows, drawn = component_noise(model, 6, seed=1), ancestral_noise(model, 40, seed=1)
    assert torch.equal(torch.get_rng_state(), state)
    np.testing.assert_array_equal(component_noise(model, 6, seed=1), rows)
    again = ancestral_noise(model, 40, seed=1)
    np.testing.assert_array_equal(again[0], drawn[0])
    np.testing.assert_array_equal(again[1], drawn[1])
    # no row of one seed is a row of another
    others = [component_noise(model, 6, seed=seed)[k] for seed in (0, 2, 3) for k in range(3)]
    assert all((row != other).any() for row in rows for other in others)
    components, noise = ancestral_noise(model, 40, seed=2)
    assert (components != drawn[0]).any() and (noise != drawn[1]).any(-1).all()


def test_an_image_is_decoded_from_the_component_that_is_named(toy: Toy) -> None:
    model = toy(replace(MIXTURE, prior_means=(-1000.0, 0.0, 1000.0), prior_scales=(1.0,) * 3)).float()
    decoded: list[Tensor] = []
    model.decoder.register_forward_pre_hook(lambda _, inputs: decoded.append(inputs[0]))
    _, component = ancestral_samples(model, 200)
    origin = torch.round(decoded[0].mean(-1) / 1000).long() + 1
    assert origin.tolist() == component.tolist() and set(component.tolist()) == {0, 1, 2}


def test_probabilities_come_from_every_kind_of_model(config: ModelConfig, toy: Toy) -> None:
    images, component = ancestral_samples(toy(config).float(), 30)
    assert images.shape == (30, 4) and images.dtype == np.float32
    assert (images > 0).all() and (images < 1).all() and images.std(0).min() > 0
    assert component.max() < config.num_components


def test_a_prototype_is_the_sample_of_a_component_without_noise(learnt: LatentVariableModel) -> None:
    with torch.no_grad():
        codes = learnt.prior().component_means[:, 0]
        expected = learnt.likelihood(codes).probs.numpy()
    np.testing.assert_allclose(prototypes(learnt), expected, rtol=1e-6)
    assert np.abs(prototypes(learnt)[0] - prototypes(learnt)[1]).max() > 1e-3
