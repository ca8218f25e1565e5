"""The bounds and the weights they are made of, on toys whose log p(x) is integrated exactly.

"Within five standard errors" everywhere: at a fixed seed the outcome is one number, and another
seed would fail once in 1.7 million times.
"""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor

from dlgmm_core.checks import ConfigError
from dlgmm_core.config import ModelConfig
from dlgmm_core.model.distributions import Kumaraswamy
from dlgmm_core.model.latents import Latents, NormalLatent
from dlgmm_core.model.mixture_latents import MixtureLatent
from dlgmm_core.model.models import LatentVariableModel
from dlgmm_core.model.objectives import (
    BOUNDS,
    OBJECTIVES,
    elbo,
    elbo_of,
    iwae_bound,
    log_density_ratio,
    log_importance_weights,
    lower_bound,
)
from dlgmm_core.model.stick_latents import SticksLatent

Toy = Callable[..., LatentVariableModel]
SIGMAS = 5.0

# Codes of one dimension, that log p(x) may be a sum over a fine grid.
LINE = {
    "gauss-vae": ModelConfig("gauss-vae", 1, hidden=8, image_shape=(2, 2)),
    "sb-vae": ModelConfig("sb-vae", 2, hidden=8, image_shape=(2, 2)),
    "dlgmm": ModelConfig("dlgmm", 1, 3, (-1.5, 0.0, 2.0), (0.7, 0.7, 0.7), hidden=8, image_shape=(2, 2)),
    "dlgmm of one prior": ModelConfig("dlgmm", 1, 3, (0.0,) * 3, (1.0,) * 3, hidden=8, image_shape=(2, 2)),
    "dldpmm": ModelConfig("dldpmm", 1, 4, (-2.0, 0.0, 1.0, 3.0), (0.7,) * 4, 2.0, hidden=8, image_shape=(2, 2)),
}


@pytest.fixture(params=list(LINE.values()), ids=list(LINE))
def line(request: pytest.FixtureRequest, toy: Toy) -> LatentVariableModel:
    """A toy of each kind with a code on the line."""
    return toy(request.param)


def exact_log_p(model: LatentVariableModel, x: Tensor) -> Tensor:
    """(B,), log p(x) by a sum over the code, whose prior density is written out here once more."""
    config = model.config
    if config.model == "sb-vae":
        v = (torch.arange(20_000, dtype=torch.float64) + 0.5) / 20_000
        code = torch.stack([v, 1 - v], -1)
        log_mass = torch.as_tensor(stats.beta(1, config.concentration).logpdf(v)) - math.log(20_000)
    else:
        z = torch.linspace(-14, 14, 20_001, dtype=torch.float64)
        k = np.arange(1, config.num_components)
        alpha = np.ones(k.size) if config.model == "dldpmm" else np.full(k.size, config.concentration)
        rest = config.concentration * (1 if config.model == "dldpmm" else config.num_components - k)
        fractions = np.append(alpha / (alpha + rest), 1.0)  # in the mean, the last piece whole
        weights = fractions * np.cumprod(np.append(1.0, 1 - fractions[:-1]))
        density = sum(
            w * stats.norm(m, s).pdf(z)
            for w, m, s in zip(weights, config.prior_means, config.prior_scales, strict=True)
        )
        code, log_mass = z[:, None], torch.log(torch.as_tensor(density)) + math.log(28 / 20_000)
    with torch.no_grad():
        return torch.logsumexp(model.likelihood(code[:, None]).log_prob(x) + log_mass[:, None], 0)


def mean_and_error(draws: Tensor) -> tuple[float, float]:
    """Mean of independent numbers (R,), and its standard error."""
    return draws.mean().item(), draws.std().item() / math.sqrt(len(draws))


def bound_draws(model: LatentVariableModel, x: Tensor, bound: str, repeats: int, num_samples: int = 1) -> Tensor:
    """(R,), independent estimates of a bound, each averaged over all images."""
    with torch.no_grad():
        return elbo(model, x.repeat(repeats, 1), bound, num_samples).reshape(repeats, -1).mean(1)


# --- on exact log p(x) -------------------------------------------------------------------------


def test_the_exact_log_p_is_a_distribution_over_images(line: LatentVariableModel, four_bit_images: Tensor) -> None:
    assert exact_log_p(line, four_bit_images).exp().sum().item() == pytest.approx(1, abs=1e-6)


