"""The recipe of amortised models: which priors they are measured at, and the rows of these."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from dlgmm_core.config import Context, ContextSampler
from dlgmm_core.evaluate.likelihood import mean_elbo
from dlgmm_core.experiments import measuring_contexts, results
from dlgmm_core.experiments import reproduce as reproducing
from dlgmm_core.experiments.amortised_table import AMORTISED
from dlgmm_core.experiments.results import RESULTS, is_recorded, read_results
from dlgmm_core.experiments.rows import Row
from dlgmm_core.experiments.table import EXPERIMENTS, FIGURE_2
from dlgmm_core.store.checkpoints import load_checkpoint, read_checkpoint, save_metrics
from dlgmm_core.store.files import CheckpointError
from dlgmm_core.store.measurements import read_context_measurements, read_measurements, save_measurements
from tests.experiment_helpers import TOY_PROTOCOL, forbid, run, toy_dataset, toy_experiment, trained, use_toy_data

FIRST, SECOND, THIRD = Context((-1.0, 0.0, 2.0), 0.5), Context((1.0, 0.0, -2.0), 0.1), Context((0.0, 0.0, 1.0), 1.0)


def recorded(root: Path) -> list[Row]:
    """The rows of models."""
    return [row for row in read_results(root) if row.checkpoint]


def test_amortised_models_are_measured_where_a_plain_one_was_trained() -> None:
    known, wide = EXPERIMENTS[AMORTISED], EXPERIMENTS[f"{AMORTISED}-d25"]
    assert known.model.at() == EXPERIMENTS[FIGURE_2].model
    assert wide.model.at() == replace(EXPERIMENTS[FIGURE_2].model, code_dim=25)
    plain = [e for e in EXPERIMENTS.values() if e.recipe in ("figure-2", "amortised") and e.model.contexts is None]
    assert len(plain) == 9 and {e.model for e in plain} == {known.model.at(c) for c in (None, *known.contexts)}
    assert {e.train for e in plain if e.recipe == "amortised"} == {known.train} == {wide.train}
    for experiment in (known, wide):
        assert len(experiment.sweep) == 100 and not set(experiment.sweep) & set(experiment.contexts)
        for context in experiment.sweep:
            experiment.model.at(context)


def test_a_row_is_recorded_for_every_context_and_nothing_is_measured_twice(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    use_toy_data(monkeypatch)
    toy = toy_experiment("turned", "dlgmm")
    model = replace(toy.model, contexts=ContextSampler())
    experiment = replace(toy, model=model, contexts=(FIRST, SECOND), sweep=(THIRD,))
    monkeypatch.setattr(results, "EXPERIMENTS", {"turned": experiment})
    run(tmp_path, experiment)
    rows = recorded(tmp_path)
    assert [row.context for row in rows] == [model.context, FIRST, SECOND, THIRD]
    assert is_recorded(rows, experiment, TOY_PROTOCOL.sample_sizes)
    for missing in range(4):
        left = [row for number, row in enumerate(rows) if number != missing]
        assert not is_recorded(left, experiment, TOY_PROTOCOL.sample_sizes)
    stored = [row for row in json.loads((tmp_path / RESULTS).read_text(encoding="utf-8")) if "checkpoint" in row]
    assert stored[1]["context"] == {"prior_means": [-1.0, 0.0, 2.0], "concentration": 0.5}
    assert all(set(row.figures.nll) == {"2", "5"} and row.figures.knn for row in rows[:3])
    assert not rows[3].figures.nll and not rows[3].figures.knn
    model_of_all, checkpoint = load_checkpoint(tmp_path / "turned")
    images = toy_dataset("mnist").test.binary
    for row in rows:
        assert row.figures.elbo is not None and row.figures.weights is not None
        expected = mean_elbo(model_of_all.at(row.context), images, "eq1")
        assert row.figures.elbo.value == pytest.approx(expected.value, abs=1e-4)
        assert row.figures.weights.mean_max is not None and 1 / 3 <= row.figures.weights.mean_max <= 1
    save_measurements(checkpoint, read_measurements(checkpoint))  # which keeps the others
    assert [each.context for each in read_context_measurements(checkpoint)] == [FIRST, SECOND, THIRD]
    forbid(monkeypatch, "measure", "fit")
    for name in ("measure", "measure_bound"):
        monkeypatch.delattr(measuring_contexts, name)
    (tmp_path / RESULTS).unlink()
    run(tmp_path, experiment)
    assert recorded(tmp_path) == rows
    assert not reproducing._is_due(experiment, tmp_path, rows, TOY_PROTOCOL)


@pytest.mark.parametrize("contexts", ["no", [{"context": {"prior_means": [0.0]}}]])
def test_damaged_measurements_at_contexts_are_one_sentence(contexts: object, tmp_path: Path) -> None:
    trained(toy_experiment("plain"), tmp_path)
    save_metrics(read_checkpoint(tmp_path), {"test": {}, "contexts": contexts})
    with pytest.raises(CheckpointError, match=r"is damaged .*: remove it, and run evaluate again\.$") as error:
        read_context_measurements(read_checkpoint(tmp_path))
    assert "\n" not in str(error.value)
