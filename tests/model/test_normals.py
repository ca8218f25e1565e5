"""Densities of diagonal normals against SciPy's, one at a time and in tables."""

import numpy as np
import pytest
import torch
from scipy import stats
from torch.distributions import Normal

from dlgmm_core.model.normals import NormalTable, expected_log_normal, log_normal

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
    actual = NormalTable(normals(batch)).log_prob(code)
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
    actual = NormalTable(components).log_prob(code)
    assert actual.dtype == torch.float32
    np.testing.assert_allclose(actual, by_scipy(code, components)[:, 0], rtol=1e-6)


def test_a_table_has_the_gradients_of_the_densities_one_by_one() -> None:
    code = torch.randn(6, B, D, dtype=torch.float64, requires_grad=True)
    loc, scale = (v.detach().requires_grad_() for v in (normals().loc, normals().scale))
    together = NormalTable(Normal(loc, scale)).log_prob(code)
    one_by_one = log_normal(code, loc[:, None], scale[:, None])
    weights = torch.rand_like(together)
    for a, b in zip(
        *(torch.autograd.grad((d * weights).sum(), (code, loc, scale)) for d in (together, one_by_one)), strict=True
    ):
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-9)


def test_expected_log_density_agrees_with_draws() -> None:
    q, p = normals(), normals(1)
    draws = log_normal(q.sample(torch.Size([100_000])), p.loc, p.scale)  # (N, J, B)
    error = (draws.mean(0) - expected_log_normal(q, p)).abs() / (draws.std(0) / np.sqrt(len(draws)))
    assert error.max() < 5