def test_the_bounds_are_in_order_and_below_log_p(line: LatentVariableModel, four_bit_images: Tensor) -> None:
    log_p = exact_log_p(line, four_bit_images).mean().item()
    steps = [(name, *mean_and_error(bound_draws(line, four_bit_images, name, 1500))) for name in BOUNDS]
    for (low, below, error_below), (high, above, error_above) in zip(
        steps, [*steps[1:], ("log p", log_p, 0.0)], strict=True
    ):
        slack = SIGMAS * math.hypot(error_below, error_above)
        assert below <= above + slack, f"{low} = {below} exceeds {high} = {above}"
        if line.config.num_components > 1 and (low, high) != ("marginal", "log p"):
            assert below < above - slack, f"{low} should be looser than {high} for a mixture"


@pytest.mark.parametrize("bound", list(BOUNDS))
def test_more_draws_do_not_move_the_mean_of_a_bound(
    line: LatentVariableModel, four_bit_images: Tensor, bound: str
) -> None:
    one, error_one = mean_and_error(bound_draws(line, four_bit_images, bound, 1400))
    seven, error_seven = mean_and_error(bound_draws(line, four_bit_images, bound, 200, num_samples=7))
    assert abs(one - seven) < SIGMAS * math.hypot(error_one, error_seven)
    # the mean of seven: as exact with a seventh of the repeats
    assert 0.5 < error_seven / error_one < 2


def test_importance_weights_are_unbiased_for_p(line: LatentVariableModel, four_bit_images: Tensor) -> None:
    with torch.no_grad():
        weights = log_importance_weights(line, four_bit_images, 20_000).exp()  # (S, B)
    assert weights.shape == (20_000, 16)
    error = (weights.mean(0) - exact_log_p(line, four_bit_images).exp()).abs() / (weights.std(0) / math.sqrt(20_000))
    assert error.max() < SIGMAS


def test_the_iwae_bound_rises_with_samples_up_to_log_p(line: LatentVariableModel, four_bit_images: Tensor) -> None:
    log_p = exact_log_p(line, four_bit_images).mean().item()
    values = []
    for num_samples, repeats in ((1, 1500), (5, 800), (50, 200)):
        with torch.no_grad():
            draws = iwae_bound(line, four_bit_images.repeat(repeats, 1), num_samples)
        values.append(mean_and_error(draws.reshape(repeats, 16).mean(1)))
    for (low, error_low), (high, error_high) in zip(values, [*values[1:], (log_p, 0.0)], strict=True):
        assert low <= high + SIGMAS * math.hypot(error_low, error_high)
    gaps = [log_p - value for value, _ in values]
    assert gaps[1] < 0.7 * gaps[0] and gaps[2] < 0.5 * gaps[1]  # the gap falls like 1/S in the end
    # An effective sample size of a tenth gives log p(x) of one image within .02, the mean of 16 within .006.
    with torch.no_grad():
        assert iwae_bound(line, four_bit_images, 20_000).mean().item() == pytest.approx(log_p, abs=0.02)


def test_estimated_probabilities_of_all_images_sum_to_one(
    config: ModelConfig, toy: Toy, four_bit_images: Tensor
) -> None:
    with torch.no_grad():
        weights = log_importance_weights(toy(config), four_bit_images, 20_000).exp()
    error = (weights.var(0) / 20_000).sum().sqrt().item()
    assert error < 0.02
    assert weights.mean(0).sum().item() == pytest.approx(1, abs=SIGMAS * error)


def test_one_sample_of_a_single_component_is_the_marginal_bound(toy: Toy, four_bit_images: Tensor) -> None:
    model = toy(LINE["gauss-vae"])
    torch.manual_seed(1)
    bound = elbo(model, four_bit_images, "marginal")
    torch.manual_seed(1)
    torch.testing.assert_close(iwae_bound(model, four_bit_images, 1), bound, rtol=0, atol=1e-12)


def test_bounds_are_one_number_an_image(config: ModelConfig, toy: Toy, four_bit_images: Tensor) -> None:
    model = toy(config)
    for bound in BOUNDS:
        assert elbo(model, four_bit_images, bound, 3).shape == (16,)
    assert iwae_bound(model, four_bit_images, 3).shape == (16,)
    with pytest.raises(ConfigError, match="There is no bound 'joint'"):
        elbo(model, four_bit_images, "joint")


def test_importance_weights_are_those_summed_by_hand_with_mean_weights(toy: Toy, four_bit_images: Tensor) -> None:
    """Drawn weights in place of E[pi] would be unbiased too, and only noisier: so the same draws, digit for digit."""
    model = toy(LINE["dlgmm"])
    torch.manual_seed(2)
    with torch.no_grad():
        actual = log_importance_weights(model, four_bit_images, 3).exp()
        torch.manual_seed(2)
        q, p = model.posterior(four_bit_images), model.prior()
        latents = q.stratified_rsample(torch.Size([3]))
        mean = q.log_mean_weights.exp()
        likelihood = model.likelihood(latents.code).log_prob(four_bit_images).exp()
        ratio = p.log_prob(latents).exp() / q.log_prob(latents).exp()
    torch.testing.assert_close(actual, sum(mean[k] * likelihood[k] * ratio[k] for k in range(3)))


