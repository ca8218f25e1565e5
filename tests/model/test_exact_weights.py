"""The exact posterior mean of the weights, against quadrature over the weights and Monte Carlo."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.special import roots_jacobi

from dlgmm_core.analysis.inspection import exact_weights, inspect_image
from dlgmm_core.model.distributions import Beta, Kumaraswamy, Sticks
from dlgmm_core.model.mixture_latents import MixtureLatent
from dlgmm_core.model.models import LatentVariableModel
from dlgmm_core.model.normals import DiagonalNormals
from tests.fixtures import CONTRACT

LIKELIHOODS = np.array([0.3, 0.02, 1.0, 0.5])  # p(x|k) of four components
STICKS = {  # alpha and beta of the three fractions
    "dirichlet": ([0.05] * 3, [0.15, 0.1, 0.05]),
    "process": ([1.0] * 3, [2.0] * 3),
}


@pytest.fixture(params=list(STICKS.values()), ids=list(STICKS))
def sticks(request: pytest.FixtureRequest) -> Beta:
    alpha, beta = (torch.tensor(values, dtype=torch.float64) for values in request.param)
    return Beta(alpha, beta)


def responsibilities(sticks: Beta) -> NDArray[np.float64]:
    """p(k|x), from the prior's E[pi_k] and the likelihoods."""
    joint = sticks.log_mean_weights.exp().numpy() * LIKELIHOODS
    found: NDArray[np.float64] = joint / joint.sum()
    return found


def mean_weights(sticks: Beta) -> NDArray[np.float64]:
    return sticks.mean_weights_given(torch.from_numpy(responsibilities(sticks))).numpy()


def pieces(v: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, 4) weights of fractions (N, 3)."""
    found: NDArray[np.float64] = np.c_[v, np.ones(len(v))] * np.cumprod(np.c_[np.ones(len(v)), 1 - v], 1)
    return found


def test_it_is_the_mean_over_p_of_pi_given_x_by_quadrature(sticks: Beta) -> None:
    axes = []
    for alpha, beta in zip(sticks.concentration1.tolist(), sticks.concentration0.tolist(), strict=True):
        nodes, masses = roots_jacobi(5, beta - 1, alpha - 1)  # exact: the integrands are of degree two in each fraction
        axes.append(((nodes + 1) / 2, masses / masses.sum()))
    v = np.stack([each.ravel() for each in np.meshgrid(*(nodes for nodes, _ in axes), indexing="ij")], 1)
    prior = np.prod([each.ravel() for each in np.meshgrid(*(mass for _, mass in axes), indexing="ij")], 0)
    weights = pieces(v)
    posterior = prior * (weights @ LIKELIHOODS)  # p(pi|x) up to a factor
    np.testing.assert_allclose(mean_weights(sticks), posterior @ weights / posterior.sum(), rtol=1e-9)


def test_it_is_the_mean_of_prior_draws_weighted_by_their_likelihood(sticks: Beta) -> None:
    draws: Sticks = sticks.rsample(torch.Size([200_000]))
    weights = draws.log_weights.exp().numpy()
    likelihood = weights @ LIKELIHOODS
    np.testing.assert_allclose(mean_weights(sticks), likelihood @ weights / likelihood.sum(), atol=0.005)


@pytest.mark.parametrize("name", ["dlgmm", "dlgmm-full", "dlgmm-one", "dldpmm"])
def test_a_report_holds_it_and_under_a_dirichlet_it_has_a_closed_form(
    name: str, toy: Callable[..., LatentVariableModel]
) -> None:
    model = toy(CONTRACT[name])
    report = inspect_image(model.float(), np.array([1, 0, 1, 1], np.uint8))
    p, exact, config = report.component_posterior, report.exact_weights, model.config
    assert p is not None and exact is not None
    assert exact.sum() == pytest.approx(1)
    certain = exact_weights(model.prior(), np.eye(config.num_components))  # one row for each component, given for sure
    np.testing.assert_allclose(exact, p @ certain, rtol=1e-9)
    if config.model == "dlgmm":
        alpha, k = config.concentration, config.num_components
        np.testing.assert_allclose(exact, (alpha + p) / (1 + k * alpha), rtol=1e-6)
        np.testing.assert_allclose(np.diag(certain), (1 + alpha) / (1 + k * alpha), rtol=1e-6)


@pytest.mark.parametrize("name", ["gauss-vae", "sb-vae"])
def test_models_without_components_have_none(name: str, toy: Callable[..., LatentVariableModel]) -> None:
    assert inspect_image(toy(CONTRACT[name]).float(), np.array([1, 0, 1, 1], np.uint8)).exact_weights is None


def test_weights_of_a_mixture_whose_stick_is_no_beta_have_no_exact_mean() -> None:
    at_zero = torch.zeros(1, 2)
    prior = MixtureLatent(Kumaraswamy(at_zero, at_zero), DiagonalNormals(torch.zeros(3, 1, 2), torch.ones(3, 1, 2)))
    assert exact_weights(prior, np.eye(3)) is None
