"""The overview, kNN and likelihood: tables of the figures that were measured, or that the core computes."""

import re
import shutil
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from dlgmm_core.data.datasets import Dataset
from dlgmm_core.evaluate.knn import encode, error_rate, vote
from dlgmm_core.evaluate.neighbours import neighbours
from dlgmm_core.experiments.results import read_results
from dlgmm_core.model.models import MODELS
from dlgmm_core.store.checkpoints import (
    WEIGHTS,
    Checkpoint,
    load_checkpoint,
    read_checkpoint,
    read_metrics,
    save_metrics,
)
from tests.app_helpers import Make, Manager, open_page, pictures, press, start, turn_to
from tests.app_helpers import labels as buttons
from tests.export_helpers import spec, take, values
from ui import loaders

pytestmark = pytest.mark.usefixtures("repository")


# --- overview ------------------------------------------------------------------------------------


def holdings(at: AppTest) -> pd.DataFrame:
    """The table of checkpoints, as words."""
    (body,) = (block.proto.body for block in at.get("html") if 'class="holdings"' in block.proto.body)
    table = ElementTree.fromstring(body[body.index("<table") : body.index("</table>") + len("</table>")])
    head, *lines = (["".join(cell.itertext()) for cell in line] for line in table.iter("tr"))
    sizes, rows = [line[0] for line in lines if len(line) == 1], [line for line in lines if len(line) > 1]
    assert sizes == list(dict.fromkeys(sizes)) and all(size.startswith("Codes of ") for size in sizes if size)
    return pd.DataFrame(rows, columns=head)


def test_the_overview_shows_a_card_for_each_model_and_a_line_for_each_checkpoint(repository: Path) -> None:
    at = start()
    everything = [read_checkpoint(path.parent) for path in repository.glob(f"*/{WEIGHTS}")]
    for dataset, label in (("mnist", "MNIST"), ("omniglot", "Omniglot")):
        at.selectbox(key="dataset").set_value(dataset).run()
        assert [s.value for s in at.header][:4] == ["Gauss-VAE", "SB-VAE", "DLGMM", "DLDPMM"]
        own = {c.name: c for c in everything if c.train_config.dataset == dataset}
        held = {c.model_config.model for c in own.values()}
        trees = any(c.model_config.layers > 1 for c in own.values() if MODELS[c.model_config.model].has_components)
        assert len(pictures(at)) == len(held) + trees
        assert {box.value for box in at.info} == {
            f"No {MODELS[model].label} is trained on {label}: train one on the page **Train**."
            for model in MODELS.keys() - held
        }
        lines = holdings(at)
        assert sorted(lines["Checkpoint"]) == sorted(own)
        sizes = [own[name].model_config.code_dims for name in lines["Checkpoint"]]
        assert sizes == sorted(sizes, reverse=True)
        shown = [
            caption.value.split()[1].rstrip(":") for caption in at.caption if caption.value.startswith("Checkpoint ")
        ]
        assert len(shown) == len(held) and set(shown) <= set(own)
        best = lines[lines["Checkpoint"] == f"{dataset}-dlgmm-tuned"]["Epochs, best / trained"].item()
        assert best == f"{own[f'{dataset}-dlgmm-tuned'].epoch} / 120"


def test_the_overview_warns_of_models_that_are_trained_differently(make: Make) -> None:
    make("mnist-gauss-vae-tuned")
    make("mnist-sb-vae-tuned", "sb-vae")
    said = "which are trained differently"
    assert not any(said in caption.value for caption in start().caption)
    make("mnist-dlgmm-clusters10-seed1", "dlgmm")
    (warning,) = (caption.value for caption in start().caption if said in caption.value)
    assert "“Clusters” and “Tuned”" in warning


def test_the_overview_prints_measured_figures_and_dashes(make: Make) -> None:
    nll = {"50": {"value": 101.234, "ci95": 0.5, "ess": 3.0}, "500": {"value": 99.876, "ci95": 0.4, "ess": 9.0}}
    knn = {"mean": {"5": {"error": 12.345, "ci95": 0.1}}}
    save_metrics(make("measured", code_dim=25), {"test": {"mnist": {"nll": nll, "knn": knn}}})
    make("raw")
    table = holdings(start()).set_index("Checkpoint")
    assert table.loc["measured", "−log p(x), nats"] == "99.88 ± 0.40" and table.loc["measured", "S"] == "500"
    assert table.loc["measured", "kNN error of means, k = 5, %"] == "12.35"
    for column in ("−log p(x), nats", "S", "kNN error of samples, k = 5, %", "kNN error of means, k = 5, %"):
        assert table.loc["raw", column] == "–"


