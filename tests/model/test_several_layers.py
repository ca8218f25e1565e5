"""Models of several stochastic layers, on toys whose log p(x) is a sum over the codes of both.

"Within five standard errors" everywhere, as in `test_objectives`.
"""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from dlgmm_core.checks import ConfigError
from dlgmm_core.config import ModelConfig
from dlgmm_core.evaluate.likelihood import log_likelihood
from dlgmm_core.evaluate.per_image import per_image
from dlgmm_core.model.latents import Latents
from dlgmm_core.model.models import LatentVariableModel, build_model
from dlgmm_core.model.objectives import (
    BOUNDS,
    OBJECTIVES,
    elbo,
    every_path,
    iwae_bound,
    log_importance_weights,
    lower_bound,
    path_terms,
)
from dlgmm_core.model.paths import largest_component, mean_code

Toy = Callable[..., LatentVariableModel]
SIGMAS = 5.0
STEP = 0.06

SMALL = {"hidden": 8, "image_shape": (2, 2), "layers": 2}
# Codes of one dimension in both layers, that log p(x) may be a sum over a grid.
PLANES = {
    "gauss-vae": ModelConfig("gauss-vae", 1, skip=True, **SMALL),  # type: ignore[arg-type]
    "dlgmm": ModelConfig("dlgmm", 1, 2, (-1.5, 1.5), (0.7, 0.7), components_below=(3,), **SMALL),  # type: ignore[arg-type]
    "dlgmm in the first layer": ModelConfig(
        "dlgmm",
        1,
        3,
        (-1.5, 0.0, 2.0),
        (0.7,) * 3,
        components_below=(1,),
        **SMALL,  # type: ignore[arg-type]
    ),
    "dldpmm": ModelConfig("dldpmm", 1, 3, (-2.0, 0.0, 1.0), (0.7,) * 3, 2.0, skip=True, **SMALL),  # type: ignore[arg-type]
}
WIDE = ModelConfig(
    "dlgmm",
    3,
    2,
    (-1.0, 1.0),
    (1.0, 1.0),
    hidden=8,
    image_shape=(2, 2),
    layers=3,
    components_below=(3, 2),
    code_dims_below=(2, 4),
    hidden_below=(5, 6),
    skip=True,
)
NONE_BELOW: dict[str, tuple[int, ...]] = {"components_below": (), "code_dims_below": (), "hidden_below": ()}


@pytest.fixture(params=list(PLANES.values()), ids=list(PLANES))
def plane(request: pytest.FixtureRequest, toy: Toy) -> LatentVariableModel:
    """A toy of each kind with two layers.

    The scales of the second stay near one, that a grid holds its codes, and those of posteriors above their priors'.
    """
    model = toy(request.param)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.startswith("layers.1") and name.endswith("linear.weight"):
                parameter.chunk(2)[1].mul_(0.1)
            if name.endswith("head.linear.bias"):
                parameter.chunk(2)[1].add_(0.5)
    return model


Exact = tuple[Tensor, Tensor, Tensor]


@pytest.fixture(scope="module")
def known() -> dict[ModelConfig, Exact]:
    """What the grids of planes give, which are the same in every test."""
    return {}


@pytest.fixture
def on_grid(plane: LatentVariableModel, four_bit_images: Tensor, known: dict[ModelConfig, Exact]) -> Exact:
    if plane.config not in known:
        known[plane.config] = exact(plane, four_bit_images)
    return known[plane.config]


def exact(model: LatentVariableModel, x: Tensor) -> Exact:
    """log p(x) (B,), and p(k|x) of the components of both layers, (B, K) each, by a sum over a grid of codes."""
    z = torch.arange(-12, 12 + STEP / 2, STEP, dtype=torch.float64)
    first, second = model.layers
    with torch.no_grad():
        one = first.prior()
        two = second.prior(z[:, None])  # a row for each code above
        on_first, on_second = z[None, :, None, None], z[None, :, None, None].expand(1, -1, len(z), 1)
        log_first = one.log_prob(Latents(on_first, torch.zeros_like(on_first[..., 0])))[0, :, 0]  # (N,)
        log_second = two.log_prob(Latents(on_second, torch.zeros_like(on_second[..., 0])))[0].T  # (N, N)
        codes = torch.cartesian_prod(z, z).reshape(len(z), len(z), 1, 2)
        log_joint = model.decode(codes).log_prob(x) + (log_first[:, None] + log_second)[..., None]  # (N, N, B)
        log_joint = log_joint + 2 * math.log(STEP)
        log_p = torch.logsumexp(log_joint.flatten(0, 1), 0)
        on_grid = (log_joint - log_p).exp()
        given_first = one.responsibilities(on_first)
        given_second = two.responsibilities(on_second)
        by_first = torch.ones(1, len(z)) if given_first is None else given_first[:, 0, :, 0]
        by_second = torch.ones(1, len(z), len(z)) if given_second is None else given_second[:, 0].mT
        p_first = torch.einsum("kn,nmb->bk", by_first.double(), on_grid)
        p_second = torch.einsum("knm,nmb->bk", by_second.double(), on_grid)
    return log_p, p_first, p_second


