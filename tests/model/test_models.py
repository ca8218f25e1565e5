"""The table of models: each trains end to end, refuses what it cannot be, and nests as the theory says."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from dlgmm_core.checks import ConfigError
from dlgmm_core.config import ModelConfig
from dlgmm_core.model.distributions import Beta, Kumaraswamy
from dlgmm_core.model.latents import NormalLatent
from dlgmm_core.model.mixture_latents import MixtureLatent
from dlgmm_core.model.models import MODELS, LatentVariableModel, build_model, prior_of
from dlgmm_core.model.networks import MAX_LOG_CONCENTRATION_OF_CODE
from dlgmm_core.model.objectives import BOUNDS, elbo, iwae_bound
from dlgmm_core.model.stick_latents import SticksLatent

Toy = Callable[..., LatentVariableModel]
LATENTS = {"gauss-vae": NormalLatent, "sb-vae": SticksLatent, "dlgmm": MixtureLatent, "dldpmm": MixtureLatent}


def test_the_table_holds_the_four_models_of_the_paper_with_its_sizes() -> None:
    assert set(MODELS) == set(LATENTS)
    assert MODELS["dlgmm"].default_components == 3 and MODELS["dldpmm"].default_components == 17
    assert {name for name, family in MODELS.items() if family.has_components} == {"dlgmm", "dldpmm"}


def test_posterior_prior_and_likelihood_have_the_shapes_of_their_configuration(config: ModelConfig) -> None:
    model = build_model(config)
    q, p = model.posterior(torch.zeros(5, 4)), model.prior()
    assert type(q) is type(p) is LATENTS[config.model]
    latents = q.stratified_rsample(torch.Size([2]))
    assert latents.code.shape == (config.num_components, 2, 5, config.code_dim)
    assert p.sample(torch.Size([7])).shape == (7, 1, config.code_dim)
    likelihood = model.likelihood(latents.code)
    assert likelihood.logits.shape == (config.num_components, 2, 5, 4)
    assert likelihood.log_prob(torch.zeros(5, 4)).shape == (config.num_components, 2, 5)


def test_likelihood_sums_to_one_over_all_images(config: ModelConfig, toy: Toy, four_bit_images: Tensor) -> None:
    model = toy(config)
    code = model.prior().sample(torch.Size([10]))  # (10, 1, D)
    total = model.likelihood(code).log_prob(four_bit_images).exp().sum(-1)
    torch.testing.assert_close(total, torch.ones(10, dtype=torch.float64))


@pytest.mark.parametrize("bound", list(BOUNDS))
def test_a_gradient_reaches_every_parameter(config: ModelConfig, bound: str) -> None:
    model = build_model(config)
    elbo(model, torch.bernoulli(torch.full((20, 4), 0.5)), bound).mean().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        assert parameter.numel() == 0 or parameter.grad.any(), name
        # No unit of an output layer may be forgotten; hidden units may be off for every image.
        if (name.endswith("bias") and ".head." in name) or name == "decoder.data_bias":
            assert parameter.grad.all(), name


@pytest.mark.parametrize("model", ["gauss-vae", "dlgmm"])
def test_a_model_does_not_hold_its_prior_in_its_weights(model: str) -> None:
    config = ModelConfig(model, 2, hidden=8, image_shape=(2, 2))
    assert not [name for name in build_model(config).state_dict() if "prior" in name]


@pytest.mark.parametrize("model", ["dlgmm", "dldpmm"])
def test_a_learnt_prior_is_held_in_the_weights_and_starts_with_its_components_apart(model: str) -> None:
    config = ModelConfig(
        model, 400, 2, (-1.0, 3.0), (0.5, 2.0), hidden=8, image_shape=(2, 2), prior_components="diagonal"
    )
    built = build_model(config)
    names = ["layers.0.prior.loc", "layers.0.prior.log_scale"]
    assert [name for name in built.state_dict() if "prior" in name] == names
    prior = built.prior()
    assert isinstance(prior, MixtureLatent)
    # half a scale about each mean, and the scales themselves: 400 coordinates tell both to a fifteenth
    for loc, scale, mean, trained in zip(prior.normal.loc, prior.normal.scale, (-1.0, 3.0), (0.5, 2.0), strict=True):
        assert torch.allclose(scale, torch.tensor(trained))
        assert loc.mean().item() == pytest.approx(mean, abs=0.15 * trained)
        assert loc.std().item() == pytest.approx(trained / 2, rel=0.15)


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        (ModelConfig("vae"), "There is no model 'vae': choose one of gauss-vae, sb-vae, dlgmm, dldpmm."),
        (
            ModelConfig("gauss-vae", num_components=2, prior_means=(0, 0), prior_scales=(1, 1)),
            "Gauss-VAE has no components: num_components must be 1, not 2.",
        ),
        (
            ModelConfig("sb-vae", num_components=3, prior_means=(0,) * 3, prior_scales=(1,) * 3),
            "SB-VAE has no components: num_components must be 1, not 3.",
        ),
        (
            ModelConfig("gauss-vae", prior_components="diagonal"),
            "Gauss-VAE has no components: prior_components must be fixed.",
        ),
        (ModelConfig("sb-vae", code_dim=1), "SB-VAE needs a code_dim of at least 2"),
    ],
)
def test_a_model_that_cannot_be_built_is_refused_in_one_sentence(config: ModelConfig, sentence: str) -> None:
    with pytest.raises(ConfigError) as error:
        build_model(config)
    assert str(error.value).startswith(sentence)


def test_dirichlet_and_process_sticks_have_the_concentrations_of_the_paper() -> None:
    for model, concentration1, concentration0 in (
        ("dlgmm", [0.5, 0.5, 0.5], [1.5, 1.0, 0.5]),
        ("dldpmm", [1.0, 1.0, 1.0], [0.5, 0.5, 0.5]),
    ):
        config = ModelConfig(model, 2, 4, (0.0,) * 4, (1.0,) * 4, concentration=0.5, hidden=8, image_shape=(2, 2))
        prior = build_model(config).prior()
        assert isinstance(prior, MixtureLatent) and isinstance(prior.sticks, Beta)
        assert prior.sticks.concentration1.tolist() == [concentration1]
        assert prior.sticks.concentration0.tolist() == [concentration0]


@pytest.mark.parametrize("model", MODELS)
def test_whole_numbers_make_the_prior_that_their_decimals_make(model: str) -> None:
    means = (-1, 0, 2) if MODELS[model].has_components else (0,)
    alpha = 1 if model == "gauss-vae" else 2
    whole = ModelConfig(model, 3, len(means), means, (1,) * len(means), alpha, hidden=4)
    floats = {"prior_means": tuple(map(float, means)), "prior_scales": (1.0,) * len(means)}
    decimal = replace(whole, concentration=float(alpha), **floats)
    draws = []
    for config in (whole, decimal):
        torch.manual_seed(0)
        draws.append(build_model(config).prior().stratified_rsample(torch.Size([5])).code)
    assert torch.equal(*draws)


@pytest.mark.parametrize(
    ("model", "setting"),
    [
        ("gauss-vae", {"prior_means": (1.0,)}),
        ("gauss-vae", {"prior_scales": (2.0,)}),
        ("gauss-vae", {"concentration": 2.0}),
        ("sb-vae", {"prior_means": (1.0,)}),
        ("sb-vae", {"prior_scales": (2.0,)}),
    ],
)
def test_a_setting_that_a_model_does_not_use_is_refused(model: str, setting: dict[str, Any]) -> None:
    (name,) = setting
    with pytest.raises(ConfigError, match=f"^{MODELS[model].label} does not use {name}: leave it out"):
        build_model(ModelConfig(model, hidden=4, **setting))


def test_skip_is_refused_for_one_layer() -> None:
    with pytest.raises(ConfigError, match=r"^skip is for several stochastic layers"):
        ModelConfig("dlgmm", skip=True)


def test_one_component_is_built_without_a_warning(recwarn: pytest.WarningsRecorder) -> None:
    model = build_model(ModelConfig("dlgmm", 2, hidden=4, image_shape=(2, 2)))
    assert elbo(model, torch.zeros(3, 4)).isfinite().all() and not recwarn.list


def test_sb_vae_sticks_are_a_process_with_one_break_less_than_pieces() -> None:
    prior = build_model(ModelConfig("sb-vae", 4, concentration=5.0, hidden=8, image_shape=(2, 2))).prior()
    assert isinstance(prior, SticksLatent) and isinstance(prior.sticks, Beta)
    assert prior.sticks.concentration1.tolist() == [[1.0] * 3]
    assert prior.sticks.concentration0.tolist() == [[5.0] * 3]


def test_the_initial_weights_follow_from_the_random_state(config: ModelConfig) -> None:
    weights = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        weights.append(torch.cat([p.flatten() for p in build_model(config).parameters()]))
    assert torch.equal(weights[0], weights[1]) and not torch.equal(weights[0], weights[2])


def test_to_ask_for_the_prior_of_a_configuration_draws_nothing_from_the_global_random_state() -> None:
    state = torch.get_rng_state()
    assert prior_of(ModelConfig("dlgmm", 3, 2, (-1.0, 3.0), (0.5, 2.0), prior_components="full")).sticks is not None
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("model", ["dlgmm", "dldpmm"])
def test_a_mixture_model_of_one_component_is_the_gauss_vae(model: str) -> None:
    gauss = build_model(ModelConfig("gauss-vae", 3, hidden=8, image_shape=(2, 2)))
    one = build_model(replace(gauss.config, model=model))
    missing, unexpected = one.load_state_dict(gauss.state_dict(), strict=False)
    assert set(missing) == {"layers.0.head.sticks.weight", "layers.0.head.sticks.bias"} and not unexpected
    assert all(one.state_dict()[name].numel() == 0 for name in missing)
    x = torch.bernoulli(torch.full((6, 4), 0.5))
    for bound, num_samples in itertools.product(BOUNDS, (1, 4)):
        values = []
        for each in (gauss, one):
            torch.manual_seed(7)
            values.append(elbo(each, x, bound, num_samples))
        torch.testing.assert_close(*values, rtol=1e-6, atol=0, msg=bound)
    values = []
    for each in (gauss, one):
        torch.manual_seed(7)
        values.append(iwae_bound(each, x, 50))
    torch.testing.assert_close(*values, rtol=1e-6, atol=0)


# --- the encoder's activation --------------------------------------------------------------------


def location(model: LatentVariableModel, x: Tensor) -> Tensor:
    """What of the posterior is an affine function of the encoder's features."""
    with torch.no_grad():
        q = model.posterior(x)
    if isinstance(q, SticksLatent):
        assert isinstance(q.sticks, Kumaraswamy)
        bounded = torch.stack([q.sticks.log_concentration1, q.sticks.log_concentration0])
        return torch.atanh(bounded / MAX_LOG_CONCENTRATION_OF_CODE)
    assert isinstance(q, NormalLatent | MixtureLatent)
    return q.component_means


