"""Draws spread over the components in proportion to their weights: how many each gets, and what they are."""

import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy import stats
from torch import Tensor

from dlgmm_core.model.distributions import Beta, Kumaraswamy
from dlgmm_core.model.latents import LatentDistribution, NormalLatent
from dlgmm_core.model.mixture_latents import MixtureLatent
from dlgmm_core.model.normals import DiagonalNormals
from dlgmm_core.model.stick_latents import SticksLatent

K, B, D = 4, 3, 2


def rand(*shape: int) -> Tensor:
    """Numbers in (-1, 1)."""
    return 2 * torch.rand(*shape, dtype=torch.float64) - 1


def mixture(batch: int = B) -> tuple[MixtureLatent, NDArray[np.float64]]:
    """A mixture unlike for every image, and its E[pi] (K, B): products of the fractions' means."""
    alpha, beta = (3 * rand(batch, K - 1)).exp(), rand(batch, K - 1).exp()
    broken, left = (alpha / (alpha + beta)).numpy(), (beta / (alpha + beta)).numpy()
    ones = np.ones((batch, 1))
    weights = np.append(broken, ones, 1) * np.cumprod(np.append(ones, left, 1), 1)
    return MixtureLatent(Beta(alpha, beta), DiagonalNormals(2 * rand(K, batch, D), rand(K, batch, D).exp())), weights.T


def one_component(kind: str) -> LatentDistribution:
    """Of B images."""
    if kind == "sticks":
        return SticksLatent(Kumaraswamy(rand(B, D), rand(B, D)))
    loc, scale, nothing = rand(B, D), rand(B, D).exp(), torch.empty(B, 0, dtype=torch.float64)
    return (
        NormalLatent(loc, scale)
        if kind == "normal"
        else MixtureLatent(Kumaraswamy(nothing, nothing), DiagonalNormals(loc[None], scale[None]))
    )


ONE_COMPONENT = pytest.mark.parametrize("kind", ["normal", "sticks", "mixture of one"])


def counts(components: Tensor, k: int = K) -> NDArray[np.int64]:
    """(K, B), how often each component occurs in (S, B)."""
    found: NDArray[np.int64] = torch.stack([(components == j).sum(0) for j in range(k)]).numpy()
    return found


# --- how many ----------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 7, 100, 5000])
def test_every_component_gets_its_share_of_the_draws_rounded_up_or_down(size: int) -> None:
    q, weights = mixture(200)
    for seed in range(5):
        torch.manual_seed(seed)
        components = q.allocate(size)
        assert components.shape == (size, 200)
        found = counts(components)
        assert (found.sum(0) == size).all()
        assert (found >= np.floor(size * weights - 1e-6)).all() and (found <= np.ceil(size * weights + 1e-6)).all()


@pytest.mark.parametrize("size", [1, 3, 10])
def test_a_share_is_rounded_up_as_often_as_its_fraction_says_for_every_image_anew(size: int) -> None:
    one, weights = mixture(1)
    repeats = 20_000  # images that are all the same
    assert isinstance(one.sticks, Beta)
    sticks = Beta(*(a.expand(repeats, K - 1) for a in (one.sticks.concentration1, one.sticks.concentration0)))
    normal = DiagonalNormals(*(v.expand(K, repeats, D) for v in (one.normal.loc, one.normal.scale)))
    many = MixtureLatent(sticks, normal)
    found = counts(many.allocate(size))
    up = (found > np.floor(size * weights)).sum(1)
    for k, fraction in enumerate((size * weights[:, 0]) % 1):
        assert stats.binomtest(int(up[k]), repeats, fraction).pvalue > 1e-4
    error = found.std(1) / math.sqrt(repeats)
    assert (np.abs(found.mean(1) - size * weights[:, 0]) < 5 * error).all()


