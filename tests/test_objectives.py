"""The bounds on toys whose log p(x) is integrated exactly, and each bound against its formula by quadrature.

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

from dlgmm_core.config import ModelConfig
from dlgmm_core.distributions import Beta, Kumaraswamy, kl_divergence
from dlgmm_core.latents import Latents, MixtureLatent
from dlgmm_core.models import LatentVariableModel
from dlgmm_core.objectives import BOUNDS, elbo, iwae_bound, log_importance_weights

Toy = Callable[..., LatentVariableModel]
SIGMAS = 5.0

# Codes of one dimension, that log p(x) may be a sum over a fine grid.
LINE = {
    "gauss-vae": ModelConfig("gauss-vae", 1, hidden=8, data_dim=4),
    "sb-vae": ModelConfig("sb-vae", 2, hidden=8, data_dim=4),
    "dlgmm": ModelConfig("dlgmm", 1, 3, (-1.5, 0.0, 2.0), (0.7, 0.7, 0.7), hidden=8, data_dim=4),
    "dlgmm of one prior": ModelConfig("dlgmm", 1, 3, (0.0,) * 3, (1.0,) * 3, hidden=8, data_dim=4),
    "dldpmm": ModelConfig("dldpmm", 1, 4, (-2.0, 0.0, 1.0, 3.0), (0.7,) * 4, 2.0, hidden=8, data_dim=4),
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
        v = np.append(alpha / (alpha + rest), 1.0)  # mean fractions, the last piece whole
        weights = v * np.cumprod(np.append(1.0, 1 - v[:-1]))
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
    with pytest.raises(KeyError):
        elbo(model, four_bit_images, "joint")


# --- against their formulas --------------------------------------------------------------------


def two_components() -> tuple[MixtureLatent, MixtureLatent]:
    """q and p of one image, two components and one dimension, unlike in everything."""

    def column(*values: float) -> Tensor:
        return torch.tensor(values, dtype=torch.float64)[:, None, None]

    def stick(value: float) -> Tensor:
        return torch.tensor([[value]], dtype=torch.float64)

    q = MixtureLatent(Kumaraswamy(stick(2.0).log(), stick(3.0).log()), column(-0.8, 1.1), column(0.6, 0.9))
    return q, MixtureLatent(Beta(stick(1.5), stick(2.5)), column(-1.0, 2.0), column(1.0, 0.7))


def quadrature_bounds() -> dict[str, float]:
    """Each divergence term of `two_components` from the formulas, in NumPy: Gauss rules over pi and z_1, z_2."""
    nodes, weights = np.polynomial.legendre.leggauss(200)
    v, dv = (nodes + 1) / 2, weights / 2
    dv = dv * 6 * v * (1 - v**2) ** 2  # Kumaraswamy(2, 3)
    pi = np.stack([v, 1 - v])  # (2, V)
    mean = pi @ dv  # E_q[pi]
    prior_mean = np.array([1.5, 2.5]) / 4
    loc, scale, prior_loc, prior_scale = map(np.array, ([-0.8, 1.1], [0.6, 0.9], [-1.0, 2.0], [1.0, 0.7]))
    hermite, dz = np.polynomial.hermite_e.hermegauss(100)
    dz = dz / dz.sum()
    z = loc[:, None] + scale[:, None] * hermite  # (2, Z): draws of either stratum
    q = np.stack([stats.norm(m, s).pdf(z) for m, s in zip(loc, scale, strict=True)])  # (J, K, Z)
    p = np.stack([stats.norm(m, s).pdf(z) for m, s in zip(prior_loc, prior_scale, strict=True)])
    log_ratio_v = np.log(6 * v * (1 - v**2) ** 2) - stats.beta(1.5, 2.5).logpdf(v)
    kl = float(dv @ log_ratio_v)

    marginal_ratio = np.log(np.einsum("j,jkz->kz", prior_mean, p) / np.einsum("j,jkz->kz", mean, q))
    marginal = float(np.einsum("k,z,kz->", mean, dz, marginal_ratio))
    drawn_ratio = np.log(np.einsum("jv,jkz->vkz", pi, p) / np.einsum("jv,jkz->vkz", pi, q))
    mixture = float(np.einsum("v,kv,z,vkz->", dv, pi, dz, drawn_ratio)) - kl
    own_p = np.array([dz @ np.log(p[k, k]) for k in range(2)])
    # log (pi_1 q_1(z_1) + pi_2 q_2(z_2)): every stratum under its own component, over (V, Z, Z)
    own_q = np.log(pi[0][:, None, None] * q[0, 0][:, None] + pi[1][:, None, None] * q[1, 1])
    eq1 = float(mean @ own_p - np.einsum("v,y,z,vyz->", dv, dz, dz, own_q)) - kl
    return {"eq1": eq1, "mixture": mixture, "marginal": marginal}


@pytest.mark.parametrize("bound", list(BOUNDS))
def test_each_bound_is_its_formula_integrated(bound: str) -> None:
    q, p = two_components()
    n = 200_000
    actual, error = mean_and_error(BOUNDS[bound](q, p, q.stratified_rsample(torch.Size([n])))[:, 0])
    assert error < 0.003
    # the KL in closed form is good to 1e-5
    assert actual == pytest.approx(quadrature_bounds()[bound], abs=SIGMAS * error + 1e-4)


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


@pytest.mark.parametrize("bound", list(BOUNDS))
def test_the_gradient_of_a_bound_is_that_of_finite_differences(bound: str) -> None:
    _, p = two_components()

    def value(log_a: Tensor, log_b: Tensor, loc: Tensor, log_scale: Tensor) -> Tensor:
        torch.manual_seed(6)  # the same noise at every point: a smooth function
        q = MixtureLatent(Kumaraswamy(log_a, log_b), loc, log_scale.exp())
        return BOUNDS[bound](q, p, q.stratified_rsample(torch.Size([4])))

    shapes = ((1, 1), (1, 1), (2, 1, 1), (2, 1, 1))
    at = [torch.randn(shape, dtype=torch.float64, requires_grad=True) for shape in shapes]
    assert torch.autograd.gradcheck(value, at)


# --- what is not a bound -----------------------------------------------------------------------


def mean_outside_drawn_inside(q: MixtureLatent, p: MixtureLatent, latents: Latents) -> Tensor:
    """The tempting variant of `mixture`: E[pi] outside the logarithm, the drawn pi inside."""
    log_ratio = p.conditional_log_prob(latents) - q.conditional_log_prob(latents)
    return (torch.exp(q.log_mean_weights)[:, None] * log_ratio).sum(0) - q.sticks_kl(p)


def test_mean_weights_outside_and_drawn_ones_inside_are_no_bound_where_mixture_is() -> None:
    """The exact posterior .5 N(-10, 1) + .5 N(10, 1) under a prior N(0, 10^2), with log p(x) = 0.

    Sticks are Beta(1, 1) in both, so KL = 0. Components are 20 deviations apart: every log-ratio is
    log p(z) - log pi_k - log q_k(z), and what remains of the sum is the entropy of the weights,
    E[-sum mu_k log pi_k] = 1 where E[-sum pi_k log pi_k] = 1/2 is due, against log 2 in log p(z|x).
    """
    zeros, ones = torch.zeros(1, 1, dtype=torch.float64), torch.ones(1, 1, dtype=torch.float64)
    centres = torch.tensor([-10.0, 10.0], dtype=torch.float64)[:, None, None]
    q = MixtureLatent(Kumaraswamy(zeros, zeros), centres, torch.ones(2, 1, 1, dtype=torch.float64))
    p = MixtureLatent(Beta(ones, ones), 0 * centres, torch.full((2, 1, 1), 10.0, dtype=torch.float64))
    latents = q.stratified_rsample(torch.Size([100_000]))
    log_likelihood = q.log_prob(latents) - p.log_prob(latents)  # so that log p(x) = 0 and q(z) = p(z|x)
    expected = (torch.exp(q.log_mean_weights)[:, None] * log_likelihood).sum(0)
    values = {
        name: mean_and_error((expected + bound(q, p, latents))[:, 0])
        for name, bound in {**BOUNDS, "variant": mean_outside_drawn_inside}.items()
    }
    for name, exact in (("variant", 1 - math.log(2)), ("mixture", 0.5 - math.log(2)), ("marginal", 0.0)):
        value, error = values[name]
        assert value == pytest.approx(exact, abs=SIGMAS * error + 1e-6), name
    assert values["variant"][0] > 0.3  # nats above log p(x)
    assert values["eq1"][0] < values["mixture"][0] < values["marginal"][0] < 1e-6


def test_mixture_entropy_with_component_wise_prior_is_no_bound_either() -> None:
    """q = p of components far apart, and a likelihood of one: log p(x) = 0, and this overshoots it by H(pi)."""
    ones = torch.full((1, 1), 50.0, dtype=torch.float64)
    centres = torch.tensor([-10.0, 10.0], dtype=torch.float64)[:, None, None]
    unit = torch.ones(2, 1, 1, dtype=torch.float64)
    q = MixtureLatent(Kumaraswamy(ones.log(), ones.log()), centres, unit)
    p = MixtureLatent(Beta(ones, ones), centres, unit)
    latents = q.stratified_rsample(torch.Size([1000]))
    component_wise = torch.exp(latents.log_weights) * (p.component_log_prob(latents) - q.conditional_log_prob(latents))
    entropy = -(torch.exp(latents.log_weights) * latents.log_weights).sum(0)
    torch.testing.assert_close(component_wise.sum(0), entropy, rtol=0, atol=1e-9)
    mixture = BOUNDS["mixture"](q, p, latents)
    assert isinstance(q.sticks, Kumaraswamy) and isinstance(p.sticks, Beta)
    assert mixture.mean().item() == pytest.approx(-kl_divergence(q.sticks, p.sticks).item(), abs=1e-6)
