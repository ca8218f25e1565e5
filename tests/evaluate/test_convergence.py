"""Convergence: estimates at growing S, each the formula on the first S weights, and rising to log p(x)."""

from collections.abc import Callable

import numpy as np
import pytest

from dlgmm_core.config import ModelConfig
from dlgmm_core.evaluate import convergence
from dlgmm_core.evaluate.convergence import Convergence, estimate_convergence, sample_sizes
from dlgmm_core.evaluate.likelihood import log_likelihood
from dlgmm_core.model.models import LatentVariableModel

Toy = Callable[..., LatentVariableModel]
IMAGE = np.array([1, 0, 1, 1], np.uint8)


def settle(model: LatentVariableModel, **options: int) -> Convergence:
    *_, (done, found) = estimate_convergence(model, IMAGE, **options)
    assert done == 1.0 and found is not None
    return found


@pytest.fixture
def model(config: ModelConfig, toy: Toy) -> LatentVariableModel:
    """One of every kind."""
    return toy(config).float()


def test_sizes_rise_from_one_to_the_largest() -> None:
    for largest in (1, 7, 5000):
        sizes = sample_sizes(largest)
        assert sizes[0] == 1 and sizes[-1] == largest and (np.diff(sizes) > 0).all()


def test_estimates_are_the_formula_on_the_first_weights(
    model: LatentVariableModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    original = convergence.log_density_ratio

    def spy(*arguments):  # type: ignore[no-untyped-def]
        seen.append(original(*arguments))
        return seen[-1]

    monkeypatch.setattr(convergence, "log_density_ratio", spy)
    found = settle(model, largest=100, repeats=2)
    for repeat, log_w in enumerate(seen):
        w = np.exp(log_w[0, :, 0].double().numpy())
        for at, size in enumerate(found.sizes):
            assert found.log_p[repeat, at] == pytest.approx(np.log(w[:size].mean()), abs=1e-5)
            assert found.ess[repeat, at] == pytest.approx(w[:size].sum() ** 2 / (w[:size] ** 2).sum(), rel=1e-4)


def test_the_last_estimate_agrees_with_the_likelihood_of_the_evaluation(model: LatentVariableModel) -> None:
    found = settle(model, largest=4000, repeats=6)
    expected = log_likelihood(model, IMAGE[None], 20_000).log_p[0]
    error = found.log_p[:, -1].std(ddof=1) / np.sqrt(6)
    assert found.log_p[:, -1].mean() == pytest.approx(expected, abs=4 * error + 0.02)


def test_a_mixture_shows_all_its_components_from_the_first_samples_on(toy: Toy) -> None:
    model = toy(ModelConfig("dlgmm", 2, 3, (-1.5, 0.0, 2.0), (0.7, 1.0, 1.2), hidden=8, image_shape=(2, 2))).float()
    found = settle(model, largest=1000, repeats=200)
    first = np.log(np.exp(found.log_p[:, 0]).mean())  # one draw: unbiased for p(x), if its component is drawn, too
    assert first == pytest.approx(log_likelihood(model, IMAGE[None], 20_000).log_p[0], abs=0.15)


def test_seeds_differ_progress_rises_and_a_seed_gives_the_same(model: LatentVariableModel) -> None:
    heard = [done for done, _ in estimate_convergence(model, IMAGE, largest=20, repeats=4)]
    assert heard == [0.25, 0.5, 0.75, 1.0]
    first, again = settle(model, largest=20, repeats=3), settle(model, largest=20, repeats=3)
    np.testing.assert_array_equal(first.log_p, again.log_p)
    assert len(np.unique(first.log_p[:, -1])) == 3
    assert (first.ess <= first.sizes + 1e-6).all() and (first.ess >= 1 - 1e-6).all()