def test_no_draw_falls_beyond_the_last_component(monkeypatch: pytest.MonkeyPatch) -> None:
    """An offset of nearly one, and float32 weights that add up to a little less than one."""
    below_one = float(np.nextafter(np.float32(1), np.float32(0)))
    monkeypatch.setattr(torch, "rand", lambda *shape, **kind: torch.full(shape, below_one, **kind))
    sticks = Beta(torch.ones(50, 16), torch.linspace(0.3, 4, 50)[:, None].expand(50, 16))
    q = MixtureLatent(sticks, DiagonalNormals(torch.zeros(17, 50, D), torch.ones(17, 50, D)))
    assert (q.log_mean_weights.exp().cumsum(0)[-1] < 1).any()
    for size in (1, 3, 5000):
        components = q.allocate(size)
        assert components.min() >= 0 and components.max() == 16


@ONE_COMPONENT
def test_a_single_component_gets_every_draw(kind: str) -> None:
    assert torch.equal(one_component(kind).allocate(5), torch.zeros(5, B, dtype=torch.long))


# --- what they are -----------------------------------------------------------------------------


def test_a_draw_comes_from_the_component_it_names() -> None:
    q, _ = mixture()
    size = 60_000
    components = torch.randint(K, (size, B))
    drawn = q.sample_components(components)
    assert drawn.code.shape == (1, size, B, D)
    assert torch.equal(drawn.log_weights, torch.zeros(1, size, B, dtype=torch.float64))
    for k in range(K):
        for b in range(B):
            code = drawn.code[0, components[:, b] == k, b]
            loc, scale, error = q.normal.loc[k, b], q.normal.scale[k, b], q.normal.scale[k, b] / math.sqrt(len(code))
            assert ((code.mean(0) - loc).abs() < 5 * error).all()
            assert ((code.std(0) - scale).abs() < 5 * error / math.sqrt(2)).all()
            assert stats.kstest(((code - loc) / scale).flatten().numpy(), "norm").pvalue > 1e-4


def test_draws_and_coordinates_are_independent_of_one_another() -> None:
    q, _ = mixture()
    size = 40_000
    components = torch.zeros(size, B, dtype=torch.long)
    noise = (q.sample_components(components).code[0] - q.normal.loc[0]) / q.normal.scale[0]
    columns = torch.cat([noise[:-1].flatten(1), noise[1:].flatten(1)], 1)  # with the draw before
    correlation = np.corrcoef(columns.numpy().T) - np.eye(2 * B * D)
    assert np.abs(correlation).max() < 5 / math.sqrt(size)


def test_allotted_draws_are_the_mixture_and_are_scored_as_such() -> None:
    q, weights = mixture()
    drawn = q.sample_components(q.allocate(500))
    density = q.log_prob(drawn)
    assert density.shape == (1, 500, B)
    for b in range(B):
        parts = [
            weights[k, b] * stats.norm(q.normal.loc[k, b], q.normal.scale[k, b]).pdf(drawn.code[0, :, b]).prod(-1)
            for k in range(K)
        ]
        np.testing.assert_allclose(density[0, :, b], np.log(sum(parts)), rtol=1e-9, atol=1e-9)


def test_allotted_draws_have_the_mean_of_the_mixture_with_less_noise_than_ancestral_ones() -> None:
    near, _ = mixture()
    q = MixtureLatent(near.sticks, DiagonalNormals(10 * near.normal.loc, near.normal.scale))
    repeats, size = 2000, 40
    components = torch.stack([q.allocate(size) for _ in range(repeats)], 1)  # (S, R, B)
    allotted = q.sample_components(components.flatten(0, 1)).code[0].unflatten(0, (size, repeats)).mean(0)
    ancestral = q.sample(torch.Size([size, repeats])).mean(0)
    error = allotted.std(0) / math.sqrt(repeats)
    assert ((allotted.mean(0) - q.mean).abs() < 5 * error).all()
    assert (allotted.std(0) < 0.7 * ancestral.std(0)).all()


@ONE_COMPONENT
def test_naming_the_only_component_is_a_plain_draw(kind: str) -> None:
    q = one_component(kind)
    torch.manual_seed(1)
    plain = q.stratified_rsample(torch.Size([6]))
    torch.manual_seed(1)
    named = q.sample_components(torch.zeros(6, B, dtype=torch.long))
    assert torch.equal(named.code, plain.code) and torch.equal(named.log_weights, plain.log_weights)
    assert torch.equal(q.log_prob(named), q.log_prob(plain))
