"""What sampled strata spare: a gradient's variance and bias are told apart, and tables are of what was recorded."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from benchmarks import strata
from benchmarks.layers_tables import spared_table
from benchmarks.strata import MODELS, SPARED, Course, moments, read_found
from dlgmm_core.config import ModelConfig
from dlgmm_core.experiments.experiment import TUNED
from dlgmm_core.experiments.rows import Row
from dlgmm_core.model.models import build_model
from dlgmm_core.runtime.records import from_json
from dlgmm_core.runtime.seeding import seeded

MODEL = ModelConfig("dlgmm", 2, 4, (-2.0, 0.0, 1.0, 2.0), (0.5,) * 4, 0.3, hidden=8, image_shape=(2, 2))


def test_the_mean_and_the_variance_are_those_of_the_gradients(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = np.random.default_rng(0).normal(3.0, 2.0, (50, 7))
    rows = iter(drawn)
    monkeypatch.setattr(strata, "_gradient", lambda *_: next(rows).copy())
    mean, variance = moments(build_model(MODEL), torch.zeros(1, 4), 4, "iwae", 50)
    np.testing.assert_allclose(mean, drawn.mean(0))
    assert variance == pytest.approx(drawn.var(0, ddof=1).sum())


def test_strata_bias_the_gradient_of_the_iwae_bound_alone() -> None:
    with seeded(torch.device("cpu"), 1):
        model = build_model(MODEL)
        with torch.no_grad():
            for weight in model.parameters():
                weight.mul_(3)  # so that components differ
        x, error = torch.eye(4), {}
        for bound in ("marginal", "iwae"):
            whole, least = moments(model, x, 4, bound, 200)
            mean, variance = moments(model, x, 1, bound, 200)
            assert variance > least
            error[bound] = float(((mean - whole) ** 2).sum()) / ((variance + least) / 200)  # about 1 without a bias
    assert error["marginal"] < 3 < 20 < error["iwae"]


def tuned(decoded: int, epochs: int, **changes: object) -> Row:
    fields = {
        "model": "dldpmm",
        "dataset": "mnist",
        "eval_dataset": "mnist",
        "recipe": "strata" if decoded else "tuned",
        "code_dim": 25,
        "num_components": 17,
        "seed": 0,
        "epochs": epochs,
        "weights": {"mean": [0.5, 0.49, 0.01], "perplexity": 2.1, "share": [0.5, 0.5, 0.0]},
        "training": replace(TUNED, max_epochs=epochs, decoded=decoded).to_dict(),
    }
    return from_json(Row, fields | changes)


def test_the_time_of_a_training_is_that_of_its_epochs_side_by_side() -> None:
    courses = [
        Course(SPARED, 2, (2.0, 4.0), (-3.0, -2.0)),
        Course(SPARED, 17, (10.0, 20.0), (-3.0, -2.0)),
        Course("another", 2, (1.0,), (-3.0,)),
    ]
    rows = [tuned(0, 120), tuned(0, 40, recipe="strata"), tuned(2, 90), tuned(0, 120, dataset="omniglot")]
    _, _, *lines = spared_table(rows, courses).splitlines()
    assert [line.split(" | ")[:5] for line in lines] == [
        ["| 2", "0", "90", "0.15", "2"],
        ["| 17, all", "0", "40", "0.33", "2"],
        ["| 17, all", "0", "120", "1.00", "2"],
    ]


def test_what_is_recorded_is_of_every_m() -> None:
    errors, courses = read_found()
    assert tuple(each.decoded for each in errors) == MODELS[SPARED][1]
    assert {(each.model, each.decoded) for each in courses} == {(name, m) for name in MODELS for m in MODELS[name][1]}
    assert (errors[-1].marginal, errors[-1].iwae, errors[-1].iwae_bias, errors[-1].seconds) == (1.0, 1.0, 0.0, 1.0)
