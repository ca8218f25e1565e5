"""What is shown of one image: sticks, weights and reconstructions that are what their names say."""

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from dlgmm_core.analysis.image_report import StickReport
from dlgmm_core.analysis.inspection import first_look, inspect_image, reconstruct
from dlgmm_core.config import ModelConfig
from dlgmm_core.evaluate.likelihood import log_likelihood
from dlgmm_core.model.mixture_latents import MixtureLatent
from dlgmm_core.model.models import MODELS, LatentVariableModel, build_model
from dlgmm_core.model.paths import one_component
from dlgmm_core.model.stick_latents import SticksLatent
from tests.fixtures import CONTRACT

Toy = Callable[..., LatentVariableModel]

IMAGE = np.array([1, 0, 1, 1], np.uint8)


# fixtures of `fixtures.py`, narrowed to the models that have what is looked at
STICKS = pytest.mark.parametrize("config", [CONTRACT[name] for name in ("sb-vae", "dlgmm", "dldpmm")])
# one of each kind, for what takes hundreds of reports
KINDS = pytest.mark.parametrize("config", [CONTRACT[name] for name in ("gauss-vae", "sb-vae", "dlgmm-full", "dldpmm")])
MIXTURES = pytest.mark.parametrize("config", [CONTRACT[name] for name in ("dlgmm", "dldpmm")])


@pytest.fixture
def model(config: ModelConfig, toy: Toy) -> LatentVariableModel:
    """One of every kind."""
    return toy(config).float()


@pytest.fixture
def images(four_bit_images: Tensor) -> NDArray[np.uint8]:
    return four_bit_images.numpy().astype(np.uint8)


def sticks_of(model: LatentVariableModel) -> StickReport:
    sticks = inspect_image(model, IMAGE).sticks
    assert sticks is not None
    return sticks


def test_models_without_sticks_or_components_report_none(model: LatentVariableModel) -> None:
    report = inspect_image(model, IMAGE)
    assert (report.sticks is None) == (model.config.model == "gauss-vae")
    assert (report.component_posterior is None) == (not MODELS[model.config.model].has_components)


@STICKS
def test_mean_weights_sum_to_one_and_lie_between_their_quantiles(model: LatentVariableModel) -> None:
    sticks = sticks_of(model)
    pieces = model.config.code_dim if model.config.model == "sb-vae" else model.config.num_components
    assert sticks.mean.shape == sticks.low.shape == sticks.high.shape == (pieces,)
    assert sticks.concentration1.shape == sticks.concentration0.shape == (pieces - 1,)
    assert sticks.mean.sum() == pytest.approx(1, abs=1e-5)
    assert (sticks.low < sticks.mean).all() and (sticks.mean < sticks.high).all()
    assert (sticks.low >= 0).all() and (sticks.high <= 1).all()


@STICKS
def test_sticks_are_the_posterior_of_the_image(model: LatentVariableModel) -> None:
    sticks = sticks_of(model)
    with torch.no_grad():
        q = model.posterior(torch.from_numpy(IMAGE[None]).float())
    assert isinstance(q, MixtureLatent | SticksLatent)
    a, b = (v[0].exp().double().numpy() for v in (q.sticks.log_concentration1, q.sticks.log_concentration0))  # type: ignore[attr-defined]
    np.testing.assert_allclose(sticks.concentration1, a, rtol=1e-5)
    np.testing.assert_allclose(sticks.concentration0, b, rtol=1e-5)
    # The first piece is the first fraction, whose quantiles and mean (by quadrature) are known.
    u = np.array([0.95, 0.05])
    expected = (1 - u ** (1 / b[0])) ** (1 / a[0])
    np.testing.assert_allclose([sticks.low[0], sticks.high[0]], expected, atol=0.05)
    t = (np.arange(100_000) + 0.5) / 100_000
    assert sticks.mean[0] == pytest.approx(((1 - t ** (1 / b[0])) ** (1 / a[0])).mean(), abs=1e-3)


def test_log_p_exceeds_the_bound_on_average(model: LatentVariableModel, images: NDArray[np.uint8]) -> None:
    reports = [inspect_image(model, image, num_samples=2000) for image in images]
    log_p = np.array([report.log_p for report in reports])
    assert log_p.mean() > np.mean([report.elbo_terms["eq1"].elbo for report in reports])
    assert np.exp(log_p).sum() == pytest.approx(1, abs=0.1)  # these are all the images there are
    assert all(1 <= report.ess <= 2000 for report in reports)


