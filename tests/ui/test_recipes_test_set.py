"""Copy as Python: lines about a whole test set are run, and give the numbers that the page shows and exports."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from dlgmm_core.store.checkpoints import Checkpoint, save_metrics
from tests.app_helpers import open_page, start, turn_to
from tests.export_helpers import Lines, by_name, same, spec, take, values
from tests.latent_helpers import open_maps

pytestmark = pytest.mark.usefixtures("repository", "few_digits")


def test_maps_with_weights_a_group_and_likelihoods(
    pair: list[Checkpoint], lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    maps = open_maps()
    outline = [[-1.0, -0.5], [1.5, -0.5], [1.5, 2.0], [0.2, 0.3], [-1.0, 2.0]]
    maps.says(colour="nll", group={"map": "bells", "outline": outline})
    exported = take(maps.at, "maps", monkeypatch)
    numbers = "**{name + ' coordinates': value for name, value in coordinates.items()}"
    estimated = "**{name + ' log p': value.log_likelihood for name, value in estimates.items()}"
    bells = "p=estimates['bells'].responsibilities, weights=weights['bells']"
    found = lines(exported, f"{numbers}, {estimated}, grouped=grouped, {bells}")
    for checkpoint in pair:
        rows = exported.table[exported.table["checkpoint"] == checkpoint.name]
        same(found[f"{checkpoint.name} coordinates"], rows[["x", "y"]])
        same(-found[f"{checkpoint.name} log p"], rows["-log p(x)"])
        assert found["grouped"].tolist() == rows["grouped"].tolist()
    bells = exported.table[exported.table["checkpoint"] == "bells"]
    same(found["weights"].max(1), bells["largest weight"])
    same(found["p"].max(1), bells["largest p(k|x)"])
    assert (found["p"].argmax(1) + 1).tolist() == bells["component of largest p(k|x)"].tolist()
    assert (found["weights"].argmax(1) + 1).tolist() == bells["component of largest weight"].tolist()
    places = bells[["x", "y"]].to_numpy()
    box = (abs(places[:, 0] - 0.25) < 1.25) & (places[:, 1] > -0.5)
    assert 0 < found["grouped"].sum() < box.sum() and not (found["grouped"] & ~box).any()


def test_a_selected_image_and_the_way_between_two(
    pair: list[Checkpoint], lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    exported = take(open_maps(image="5").at, "image", monkeypatch)
    found = lines(exported, f"image=image, {by_name('reconstructions')}")
    same(found.pop("image"), exported.pixels(picture="the image")[0])
    assert set(found) == {"bells", "stick"}
    for name, picture in found.items():
        same(picture, exported.pixels(picture=name)[0])
    exported = take(open_maps(image="5,8", at="11").at, "path", monkeypatch)
    found = lines(exported, f"{by_name('digits')}, shown=shown, shares=paths['bells'].shares")
    assert found.pop("shown") == 11 and exported.words["t"] == "0.275"
    shares = exported.table[exported.table["checkpoint"] == "bells"][[f"share {k}" for k in (1, 2, 3)]]
    same(found.pop("shares"), shares)
    for name, digits in found.items():
        same(digits, exported.pixels(checkpoint=name))


# --- kNN and likelihood ---------------------------------------------------------------------------


@pytest.fixture
def knn(pair: list[Checkpoint]) -> AppTest:
    at = open_page("knn")
    at.segmented_control(key="knn-metric").set_value("cosine")
    at.slider(key="knn-points").set_value(2000).run()
    return at


def test_knn_errors(knn: AppTest, lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    table = take(knn, "knn-table", monkeypatch)
    found = lines(table, by_name("errors", "[[error.value, error.ci95] for error in value]"))
    shown = knn.dataframe[0].value.set_index("Checkpoint")
    for name, errors in found.items():
        same(errors, table.table[table.table["checkpoint"] == name][["error", "ci95"]])
        cells = [f"{value:.2f} ± {half:.2f}" for value, half in errors]
        assert shown.loc[name, ["k = 3", "k = 5", "k = 10"]].tolist() == cells
    curves = take(knn, "knn-curves", monkeypatch)
    found = lines(curves, by_name("errors", "[error.value for error in value]"))
    for trace in spec(knn, "knn-curves")["data"]:
        same(found[trace["name"]], values(trace["y"]))
    assert curves.words["distance"] == "cosine" and curves.words["training points"] == "2000"


def test_knn_errors_recorded_of_raw_pixels(
    pair: list[Checkpoint], own_checkpoints: Path, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy("checkpoints/results.json", own_checkpoints)
    exported = take(open_page("knn"), "knn-table", monkeypatch)
    found = lines(exported, "pixels=[pixels[str(k)].error for k in sizes]")
    same(found["pixels"], exported.table["error"].tail(3))


def test_mistakes_and_changes_of_knn(knn: AppTest, lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    knn.toggle(key="knn-changes").set_value(True).run()
    changes = take(knn, "knn-changes", monkeypatch)
    assert lines(changes, "shared=shared")["shared"].tolist() == changes.table["shared"].tolist()
    knn.session_state["knn-table"] = {"selection": {"rows": [], "columns": [], "cells": [(0, "k = 3")]}}
    knn.run()
    mistakes = take(knn, "knn-mistakes", monkeypatch)
    found = lines(mistakes, "wrong=wrong, nearest=nearest[wrong]")
    assert found["wrong"].tolist() == mistakes.table["test image"].tolist()
    assert (found["nearest"] == mistakes.table[[f"neighbour {i}" for i in (1, 2, 3)]]).to_numpy().all()
    assert any(header.value.startswith(f"{len(found['wrong'])} mistakes") for header in knn.header)


def test_likelihoods_are_those_that_were_measured(
    pair: list[Checkpoint], lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, checkpoint in enumerate(pair):
        nll = {size: {"value": 100.5 + number, "ci95": 0.25, "ess": 3.0, "images": 300} for size in ("50", "500")}
        measured = {"nll": nll, "elbo": {"bound": "eq1", "value": -102.0, "ci95": 0.3}, "seed": 4}
        save_metrics(checkpoint, {"test": {"mnist": measured}})
    at = turn_to(start(), "likelihood")
    exported = take(at, "nll", monkeypatch)
    found = lines(exported, by_name("nll", "[value[s].value for s in ('50', '500')]"))
    for name, figures in found.items():
        same(figures, exported.table[exported.table["name"] == name]["value"])
    drawn: dict[str, list[float]] = {name: [] for name in found}
    for trace in spec(at, "nll")["data"]:
        for name, x in zip(trace.get("customdata", []), values(trace["x"]), strict=False):
            drawn[name].append(x)
    for name, figures in found.items():
        same(figures, np.array(drawn[name]))
    assert exported.words["seed"] == "4, 4"


@pytest.mark.parametrize("page", ["knn", "likelihood"])
def test_the_recorded_experiments(
    page: str, pair: list[Checkpoint], own_checkpoints: Path, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy("checkpoints/results.json", own_checkpoints)
    at = turn_to(start(), page)
    exported = take(at, "records", monkeypatch)
    figure = {"knn": "knn", "likelihood": "nll"}[page]
    found = lines(exported, f"names=[row.checkpoint or '–' for row in rows if row.figures.{figure}]")
    names = found["names"].tolist()
    assert len(names) > 10 and sorted(exported.table["Checkpoint"]) == sorted(names)  # tables have their own order
    assert at.dataframe[-1].value.columns.tolist() == exported.table.columns.tolist()
    assert exported.words == {"figure": "every experiment recorded", "dataset": "mnist"}
