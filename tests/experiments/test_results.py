"""The record of all experiments: it comes back as written, no row is lost, and what is done already is known."""

import json
import math
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dlgmm_core.experiments.experiment import Experiment
from dlgmm_core.experiments.results import RESULTS, is_recorded, is_trained, merge_rows, read_results, write_results
from dlgmm_core.experiments.rows import Row
from dlgmm_core.experiments.table import EXPERIMENTS
from dlgmm_core.runtime.files import StorageError
from dlgmm_core.store.checkpoints import TRAINING
from dlgmm_core.store.figures import Clustering, ClusteringScores, Elbo, ErrorRate, Figures, NegativeLogLikelihood
from dlgmm_core.store.files import CheckpointError
from tests.experiment_helpers import contents, toy_experiment, trained

SIZES = (2, 5)
PLAIN = toy_experiment("plain")
MIXED = toy_experiment("mixed", "dlgmm", tests=("mnist", "omniglot"), baseline="plain")


def row_of(experiment: Experiment, eval_dataset: str = "mnist", **more: Any) -> Row:
    """A row of the experiment with -log p(x) at every S and, of a mixture, how well it clusters."""
    scores = ClusteringScores(80.0, 85.0, 0.75, 0.9, 10)
    clusters = Clustering(weights=scores, responsibilities=scores) if experiment.model.model == "dlgmm" else None
    return Row(
        recipe=experiment.recipe,
        eval_dataset=eval_dataset,
        checkpoint=experiment.name,
        model_config=experiment.model,
        train_config=experiment.train,
        model=experiment.model.model,
        dataset=experiment.train.dataset,
        code_dim=experiment.model.code_dim,
        figures=Figures(
            nll={str(size): NegativeLogLikelihood(100.0, 0.1 + 0.2) for size in SIZES}, clustering=clusters
        ),
        **more,
    )


BASELINE = Row(
    model="raw-pixels",
    dataset="mnist",
    eval_dataset="mnist",
    recipe="baseline",
    code_dim=784,
    figures=Figures(knn={"mean": {"5": ErrorRate(4.5, 0.4)}}),
)


# --- the file ------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [[], [BASELINE], [row_of(PLAIN, seconds=3), BASELINE, row_of(MIXED)]])
def test_what_is_written_is_read_again_one_row_a_line(rows: list[Row], tmp_path: Path) -> None:
    write_results(tmp_path, rows)
    assert read_results(tmp_path) == rows
    opening, *lines, closing = (tmp_path / RESULTS).read_text(encoding="utf-8").splitlines()
    assert (opening, closing) == ("[", "]")
    assert [json.loads(line.removesuffix(","))["model"] for line in lines if line] == [row.model for row in rows]


def test_the_shipped_record_is_written_as_it_was_read_to_the_byte(repository: Path, tmp_path: Path) -> None:
    write_results(tmp_path, read_results(repository))
    assert (tmp_path / RESULTS).read_bytes() == (repository / RESULTS).read_bytes()


def test_what_was_recorded_is_the_configuration_of_the_experiment(repository: Path) -> None:
    by_name = {row.checkpoint: row for row in read_results(repository) if row.checkpoint}
    for name, row in by_name.items():
        assert (row.model_config, row.train_config) == (EXPERIMENTS[name].model, EXPERIMENTS[name].train)


def test_without_a_file_there_are_no_rows(tmp_path: Path) -> None:
    assert read_results(tmp_path) == []


def test_a_record_that_cannot_be_written_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_results(tmp_path, [BASELINE])
    before = contents(tmp_path)
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_results(tmp_path, [row_of(PLAIN), replace(BASELINE, figures=Figures(Elbo("eq1", math.nan, 0.0)))])
    assert contents(tmp_path) == before

    def full(*paths: object) -> None:
        raise OSError("No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        with pytest.raises(StorageError, match="No space"):
            write_results(tmp_path, [])
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    "content",
    [b"", b'[\n{"recipe": "paper"', b"recipe", b"[1, 2]", b'[{"model": "dlgmm"}]', b"{}", b"null", b"3", b'["\xff"]'],
)
def test_a_damaged_record_is_an_error_that_names_the_file(content: bytes, tmp_path: Path) -> None:
    (tmp_path / RESULTS).write_bytes(content)
    with pytest.raises(StorageError) as caught:
        read_results(tmp_path)
    assert str(caught.value).startswith(
        (f"{tmp_path / RESULTS} is damaged (", f"{tmp_path / RESULTS} is not a list of")
    )


# --- merging -------------------------------------------------------------------------------------


