"""Data of one's own in the app: another shape, other labels or none, from training to every page."""

from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from dlgmm_core.runtime.folders import datasets_folder
from tests.app_helpers import PAGES, one_error, open_page, pictures, shown
from tests.cli_helpers import handlers_kept, run, train
from tests.export_helpers import Exported, take
from ui.parameters import parameters_of

pytestmark = pytest.mark.usefixtures("cache", "fresh_data")

VIEWS = ("Weights", "Stick", "ELBO terms", "log p(x)", "Neighbours", "Map")
NAMES = ("ant", "*bee*", "<b>a $cat$</b> -> x")  # of which nothing is markup
TEXTS = ("markdown", "caption", "info", "title", "header", "subheader", "warning", "error", "success")


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    with handlers_kept():
        yield


def trained(folder: Path, source: Path, *, labelled: bool) -> None:
    """The data set `mine`, 20×24, and a mixture of a plane of codes, measured and mapped."""
    rng = np.random.default_rng(0)
    labels = {"labels": rng.choice(NAMES, 120)} if labelled else {}
    np.savez(source, images=rng.random((120, 20, 24)) ** 3, **labels)  # type: ignore[arg-type]
    own = ("--data", str(source), "--split", "0.5", "0.2", "0.3", "--components", "2", "--epochs", "1")
    assert train(folder, "dlgmm", *own, "--prior-means", "-1", "1", "--depth", "2", "--name", "m") == 0
    assert run(folder, "evaluate", "m", "--samples", "2", "--device", "cpu") == 0


def words_of(at: AppTest) -> str:
    return " ".join(shown(str(each.value)) for kind in ("markdown", "caption", "info") for each in getattr(at, kind))


def marked_up(at: AppTest) -> list[str]:
    """Texts of a page in which the name of a class is read as Markdown."""
    texts = [str(each.value) for kind in TEXTS for each in getattr(at, kind)]
    return [text for text in texts if any(name in text for name in NAMES[1:])]


def exported(at: AppTest, monkeypatch: pytest.MonkeyPatch) -> dict[str, Exported]:
    """What every figure of a page exports, by the figure."""
    ids = [block.proto.id for block in at.get("popover") if "-export-" in block.proto.id]  # type: ignore[union-attr]
    return {key: take(at, key, monkeypatch) for key in (each.rpartition("-export-")[2] for each in ids)}


@pytest.mark.parametrize("labelled", [True, False])
def test_every_page_shows_and_exports_images_of_another_shape_with_labels_and_without(
    labelled: bool, own_checkpoints: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained(own_checkpoints, tmp_path / "mine.npz", labelled=labelled)
    said: dict[str, str] = {}
    found: dict[str, Exported] = {}
    for page in PAGES:
        places = {
            name: text
            for name, text in (("image", "3,5"), ("at", "0" if page == "latent" else "0,0"))
            if name in parameters_of(page)
        }
        at = open_page(page, dataset="mine", **places)
        assert not at.exception and not at.error and not at.warning and not marked_up(at), page
        said[page] = words_of(at)
        found |= exported(at, monkeypatch)
    at = open_page("latent", dataset="mine", image="3")
    assert any(shown(each.value).startswith("Image 3, class ") for each in at.header) == labelled
    assert "m" in said["likelihood"] + said["overview"]
    assert ("mine has no labels, so there is no class to predict" in said["knn"]) == (not labelled)
    assert ("no labels, so there are no ACC" in said["clusters"]) == (not labelled)
    for view in VIEWS:
        at = open_page("digit", **{"dataset": "mine", "digit-view": view})
        assert not at.exception and not at.error and not marked_up(at), view
        assert at.title[0].value == "A test image" and pictures(at)
        assert "those of mine have 20×24: choose a test image" in words_of(at)
        assert ("no vote, since the images have no labels" in words_of(at)) == (view == "Neighbours" and not labelled)
        said[view] = words_of(at)
        found |= exported(at, monkeypatch)
    assert any(f"of mine, class {name}" in said["Weights"] for name in NAMES) == labelled
    the_lines_of_every_figure_run_and_its_table_names_classes_as_the_data_do(found, labelled, own_checkpoints.parent)


def the_lines_of_every_figure_run_and_its_table_names_classes_as_the_data_do(
    found: dict[str, Exported], labelled: bool, folder: Path
) -> None:
    expected = {"components", "clusters", "maps", "path", "plane", "nll", "neighbours", "places", "weights", "stick"}
    assert expected <= found.keys() and ("knn-table" in found) == ("clusters-classes" in found) == labelled
    with chdir(folder):
        for key, each in found.items():
            names: dict[str, object] = {}
            exec(compile(each.code, key, "exec"), names)
            assert len(names) > 1 and len(each.table) > 0, key
    classes = found["neighbours"].table["class"]
    assert set(classes) <= set(NAMES) if labelled else classes.isna().all()
    if labelled:
        assert list(found["clusters-classes"].table.columns) == ["component", *sorted(NAMES)]


def test_other_images_of_the_same_name_and_none_are_told_in_a_sentence(
    own_checkpoints: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trained(own_checkpoints, tmp_path / "mine.npz", labelled=False)
    kept = datasets_folder() / "mine.npz"
    rng = np.random.default_rng(1)
    np.savez(kept, **{f"{part}_images": rng.random((30, 20, 24)) for part in ("train", "valid", "test")})  # type: ignore[arg-type]
    at = open_page("components", dataset="mine")
    assert "m was trained on another data set mine" in shown(at.sidebar.warning[0].value) and not at.exception
    np.savez(kept, **{f"{part}_images": rng.random((30, 8, 8)) for part in ("train", "valid", "test")})  # type: ignore[arg-type]
    at = open_page("components", dataset="mine")
    assert "It is for images of 20×24 pixels, and those of mine have 8×8" in shown(at.sidebar.warning[0].value)
    kept.write_bytes(b"no archive")
    assert "mine.npz" in one_error(open_page("train", dataset="mine"))
    kept.unlink()
    at = open_page("components")
    assert "was trained on the data set mine, which is not on this server" in shown(at.sidebar.warning[0].value)
