"""The content of metrics.json: every figure is that of `evaluation`, and all of it is JSON."""

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np
import pytest

from dlgmm_core.config import ModelConfig
from dlgmm_core.data import Dataset, Split
from dlgmm_core.evaluation import (
    EvaluationError,
    encode,
    error_rate,
    log_likelihood,
    mean_elbo,
    neighbours,
    vote,
    weight_usage,
)
from dlgmm_core.metrics import KNN_SIZES, measure
from dlgmm_core.models import LatentVariableModel

Toy = Callable[..., LatentVariableModel]


def split(seed: int, size: int) -> Split:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, size)
    ink = rng.random((size, 4)) < np.array([[0.9, 0.2, 0.5, 0.5], [0.1, 0.8, 0.5, 0.5], [0.5, 0.5, 0.9, 0.9]])[labels]
    return Split((255 * ink).astype(np.uint8), ink.astype(np.uint8), labels)


DATASET = Dataset("toy", split(0, 60), split(1, 10), split(2, 40), ("a", "b", "c"))


@pytest.fixture
def model(config: ModelConfig, toy: Toy) -> LatentVariableModel:
    return toy(config).float()


@pytest.fixture
def figures(model: LatentVariableModel) -> dict[str, Any]:
    return measure(model, DATASET, "eq1", [5, 50], seed=3)


def test_figures_come_back_from_json_unchanged(figures: dict[str, Any]) -> None:
    again = json.loads(json.dumps(figures, allow_nan=False))
    # JSON knows lists alone, and the weights are tuples
    again["weights"] = {k: tuple(v) if isinstance(v, list) else v for k, v in again["weights"].items()}
    assert again == figures


def test_likelihood_figures_are_those_of_the_test_split(model: LatentVariableModel, figures: dict[str, Any]) -> None:
    assert list(figures["nll"]) == ["5", "50"] and figures["seed"] == 3
    for size, nll in figures["nll"].items():
        estimate = log_likelihood(model, DATASET.test.binary, int(size), 3)
        assert nll == {**asdict(estimate.nll), "ess": estimate.ess.mean()}
    assert figures["elbo"] == {"bound": "eq1", **asdict(mean_elbo(model, DATASET.test.binary, "eq1", 3))}


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
    assert figures["weights"] == asdict(weight_usage(model, DATASET.test.binary))
    assert 1 <= figures["weights"]["perplexity"] <= model.config.num_components + 1e-9
    assert sum(figures["weights"]["share"]) == pytest.approx(1)


def test_progress_names_what_is_being_measured(toy: Toy) -> None:
    heard: list[tuple[str, float]] = []
    model = toy(ModelConfig("gauss-vae", 2, hidden=8, data_dim=4)).float()
    measure(model, DATASET, "eq1", [5, 50], progress=lambda what, done: heard.append((what, done)))
    names = list(dict.fromkeys(what for what, _ in heard))
    assert names == ["kNN, sample codes", "kNN, mean codes", "log p(x), S=5", "log p(x), S=50"]
    assert heard[-1][1] == 1.0


def test_a_model_without_numbers_is_an_error_and_not_a_figure(toy: Toy) -> None:
    model = toy(ModelConfig("gauss-vae", 2, hidden=8, data_dim=4)).float()
    model.decoder.logits.bias.data.fill_(float("nan"))
    with pytest.raises(EvaluationError):
        measure(model, DATASET, "eq1", [5])
