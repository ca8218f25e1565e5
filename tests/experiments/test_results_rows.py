"""The rows of the record: whose they are, what they say, and that their figures are those measured."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dlgmm_core.evaluate.knn import KNN_SIZES, REPRESENTATIONS
from dlgmm_core.evaluate.metrics import measure
from dlgmm_core.experiments import results
from dlgmm_core.experiments.experiment import Experiment
from dlgmm_core.experiments.results import experiment_rows, is_recorded, read_results, write_results
from dlgmm_core.runtime.records import to_json
from dlgmm_core.store.checkpoints import METRICS, load_checkpoint, read_checkpoint, save_checkpoint, save_metrics
from dlgmm_core.store.history import EpochMetrics
from dlgmm_core.store.measurements import save_measurements
from dlgmm_core.train.training import TrainingRun
from tests.experiment_helpers import toy_dataset, toy_experiment, trained

PLAIN = toy_experiment("plain")
MIXED = toy_experiment("mixed", "dlgmm", tests=("mnist", "omniglot"), baseline="plain")
FIELDS = [
    "model",
    "dataset",
    "eval_dataset",
    "recipe",
    "code_dim",
    "num_components",
    "seed",
    "epochs",
    "seconds",
    "stopped",
    "valid_bound",
]
FIGURES = ["elbo", "nll", "knn", "weights"]
RECIPE = ["architecture", "training", "checkpoint"]


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> None:
    """A table of two experiments in place of the real one."""
    monkeypatch.setattr(results, "EXPERIMENTS", {"plain": PLAIN, "mixed": MIXED})


# --- rows of checkpoints -------------------------------------------------------------------------


def measured(experiment: Experiment, root: Path) -> dict[str, Any]:
    """The content of metrics.json, after training and measuring the experiment."""
    trained(experiment, root / experiment.name)
    model, checkpoint = load_checkpoint(root / experiment.name)
    save_measurements(
        checkpoint,
        {name: measure(model, toy_dataset(name), "eq1", (2, 5), images=9) for name in experiment.eval_datasets},
    )
    stored: dict[str, Any] = json.loads((checkpoint.folder / METRICS).read_text(encoding="utf-8"))
    return stored


@pytest.mark.usefixtures("table")
def test_a_row_says_what_was_trained_and_repeats_the_measured_figures(tmp_path: Path) -> None:
    tests = measured(MIXED, tmp_path)["test"]
    rows = experiment_rows(tmp_path)
    assert [row.eval_dataset for row in rows] == ["mnist", "omniglot"]
    assert all((row.model_config, row.train_config) == (MIXED.model, MIXED.train) for row in rows)
    for row in map(to_json, rows):
        shown = [*FIGURES, "clustering"]  # it is a mixture
        assert list(row) == [*FIELDS, *shown, *RECIPE]
        figures = tests[row["eval_dataset"]]
        assert {name: row[name] for name in shown} == {name: figures[name] for name in shown}
        identity = ("dlgmm", "mnist", "paper", 2, 3, 0, 2, "mixed")
        names = ["model", "dataset", "recipe", "code_dim", "num_components", "seed", "epochs", "checkpoint"]
        assert tuple(row[name] for name in names) == identity
    assert rows[0].figures.elbo != rows[1].figures.elbo
    write_results(tmp_path, rows)
    assert is_recorded(read_results(tmp_path), MIXED, (2, 5))


@pytest.mark.usefixtures("table")
def test_the_figures_of_a_row_have_their_intervals(tmp_path: Path) -> None:
    measured(PLAIN, tmp_path)
    row = to_json(*experiment_rows(tmp_path))
    assert set(row["elbo"]) == {"bound", "value", "ci95"} and row["elbo"]["bound"] == "eq1"
    assert list(row["nll"]) == ["2", "5"]
    assert all(set(nll) == {"value", "ci95", "ess", "images"} for nll in row["nll"].values())
    assert [nll["images"] for nll in row["nll"].values()] == [130, 9]
    assert set(row["knn"]) == set(REPRESENTATIONS)
    for errors in row["knn"].values():
        assert {k: set(error) for k, error in errors.items()} == {str(k): {"error", "ci95"} for k in KNN_SIZES}
    assert set(row["weights"]) == {"mean", "perplexity", "share", "mean_max"}


@pytest.mark.usefixtures("table")
def test_a_row_contains_the_comparison_if_there_is_one(tmp_path: Path) -> None:
    metrics = measured(PLAIN, tmp_path)
    metrics["test"]["mnist"]["paired"] = {"rival": "nobody", "rival_weights": "0", "sample": {}, "mean": {}}
    save_metrics(read_checkpoint(tmp_path / "plain"), {"test": metrics["test"]})
    row = to_json(*experiment_rows(tmp_path))
    assert row["paired"] == metrics["test"]["mnist"]["paired"]
    assert list(row) == [*FIELDS, "elbo", "nll", "knn", "paired", "weights", *RECIPE]


@pytest.mark.usefixtures("table")
def test_rows_come_in_the_tables_order_and_from_its_measured_checkpoints_only(tmp_path: Path) -> None:
    assert experiment_rows(tmp_path) == []
    measured(replace(PLAIN, name="stranger"), tmp_path)
    trained(PLAIN, tmp_path / "plain")
    assert experiment_rows(tmp_path) == []
    measured(MIXED, tmp_path)
    measured(PLAIN, tmp_path)
    assert [row.checkpoint for row in experiment_rows(tmp_path)] == ["plain", "mixed", "mixed"]


@pytest.mark.usefixtures("table")
def test_figures_of_weights_that_were_replaced_make_no_row(tmp_path: Path) -> None:
    measured(PLAIN, tmp_path)
    run = TrainingRun.start(PLAIN.model, PLAIN.train)
    save_checkpoint(tmp_path / "plain", run.best_weights, PLAIN.model, PLAIN.train, 1, -9.0)
    assert experiment_rows(tmp_path) == []


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize(
    ("best_epoch", "epochs", "stopped"), [(3, 5, "patience"), (1, 3, "patience"), (5, 6, "epochs"), (4, 6, "patience")]
)
def test_a_run_stopped_for_want_of_patience_or_of_epochs(
    best_epoch: int, epochs: int, stopped: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = replace(PLAIN.train, max_epochs=6, patience=2)
    run = TrainingRun.start(PLAIN.model, recipe)
    run.history = [
        EpochMetrics(
            n, -9.0, -9.0 if n >= best_epoch else -9.5, min(n, best_epoch), -9.0 if n >= best_epoch else -9.5, 1.3
        )
        for n in range(1, epochs + 1)
    ]
    assert run.finished
    run.save(tmp_path / "plain")
    save_metrics(read_checkpoint(tmp_path / "plain"), {"test": {"mnist": {}}})
    monkeypatch.setattr(results, "EXPERIMENTS", {"plain": replace(PLAIN, train=recipe)})
    (row,) = experiment_rows(tmp_path)
    assert (row.stopped, row.epochs, row.seconds) == (stopped, epochs, round(1.3 * epochs))
