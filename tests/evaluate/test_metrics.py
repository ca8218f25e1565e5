"""The content of metrics.json: every figure is that of `likelihood` or `knn`, and comes back from JSON."""

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dlgmm_core.config import ModelConfig
from dlgmm_core.data.datasets import Dataset, Split
from dlgmm_core.evaluate import metrics
from dlgmm_core.evaluate.knn import KNN_SIZES, encode, error_rate, paired_test, vote
from dlgmm_core.evaluate.likelihood import (
    EvaluationError,
    Interval,
    log_likelihood,
    mean_elbo,
    refined_interval,
    weight_usage,
)
from dlgmm_core.evaluate.metrics import compare, measure
from dlgmm_core.evaluate.neighbours import neighbours
from dlgmm_core.model.models import LatentVariableModel
from dlgmm_core.runtime.records import from_json, to_json
from dlgmm_core.store.figures import EXACT, Comparison, Elbo, Figures, Measurement, NegativeLogLikelihood, PairedTest

Toy = Callable[..., LatentVariableModel]
GAUSS = ModelConfig("gauss-vae", 2, hidden=8, image_shape=(2, 2))


def split(seed: int, size: int) -> Split:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, size)
    ink = rng.random((size, 4)) < np.array([[0.9, 0.2, 0.5, 0.5], [0.1, 0.8, 0.5, 0.5], [0.5, 0.5, 0.9, 0.9]])[labels]
    return Split((255 * ink).astype(np.uint8), ink.astype(np.uint8), labels)


DATASET = Dataset("toy", split(0, 60), split(1, 10), split(2, 40), ("a", "b", "c"), (2, 2))


@pytest.fixture
def model(config: ModelConfig, toy: Toy) -> LatentVariableModel:
    return toy(config).float()


@pytest.fixture
def figures(model: LatentVariableModel) -> dict[str, Any]:
    """As JSON holds them."""
    return measured(model, [5, 50], seed=3)


def measured(model: LatentVariableModel, sizes: list[int], **options: Any) -> dict[str, Any]:
    found: dict[str, Any] = to_json(measure(model, DATASET, "eq1", sizes, **options))
    return found


def test_figures_come_back_from_json_unchanged(model: LatentVariableModel) -> None:
    figures = measure(model, DATASET, "eq1", [5, 50], seed=3)
    assert from_json(Measurement, json.loads(json.dumps(to_json(figures), allow_nan=False))) == figures


def test_figures_are_updated_by_those_that_are_new() -> None:
    at_50, at_500 = NegativeLogLikelihood(93.0, 0.4), NegativeLogLikelihood(92.0, 0.4)
    compared = Comparison("plain", "0", {}, {})
    old = Figures(Elbo("eq1", -99.0, 0.4), {"50": at_50}, {"mean": {}}, compared)
    new = Figures(Elbo("eq1", -98.0, 0.4), {"500": at_500})
    expected = Figures(new.elbo, {"50": at_50, "500": at_500}, {"mean": {}}, compared)
    assert old.updated(new) == expected


def test_likelihood_figures_are_those_of_the_test_split(model: LatentVariableModel, figures: dict[str, Any]) -> None:
    assert list(figures["nll"]) == ["5", "50"] and figures["seed"] == 3
    for size, nll in figures["nll"].items():
        estimate = log_likelihood(model, DATASET.test.binary, int(size), 3)
        expected = {**asdict(estimate.nll), "ess": estimate.ess.mean(), "images": 40}
        assert nll == (expected if size == "5" else pytest.approx(expected))
    assert figures["elbo"] == {"bound": "eq1", **asdict(mean_elbo(model, DATASET.test.binary, "eq1", 3))}


def test_the_smallest_s_is_measured_on_all_images_and_larger_ones_on_some(
    model: LatentVariableModel, figures: dict[str, Any]
) -> None:
    some = measured(model, [50, 5, 20], seed=3, images=12)["nll"]
    assert list(some) == ["5", "20", "50"]
    assert some["5"] == figures["nll"]["5"]
    rough = log_likelihood(model, DATASET.test.binary, 5, 3)
    chosen = np.array([0, 3, 6, 10, 13, 16, 20, 23, 26, 30, 33, 36])  # every three and a third
    for size in (20, 50):
        precise = log_likelihood(model, DATASET.test.binary[chosen], size, 3)
        expected = asdict(refined_interval(-rough.log_p, -precise.log_p, chosen))
        assert some[str(size)] == {**expected, "ess": precise.ess.mean(), "images": 12}
        assert some[str(size)]["ci95"] != pytest.approx(precise.nll.ci95)


def test_log_p_on_a_grid_agrees_with_many_samples(toy: Toy) -> None:
    figures = measure(toy(GAUSS).float(), DATASET, "eq1", [50, 5000], images=12, exact=True).figures
    exact, many = figures.nll[EXACT], figures.estimates[5000]
    assert exact.images == 12 and exact.ess is None and exact.value == pytest.approx(many.value, abs=many.ci95 / 20)
    assert exact.ci95 == pytest.approx(many.ci95, rel=0.05)
    assert list(figures.estimates) == [50, 5000]


