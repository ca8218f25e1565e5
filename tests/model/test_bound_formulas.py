"""Each bound against its formula by quadrature, its gradient by finite differences, and what is no bound.

"Within five standard errors" everywhere: at a fixed seed the outcome is one number, and another
seed would fail once in 1.7 million times.
"""

import math

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor

from dlgmm_core.model.distributions import Beta, Kumaraswamy, kl_divergence
from dlgmm_core.model.latents import LatentDistribution, Latents
from dlgmm_core.model.mixture_latents import MixtureLatent
from dlgmm_core.model.normals import DiagonalNormals
from dlgmm_core.model.objectives import BOUNDS
from dlgmm_core.model.paths import LayerDraws

SIGMAS = 5.0


def mean_and_error(draws: Tensor) -> tuple[float, float]:
    """Mean of independent numbers (R,), and its standard error."""
    return draws.mean().item(), draws.std().item() / math.sqrt(len(draws))


# --- against their formulas --------------------------------------------------------------------


def divergence(bound: str, q: LatentDistribution, p: LatentDistribution, latents: Latents) -> Tensor:
    """(S, B), what a bound has besides the likelihood."""
    return BOUNDS[bound].terms(LayerDraws(q, p, latents), torch.zeros_like(latents.log_weights)).total


def two_components() -> tuple[MixtureLatent, MixtureLatent]:
    """q and p of one image, two components and one dimension, unlike in everything."""

    def column(*values: float) -> Tensor:
        return torch.tensor(values, dtype=torch.float64)[:, None, None]

    def stick(value: float) -> Tensor:
        return torch.tensor([[value]], dtype=torch.float64)

    q = MixtureLatent(
        Kumaraswamy(stick(2.0).log(), stick(3.0).log()), DiagonalNormals(column(-0.8, 1.1), column(0.6, 0.9))
    )
    return q, MixtureLatent(Beta(stick(1.5), stick(2.5)), DiagonalNormals(column(-1.0, 2.0), column(1.0, 0.7)))


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
    actual, error = mean_and_error(divergence(bound, q, p, q.stratified_rsample(torch.Size([n])))[:, 0])
    assert error < 0.003
    # the KL in closed form is good to 1e-5
    assert actual == pytest.approx(quadrature_bounds()[bound], abs=SIGMAS * error + 1e-4)


@pytest.mark.parametrize("bound", list(BOUNDS))
def test_the_gradient_of_a_bound_is_that_of_finite_differences(bound: str) -> None:
    _, p = two_components()

    def value(log_a: Tensor, log_b: Tensor, loc: Tensor, log_scale: Tensor) -> Tensor:
        torch.manual_seed(6)  # the same noise at every point: a smooth function
        q = MixtureLatent(Kumaraswamy(log_a, log_b), DiagonalNormals(loc, log_scale.exp()))
        return divergence(bound, q, p, q.stratified_rsample(torch.Size([4])))

    shapes = ((1, 1), (1, 1), (2, 1, 1), (2, 1, 1))
    at = [torch.randn(shape, dtype=torch.float64, requires_grad=True) for shape in shapes]
    assert torch.autograd.gradcheck(value, at)


# --- what is not a bound -----------------------------------------------------------------------


def mean_outside_drawn_inside(q: MixtureLatent, p: MixtureLatent, latents: Latents) -> Tensor:
    """The tempting variant of `mixture`: E[pi] outside the logarithm, the drawn pi inside."""
    log_ratio = p.conditional_log_prob(latents) - q.conditional_log_prob(latents)
    return (torch.exp(q.log_mean_weights)[:, None] * log_ratio).sum(0) - q.weights_kl(p)


def test_mean_weights_outside_and_drawn_ones_inside_are_no_bound_where_mixture_is() -> None:
    """The exact posterior .5 N(-10, 1) + .5 N(10, 1) under a prior N(0, 10^2), with log p(x) = 0.

    Sticks are Beta(1, 1) in both, so KL = 0. Components are 20 deviations apart: every log-ratio is
    log p(z) - log pi_k - log q_k(z), and what remains of the sum is the entropy of the weights,
    E[-sum mu_k log pi_k] = 1 where E[-sum pi_k log pi_k] = 1/2 is due, against log 2 in log p(z|x).
    """
    zeros, ones = torch.zeros(1, 1, dtype=torch.float64), torch.ones(1, 1, dtype=torch.float64)
    centres = torch.tensor([-10.0, 10.0], dtype=torch.float64)[:, None, None]
    q = MixtureLatent(Kumaraswamy(zeros, zeros), DiagonalNormals(centres, torch.ones_like(centres)))
    p = MixtureLatent(Beta(ones, ones), DiagonalNormals(0 * centres, torch.full_like(centres, 10.0)))
    latents = q.stratified_rsample(torch.Size([100_000]))
    log_likelihood = q.log_prob(latents) - p.log_prob(latents)  # so that log p(x) = 0 and q(z) = p(z|x)
    expected = (torch.exp(q.log_mean_weights)[:, None] * log_likelihood).sum(0)
    values = {
        "variant": mean_and_error((expected + mean_outside_drawn_inside(q, p, latents))[:, 0]),
        **{name: mean_and_error((expected + divergence(name, q, p, latents))[:, 0]) for name in BOUNDS},
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
    q = MixtureLatent(Kumaraswamy(ones.log(), ones.log()), DiagonalNormals(centres, unit))
    p = MixtureLatent(Beta(ones, ones), DiagonalNormals(centres, unit))
    latents = q.stratified_rsample(torch.Size([1000]))
    component_wise = torch.exp(latents.log_weights) * (p.component_log_prob(latents) - q.conditional_log_prob(latents))
    entropy = -(torch.exp(latents.log_weights) * latents.log_weights).sum(0)
    torch.testing.assert_close(component_wise.sum(0), entropy, rtol=0, atol=1e-9)
    mixture = divergence("mixture", q, p, latents)
    assert isinstance(q.sticks, Kumaraswamy) and isinstance(p.sticks, Beta)
    assert mixture.mean().item() == pytest.approx(-kl_divergence(q.sticks, p.sticks).item(), abs=1e-6)