@MIXTURES
def test_tighter_bounds_leave_a_smaller_gap(model: LatentVariableModel, images: NDArray[np.uint8]) -> None:
    reports = [inspect_image(model, image) for image in images]
    elbos = [np.mean([report.elbo_terms[bound].elbo for report in reports]) for bound in ("eq1", "mixture", "marginal")]
    assert elbos[0] < elbos[1] < elbos[2]


@MIXTURES
def test_the_component_posterior_is_that_of_many_more_draws(
    model: LatentVariableModel,
) -> None:
    reports = [inspect_image(model, IMAGE, seed=seed) for seed in range(50)]
    shown = np.stack([report.component_posterior for report in reports if report.component_posterior is not None])
    many = inspect_image(model, IMAGE, 200_000, seed=99).component_posterior
    assert many is not None and shown.sum(1) == pytest.approx(1)
    np.testing.assert_allclose(shown.mean(0), many, atol=0.01)
    errors = [report.component_posterior_error for report in reports if report.component_posterior_error is not None]
    spread, error = shown.std(0), np.mean(errors, 0)
    assert (0.7 * spread < error + 1e-6).all()
    assert (error < 3 * spread + 0.005).all(), "above it where strata make it smaller"


@KINDS
def test_the_error_of_log_p_is_the_spread_over_repetitions_or_above_it_where_there_are_strata(
    model: LatentVariableModel,
) -> None:
    found = [inspect_image(model, IMAGE, 300, seed) for seed in range(30)]
    repeated = log_likelihood(model, np.tile(IMAGE, (2000, 1)), 300).log_p  # the same estimate, of many copies at once
    spread, log_p = np.std(repeated), [report.log_p for report in found]
    ratio = np.mean([report.log_p_error for report in found]) / spread
    assert 0.85 < ratio < (1.15 if model.config.num_components == 1 else 1.5)
    assert 0.6 < np.std(log_p) / spread < 1.4 and np.mean(log_p) == pytest.approx(np.mean(repeated), abs=spread)


def test_a_first_look_is_the_report_by_its_own_draws(model: LatentVariableModel) -> None:
    first, whole, paths = first_look(model, IMAGE, 300), inspect_image(model, IMAGE, 300), model.config.paths
    assert np.array_equal(first.reconstructions, whole.reconstructions) and first.draws == whole.draws == 300 // paths
    for name, terms in first.elbo_terms.items():
        assert terms.elbo == whole.elbo_terms[name].elbo
    assert first.num_samples == paths * first.draws and np.isfinite(first.log_p) and 1 <= first.ess <= 300


@KINDS
def test_a_first_look_has_an_unbiased_estimate_and_its_error(model: LatentVariableModel) -> None:
    found = [first_look(model, IMAGE, 300, seed) for seed in range(200)]
    log_p = np.array([report.log_p for report in found])
    exact = inspect_image(model, IMAGE, 200_000).log_p
    assert np.exp(log_p).mean() == pytest.approx(np.exp(exact), rel=0.02)
    assert 0.85 < np.mean([report.log_p_error for report in found]) / log_p.std(ddof=1) < 1.15
    assert all(1 <= report.ess <= 300 for report in found)


def test_reconstructions_are_decoded_from_mean_codes(model: LatentVariableModel, images: NDArray[np.uint8]) -> None:
    report = inspect_image(model, IMAGE)
    assert report.reconstructions.shape == (model.config.num_components, 4)
    with torch.no_grad():
        q = model.posterior(torch.from_numpy(IMAGE[None]).float())
        codes = q.normal.loc[:, 0] if isinstance(q, MixtureLatent) else q.mean
        expected = model.likelihood(codes).probs.numpy()
        whole = model.likelihood(q.mean).probs.numpy()
    np.testing.assert_allclose(report.reconstructions, expected, rtol=1e-5)
    rows = reconstruct(model, images)
    assert rows.shape == (16, 4)
    np.testing.assert_allclose(rows[[(images == IMAGE).all(1).argmax()]], whole, rtol=1e-5)