# --- kNN -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("representation", "metric", "points"),
    [("sample", "euclidean", 3000), ("mean", "cosine", 2000)],
)
def test_the_table_of_errors_is_computed_from_the_codes_and_points_that_are_asked_for(
    representation: str, metric: str, points: int, few_digits: Dataset, repository: Path
) -> None:
    at = open_page("knn", models="mnist-dlgmm-fig2,mnist-sb-vae")
    at.segmented_control(key="knn-code").set_value(representation)
    at.segmented_control(key="knn-metric").set_value(metric)
    at.slider(key="knn-points").set_value(points).run()
    everything = (metric, points) == ("euclidean", len(few_digits.train))
    assert ("Compute live" in buttons(at)) == everything  # what is recorded is shown at once
    if everything:
        press(at, "Compute live")
        assert "Compute live" not in buttons(at)
    assert not at.exception
    table = at.dataframe[0].value.set_index("Checkpoint")
    chosen = [c for c in loaders.checkpoints() if c.name in at.multiselect[0].value]
    pixels = ["raw pixels"] if everything else []  # not computed
    assert table.index.tolist() == [c.name for c in chosen] + pixels and len(chosen) > 1
    assert table["Errors are"].tolist() == ["live"] * len(chosen) + ["recorded"] * len(pixels)
    for checkpoint in chosen:
        model = load_checkpoint(checkpoint.folder)[0]
        train, test = (encode(model, split.binary, representation) for split in (few_digits.train, few_digits.test))
        labels = few_digits.train.labels[neighbours(train[:points], test, 10, metric)]
        for k in (3, 5, 10):
            error = error_rate(vote(labels, k), few_digits.test.labels)
            assert table.loc[checkpoint.name, f"k = {k}"] == f"{error.value:.2f} ± {error.ci95:.2f}"
    assert any("300 test images" in c.value and f"{points:,} training codes" in c.value for c in at.caption)


