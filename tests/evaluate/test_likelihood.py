"""Log-likelihoods and the use of weights against oracles: quadrature, and sums done by hand."""

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy import stats
from torch import Tensor, nn

from dlgmm_core.config import ModelConfig
from dlgmm_core.evaluate import likelihood
from dlgmm_core.evaluate.likelihood import (
    EvaluationError,
    component_posterior,
    log_likelihood,
    mean_elbo,
    weight_usage,
)
from dlgmm_core.model.latents import LatentDistribution, Latents
from dlgmm_core.model.models import LatentVariableModel, build_model
from dlgmm_core.model.objectives import elbo
from dlgmm_core.model.paths import LayerDraws
from dlgmm_core.runtime.seeding import seeded

Toy = Callable[..., LatentVariableModel]

MIXTURE = ModelConfig("dlgmm", 1, 3, (-1.5, 0.0, 2.0), (0.7, 1.0, 1.2), concentration=2.0, hidden=8, image_shape=(2, 2))
# What is integrated over is one number in each: z, or the one fraction of a stick of two pieces.
LINES = {
    "gauss-vae": ModelConfig("gauss-vae", 1, hidden=8, image_shape=(2, 2)),
    "sb-vae": ModelConfig("sb-vae", 2, concentration=3.0, hidden=8, image_shape=(2, 2)),
    "dlgmm": MIXTURE,
    "dldpmm": ModelConfig(
        "dldpmm", 1, 4, (0.0, 1.0, -2.0, 0.5), (1.0, 0.5, 1.0, 2.0), 2.0, hidden=8, image_shape=(2, 2)
    ),
}


@pytest.fixture
def images(four_bit_images: Tensor) -> NDArray[np.uint8]:
    return four_bit_images.numpy().astype(np.uint8)


@pytest.fixture(params=list(LINES.values()), ids=list(LINES))
def line(request: pytest.FixtureRequest, toy: Toy) -> LatentVariableModel:
    return toy(request.param).float()


def prior_grid(config: ModelConfig) -> tuple[Tensor, NDArray[np.float64]]:
    """Codes (N, D) and, for every component, its prior mass (K, N) about each, E_p[pi_k] included."""
    if config.model == "sb-vae":
        v = (np.arange(4000) + 0.5) / 4000
        mass = stats.beta(1, config.concentration).pdf(v) / len(v)
        return torch.tensor(np.stack([v, 1 - v], 1), dtype=torch.float32), mass[None]
    z = np.linspace(-15, 15, 6001)
    fraction = 1 / (1 + config.concentration)
    weights = [fraction * (1 - fraction) ** k for k in range(config.num_components - 1)]
    if config.model != "dldpmm":  # a symmetric Dirichlet, or a single component
        weights = [1 / config.num_components] * (config.num_components - 1)
    weights.append(1 - sum(weights))
    parts = zip(weights, config.prior_means, config.prior_scales, strict=True)
    mass = np.stack([w * stats.norm(m, s).pdf(z) * (z[1] - z[0]) for w, m, s in parts])
    return torch.tensor(z[:, None], dtype=torch.float32), mass


