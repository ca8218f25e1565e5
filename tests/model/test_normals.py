"""Densities of diagonal and of full normals against SciPy's, one at a time and all at once."""

import numpy as np
import pytest
import torch
from scipy import stats
from torch.distributions import Normal

from dlgmm_core.model.distributions import Beta
from dlgmm_core.model.mixture_latents import MixtureLatent
from dlgmm_core.model.normals import DiagonalNormals, FullNormals, expected_log_normal, log_normal

J, B, D = 3, 4, 5


def normals(batch: int = B, dtype: torch.dtype = torch.float64) -> Normal:
    rng = np.random.default_rng(batch)
    loc, scale = 3 * rng.normal(size=(J, batch, D)), np.exp(rng.normal(size=(J, batch, D)))
    return Normal(torch.tensor(loc, dtype=dtype), torch.tensor(scale, dtype=dtype))


def by_scipy(code: torch.Tensor, components: Normal) -> np.ndarray:
    """(J, *shape, B), one image's normals where the table has one."""
    loc, scale = (v.double().numpy()[:, None, None] for v in (components.loc, components.scale))
    return np.asarray(stats.norm.logpdf(code.double().numpy(), loc, scale).sum(-1))


@pytest.mark.parametrize("batch", [B, 1], ids=["each image has its own", "one set for all images"])
def test_a_table_agrees_with_scipy(batch: int) -> None:
    code = torch.randn(2, 6, B, D, dtype=torch.float64)
    actual = DiagonalNormals(normals(batch).loc, normals(batch).scale).log_prob_of_all(code)
    assert actual.shape == (J, 2, 6, B)
    np.testing.assert_allclose(actual, by_scipy(code, normals(batch)), rtol=1e-11)


def test_one_density_agrees_with_scipy() -> None:
    component = normals()
    z = torch.randn(B, D, dtype=torch.float64)
    actual = log_normal(z, component.loc, component.scale)
    np.testing.assert_allclose(actual, by_scipy(z, component)[:, 0, 0], rtol=1e-12)


def test_a_table_loses_no_digit_of_sharp_posteriors_far_from_zero() -> None:
    loc = torch.tensor([40.0, -40.0]).repeat_interleave(50).view(2, 1, 50)
    components = Normal(loc, torch.full_like(loc, 1e-3))
    code = components.rsample(torch.Size([200]))[:, 0]  # (200, B = 1, D), near the first
    actual = DiagonalNormals(components.loc, components.scale).log_prob_of_all(code)
    assert actual.dtype == torch.float32
    np.testing.assert_allclose(actual, by_scipy(code, components)[:, 0], rtol=1e-6)


def test_a_table_has_the_gradients_of_the_densities_one_by_one() -> None:
    code = torch.randn(6, B, D, dtype=torch.float64, requires_grad=True)
    loc, scale = (v.detach().requires_grad_() for v in (normals().loc, normals().scale))
    together = DiagonalNormals(loc, scale).log_prob_of_all(code)
    one_by_one = log_normal(code, loc[:, None], scale[:, None])
    weights = torch.rand_like(together)
    for a, b in zip(
        *(torch.autograd.grad((d * weights).sum(), (code, loc, scale)) for d in (together, one_by_one)), strict=True
    ):
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-9)


def test_expected_log_density_agrees_with_draws() -> None:
    q, p = normals(), normals(1)
    draws = log_normal(q.sample(torch.Size([100_000])), p.loc, p.scale)  # (N, J, B)
    expected = expected_log_normal(q.loc, q.scale, p.loc, p.scale)
    error = (draws.mean(0) - expected).abs() / (draws.std(0) / np.sqrt(len(draws)))
    assert error.max() < 5


@pytest.mark.parametrize("batch", [1, B])
def test_log_densities_and_their_expectations_have_the_gradients_of_differences(batch: int) -> None:
    q, p = normals(), normals(batch)
    at = [each.detach().requires_grad_() for each in (q.loc, q.scale, p.loc, p.scale)]
    assert torch.autograd.gradcheck(expected_log_normal, at)
    mean, _, loc, scale = at
    assert torch.autograd.gradcheck(log_normal, (mean, loc, scale))
    torch.testing.assert_close(log_normal(mean, loc, scale), Normal(loc, scale).log_prob(mean).sum(-1))


# --- full covariances ------------------------------------------------------------------------------


def full_normals(batch: int) -> FullNormals:
    factor = torch.randn(J, batch, D, D, dtype=torch.float64).tril(-1)
    loc, diagonal = torch.randn(J, batch, D, dtype=torch.float64), 0.5 + torch.rand(J, batch, D, dtype=torch.float64)
    return FullNormals(loc, factor + torch.diag_embed(diagonal))