def test_recorded_errors_are_shown_at_once_and_a_click_on_one_searches_for_its_mistakes(
    few_digits: Dataset, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched: list[str] = []
    search = loaders.neighbour_indices

    def remembered(checkpoint: Checkpoint, *settings: object) -> object:
        searched.append(checkpoint.name)
        return search(checkpoint, *settings)  # type: ignore[arg-type]

    monkeypatch.setattr(loaders, "neighbour_indices", remembered)
    at = turn_to(start(), "knn")
    names = [c.name for c in loaders.checkpoints() if c.name in at.multiselect[0].value]
    for representation in ("sample", "mean"):
        at.segmented_control(key="knn-code").set_value(representation).run()
        table = at.dataframe[0].value.set_index("Checkpoint").loc[names]
        assert set(table["Errors are"]) == {"recorded"}
        for name in names:
            known = read_metrics(read_checkpoint(repository / name))["test"]["mnist"]["knn"][representation]
            assert table.loc[name, "k = 5"] == f"{known['5']['error']:.2f} ± {known['5']['ci95']:.2f}"
        exported = take(at, "knn-curves", monkeypatch).table
        assert set(exported["source"]) == {"recorded"} and set(exported["k"]) == {3, 5, 10}
        assert not [name for name in at.dataframe[-1].value if "paper" in name] or representation == "sample"
        told = [
            caption.value
            for caption in at.caption
            if "Means err more than samples for mnist-dlgmm-fig2:" in caption.value
        ]
        assert len(told) == (representation == "mean")
    assert searched == []
    at.session_state["knn-table"] = {"selection": {"rows": [], "columns": [], "cells": [(1, "k = 5")]}}
    at.run()
    assert not at.exception and set(searched) == {names[1]}
    assert sum(f"mistakes of {names[1]} at k = 5" in header.value for header in at.header) == 1
    assert at.dataframe[0].value["Errors are"].tolist()[: len(names)] == [
        "live" if name == names[1] else "recorded" for name in names
    ]


def test_two_models_are_compared_by_images_whose_vote_differs(few_digits: Dataset, make: Make) -> None:
    one, other = make("one"), make("other", "sb-vae")
    at = turn_to(start(), "knn")
    at.toggle(key="knn-changes").set_value(True).run()
    assert not at.exception
    votes, nearest = [], []
    for checkpoint in (one, other):
        model = load_checkpoint(checkpoint.folder)[0]
        codes = [encode(model, split.binary, "sample") for split in (few_digits.train, few_digits.test)]
        nearest.append(neighbours(*codes, 10))
        votes.append(vote(few_digits.train.labels[nearest[-1]], 10))
    changed = votes[0] != votes[1]
    words = " ".join(block.value for block in at.markdown)
    assert f"For {changed.sum()} images the votes of the 10 neighbours differ." in words and changed.any()
    shown = [int(n) for n in re.findall(r"Test image (\d+), class", words)]
    assert shown and changed[shown].all()


def test_the_papers_errors_are_shown_for_the_same_architecture(make: Make, few_digits: Dataset) -> None:
    make("g", code_dim=25)
    make("smaller")
    make("d", "dldpmm", code_dim=25, num_components=17, prior_means=(0.0,) * 17, prior_scales=(1.0,) * 17)
    table = turn_to(start(), "knn").dataframe[0].value.set_index("Checkpoint")
    assert table["paper, k = 3, 5, 10"].to_dict() == {"g": "28.40 / 20.96 / 15.33", "smaller": "–", "d": "–"}


@pytest.mark.parametrize(("key", "other"), [("knn-code", "mean"), ("knn-metric", "cosine"), ("knn-points", 1000)])
def test_the_papers_errors_are_not_shown_for_another_search(
    key: str, other: str | int, make: Make, own_checkpoints: Path, few_digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    make("g", code_dim=25)
    shutil.copy("checkpoints/results.json", own_checkpoints)
    at = turn_to(start(), "knn")
    widget = at.slider(key=key) if key == "knn-points" else at.segmented_control(key=key)
    widget.set_value(other).run()
    assert not [name for name in at.dataframe[0].value if "paper" in name]
    assert any("The paper's errors are shown only for samples of all" in caption.value for caption in at.caption)
    assert take(at, "knn-table", monkeypatch).table["paper"].isna().all()


def test_raw_pixels_are_the_last_row_where_they_are_recorded_by_this_very_search(
    make: Make, few_digits: Dataset, own_checkpoints: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rows(at: AppTest) -> list[str]:
        told = any("The last row uses the pixels" in caption.value for caption in at.caption)
        names: list[str] = at.dataframe[0].value["Checkpoint"].tolist()
        assert told == ("raw pixels" in names)
        return names

    make("g")
    assert rows(turn_to(start(), "knn")) == ["g"]
    shutil.copy("checkpoints/results.json", own_checkpoints)
    at = turn_to(start(), "knn")
    assert rows(at) == ["g", "raw pixels"]
    (row,) = [row for row in read_results(own_checkpoints) if (row.model, row.eval_dataset) == ("raw-pixels", "mnist")]
    recorded = row.figures.knn["mean"]
    shown = at.dataframe[0].value.iloc[-1]
    assert (shown["Model"], shown["Errors are"], shown["paper, k = 3, 5, 10"]) == ("–", "recorded", "–")
    for k in ("3", "5", "10"):
        assert shown[f"k = {k}"] == f"{recorded[k].error:.2f} ± {recorded[k].ci95:.2f}"
    exported = take(at, "knn-table", monkeypatch).table.tail(3)
    assert exported["checkpoint"].unique().tolist() == ["raw pixels"]
    assert exported["error"].tolist() == [recorded[k].error for k in ("3", "5", "10")]
    assert "raw pixels" not in take(at, "knn-curves", monkeypatch).table["checkpoint"].tolist()
    at.slider(key="knn-points").set_value(2000).run()
    assert rows(at) == ["g"]
    at.slider(key="knn-points").set_value(3000).run()
    at.segmented_control(key="knn-metric").set_value("cosine").run()
    assert rows(at) == ["g"]


@pytest.mark.parametrize(("row", "mistakes"), [(0, 1), (1, 0)])
def test_a_cell_of_a_model_shows_its_mistakes_and_one_of_raw_pixels_nothing(
    row: int, mistakes: int, make: Make, few_digits: Dataset, own_checkpoints: Path
) -> None:
    make("g")
    shutil.copy("checkpoints/results.json", own_checkpoints)
    at = turn_to(start(), "knn")
    at.session_state["knn-table"] = {"selection": {"rows": [], "columns": [], "cells": [(row, "k = 5")]}}
    at.run()
    assert not at.exception
    assert sum("mistakes of" in header.value for header in at.header) == mistakes


# --- likelihood ----------------------------------------------------------------------------------


def test_likelihoods_are_those_of_metrics_json(repository: Path) -> None:
    at = turn_to(start(), "likelihood")
    chosen = at.multiselect[0].value
    measured = {c.name: read_metrics(c).get("test", {}).get("mnist") for c in loaders.checkpoints() if c.name in chosen}
    missing = [name for name, figures in measured.items() if figures is None]
    assert [button.key for button in at.button if "measure" in (button.key or "")] == [f"measure-{n}" for n in missing]
    rows = {
        (name, int(size)): f"{nll['value']:.2f} ± {nll['ci95']:.2f}"
        for name, figures in measured.items()
        if figures is not None
        for size, nll in figures["nll"].items()
    }
    table = at.dataframe[0].value.set_index("Checkpoint")
    found = {(name, size): table.loc[name].get(f"S = {size}", "–") for name in table.index for size in (50, 5000)}
    assert {key: cell for key, cell in found.items() if cell != "–"} == rows and len(rows) > 1
    sizes = [tuple(map(int, size.split("+"))) for size in table["D"]]
    assert sizes == sorted(sizes, reverse=True)


def test_checkpoints_of_each_code_size_have_an_axis_of_their_own(make: Make) -> None:
    layered = {"layers": 2, "code_dims_below": (3,), "components_below": (1,)}
    for name, code_dim, value, below in (
        ("a", 2, 150.0, {}),
        ("b", 5, 90.0, {}),
        ("c", 5, 91.0, {}),
        ("d", 5, 89.0, layered),
    ):
        save_metrics(
            make(name, code_dim=code_dim, **below),
            {"test": {"mnist": {"nll": {"50": {"value": value, "ci95": 1.0, "ess": 3.0}}}}},
        )
    figure = spec(turn_to(start(), "likelihood"), "nll")
    titles = [figure["layout"][axis]["title"]["text"] for axis in ("xaxis", "xaxis2", "xaxis3")]
    assert titles == [f"−log p(x), nats, code size {size}" for size in ("5+3", "5", "2")]
    assert [(each["text"], each["yref"]) for each in figure["layout"]["annotations"]] == [
        ("d", "y"),
        ("b", "y2"),
        ("c", "y2"),
        ("a", "y3"),
    ]
    points = {trace["yaxis"]: values(trace["x"]).tolist() for trace in figure["data"] if "error_x" in trace}
    assert points == {"y": [89.0], "y2": [90.0, 91.0], "y3": [150.0]}
    domains = [figure["layout"][axis]["domain"] for axis in ("yaxis", "yaxis2", "yaxis3")]
    assert all(low > high for (low, _), (_, high) in pairwise(domains))  # they do not overlap


def test_likelihoods_of_another_test_set_and_of_no_measurement(make: Make, manager: Manager) -> None:
    figures = {
        "elbo": {"bound": "eq1", "value": -110.5, "ci95": 0.7},
        "nll": {"50": {"value": 104.321, "ci95": 0.654, "ess": 3.21}, "500": {"value": 101.0, "ci95": 0.6, "ess": 9}},
        "knn": {"mean": {"5": {"error": 5.0, "ci95": 0.4}}},
    }
    save_metrics(make("measured", code_dim=25), {"test": {"mnist": figures}})
    make("raw", "dldpmm")
    at = turn_to(start(), "likelihood")
    table = at.dataframe[0].value
    assert table["Checkpoint"].tolist() == ["measured"] and table["D"].tolist() == ["25"]
    assert (table["S = 50"].item(), table["S = 500"].item()) == ("104.32 ± 0.65", "101.00 ± 0.60")
    assert table["Effective samples"].item() == "3.2 / 9.0"
    assert table["−ELBO"].item() == "110.50 (eq1)" and table["Paper"].item() == "96.80"
    assert [box.value for box in at.info] == ["Not measured on MNIST: **raw**. To measure a model takes a few minutes."]
    assert [b.key for b in at.button] == ["measure-raw"]
    at.selectbox(key="dataset").set_value("binarized-mnist").run()
    assert not at.exception and not at.dataframe
    assert "on Binarized MNIST (Larochelle): **measured**, **raw**." in at.info[0].value
    manager.run("raw", "map", "import time; time.sleep(60)")
    at.run()
    assert [b.key for b in at.button] == ["measure-measured"]
    assert "raw is busy with another job (map): wait until it has ended." in [c.value for c in at.caption]
    manager.jobs.pop("raw").process.kill()
    press(at.run(), "Measure raw")
    assert manager.started == [("raw", "evaluate", ["raw", "--dataset", "binarized-mnist"])]