def mean_and_error(draws: Tensor) -> tuple[float, float]:
    """Mean of independent numbers (R,), and its standard error."""
    return draws.mean().item(), draws.std().item() / math.sqrt(len(draws))


def bound_draws(model: LatentVariableModel, x: Tensor, bound: str, repeats: int) -> Tensor:
    """(R,), independent estimates of a bound, each averaged over all images."""
    with torch.no_grad():
        return elbo(model, x.repeat(repeats, 1), bound).reshape(repeats, -1).mean(1)


def test_bounds_stand_in_order_below_log_p_and_weights_are_unbiased(
    plane: LatentVariableModel, four_bit_images: Tensor, on_grid: Exact
) -> None:
    log_p, _, _ = on_grid
    assert log_p.exp().sum().item() == pytest.approx(1, abs=1e-6)
    steps = [(name, *mean_and_error(bound_draws(plane, four_bit_images, name, 1000))) for name in BOUNDS]
    for (low, below, error_below), (high, above, error_above) in zip(
        steps, [*steps[1:], ("log p", log_p.mean().item(), 0.0)], strict=True
    ):
        slack = SIGMAS * math.hypot(error_below, error_above)
        assert below <= above + slack, f"{low} = {below} exceeds {high} = {above}"
        if plane.config.paths > 1 and (low, high) != ("marginal", "log p"):
            assert below < above - slack, f"{low} should be looser than {high} for a mixture"
    with torch.no_grad():
        weights = log_importance_weights(plane, four_bit_images, 5000).exp()  # (S, B)
        iwae = iwae_bound(plane, four_bit_images, 500)
    error = (weights.mean(0) - log_p.exp()).abs() / (weights.std(0) / math.sqrt(5000))
    assert error.max() < SIGMAS
    assert iwae.mean().item() == pytest.approx(log_p.mean().item(), abs=0.1)
    assert steps[-1][1] < iwae.mean().item()


def test_log_likelihood_and_responsibilities_are_those_of_the_grid(
    plane: LatentVariableModel, four_bit_images: Tensor, on_grid: Exact
) -> None:
    log_p, *by_layer = on_grid
    images = four_bit_images.numpy().astype(np.uint8)
    plane.float()
    estimate = log_likelihood(plane, images, 10_000)
    error = np.sqrt(1 / estimate.ess - 1 / 10_000)
    assert (np.abs(estimate.log_p - log_p.numpy()) < SIGMAS * error + 1e-4).all() and error.max() < 0.1
    assert np.exp(estimate.log_p).sum() == pytest.approx(1, abs=0.03)
    for layer, expected in enumerate(by_layer):
        found = per_image(plane, images, 5000, layer=layer)
        np.testing.assert_allclose(found.log_likelihood, log_p, atol=2 * SIGMAS * float(error.max()))
        if plane.config.model != "gauss-vae":
            assert found.responsibilities is not None
            np.testing.assert_allclose(found.responsibilities, expected, atol=0.05)


def test_s_counts_the_codes_decoded(plane: LatentVariableModel, four_bit_images: Tensor) -> None:
    decoded: list[int] = []
    plane.float().decoder.register_forward_pre_hook(lambda _, inputs: decoded.append(inputs[0][..., 0].numel()))
    log_likelihood(plane, four_bit_images.numpy().astype(np.uint8), 70)
    assert sum(decoded) == 70 * 16
    decoded.clear()
    elbo(plane, four_bit_images.float(), "eq1", 2)
    assert sum(decoded) == plane.config.paths * 2 * 16


def test_ancestral_samples_are_distributed_as_p(
    plane: LatentVariableModel, four_bit_images: Tensor, on_grid: Exact
) -> None:
    log_p, _, _ = on_grid
    codes, components = plane.sample(40_000)
    assert codes.shape == (40_000, 2) and components.shape == (2, 40_000)
    with torch.no_grad():
        draws = plane.decode(codes[:, None]).log_prob(four_bit_images).exp()  # (N, 16)
    error = (draws.mean(0) - log_p.exp()).abs() / (draws.std(0) / 200)
    assert error.max() < SIGMAS
    # weights are drawn anew for each sample, not once for all that are drawn together
    for k, used in zip(plane.config.components, components, strict=True):
        assert len(used.unique()) == k