@pytest.mark.parametrize("activation", ["relu", "linear"])
def test_an_encoder_adds_up_over_images_exactly_if_it_is_linear(config: ModelConfig, toy: Toy, activation: str) -> None:
    model = toy(replace(config, encoder_activation=activation))
    a, b = 3 * torch.randn(2, 50, 4, dtype=torch.float64)
    excess = location(model, a + b) + location(model, 0 * a) - location(model, a) - location(model, b)
    assert excess.abs().max() < 1e-9 if activation == "linear" else excess.abs().max() > 0.1


def test_the_decoder_keeps_its_relu_and_the_weights_their_names_whatever_the_encoder(config: ModelConfig) -> None:
    models = [build_model(replace(config, encoder_activation=activation)) for activation in ("relu", "linear")]
    for model in models:
        assert [type(layer) for layer in model.decoder.hidden] == [nn.Linear, nn.ReLU]
    models[1].load_state_dict(models[0].state_dict())


# --- the precision of products -------------------------------------------------------------------


def test_products_in_bfloat16_change_results_a_little_and_no_type(config: ModelConfig, toy: Toy) -> None:
    model = toy(config).float()
    assert model.product_type is torch.float32
    x = torch.bernoulli(torch.full((200, 4), 0.5))

    def outputs() -> list[Tensor]:
        torch.manual_seed(3)
        with torch.no_grad():
            q = model.posterior(x)
            latents = q.stratified_rsample()
            return [q.mean, latents.code, model.likelihood(latents.code).logits, elbo(model, x), model.prior().mean]

    whole = outputs()
    model.product_type = torch.bfloat16
    short = outputs()
    model.product_type = torch.float32
    for a, b, again in zip(whole, short, outputs(), strict=True):
        assert a.dtype == b.dtype == torch.float32 and torch.equal(a, again)
        # eight bits of a factor each: a part in 256, some of them in a row
        assert (a - b).norm() <= 0.03 * a.norm()
    assert not torch.equal(whole[0], short[0]) and not torch.equal(whole[2], short[2])
    assert torch.equal(whole[-1], short[-1])