# --- the ratio of densities ----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["gauss-vae", "dlgmm", "dldpmm"])
def test_the_density_ratio_integrated_under_the_posterior_is_p(name: str, toy: Toy, four_bit_images: Tensor) -> None:
    """The posterior's density is SciPy's here: a ratio to any other one would integrate to something else."""
    model = toy(LINE[name])
    z = torch.linspace(-14, 14, 16001, dtype=torch.float64)
    code = z[None, :, None, None].expand(1, -1, 16, 1)
    with torch.no_grad():
        q = model.posterior(four_bit_images)
        ratio = log_density_ratio(model, four_bit_images, q, Latents(code, torch.zeros(1, 16001, 16)))
    assert ratio.shape == (1, 16001, 16)
    assert isinstance(q, NormalLatent | MixtureLatent)
    loc, scale = (part.reshape(-1, 1, 16).numpy() for part in (q.component_means, q.covariance_factors))
    weights = q.log_mean_weights.exp()[:, None].numpy()
    density = (weights * stats.norm(loc, scale).pdf(z[:, None].numpy())).sum(0)
    integral = (density * ratio[0].exp().numpy()).sum(0) * 28 / 16000
    np.testing.assert_allclose(integral, exact_log_p(model, four_bit_images).exp(), rtol=1e-6)


def test_the_density_ratio_of_a_stick_breaking_code_is_that_of_its_fractions(toy: Toy, four_bit_images: Tensor) -> None:
    model = toy(LINE["sb-vae"])
    with torch.no_grad():
        q = model.posterior(four_bit_images)
        latents = q.stratified_rsample(torch.Size([50]))
        ratio = log_density_ratio(model, four_bit_images, q, latents)
        likelihood = model.likelihood(latents.code).log_prob(four_bit_images)
    assert isinstance(q, SticksLatent) and isinstance(q.sticks, Kumaraswamy)
    a, b = (part[:, 0].exp().numpy() for part in (q.sticks.log_concentration1, q.sticks.log_concentration0))
    v = latents.code[0, ..., 0].numpy()  # (S, B), the first of two pieces
    density = a * b * v ** (a - 1) * (1 - v**a) ** (b - 1)
    expected = likelihood[0].numpy() + stats.beta(1, model.config.concentration).logpdf(v) - np.log(density)
    np.testing.assert_allclose(ratio[0], expected, rtol=1e-8)


# --- what a model is trained on --------------------------------------------------------------------


def test_the_objectives_are_the_bounds_and_iwae() -> None:
    assert set(OBJECTIVES) == {"eq1", "mixture", "marginal", "iwae"} and len(OBJECTIVES) == 4


@pytest.mark.parametrize("num_samples", [1, 4])
def test_a_lower_bound_is_the_one_of_its_name(
    config: ModelConfig, toy: Toy, four_bit_images: Tensor, num_samples: int
) -> None:
    model = toy(config)
    for objective in OBJECTIVES:
        torch.manual_seed(1)
        actual = lower_bound(model, four_bit_images, objective, num_samples)
        torch.manual_seed(1)
        if objective == "iwae":
            expected = iwae_bound(model, four_bit_images, num_samples)
        else:
            expected = elbo(model, four_bit_images, objective, num_samples)
        assert torch.equal(actual, expected), objective
    with pytest.raises(ConfigError, match="There is no bound 'joint'"):
        lower_bound(model, four_bit_images, "joint")


def test_the_gradient_of_every_objective_reaches_encoder_and_decoder(
    config: ModelConfig, toy: Toy, four_bit_images: Tensor
) -> None:
    for objective in OBJECTIVES:
        model = toy(config)
        lower_bound(model, four_bit_images, objective, 2).mean().backward()
        for name, parameter in model.named_parameters():
            assert parameter.grad is not None and parameter.grad.isfinite().all(), (objective, name)
            assert parameter.numel() == 0 or parameter.grad.any(), (objective, name)


def test_the_elbo_of_an_objective_is_its_own_bound_and_for_iwae_the_marginal_one() -> None:
    assert [elbo_of(objective) for objective in BOUNDS] == list(BOUNDS)
    assert elbo_of("iwae") == "marginal"  # which it is for one sample and one component