@pytest.mark.parametrize("model", ["dlgmm", "dldpmm"])
def test_one_component_in_every_layer_is_the_gauss_vae_of_as_many_layers(model: str) -> None:
    gauss = build_model(ModelConfig("gauss-vae", 3, code_dims_below=(2,), **SMALL))  # type: ignore[arg-type]
    one = build_model(replace(gauss.config, model=model))
    missing, unexpected = one.load_state_dict(gauss.state_dict(), strict=False)
    assert all("sticks" in name and one.state_dict()[name].numel() == 0 for name in missing) and not unexpected
    x = torch.bernoulli(torch.full((6, 4), 0.5))
    for objective in OBJECTIVES:
        found = []
        for each in (gauss, one):
            torch.manual_seed(7)
            each.zero_grad()
            values = lower_bound(each, x, objective, 4)
            values.sum().backward()
            gradient = torch.cat([p.grad.flatten() for p in each.parameters() if p.grad is not None and p.numel()])
            found.append((values.detach(), gradient))
        torch.testing.assert_close(*found, rtol=1e-5, atol=1e-6, msg=objective)


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("product_type", [torch.float32, torch.bfloat16])
def test_a_gradient_reaches_every_parameter_of_three_layers(objective: str, product_type: torch.dtype) -> None:
    model = build_model(WIDE)
    model.product_type = product_type
    x = torch.bernoulli(torch.full((20, 4), 0.5))
    bounds = lower_bound(model, x, objective, 2)
    assert bounds.shape == (20,) and bounds.dtype == torch.float32
    bounds.mean().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all() and parameter.grad.any(), name


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_codes_far_from_all_others_leave_bounds_and_gradients_finite(objective: str) -> None:
    """As a component draws whose weight is hardly above zero, which nothing in the bound keeps near."""
    model = build_model(WIDE)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name == "layers.0.head.linear.bias":
                parameter.chunk(2)[1].fill_(7.0)
            if name.startswith("layers.1.prior") or name.startswith("layers.1.head.context"):
                parameter.mul_(10.0)
    bounds = lower_bound(model, torch.bernoulli(torch.full((20, 4), 0.5)), objective, 2)
    bounds.mean().backward()
    assert bounds.isfinite().all()
    assert all(parameter.grad.isfinite().all() for parameter in model.parameters() if parameter.grad is not None)


def test_layers_have_the_sizes_of_their_configuration() -> None:
    model, x = build_model(WIDE), torch.zeros(5, 4)
    assert ModelConfig.from_dict(WIDE.to_dict()) == WIDE and WIDE.paths == 12
    paths = every_path(model, x, 2)
    assert paths.code.shape == (12, 2, 5, 9)
    assert [layer.latents.code.shape for layer in paths.layers] == [(2, 2, 5, 3), (3, 1, 20, 2), (2, 1, 60, 4)]
    for draw in (mean_code, largest_component):
        assert model.chosen_path(x, draw).code.shape == (1, 1, 5, 9)
    shapes = {name: tuple(parameter.shape) for name, parameter in model.named_parameters()}
    assert shapes["layers.2.prior.hidden.0.weight"] == (6, 5) and shapes["layers.2.head.features.weight"] == (6, 8)
    assert shapes["decoder.hidden.0.weight"] == (8, 9)
    names = {name for name, _ in build_model(replace(WIDE, layers=1, skip=False, **NONE_BELOW)).named_parameters()}
    assert {name for name in shapes if not name.startswith(("layers.1", "layers.2"))} == names


@pytest.mark.parametrize("bound", list(BOUNDS))
def test_a_bound_is_its_likelihood_minus_what_each_layer_takes(bound: str, toy: Toy, four_bit_images: Tensor) -> None:
    model = toy(WIDE)
    with torch.no_grad():
        torch.manual_seed(5)
        paths = every_path(model, four_bit_images, 7)
        log_likelihood = model.decode(paths.code).log_prob(four_bit_images)
        divergences = path_terms(paths, log_likelihood, bound).divergences
        assert divergences.shape == (3, 7, 16)
        expected = paths.fold(log_likelihood, lambda layer, v: (layer.q.log_mean_weights.exp()[:, None] * v).sum(0))
        torch.manual_seed(5)
        total = elbo(model, four_bit_images, bound, 7)
    torch.testing.assert_close((expected - divergences.sum(0)).mean(0), total)


@pytest.mark.parametrize(
    ("model", "changes", "sentence"),
    [
        ("sb-vae", {"layers": 2}, "SB-VAE has one stochastic layer: layers must be 1, not 2."),
        (
            "gauss-vae",
            {"layers": 2, "components_below": (2,)},
            "Gauss-VAE has no components: components_below must be 1.",
        ),
        ("dlgmm", {"layers": 11}, "layers must be a whole number from 1 to 10, not 11."),
        (
            "dlgmm",
            {"components_below": (2,)},
            "components_below must be as many as the layers below the first, 0, or none, not 1.",
        ),
        (
            "dlgmm",
            {"layers": 3, "hidden_below": (2,)},
            "hidden_below must be as many as the layers below the first, 2, or none, not 1.",
        ),
        ("dlgmm", {"layers": 2, "code_dims_below": (0,)}, "code_dims_below must be whole numbers from 1"),
        ("dlgmm", {"layers": 4, "components_below": (1000, 1000, 1000)}, "num_components of all layers, multiplied,"),
        (
            "dlgmm",
            {"layers": 2, "hidden": 2000, "hidden_below": (20_000,)},
            "hidden x (hidden of the first + code_dim of all above",
        ),
    ],
)
def test_layers_that_cannot_be_are_refused_in_one_sentence(
    model: str, changes: dict[str, object], sentence: str
) -> None:
    with pytest.raises(ConfigError) as error:
        build_model(ModelConfig(model, 3, **changes))  # type: ignore[arg-type]
    assert str(error.value).startswith(sentence)