def test_every_product_of_the_networks_is_taken_in_the_type_asked_for(config: ModelConfig, toy: Toy) -> None:
    model = toy(config).float()
    seen: list[torch.dtype] = []
    for module in model.modules():
        if isinstance(module, nn.Linear):
            module.register_forward_hook(lambda _, inputs, output: seen.append(output.dtype))
    for product_type in (torch.float32, torch.bfloat16):
        seen.clear()
        model.product_type = product_type
        elbo(model, torch.ones(3, 4)).sum().backward()
        layers = 4 if config.model.startswith("dl") else 3
        assert seen == [product_type] * layers
        with torch.autocast("cpu", torch.bfloat16, enabled=product_type == torch.bfloat16):
            assert model.decoder.logits(torch.ones(3, config.code_dim)).dtype == product_type
    assert all(
        p.dtype == torch.float32 and p.grad is not None and p.grad.dtype == torch.float32 for p in model.parameters()
    )


def test_gradients_through_products_in_bfloat16_point_the_same_way(config: ModelConfig, toy: Toy) -> None:
    model = toy(config).float()
    x = torch.bernoulli(torch.full((200, 4), 0.5))
    gradients = []
    for product_type in (torch.float32, torch.bfloat16):
        model.zero_grad()
        model.product_type = product_type
        torch.manual_seed(3)
        elbo(model, x).mean().backward()
        gradients.append(torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None]))
    assert torch.cosine_similarity(gradients[0], gradients[1], dim=0) > 0.999
    assert not torch.equal(*gradients)
