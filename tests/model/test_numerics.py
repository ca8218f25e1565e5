"""Whatever an encoder says, every density, divergence and bound is a number, and so is its gradient.

Ten thousand sets of parameters, as far out as the encoder's limits let them go.
"""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from torch import Tensor

from dlgmm_core.model.bodies import BernoulliLikelihood
from dlgmm_core.model.distributions import Beta, Kumaraswamy, kl_divergence
from dlgmm_core.model.functional import log_mean_exp
from dlgmm_core.model.latents import LatentDistribution, NormalLatent
from dlgmm_core.model.mixture_latents import MixtureLatent
from dlgmm_core.model.networks import MAX_LOG_CONCENTRATION, MAX_LOG_CONCENTRATION_OF_CODE
from dlgmm_core.model.normals import DiagonalNormals
from dlgmm_core.model.objectives import BOUNDS
from dlgmm_core.model.paths import LayerDraws
from dlgmm_core.model.stick_latents import SticksLatent

SETS = 10_000
K, D = 3, 2


def columns(count: int) -> NDArray[np.float32]:
    """(count, SETS) numbers from -1 to 1: half of them anywhere, a quarter the ends or zero, a quarter very small."""
    rng = np.random.default_rng(count)
    anywhere, ends = rng.uniform(-1, 1, (count, SETS)), rng.choice([-1.0, 0.0, 1.0], (count, SETS))
    small = np.sign(anywhere) * 10 ** rng.uniform(-45, 0, (count, SETS))  # down to the smallest that there is
    return np.choose(rng.integers(0, 4, (count, SETS)), [anywhere, anywhere, ends, small]).astype(np.float32)


def leaf(values: NDArray[np.float32], scale: float) -> Tensor:
    return (scale * torch.from_numpy(values.copy())).requires_grad_()


def assert_finite(value: Tensor, *parameters: Tensor) -> None:
    assert value.isfinite().all()
    if not value.requires_grad:  # a density that is the same everywhere
        return
    for gradient in torch.autograd.grad(value.sum(), parameters, retain_graph=True, allow_unused=True):
        assert gradient is None or gradient.isfinite().all()


def test_stick_distributions_are_finite_up_to_the_limits_of_a_code() -> None:
    values = columns(4)
    log_a, log_b = (leaf(v[:, None], MAX_LOG_CONCENTRATION_OF_CODE) for v in values[:2])
    alpha, beta = (torch.exp(4.6 * torch.from_numpy(v[:, None])) for v in values[2:])  # .01 to 100
    q, p = Kumaraswamy(log_a, log_b), Beta(alpha, beta)
    drawn = q.rsample()
    for value in (q.log_prob(drawn), p.log_prob(drawn), drawn.log_weights, q.log_mean_weights, kl_divergence(q, p)):
        assert_finite(value, log_a, log_b)
    assert (kl_divergence(q, p) > -1e-3 * (1 + log_a.exp() + log_b.exp())).all()


def _normals(values: NDArray[np.float32]) -> tuple[LatentDistribution, LatentDistribution, list[Tensor]]:
    loc, log_scale = (leaf(v, s).expand(D, SETS).T for v, s in zip(values[:2], (50, 8), strict=True))
    return NormalLatent(loc, log_scale.exp()), NormalLatent(torch.zeros(1, D), torch.ones(1, D)), [loc, log_scale]


def _codes(values: NDArray[np.float32]) -> tuple[LatentDistribution, LatentDistribution, list[Tensor]]:
    log_a, log_b = (leaf(v.T, MAX_LOG_CONCENTRATION_OF_CODE) for v in (values[:2], values[2:4]))
    prior = Beta(torch.ones(1, 2), torch.full((1, 2), 5.0))
    return SticksLatent(Kumaraswamy(log_a, log_b)), SticksLatent(prior), [log_a, log_b]


def _mixtures(values: NDArray[np.float32]) -> tuple[LatentDistribution, LatentDistribution, list[Tensor]]:
    log_a, log_b = (leaf(v.T, MAX_LOG_CONCENTRATION) for v in (values[:2], values[2:4]))
    loc, log_scale = (leaf(v, s) for v, s in zip((values[4:7], values[7:10]), (50, 8), strict=True))
    each = [v[..., None].expand(K, SETS, D) for v in (loc, log_scale.exp())]
    prior = MixtureLatent(
        Beta(torch.ones(1, K - 1), torch.tensor([[2.0, 1.0]])),
        DiagonalNormals(torch.tensor([-1.5, 0.0, 1.5])[:, None, None].expand(K, 1, D), torch.ones(K, 1, D)),
    )
    return MixtureLatent(Kumaraswamy(log_a, log_b), DiagonalNormals(*each)), prior, [log_a, log_b, loc, log_scale]


Build = Callable[[NDArray[np.float32]], tuple[LatentDistribution, LatentDistribution, list[Tensor]]]


@pytest.mark.parametrize("build", [_normals, _codes, _mixtures])
def test_densities_and_bounds_are_finite_with_their_gradients(build: Build) -> None:
    q, p, parameters = build(columns(10))
    latents = q.stratified_rsample(torch.Size([1]))
    for distribution in (q, p):
        for density in ("component_log_prob", "conditional_log_prob", "log_prob"):
            assert_finite(getattr(distribution, density)(latents), *parameters)
    for bound in BOUNDS.values():
        assert_finite(bound.terms(LayerDraws(q, p, latents), torch.zeros_like(latents.log_weights)).total, *parameters)
    assert_finite(log_mean_exp((p.log_prob(latents) - q.log_prob(latents)).flatten(0, 1), 0), *parameters)


def test_pixels_as_sure_as_they_like_have_a_finite_likelihood() -> None:
    logits = leaf(columns(4).T, 1e4)
    assert_finite(BernoulliLikelihood(logits).log_prob((torch.arange(4) % 2).float()), logits)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(arrays(np.float64, (10,), elements=st.floats(-1, 1)))
def test_bounds_stand_in_their_order_whatever_the_posterior(values: NDArray[np.float64]) -> None:
    """The same draws for all three, so that the noise of their differences is small."""
    draws = 4000
    log_a, log_b = (2 * torch.from_numpy(v)[None] for v in (values[:2], values[2:4]))
    loc, log_scale = (torch.from_numpy(v)[:, None, None].expand(K, 1, D) for v in (2 * values[4:7], values[7:10]))
    q = MixtureLatent(Kumaraswamy(log_a, log_b), DiagonalNormals(loc, log_scale.exp()))
    prior = Beta(torch.ones(1, K - 1).double(), torch.tensor([[2.0, 1.0]]).double())
    centres = torch.tensor([-1.5, 0.0, 1.5]).double()[:, None, None].expand(K, 1, D)
    p = MixtureLatent(prior, DiagonalNormals(centres, torch.ones_like(centres)))
    latents = q.stratified_rsample(torch.Size([draws]))
    layer, nothing = LayerDraws(q, p, latents), torch.zeros_like(latents.log_weights)
    eq1, mixture, marginal = (bound.terms(layer, nothing).total[:, 0] for bound in BOUNDS.values())
    for looser, tighter in ((eq1, mixture), (mixture, marginal)):
        gain = tighter - looser
        assert gain.mean() > -5 * gain.std() / draws**0.5