def test_a_report_is_the_same_whenever_it_is_made(model: LatentVariableModel) -> None:
    first = inspect_image(model, IMAGE)
    torch.rand(5)
    again = inspect_image(model, IMAGE)
    assert (first.log_p, first.elbo_terms["eq1"].elbo, first.ess) == (
        again.log_p,
        again.elbo_terms["eq1"].elbo,
        again.ess,
    )
    assert inspect_image(model, IMAGE, seed=1).log_p != first.log_p


def test_weights_below_are_those_of_every_path_in_the_mean_by_the_weights_of_the_paths(toy: Toy) -> None:
    config = ModelConfig("dlgmm", 2, 3, (-1.0, 0.0, 1.0), (1.0,) * 3, hidden=8, image_shape=(2, 2), layers=2)
    model = toy(replace(config, components_below=(2,))).float()
    report = inspect_image(model, IMAGE, 20_000)
    (below,) = report.weights_below
    x = torch.from_numpy(IMAGE[None]).float().repeat(4000, 1)
    with torch.no_grad():
        chosen = model.chosen_path(x, one_component).layers[1].q  # a path by its weight
        drawn = chosen.sticks.rsample().log_weights.exp()  # type: ignore[union-attr]
    np.testing.assert_allclose(below.mean, chosen.log_mean_weights.exp().mean(1), atol=0.02)
    np.testing.assert_allclose(below.low, np.quantile(drawn, 0.05, axis=0), atol=0.03)
    np.testing.assert_allclose(below.high, np.quantile(drawn, 0.95, axis=0), atol=0.03)


def cells(table: str) -> list[list[str]]:
    """The text of a table's rows, without tags."""
    rows = re.findall(r"<tr>(.*?)</tr>", table)
    return [[re.sub("<[^>]+>", "", cell).strip() for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", r)] for r in rows]


def test_in_a_notebook_a_report_shows_its_weights_and_bounds(model: LatentVariableModel) -> None:
    report = inspect_image(model, IMAGE)
    shown = cells(report._repr_html_())
    bounds = {row[0]: row for row in shown if row[0] in report.elbo_terms}
    for name, terms in report.elbo_terms.items():
        assert bounds[name][1:] == [f"{terms.elbo:.2f} ± {terms.error:.2f}", f"{report.log_p - terms.elbo:.2f}"]
    assert any(row[0].startswith("log p(x), S = 500") and f"{report.log_p:.2f}" in row[1] for row in shown)
    weights = [row for row in shown if row[0].isdecimal()]
    assert [row[1] for row in weights] == ([] if report.sticks is None else [f"{w:.3f}" for w in report.sticks.mean])
    if report.component_posterior is not None and report.exact_weights is not None:
        assert [row[4:6] for row in weights] == [
            [f"{w:.3f}", f"{p:.3f}"] for w, p in zip(report.exact_weights, report.component_posterior, strict=True)
        ]
    assert report._repr_html_().count("<img") >= 1 + len(report.reconstructions)


def test_a_report_of_layers_shows_the_weights_of_each() -> None:
    torch.manual_seed(0)
    below = ModelConfig("dlgmm", 2, 2, (-1, 1), (1, 1), hidden=4, image_shape=(2, 2), layers=2, components_below=(3,))
    report = inspect_image(build_model(below), IMAGE)
    shown = report._repr_html_()
    assert "Mixture weights of layer 2" in shown and "bound below" in report.elbo_terms["eq1"]._repr_html_()
    layer = cells(shown[shown.index("Mixture weights of layer 2") : shown.index("Bounds, nats")])
    assert [row[1] for row in layer[-3:]] == [f"{w:.3f}" for w in report.weights_below[0].mean]


@pytest.mark.parametrize("bound", ["eq1", "mixture", "marginal"])
def test_the_rows_of_the_terms_in_a_notebook_add_up(model: LatentVariableModel, bound: str) -> None:
    terms = inspect_image(model, IMAGE).elbo_terms[bound]
    shown = cells(terms._repr_html_())
    components = [row for row in shown if row[0].isdecimal()]
    rest = [float(row[-1]) for row in shown if row[0].startswith(("entropy", "sticks"))]
    assert len(components) == len(terms.weights) and all(len(row) == 6 for row in shown)
    total = sum(float(row[-1]) for row in components) + sum(rest)
    assert shown[-1][-1] == f"{terms.elbo:.2f} ± {terms.error:.2f}"
    assert total == pytest.approx(terms.elbo, abs=0.005 * (len(components) + len(rest) + 1))
