"""`reproduce`: what is due is trained, measured, compared and recorded; what is done is not done again."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from dlgmm_core.data.datasets import Dataset
from dlgmm_core.evaluate.metrics import compare, measure
from dlgmm_core.experiments import reproduce as reproducing
from dlgmm_core.experiments import results
from dlgmm_core.experiments.progress import share_done
from dlgmm_core.experiments.reproduce import reproduce
from dlgmm_core.experiments.results import RESULTS, read_results, write_results
from dlgmm_core.store.checkpoints import (
    HISTORY,
    METRICS,
    PER_IMAGE,
    TSNE,
    WEIGHTS,
    load_checkpoint,
    read_checkpoint,
    read_metrics,
    save_checkpoint,
)
from dlgmm_core.store.figures import Comparison, Measurement
from dlgmm_core.store.measurements import read_measurements, save_measurements
from dlgmm_core.store.tsne_map import ProjectionConfig, load_map
from dlgmm_core.train.training import TrainingRun, fit
from tests.experiment_helpers import (
    DRAWN,
    LONG,
    MAPPED,
    MIXED,
    PLAIN,
    TOY_PROTOCOL,
    contents,
    forbid,
    named,
    run,
    spy,
    toy_dataset,
    trained,
    use_toy_experiments,
)


@pytest.fixture(autouse=True)
def toy_experiments(monkeypatch: pytest.MonkeyPatch) -> None:
    use_toy_experiments(monkeypatch)


# --- what is due is done -------------------------------------------------------------------------


def test_models_are_trained_measured_and_recorded_with_the_baselines(tmp_path: Path) -> None:
    run(tmp_path, MIXED, PLAIN)
    rows = read_results(tmp_path)
    assert named(rows) == [("plain", "mnist"), ("mixed", "mnist"), ("raw-pixels", "mnist"), ("pca-25", "mnist")]
    for experiment, row in zip((PLAIN, MIXED), rows, strict=False):
        whole = TrainingRun.start(experiment.model, experiment.train)
        list(fit(whole, toy_dataset("mnist")))
        model, checkpoint = load_checkpoint(tmp_path / experiment.name)
        assert (checkpoint.model_config, checkpoint.train_config) == (experiment.model, experiment.train)
        assert all(torch.equal(tensor, whole.best_weights[name]) for name, tensor in model.state_dict().items())
        assert {file.name for file in checkpoint.folder.iterdir()} == {WEIGHTS, HISTORY, METRICS, PER_IMAGE}
        figures = measure(model, toy_dataset("mnist"), "eq1", (2, 5), seed=0, images=10).figures
        paired = compare(model, load_checkpoint(tmp_path / "plain")[0], toy_dataset("mnist"))
        compared = Comparison("plain", read_checkpoint(tmp_path / "plain").digest, **paired)
        assert row.figures == replace(figures, paired=compared if experiment.baseline else None)


def test_every_test_set_is_measured_with_the_elbo_of_the_bound_trained_on(tmp_path: Path) -> None:
    run(tmp_path, DRAWN)
    rows = read_results(tmp_path)
    assert named(rows) == [
        ("drawn", "omniglot"),
        ("drawn", "mnist"),
        ("raw-pixels", "omniglot"),
        ("pca-25", "omniglot"),
    ]
    model, _ = load_checkpoint(tmp_path / "drawn")
    for row in rows[:2]:
        expected = measure(model, toy_dataset(row.eval_dataset), "marginal", (2, 5), seed=0, images=10)
        assert row.figures == expected.figures


def test_the_longest_training_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = spy(monkeypatch, "_train")
    run(tmp_path, PLAIN, LONG, MIXED, DRAWN)  # 2 epochs; 4; 2 of three components; 2 of fewer images
    assert [experiment.name for experiment, *_ in begun] == ["long", "mixed", "plain", "drawn"]


def test_a_map_is_made_where_one_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(tmp_path, MAPPED, PLAIN)
    stored = load_map(read_checkpoint(tmp_path / "mapped"), 130)
    assert stored is not None and stored[0].shape == (130, 2) and stored[1] == ProjectionConfig(seed=0)
    assert not (tmp_path / "plain" / TSNE).exists()
    (tmp_path / RESULTS).unlink()
    forbid(monkeypatch, "fit_tsne", "fit", "measure")
    run(tmp_path, MAPPED)


# --- and what is done is not done again ----------------------------------------------------------


def test_a_second_call_does_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(tmp_path, PLAIN, MIXED)
    before = contents(tmp_path)
    forbid(monkeypatch, "_run", "fit", "measure", "compare", "baseline_rows", "load_dataset")
    run(tmp_path, PLAIN, MIXED)
    assert contents(tmp_path) == before


def test_baselines_are_measured_once_for_each_data_set_and_stay_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = spy(monkeypatch, "baseline_rows")
    run(tmp_path, PLAIN)
    run(tmp_path, PLAIN, DRAWN)
    assert [dataset.name for (dataset,) in measured] == ["mnist", "omniglot"]
    assert named(read_results(tmp_path)) == [
        *[("plain", "mnist"), ("drawn", "omniglot"), ("drawn", "mnist")],
        *[(name, dataset) for dataset in ("mnist", "omniglot") for name in ("raw-pixels", "pca-25")],
    ]


def test_what_is_recorded_needs_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(tmp_path / "there", PLAIN, MIXED)
    rows = read_results(tmp_path / "there")
    write_results(tmp_path / "here", rows)
    forbid(monkeypatch, "_run", "compare", "baseline_rows")
    run(tmp_path / "here", PLAIN, MIXED)
    assert read_results(tmp_path / "here") == rows
    assert [path.name for path in (tmp_path / "here").iterdir()] == [RESULTS]


def test_experiments_recorded_with_other_settings_are_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(tmp_path / "there", PLAIN)
    old = read_results(tmp_path / "there")
    write_results(tmp_path / "here", old)
    again = replace(PLAIN, train=replace(PLAIN.train, seed=1))
    monkeypatch.setitem(results.EXPERIMENTS, "plain", again)
    run(tmp_path / "here", again)
    row, *baselines = read_results(tmp_path / "here")
    assert row.seed == 1 and row.figures.elbo != old[0].figures.elbo and baselines == old[1:]


def test_a_measurement_on_disk_is_not_taken_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:

        def only_omniglot(model: object, dataset: Dataset, *rest: Any, **options: Any) -> Measurement:
            if dataset.name == "mnist":
                raise KeyboardInterrupt
            return measure(model, dataset, *rest, **options)  # type: ignore[arg-type]

        patch.setattr(reproducing, "measure", only_omniglot)
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path, DRAWN)
    checkpoint = read_checkpoint(tmp_path / "drawn")
    first = read_metrics(checkpoint)["test"]
    assert list(first) == ["omniglot"] and not (tmp_path / RESULTS).exists()
    forbid(monkeypatch, "fit")
    measured = spy(monkeypatch, "measure")
    run(tmp_path, DRAWN)
    assert [dataset.name for _, dataset, *_ in measured] == ["mnist"]
    assert read_metrics(checkpoint)["test"]["omniglot"] == first["omniglot"]


def test_a_measurement_that_lacks_a_sample_size_is_taken_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(tmp_path, PLAIN)
    (tmp_path / RESULTS).unlink()
    forbid(monkeypatch, "fit")
    reproduce([PLAIN], tmp_path, replace(TOY_PROTOCOL, sample_sizes=(2, 7)), jobs=1)
    assert list(read_metrics(read_checkpoint(tmp_path / "plain"))["test"]["mnist"]["nll"]) == ["2", "7"]


def test_only_clusters_and_every_images_estimates_are_added_to_a_measurement_without_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(tmp_path, MIXED, PLAIN)
    whole = contents(tmp_path)
    checkpoint = read_checkpoint(tmp_path / "mixed")
    figures = read_measurements(checkpoint)
    save_measurements(
        checkpoint, {"mnist": replace(figures["mnist"], figures=replace(figures["mnist"].figures, clustering=None))}
    )
    for name in ("mixed", "plain"):
        (tmp_path / name / PER_IMAGE).unlink()
    old = [replace(row, figures=replace(row.figures, clustering=None)) for row in read_results(tmp_path)]
    write_results(tmp_path, old)
    forbid(monkeypatch, "fit", "measure", "compare", "baseline_rows")
    run(tmp_path, MIXED, PLAIN)
    assert contents(tmp_path) == whole
    asked = spy(monkeypatch, "per_image")
    (tmp_path / "plain" / PER_IMAGE).unlink()  # the rows are complete, and the file is not there
    run(tmp_path, MIXED, PLAIN)
    assert contents(tmp_path) == whole and len(asked) == 1


# --- baselines --------------------------------------------------------------------------------------


def test_votes_are_compared_with_the_baselines_image_by_image(tmp_path: Path) -> None:
    run(tmp_path, MIXED, PLAIN)
    plain, mixed = read_results(tmp_path)[:2]
    first, second = (row.figures.knn["mean"]["3"].error for row in (mixed, plain))
    assert mixed.figures.paired is not None
    pair = mixed.figures.paired.mean["3"]
    assert (pair.only_first_wrong - pair.only_second_wrong) / 1.3 == pytest.approx(first - second)


def test_a_comparison_waits_for_its_baseline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(tmp_path, MIXED)
    assert read_results(tmp_path)[0].figures.paired is None
    run(tmp_path, PLAIN)
    forbid(monkeypatch, "fit", "measure")
    run(tmp_path, MIXED)
    paired = read_results(tmp_path)[1].figures.paired
    assert paired is not None and paired.baseline == "plain"


def test_a_comparison_is_made_again_when_the_baselines_weights_have_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(tmp_path, PLAIN, MIXED)
    row = read_results(tmp_path)[1]
    before = row.figures.paired
    other = TrainingRun.start(PLAIN.model, replace(PLAIN.train, seed=9))
    save_checkpoint(tmp_path / "plain", other.best_weights, PLAIN.model, PLAIN.train, 2, -500.0)
    digest = read_checkpoint(tmp_path / "plain").digest
    assert before is not None and digest != before.baseline_weights
    compared = spy(monkeypatch, "compare")
    for _ in range(2):
        run(tmp_path, MIXED)
    assert len(compared) == 1
    again = read_results(tmp_path)[1]
    after = again.figures.paired
    assert after is not None and after.baseline_weights == digest and after.sample != before.sample
    assert replace(again, figures=replace(again.figures, paired=before)) == row


# --- the bar -------------------------------------------------------------------------------------


def test_the_share_of_an_experiment_done_grows_from_nothing_to_all(tmp_path: Path) -> None:
    shares = [share_done(LONG, tmp_path)]
    for epochs in (1, 3, None):
        trained(LONG, tmp_path / "long", epochs)
        shares.append(share_done(LONG, tmp_path))
    run(tmp_path, LONG)
    shares.append(share_done(LONG, tmp_path))
    assert shares == pytest.approx([0.0, 0.9 / 4, 3 * 0.9 / 4, 0.9, 1.0])
