"""The terms: its terms are those of the formulas, and they add up to the bound that training maximises."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from dlgmm_core.analysis.elbo_terms import ElboTerms, elbo_terms
from dlgmm_core.config import ModelConfig
from dlgmm_core.model.latents import LatentDistribution
from dlgmm_core.model.mixture_latents import MixtureLatent
from dlgmm_core.model.models import MODELS, LatentVariableModel
from dlgmm_core.model.objectives import BOUNDS, STICKS_FORMULA, elbo
from dlgmm_core.runtime.seeding import seeded
from tests.fixtures import CONTRACT

Toy = Callable[..., LatentVariableModel]
IMAGE = np.array([1, 0, 1, 1], np.uint8)


@pytest.fixture
def model(config: ModelConfig, toy: Toy) -> LatentVariableModel:
    """One of every kind."""
    return toy(config).float()


@pytest.fixture
def x() -> Tensor:
    return torch.from_numpy(IMAGE[None]).float()


def terms_of(model: LatentVariableModel, num_samples: int = 200, seed: int = 0) -> dict[str, ElboTerms]:
    """Of the image."""
    x = torch.from_numpy(IMAGE[None]).float()
    with seeded("cpu", seed), torch.no_grad():
        q = model.posterior(x)
        latents = q.stratified_rsample(torch.Size([num_samples]))
        return elbo_terms(q, model.prior(), latents, model.likelihood(latents.code).log_prob(x))


@pytest.mark.parametrize("bound", list(BOUNDS))
def test_the_terms_add_up_to_the_elbo_of_the_same_draws(model: LatentVariableModel, x: Tensor, bound: str) -> None:
    terms = terms_of(model, 50, seed=3)[bound]
    with seeded("cpu", 3), torch.no_grad():
        expected = elbo(model, x, bound, 50).item()
    assert terms.elbo == pytest.approx(expected, abs=1e-4)
    total = terms.likelihood.sum() + terms.components.sum() + (terms.entropy or 0) + (terms.weights_term or 0)
    assert terms.elbo == pytest.approx(total)


def test_weights_sum_to_one_and_weigh_the_likelihood(model: LatentVariableModel) -> None:
    terms = terms_of(model)["eq1"]
    assert terms.weights.shape == (model.config.num_components,)
    assert terms.weights.sum() == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(terms.likelihood, terms.weights * terms.log_likelihood, rtol=1e-5)


def test_all_bounds_share_one_divergence_of_the_sticks(
    model: LatentVariableModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind, asked = type(model.prior()), []
    compute = kind.weights_kl

    def weights_kl(q: LatentDistribution, p: LatentDistribution) -> Tensor:
        asked.append(q)
        return compute(q, p)

    monkeypatch.setattr(kind, "weights_kl", weights_kl)
    assert list(terms_of(model)) == list(BOUNDS) and len(asked) == 1


def test_only_models_with_sticks_pay_for_them_and_marginal_never_does(model: LatentVariableModel) -> None:
    for bound, terms in terms_of(model).items():
        has_sticks = model.config.model == "sb-vae" or model.config.num_components > 1
        assert (terms.weights_term or 0) <= 0
        assert bool(terms.weights_term) == (has_sticks and bound != "marginal")
        assert (terms.weights_term is None) == (bound == "marginal" or model.config.model == "gauss-vae")
        assert (terms.entropy is None) == (bound != "eq1")
        assert (terms.entropy == 0) == (bound == "eq1" and model.config.model == "sb-vae")


def test_the_gaussian_terms_of_eq1_are_the_cross_entropies_by_hand(toy: Toy, x: Tensor) -> None:
    model = toy(CONTRACT["dlgmm"]).float()
    with torch.no_grad():
        q = model.posterior(x)
    assert isinstance(q, MixtureLatent) and MODELS["dlgmm"].has_components
    loc, variance = q.normal.loc[:, 0].double().numpy(), q.normal.scale[:, 0].double().square().numpy()
    prior_mean, prior_scale = (np.array(v)[:, None] for v in (model.config.prior_means, model.config.prior_scales))
    spread = (variance + (loc - prior_mean) ** 2) / prior_scale**2
    by_hand = -0.5 * (spread + np.log(2 * np.pi * prior_scale**2)).sum(1)
    terms = terms_of(model)["eq1"]
    np.testing.assert_allclose(terms.components, terms.weights * by_hand, rtol=1e-4)


def test_bounds_stand_in_order_in_expectation(toy: Toy) -> None:
    model = toy(CONTRACT["dlgmm"]).float()
    eq1, mixture, marginal = (terms.elbo for terms in terms_of(model, 20_000).values())
    assert eq1 < mixture + 0.02 < marginal + 0.04


@pytest.mark.parametrize("config", [CONTRACT[name] for name in ("gauss-vae", "sb-vae", "dlgmm-full", "dldpmm")])
def test_the_error_is_the_spread_over_repetitions(model: LatentVariableModel) -> None:
    repetitions = [terms_of(model, 100, seed) for seed in range(200)]
    for bound in BOUNDS:
        found = [terms[bound] for terms in repetitions]
        spread = np.std([terms.elbo for terms in found], ddof=1)
        assert np.mean([terms.error for terms in found]) == pytest.approx(spread, rel=0.2), bound


def test_a_seed_gives_the_same_terms(model: LatentVariableModel) -> None:
    first, again, other = (terms_of(model, seed=seed)["mixture"] for seed in (1, 1, 2))
    assert first.elbo == again.elbo != other.elbo


@pytest.mark.parametrize("bound", list(BOUNDS))
def test_a_further_bound_is_a_row_and_a_notebook_shows_its_formulas_and_no_term_that_it_lacks(
    bound: str, toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    further = replace(BOUNDS[bound], components="G_k", entropy="H" if BOUNDS[bound].entropy else "")
    monkeypatch.setitem(BOUNDS, "further", further)
    terms = terms_of(toy(CONTRACT["dlgmm"]).float())
    shown = terms["further"]._repr_html_()
    for text in ("<th", ">G_k<", "ELBO (further)", f"{terms[bound].elbo:.2f} ± {terms[bound].error:.2f}"):
        assert text in shown
    assert (">entropy, H<" in shown) == (terms[bound].entropy is not None) == (bound == "eq1")
    assert (f">sticks, {STICKS_FORMULA}<" in shown) == (terms[bound].weights_term is not None) == (bound != "marginal")
    known = terms[bound]._repr_html_()
    known = known.replace(f"({bound})", "(further)").replace(f">{BOUNDS[bound].components}<", ">G_k<")
    assert shown == known.replace(f"entropy, {BOUNDS[bound].entropy}<", "entropy, H<")