def test_new_rows_replace_their_own_and_all_come_in_the_tables_order() -> None:
    first, second, third = (EXPERIMENTS[name] for name in ("mnist-gauss-vae", "mnist-dlgmm", "mnist-dlgmm-fig2"))
    old = [BASELINE, row_of(third, seconds=1), row_of(second, "binarized-mnist", seconds=1), row_of(second, seconds=1)]
    new = [row_of(second, seconds=2), row_of(first, seconds=2)]
    merged = merge_rows(old, new)
    assert [(row.checkpoint, row.eval_dataset, row.seconds) for row in merged] == [
        ("mnist-gauss-vae", "mnist", 2),
        ("mnist-dlgmm", "binarized-mnist", 1),
        ("mnist-dlgmm", "mnist", 2),
        ("mnist-dlgmm-fig2", "mnist", 1),
        (None, "mnist", None),
    ]
    assert merge_rows(merged, []) == merged and merge_rows(merged, new) == merged


def test_a_baseline_replaces_itself_alone() -> None:
    others = [replace(BASELINE, model="k-means-on-pixels", num_components=k, seed=s) for k in (10, 20) for s in (0, 1)]
    old = [BASELINE, *others]
    again = replace(others[1], seconds=3.0)
    merged = merge_rows(old, [again])
    assert len(merged) == len(old) and again in merged and others[1] not in merged
    assert all(row in merged for row in old if row is not others[1])


def test_rows_of_models_that_the_table_lacks_are_kept_behind_it() -> None:
    foreign, known = row_of(PLAIN), row_of(EXPERIMENTS["mnist-dlgmm"])
    assert merge_rows([foreign], [known]) == [known, foreign]


# --- what is recorded already --------------------------------------------------------------------


def test_an_experiment_is_recorded_when_all_its_test_sets_are() -> None:
    rows = [BASELINE, row_of(MIXED)]
    assert not is_recorded([], MIXED, SIZES) and not is_recorded(rows, MIXED, SIZES)
    assert not is_recorded([*rows, row_of(PLAIN, "omniglot")], MIXED, SIZES)
    rows.append(row_of(MIXED, "omniglot"))
    assert is_recorded(rows, MIXED, SIZES) and not is_recorded(rows, PLAIN, SIZES)
    assert is_recorded(rows, MIXED, SIZES[:1]) and not is_recorded(rows, MIXED, (*SIZES, 5000))
    assert not is_recorded(rows, replace(MIXED, exact=True), SIZES)
    rows[1] = replace(rows[1], figures=replace(rows[1].figures, clustering=None))
    assert not is_recorded(rows, MIXED, SIZES)


@pytest.mark.parametrize(
    "other",
    [
        replace(MIXED, train=replace(MIXED.train, seed=1)),
        replace(MIXED, train=replace(MIXED.train, schedule="cosine")),
        replace(MIXED, model=replace(MIXED.model, prior_means=(0.0, 0.0, 1.0))),
        replace(MIXED, model=replace(MIXED.model, encoder_activation="linear")),
        replace(MIXED, model=replace(MIXED.model, prior_components="diagonal")),
    ],
)
def test_figures_of_other_settings_are_not_the_experiments(other: Experiment) -> None:
    rows = [row_of(MIXED), row_of(MIXED, "omniglot")]
    assert is_recorded(rows, MIXED, SIZES) and not is_recorded(rows, other, SIZES)
    assert not is_recorded([row_of(other), row_of(MIXED, "omniglot")], MIXED, SIZES)  # nor a mixture of both


# --- what is trained already ---------------------------------------------------------------------


def test_a_folder_is_trained_once_the_run_has_ended(tmp_path: Path) -> None:
    assert not is_trained(tmp_path / "plain", PLAIN)
    trained(PLAIN, tmp_path / "plain", epochs=1)
    assert (tmp_path / "plain" / TRAINING).exists() and not is_trained(tmp_path / "plain", PLAIN)
    trained(PLAIN, tmp_path / "plain")
    assert is_trained(tmp_path / "plain", PLAIN)


@pytest.mark.parametrize("epochs", [1, None], ids=["unfinished", "finished"])
@pytest.mark.parametrize(
    ("asked", "difference"),
    [
        (replace(PLAIN, train=replace(PLAIN.train, seed=1)), "seed = 0, not 1"),
        (replace(PLAIN, train=replace(PLAIN.train, bound="iwae")), "bound = eq1, not iwae"),
        (replace(PLAIN, train=replace(PLAIN.train, data_bias=True)), "data_bias = False, not True"),
        (replace(PLAIN, model=replace(PLAIN.model, hidden=5)), "hidden = 4, not 5"),
        (replace(PLAIN, model=MIXED.model), "model = gauss-vae, not dlgmm"),
    ],
)
def test_a_folder_of_other_settings_is_refused_by_the_first_that_differs(
    asked: Experiment, difference: str, epochs: int | None, tmp_path: Path
) -> None:
    folder = tmp_path / "plain"
    trained(PLAIN, folder, epochs)
    with pytest.raises(CheckpointError) as caught:
        is_trained(folder, asked)
    assert str(caught.value) == f"{folder} was trained with {difference}: move the folder away."