def exact_joint(model: LatentVariableModel, images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """(K, B), p(x, k) by quadrature over the code."""
    codes, mass = prior_grid(model.config)
    with torch.no_grad():
        log_p = model.likelihood(codes[:, None]).log_prob(torch.from_numpy(images).float())
    return mass @ log_p.double().exp().numpy()


def blank(config: ModelConfig) -> LatentVariableModel:
    """A model whose posterior is its prior, and whose decoder ignores the code: pixels have odds 0.5, -1, 2, 0."""
    model = build_model(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        model.decoder.data_bias.copy_(torch.tensor([0.5, -1.0, 2.0, 0.0]))
    return model


class Prescribed:
    """Stands in for `log_density_ratio`: hands out the rows of one (S, N) table per block of images."""

    def __init__(self, *tables: NDArray[np.float64]) -> None:
        self.tables, self.calls = [torch.from_numpy(t) for t in tables], 0

    def __call__(self, model: LatentVariableModel, x: Tensor, q: LatentDistribution, latents: Latents) -> Tensor:
        self.calls += 1
        draws = latents.code.shape[1]
        rows, self.tables[0] = self.tables[0][:draws], self.tables[0][draws:]
        if not len(self.tables[0]):
            del self.tables[0]
        assert latents.code.shape[:3] == (1, *rows.shape) and rows.shape == (draws, len(x))
        return rows[None]


# --- log p(x) ------------------------------------------------------------------------------------


def test_the_oracle_is_a_distribution_over_images(line: LatentVariableModel, images: NDArray[np.uint8]) -> None:
    assert exact_joint(line, images).sum() == pytest.approx(1, abs=1e-5)


def test_the_estimate_is_log_p_within_its_own_error(line: LatentVariableModel, images: NDArray[np.uint8]) -> None:
    size = 40_000
    estimate = log_likelihood(line, images, size)
    exact = np.log(exact_joint(line, images).sum(0))
    error = np.sqrt(1 / estimate.ess - 1 / size)
    assert error.max() < 0.05
    assert (np.abs(estimate.log_p - exact) < 4.5 * error + 1e-4).all()
    assert estimate.nll.value == pytest.approx(-exact.mean(), abs=4.5 * error.max())


@pytest.mark.parametrize("size", [1, 5])
def test_the_mean_of_many_estimates_from_few_draws_is_p(
    line: LatentVariableModel, images: NDArray[np.uint8], size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unbiased whatever S is, also where it is too small for every component to be drawn from."""
    repeats = 10_000
    monkeypatch.setattr(likelihood, "IMAGES", 16 * repeats)  # one block, for speed
    estimates = np.exp(log_likelihood(line, np.tile(images, (repeats, 1)), size).log_p).reshape(repeats, 16)
    error = estimates.std(0) / np.sqrt(repeats)
    exact = exact_joint(line, images).sum(0)
    assert (error < 0.1 * exact).all()
    assert (np.abs(estimates.mean(0) - exact) < 4.5 * error).all()


@pytest.mark.parametrize("size", [1, 7, 2000])
def test_s_counts_the_codes_decoded_for_an_image_whatever_the_number_of_components(
    line: LatentVariableModel, images: NDArray[np.uint8], size: int
) -> None:
    decoded: list[int] = []
    line.decoder.register_forward_pre_hook(lambda _, inputs: decoded.append(inputs[0][..., 0].numel()))
    log_likelihood(line, images, size)
    assert sum(decoded) == size * len(images)


def test_effective_samples_lie_between_one_and_s(line: LatentVariableModel, images: NDArray[np.uint8]) -> None:
    ess = log_likelihood(line, images, 50).ess
    assert (ess > 1).all() and (ess < 50).all()
    assert log_likelihood(line, images, 1).ess == pytest.approx(np.ones(16))


def test_with_the_exact_posterior_all_samples_are_effective(images: NDArray[np.uint8]) -> None:
    model = blank(LINES["gauss-vae"])
    estimate = log_likelihood(model, images, 50)
    ink = 1 / (1 + np.exp([-0.5, 1.0, -2.0, 0.0]))
    np.testing.assert_allclose(estimate.log_p, np.log(np.where(images == 1, ink, 1 - ink)).sum(1), rtol=1e-5)
    np.testing.assert_allclose(estimate.ess, 50, rtol=1e-5)


def test_both_figures_are_their_formulas_on_weights_given_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    weights = np.array([[1.0, 2.0], [3.0, 2.0], [4.0, 2.0]])
    monkeypatch.setattr(likelihood, "log_density_ratio", Prescribed(np.log(weights) - 800))  # e^-800 is 0
    estimate = log_likelihood(blank(MIXTURE), np.zeros((2, 4), np.uint8), 3)
    np.testing.assert_allclose(estimate.log_p, [np.log(8 / 3) - 800, np.log(2) - 800])
    np.testing.assert_allclose(estimate.ess, [64 / 26, 3])


@pytest.mark.parametrize("rows", [1, 7, 22, 10_000])
def test_the_size_of_the_blocks_in_memory_changes_nothing(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    log_w = np.random.default_rng(0).normal(-90, 5, (11, 2))
    prescribed = Prescribed(log_w)
    monkeypatch.setattr(likelihood, "log_density_ratio", prescribed)
    monkeypatch.setattr(likelihood, "MAX_ROWS", rows)
    estimate = log_likelihood(blank(MIXTURE), np.zeros((2, 4), np.uint8), 11)
    # 2 images are 2 rows a draw, and a block is never without one
    assert prescribed.calls == {1: 11, 7: 4, 22: 1, 10_000: 1}[rows]
    weights = np.exp(log_w)
    np.testing.assert_allclose(estimate.log_p, np.log(weights.mean(0)))
    np.testing.assert_allclose(estimate.ess, weights.sum(0) ** 2 / (weights**2).sum(0))


def test_small_blocks_of_draws_are_independent_of_one_another(
    toy: Toy, images: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = toy(MIXTURE).float()
    monkeypatch.setattr(likelihood, "MAX_ROWS", 16 * 10)
    estimate = log_likelihood(model, images, 2000)
    error = np.sqrt(1 / estimate.ess - 1 / 2000)
    # The same ten draws 200 times over would be off by fourteen times their apparent error.
    assert (np.abs(estimate.log_p - np.log(exact_joint(model, images).sum(0))) < 4.5 * error + 1e-4).all()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_weight_that_is_no_number_is_an_error_that_names_the_image(
    value: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = np.zeros((3, 20))
    second[1, 5] = value
    monkeypatch.setattr(likelihood, "log_density_ratio", Prescribed(np.zeros((3, 100)), second))
    with pytest.raises(EvaluationError, match=r"image 105 is not a finite number \(seed 9\)"):
        log_likelihood(blank(MIXTURE), np.zeros((120, 4), np.uint8), 3, seed=9)


def test_images_keep_their_order_across_blocks_and_progress_ends_at_one(
    toy: Toy, images: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = toy(LINES["gauss-vae"]).float()
    monkeypatch.setattr(likelihood, "IMAGES", 7)
    heard: list[float] = []
    estimate = log_likelihood(model, images, 5000, progress=heard.append)
    np.testing.assert_allclose(estimate.log_p, np.log(exact_joint(model, images).sum(0)), atol=0.15)
    assert heard == sorted(heard) and heard[0] > 0 and heard[-1] == pytest.approx(1)


def test_a_seed_gives_the_same_figures_and_leaves_the_random_state_alone(
    line: LatentVariableModel, images: NDArray[np.uint8]
) -> None:
    state = torch.get_rng_state()
    first = log_likelihood(line, images, 20, seed=1).log_p
    assert torch.equal(torch.get_rng_state(), state)
    torch.rand(3)
    np.testing.assert_array_equal(log_likelihood(line, images, 20, seed=1).log_p, first)
    assert (log_likelihood(line, images, 20, seed=2).log_p != first).any()


def test_the_mean_bound_is_that_of_many_draws(line: LatentVariableModel, images: NDArray[np.uint8]) -> None:
    many = np.repeat(images, 300, 0)
    with torch.no_grad():
        expected = elbo(line, torch.from_numpy(images).float(), "eq1", 3000)
    bound = mean_elbo(line, many, "eq1")
    assert bound.value == pytest.approx(expected.mean().item(), abs=2.5 * bound.ci95)
    assert bound.value < np.log(exact_joint(line, images).sum(0)).mean()


# --- weights and components ------------------------------------------------------------------------


class Fixed(nn.Module):
    """A model of two pixels whose posterior is the same few lines of numbers, one row an image."""

    config = SimpleNamespace(image_shape=(1, 2))

    def __init__(self, **values: Tensor) -> None:
        super().__init__()
        self.anchor = nn.Parameter(torch.zeros(1))
        self.values = values

    def posterior(self, x: Tensor) -> SimpleNamespace:
        """The rows that the ink of each image counts."""
        rows = x.sum(1).long()
        return SimpleNamespace(**{name: value[:, rows] for name, value in self.values.items()})


def test_weight_usage_by_hand() -> None:
    weights = torch.tensor([[0.7, 0.6, 0.1, 0.2], [0.2, 0.3, 0.8, 0.4], [0.1, 0.1, 0.1, 0.4]])
    usage = weight_usage(Fixed(log_mean_weights=weights.log()), np.tri(3, 2, -1, np.uint8))  # type: ignore[arg-type]
    mean = np.array([1.4, 1.3, 0.3]) / 3
    np.testing.assert_allclose(usage.mean, mean, rtol=1e-6)
    np.testing.assert_allclose(usage.share, [2 / 3, 1 / 3, 0])
    assert usage.perplexity == pytest.approx(np.exp(-(mean * np.log(mean)).sum()))


@pytest.mark.parametrize("value", [-np.inf, 0.0])
def test_one_weight_for_all_is_a_perplexity_of_one(value: float) -> None:
    log_weights = torch.tensor([[0.0], [-np.inf]]) if value else torch.zeros(1, 1)
    usage = weight_usage(Fixed(log_mean_weights=log_weights), np.zeros((5, 2), np.uint8))  # type: ignore[arg-type]
    assert usage.perplexity == 1 and usage.mean[0] == 1 and usage.share[0] == 1


@pytest.fixture(params=["dlgmm", "dldpmm"])
def mixture(request: pytest.FixtureRequest, toy: Toy) -> LatentVariableModel:
    return toy(LINES[request.param]).float()


def posterior_of(model: LatentVariableModel, image: NDArray[np.uint8], num_samples: int) -> NDArray[np.float64]:
    """p(k|x) from S draws of every component."""
    x = torch.from_numpy(image[None]).float()
    with seeded("cpu", 0), torch.no_grad():
        q = model.posterior(x)
        latents = q.stratified_rsample(torch.Size([num_samples]))
        found = component_posterior(LayerDraws(q, model.prior(), latents), model.likelihood(latents.code).log_prob(x))
    assert found is not None
    return found[0]


def test_the_component_posterior_is_that_of_quadrature(mixture: LatentVariableModel, images: NDArray[np.uint8]) -> None:
    joint = exact_joint(mixture, images)
    for index in (0, 6, 15):
        estimate = posterior_of(mixture, images[index], 20_000)
        np.testing.assert_allclose(estimate, joint[:, index] / joint[:, index].sum(), atol=0.02)
        assert estimate.sum() == pytest.approx(1)


def test_equal_components_leave_the_prior_weights_whatever_the_image(toy: Toy, images: NDArray[np.uint8]) -> None:
    config = replace(LINES["dldpmm"], prior_means=(0.3,) * 4, prior_scales=(0.8,) * 4)
    model = toy(config).float()
    with torch.no_grad():
        weights = model.posterior(torch.from_numpy(images[:1]).float()).log_mean_weights.exp()[:, 0]
    by_hand = [1 / 3, 2 / 9, 4 / 27, 8 / 27]  # Beta(1, 2) breaks off a third of what is left
    assert np.abs(weights.numpy() - by_hand).max() > 0.03
    np.testing.assert_allclose(posterior_of(model, images[0], 50), by_hand, atol=1e-5)