@pytest.mark.parametrize("count", [2, 7, 13, 39, 40, 41, 1000])
def test_the_images_of_larger_s_are_evenly_spread(count: int, toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[NDArray[np.int64]] = []

    def spy(rough: NDArray[np.float64], precise: NDArray[np.float64], chosen: NDArray[np.int64]) -> Interval:
        asked.append(chosen)
        return refined_interval(rough, precise, chosen)

    monkeypatch.setattr(metrics, "refined_interval", spy)
    nll = measured(toy(GAUSS).float(), [2, 3], images=count)["nll"]
    assert nll["3"]["images"] == min(count, 40) and nll["2"]["images"] == 40
    (chosen,) = asked
    assert len(chosen) == min(count, 40) and min(chosen) >= 0 and max(chosen) < 40
    gaps = np.diff(np.append(chosen, chosen[0] + 40))
    assert gaps.min() >= 1 and gaps.max() - gaps.min() <= 1


def test_neighbours_come_from_the_training_split(model: LatentVariableModel, figures: dict[str, Any]) -> None:
    assert set(figures["knn"]) == {"sample", "mean"}
    for representation, errors in figures["knn"].items():
        train = encode(model, DATASET.train.binary, representation, 3)
        test = encode(model, DATASET.test.binary, representation, 3)
        labels = DATASET.train.labels[neighbours(train, test, max(KNN_SIZES))]
        assert set(errors) == {"3", "5", "10"}
        for k, error in errors.items():
            expected = error_rate(vote(labels, int(k)), DATASET.test.labels)
            assert error == {"error": expected.value, "ci95": expected.ci95}


def test_weights_are_those_of_the_test_split(model: LatentVariableModel, figures: dict[str, Any]) -> None:
    assert figures["weights"] == to_json(weight_usage(model, DATASET.test.binary))
    assert 1 <= figures["weights"]["perplexity"] <= model.config.num_components + 1e-9
    assert sum(figures["weights"]["share"]) == pytest.approx(1)


def test_progress_names_what_is_being_measured(toy: Toy) -> None:
    heard: list[tuple[str, float]] = []
    model = toy(GAUSS).float()
    measure(model, DATASET, "eq1", [5, 50], progress=lambda what, done: heard.append((what, done)))
    names = list(dict.fromkeys(what for what, _ in heard))
    assert names == ["kNN, sample codes", "kNN, mean codes", "log p(x), S=5", "log p(x), S=50"]
    assert heard[-1][1] == 1.0


def test_a_model_without_numbers_is_an_error_and_not_a_figure(toy: Toy) -> None:
    model = toy(GAUSS).float()
    model.decoder.data_bias.data.fill_(float("nan"))
    with pytest.raises(EvaluationError):
        measure(model, DATASET, "eq1", [5])


# --- two models --------------------------------------------------------------------------------


def predicted(model: LatentVariableModel, representation: str, k: int, seed: int) -> NDArray[np.int64]:
    """(N,), what the training images nearest to each test image vote for."""
    train, test = (encode(model, part.binary, representation, seed) for part in (DATASET.train, DATASET.test))
    return vote(DATASET.train.labels[neighbours(train, test, max(KNN_SIZES))], k)


def test_two_models_are_compared_by_their_votes_on_the_same_test_images(model: LatentVariableModel, toy: Toy) -> None:
    baseline = toy(GAUSS).float()
    found = compare(model, baseline, DATASET, seed=3)
    assert set(found) == {"sample", "mean"}
    for representation, tests in found.items():
        assert set(tests) == {"3", "5", "10"}
        for k, test in tests.items():
            first, second = (predicted(each, representation, int(k), 3) for each in (model, baseline))
            assert test == paired_test(first, second, DATASET.test.labels)
    assert any(test.p_value < 1 for tests in found.values() for test in tests.values())


def test_the_paired_test_counts_the_errors_that_the_figures_show(model: LatentVariableModel, toy: Toy) -> None:
    baseline = toy(GAUSS).float()
    errors = [measure(each, DATASET, "eq1", [2], seed=3).figures.knn for each in (model, baseline)]
    for representation, tests in compare(model, baseline, DATASET, seed=3).items():
        for k, test in tests.items():
            first, second = (each[representation][k].error for each in errors)
            assert test.only_first_wrong - test.only_second_wrong == pytest.approx((first - second) * 40 / 100)


def test_a_model_does_not_differ_from_itself_and_the_first_is_the_first(toy: Toy) -> None:
    model, baseline = toy(GAUSS).float(), toy(GAUSS).float()
    for tests in compare(model, model, DATASET).values():
        assert all(test == PairedTest(0, 0, 1.0) for test in tests.values())
    swapped = compare(baseline, model, DATASET)
    for representation, tests in compare(model, baseline, DATASET).items():
        for k, test in tests.items():
            other = swapped[representation][k]
            assert (test.only_first_wrong, test.p_value) == (other.only_second_wrong, other.p_value)
