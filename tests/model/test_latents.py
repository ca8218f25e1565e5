"""One contract for the three kinds of latent distribution, and each against SciPy or Monte Carlo."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor

from dlgmm_core.model.distributions import Beta, Kumaraswamy
from dlgmm_core.model.latents import LatentDistribution, Latents, NormalLatent
from dlgmm_core.model.mixture_latents import MixtureLatent
from dlgmm_core.model.normals import DiagonalNormals
from dlgmm_core.model.stick_latents import SticksLatent

B, D = 3, 2
COMPONENTS = {"normal": 1, "sticks": 1, "mixture": 4, "mixture of one": 1}
KINDS = list(COMPONENTS)
SHAPES = [torch.Size(s) for s in ((), (5,), (2, 3))]


def rand(*shape: int) -> Tensor:
    """Numbers in (-1, 1)."""
    return 2 * torch.rand(*shape, dtype=torch.float64) - 1


def pair(kind: str, prior_batch: int = 1) -> tuple[LatentDistribution, LatentDistribution]:
    """A posterior of B images, and a prior of one (or of B alike)."""
    k = COMPONENTS[kind]
    if kind == "normal":
        loc, scale = rand(1, D), rand(1, D).exp()
        return NormalLatent(rand(B, D), rand(B, D).exp()), NormalLatent(
            loc.expand(prior_batch, D), scale.expand(prior_batch, D)
        )
    breaks = D if kind == "sticks" else k - 1
    q_sticks = Kumaraswamy(rand(B, breaks), rand(B, breaks))
    p_sticks = Beta(*(rand(1, breaks).exp().expand(prior_batch, breaks) for _ in range(2)))
    if kind == "sticks":
        return SticksLatent(q_sticks), SticksLatent(p_sticks)
    loc, scale = 2 * rand(k, 1, D), rand(k, 1, D).exp()
    return (
        MixtureLatent(q_sticks, DiagonalNormals(2 * rand(k, B, D), rand(k, B, D).exp())),
        MixtureLatent(p_sticks, DiagonalNormals(loc.expand(k, prior_batch, D), scale.expand(k, prior_batch, D))),
    )


def mixture() -> tuple[MixtureLatent, MixtureLatent]:
    q, p = pair("mixture")
    assert isinstance(q, MixtureLatent) and isinstance(p, MixtureLatent)
    return q, p


def normal_log_density(z: Tensor, loc: Tensor, scale: Tensor) -> float:
    """log N(z; loc, diag scale^2) of one code."""
    return float(stats.norm(loc.numpy(), scale.numpy()).logpdf(z.numpy()).sum())


# --- contract ----------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_every_method_returns_the_documented_shape(kind: str, shape: torch.Size) -> None:
    q, p = pair(kind)
    k, code_dim = COMPONENTS[kind], D + 1 if kind == "sticks" else D
    latents = q.stratified_rsample(shape)
    assert latents.code.shape == (k, *shape, B, code_dim)
    assert latents.log_weights.shape == (k, *shape, B)
    if kind == "normal":
        assert latents.base is None
    else:
        assert latents.base is not None and latents.base.w.shape == (*shape, B, D if kind == "sticks" else k - 1)
    for scorer in (q, p):
        for density in (scorer.component_log_prob, scorer.conditional_log_prob, scorer.log_prob):
            assert density(latents).shape == (k, *shape, B)
    assert q.log_mean_weights.shape == (k, B)
    assert torch.broadcast_shapes(q.expected_log_prob(p, latents).shape, (k, *shape, B)) == (k, *shape, B)
    assert q.weights_kl(p).shape == (B,)
    assert q.mean.shape == (B, code_dim)
    assert p.log_mean_weights.shape == (k, 1) and p.mean.shape == (1, code_dim)
    assert q.sample(shape).shape == (*shape, B, code_dim)
    for distribution, batch in ((q, B), (p, 1)):
        components = distribution.allocate(7)
        assert components.shape == (7, batch)
        assert distribution.sample_components(components).code.shape == (1, 7, batch, code_dim)
    codes, component = p.sample_with_component(shape)
    assert codes.shape == (*shape, 1, code_dim) and component.shape == (*shape, 1)


@pytest.mark.parametrize("kind", KINDS)
def test_weights_sum_to_one_drawn_and_in_the_mean(kind: str) -> None:
    for distribution in pair(kind):
        drawn = distribution.stratified_rsample(torch.Size([4])).log_weights.exp().sum(0)
        torch.testing.assert_close(drawn, torch.ones_like(drawn))
        mean = distribution.log_mean_weights.exp().sum(0)
        torch.testing.assert_close(mean, torch.ones_like(mean))


@pytest.mark.parametrize("kind", KINDS)
def test_a_prior_of_one_image_scores_like_the_same_prior_of_every_image(kind: str) -> None:
    torch.manual_seed(1)
    q, one = pair(kind)
    torch.manual_seed(1)
    _, many = pair(kind, prior_batch=B)
    latents = q.stratified_rsample(torch.Size([5]))
    for name in ("component_log_prob", "conditional_log_prob", "log_prob"):
        torch.testing.assert_close(getattr(one, name)(latents), getattr(many, name)(latents), rtol=1e-12, atol=1e-12)
    assert torch.equal(q.expected_log_prob(one, latents), q.expected_log_prob(many, latents))
    assert torch.equal(q.weights_kl(one), q.weights_kl(many))


@pytest.mark.parametrize("kind", KINDS)
def test_the_mean_is_that_of_ancestral_draws(kind: str) -> None:
    for distribution in pair(kind):
        draws = distribution.sample(torch.Size([40_000]))
        error = (draws.mean(0) - distribution.mean).abs() / (draws.std(0) / math.sqrt(len(draws)))
        assert error.max() < 5


@pytest.mark.parametrize("kind", ["normal", "mixture", "mixture of one"])
def test_expected_log_prob_is_the_mean_over_draws(kind: str) -> None:
    q, p = pair(kind)
    latents = q.stratified_rsample(torch.Size([100_000]))
    scores = p.component_log_prob(latents)  # (K, S, B)
    excess = scores.mean(1) - q.expected_log_prob(p, latents)[:, 0]
    error = excess.abs() / (scores.std(1) / math.sqrt(scores.shape[1]))
    assert error.max() < 5


@pytest.mark.parametrize("kind", ["sticks", "mixture"])
def test_weights_kl_is_the_mean_log_ratio_of_drawn_fractions(kind: str) -> None:
    q, p = pair(kind)
    assert isinstance(q, SticksLatent | MixtureLatent) and isinstance(p, SticksLatent | MixtureLatent)
    sticks = q.sticks.rsample(torch.Size([100_000]))
    ratio = (q.sticks.log_prob(sticks) - p.sticks.log_prob(sticks)).sum(-1)
    error = (ratio.mean(0) - q.weights_kl(p)).abs() / (ratio.std(0) / math.sqrt(len(ratio)))
    assert error.max() < 5


@pytest.mark.parametrize("kind", ["normal", "mixture of one"])
def test_there_is_no_divergence_of_sticks_where_there_are_none(kind: str) -> None:
    q, p = pair(kind)
    assert torch.equal(q.weights_kl(p), torch.zeros(B, dtype=torch.float64))


@pytest.mark.parametrize("kind", KINDS)
def test_draws_of_the_posterior_carry_gradients_and_ancestral_samples_do_not(kind: str) -> None:
    q, _ = pair(kind)
    for part in (q, getattr(q, "normal", None), q.sticks):
        for tensor in vars(part).values() if part is not None else []:
            if isinstance(tensor, Tensor) and tensor.is_leaf:
                tensor.requires_grad_()
    assert q.stratified_rsample().code.requires_grad
    assert not q.sample().requires_grad


# --- each kind ---------------------------------------------------------------------------------


def test_normal_densities_are_scipys_and_all_three_agree() -> None:
    q, _ = pair("normal")
    assert isinstance(q, NormalLatent)
    latents = q.stratified_rsample(torch.Size([2]))
    for s, b in itertools.product(range(2), range(B)):
        expected = normal_log_density(latents.code[0, s, b], q.loc[b], q.scale[b])
        for density in (q.component_log_prob, q.conditional_log_prob, q.log_prob):
            assert density(latents)[0, s, b].item() == pytest.approx(expected, rel=1e-12)


def test_sticks_code_is_the_simplex_point_of_its_fractions_and_scores_them() -> None:
    q, p = pair("sticks")
    assert isinstance(p, SticksLatent) and isinstance(p.sticks, Beta)
    latents = q.stratified_rsample(torch.Size([4]))
    assert latents.base is not None
    v = latents.base.log_v.exp()
    by_hand = torch.stack([v[..., 0], (1 - v[..., 0]) * v[..., 1], (1 - v[..., 0]) * (1 - v[..., 1])], -1)
    torch.testing.assert_close(latents.code[0], by_hand)
    expected = stats.beta(p.sticks.concentration1.numpy(), p.sticks.concentration0.numpy()).logpdf(v.numpy()).sum(-1)
    np.testing.assert_allclose(p.log_prob(latents)[0], expected, rtol=1e-10)
    zeros = torch.zeros(1, 4, B, dtype=torch.float64)
    assert torch.equal(p.component_log_prob(latents), zeros)
    assert torch.equal(p.conditional_log_prob(latents), zeros)


def test_mixture_densities_are_those_of_enumerated_components() -> None:
    q, p = mixture()
    latents = q.stratified_rsample(torch.Size([2]))
    for scorer in (q, p):
        for k, s, b in itertools.product(range(4), range(2), range(B)):
            z, row = latents.code[k, s, b], b if scorer is q else 0
            densities = np.array(
                [normal_log_density(z, scorer.normal.loc[j, row], scorer.normal.scale[j, row]) for j in range(4)]
            )
            drawn = latents.log_weights[:, s, b].exp().numpy()
            mean = scorer.log_mean_weights[:, row].exp().numpy()
            assert scorer.component_log_prob(latents)[k, s, b].item() == pytest.approx(densities[k], rel=1e-12)
            conditional, marginal = (math.log(weights @ np.exp(densities)) for weights in (drawn, mean))
            assert scorer.conditional_log_prob(latents)[k, s, b].item() == pytest.approx(conditional, rel=1e-10)
            assert scorer.log_prob(latents)[k, s, b].item() == pytest.approx(marginal, rel=1e-10)


def test_the_mean_conditional_density_of_a_mixture_is_its_marginal_one() -> None:
    q, _ = mixture()
    code = rand(4, 1, B, D)
    weights = q.stratified_rsample(torch.Size([50_000])).log_weights
    latents = Latents(code.expand(4, 50_000, B, D), weights)
    densities = q.conditional_log_prob(latents).exp()
    exact = q.log_prob(replace(latents, code=code)).exp()
    error = (densities.mean(1) - exact[:, 0]).abs() / (densities.std(1) / math.sqrt(50_000))
    assert error.max() < 5


def test_responsibilities_sum_to_one_and_follow_bayes_rule() -> None:
    q, p = mixture()
    code = q.stratified_rsample(torch.Size([2])).code
    for scorer in (q, p):
        actual = scorer.responsibilities(code)
        assert actual.shape == (4, 4, 2, B)
        torch.testing.assert_close(actual.sum(0), torch.ones(4, 2, B, dtype=torch.float64))
        k, s, b = 2, 1, 1
        row = b if scorer is q else 0
        joint = [
            math.exp(
                scorer.log_mean_weights[j, row].item()
                + normal_log_density(code[k, s, b], scorer.normal.loc[j, row], scorer.normal.scale[j, row])
            )
            for j in range(4)
        ]
        np.testing.assert_allclose(actual[:, k, s, b], np.array(joint) / sum(joint), rtol=1e-10)


def test_strata_come_each_from_their_own_component() -> None:
    q, _ = mixture()
    code = q.stratified_rsample(torch.Size([40_000])).code
    for actual, expected in ((code.mean(1), q.normal.loc), (code.std(1), q.normal.scale)):
        assert ((actual - expected).abs() / q.normal.scale).max() < 5 / math.sqrt(40_000)


def test_components_are_sampled_as_often_as_their_mean_weight_and_give_their_own_code() -> None:
    sticks = Kumaraswamy(rand(B, 2), rand(B, 2))
    centres = torch.tensor([-100.0, 0.0, 100.0], dtype=torch.float64)[:, None, None]
    q = MixtureLatent(sticks, DiagonalNormals(centres.expand(3, B, D), torch.ones(3, B, D, dtype=torch.float64)))
    n = 40_000
    code, component = q.sample_with_component(torch.Size([n]))
    assert code.dtype == torch.float64 and (code - centres[component, 0]).abs().max() < 10
    mean = q.log_mean_weights.exp()
    frequency = torch.stack([(component == k).double().mean(0) for k in range(3)])
    assert ((frequency - mean).abs() / (mean * (1 - mean) / n).sqrt()).max() < 5


def test_a_mixture_of_one_component_is_a_normal() -> None:
    loc, scale = rand(B, D), rand(B, D).exp()
    nothing, prior_nothing = torch.empty(B, 0, dtype=torch.float64), torch.empty(1, 0, dtype=torch.float64)
    prior_loc, prior_scale = rand(1, D), rand(1, D).exp()
    normal, normal_prior = NormalLatent(loc, scale), NormalLatent(prior_loc, prior_scale)
    one = MixtureLatent(Kumaraswamy(nothing, nothing), DiagonalNormals(loc[None], scale[None]))
    one_prior = MixtureLatent(Beta(prior_nothing, prior_nothing), DiagonalNormals(prior_loc[None], prior_scale[None]))
    draws = []
    for distribution in (normal, one):
        torch.manual_seed(3)
        draws.append(distribution.stratified_rsample(torch.Size([5])))
    assert torch.equal(draws[0].code, draws[1].code) and torch.equal(draws[0].log_weights, draws[1].log_weights)
    for name in ("component_log_prob", "conditional_log_prob", "log_prob"):
        for a, b in ((normal, one), (normal_prior, one_prior)):
            torch.testing.assert_close(getattr(a, name)(draws[0]), getattr(b, name)(draws[1]), rtol=1e-12, atol=1e-12)
    closed = normal.expected_log_prob(normal_prior, draws[0]), one.expected_log_prob(one_prior, draws[1])
    assert torch.equal(*closed)
    assert torch.equal(normal.weights_kl(normal_prior), one.weights_kl(one_prior))
    assert torch.equal(normal.log_mean_weights, one.log_mean_weights)
    assert torch.equal(normal.mean, one.mean)
    samples = []
    for distribution in (normal, one):
        torch.manual_seed(4)
        samples.append(distribution.sample(torch.Size([6])))
    assert torch.equal(*samples)