def multivariate(normals: FullNormals, j: int, b: int) -> stats._multivariate.multivariate_normal_frozen:
    b = b if normals.loc.shape[1] > 1 else 0
    precision = normals.factor[j, b] @ normals.factor[j, b].T
    return stats.multivariate_normal(normals.loc[j, b].numpy(), torch.linalg.inv(precision).numpy())


@pytest.mark.parametrize("batch", [B, 1], ids=["each image has its own", "one set for all images"])
def test_full_normals_agree_with_scipy(batch: int) -> None:
    normals, code = full_normals(batch), torch.randn(2, 6, B, D, dtype=torch.float64)
    of_all = normals.log_prob_of_all(code)
    own = normals.log_prob(code[:1, :3].expand(J, -1, -1, -1))
    assert of_all.shape == (J, 2, 6, B) and own.shape == (J, 3, B)
    for j in range(J):
        for b in range(B):
            expected = multivariate(normals, j, b).logpdf(code[:, :, b].numpy())
            np.testing.assert_allclose(of_all[j, :, :, b], expected, rtol=1e-9)
            np.testing.assert_allclose(own[j, :, b], expected[0, :3], rtol=1e-9)


def test_the_expectation_of_a_full_normal_is_its_mean_under_draws() -> None:
    p, q = full_normals(1), DiagonalNormals(torch.randn(J, B, D).double(), torch.rand(J, B, D).double())
    scores = p.log_prob(q.rsample(torch.Size([100_000])))  # (J, S, B)
    error = (scores.mean(1) - p.expectation_under(q)).abs() / (scores.std(1) / len(scores[0]) ** 0.5)
    assert p.expectation_under(q).shape == (J, B) and error.max() < 5


def test_a_full_normal_with_a_diagonal_factor_is_a_diagonal_one() -> None:
    loc, scale = torch.randn(J, 1, D).double(), torch.rand(J, 1, D).double()
    full, diagonal = FullNormals(loc, torch.diag_embed(1 / scale)), DiagonalNormals(loc, scale)
    code, noise = torch.randn(4, B, D).double(), torch.randn(6, 1, D).double()
    q = DiagonalNormals(torch.randn(J, B, D).double(), torch.rand(J, B, D).double())
    torch.testing.assert_close(full.log_prob_of_all(code), diagonal.log_prob_of_all(code))
    torch.testing.assert_close(full.expectation_under(q), diagonal.expectation_under(q))
    torch.testing.assert_close(full.scale, scale)
    torch.testing.assert_close(full.deviations(noise), diagonal.deviations(noise))


def test_factors_of_the_precisions_undo_those_of_the_covariances_and_diagonal_normals_have_none() -> None:
    full = full_normals(2)
    assert full.precision_factors.shape == (J, 2, D, D) and (full.precision_factors.triu(1) == 0).all()
    mixture = MixtureLatent(Beta(torch.ones(2, J - 1), torch.ones(2, J - 1)), full)
    assert mixture.precision_factors is full.precision_factors
    covariance = full.covariance_factors @ full.covariance_factors.mT
    product = full.precision_factors @ full.precision_factors.mT @ covariance
    torch.testing.assert_close(product, torch.eye(D).double().expand_as(product))
    assert DiagonalNormals(normals(2).loc, normals(2).scale).precision_factors is None


def test_factors_give_the_covariances_and_a_moved_normal_keeps_them() -> None:
    full, diagonal = full_normals(2), DiagonalNormals(normals(2).loc, normals(2).scale)
    for each, covariance in (
        (full, torch.linalg.inv(full.factor @ full.factor.mT)),
        (diagonal, torch.diag_embed(diagonal.scale.square())),
    ):
        torch.testing.assert_close(each.covariance_factors @ each.covariance_factors.mT, covariance)
        moved, code = each.moved_to(each.loc + 1), torch.randn(J, 4, 2, D).double()
        torch.testing.assert_close(moved.log_prob(code + 1), each.log_prob(code))


@pytest.mark.parametrize("batch", [2, 1])
def test_draws_of_full_normals_have_their_means_and_covariances(batch: int) -> None:
    normals = full_normals(batch)
    n = 200_000
    noise = torch.randn(n, batch, D).double()
    ways = {
        "rsample": normals.rsample(torch.Size([n])),
        "deviations": normals.loc[:, None] + normals.scale[:, None] * normals.deviations(noise),
        "sample_of": torch.stack([normals.sample_of(torch.full((n, batch), j)) for j in range(J)]),
    }
    for name, draws in ways.items():
        for j in range(J):
            for b in range(batch):
                known = multivariate(normals, j, b)
                spread = np.sqrt(np.diag(known.cov))
                found = draws[j, :, b].numpy()
                np.testing.assert_allclose(found.mean(0) / spread, known.mean / spread, atol=0.02, err_msg=name)
                found = np.cov(found.T) / np.outer(spread, spread)
                np.testing.assert_allclose(found, known.cov / np.outer(spread, spread), atol=0.03, err_msg=name)
