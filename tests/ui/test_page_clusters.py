"""The page of clusters shows what each component has, by p(k|x) or weights, or says that there is nothing to show."""

import json
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import normalized_mutual_info_score
from streamlit.testing.v1 import AppTest

from dlgmm_core.analysis.clusters import describe_clusters
from dlgmm_core.analysis.image_statistics import expected_weights
from dlgmm_core.data.datasets import Dataset
from dlgmm_core.evaluate.per_image import per_image
from dlgmm_core.store.checkpoints import PER_IMAGE, Checkpoint, load_checkpoint
from dlgmm_core.store.per_image import save_per_image
from tests.app_helpers import Make, make_mixture, one_error, open_page, press, selected
from tests.export_helpers import Lines, take
from tests.latent_helpers import map_of
from tests.limit_helpers import USED_UP, forgive, one_refusal, use_up
from ui.clusters.scores import show_table

pytestmark = pytest.mark.usefixtures("few_digits")


@pytest.fixture
def mixture(make: Make) -> Checkpoint:
    """One whose components differ, with a map."""
    return map_of(make_mixture(make, "bells", (-3.0, 0.0, 3.0), (0.5, 1.0, 0.5)))


@pytest.fixture
def measured(mixture: Checkpoint, few_digits: Dataset) -> Checkpoint:
    """The same with its file."""
    save_per_image(mixture, per_image(load_checkpoint(mixture.folder)[0], few_digits.test.binary))
    return mixture


def rows(at: AppTest) -> list[dict[str, Any]]:
    """What the widget is told of each component."""
    (widget,) = (each for each in at.main.get("bidi_component") if '"sheet"' in each.proto.json)
    found: list[dict[str, Any]] = json.loads(widget.proto.json)["components"]
    return found


def assigned(at: AppTest, probabilities: np.ndarray, labels: np.ndarray) -> bool:
    """Whether the rows have the images that these probabilities give them."""
    owner, shown = probabilities.argmax(1), rows(at)
    shares = [float((owner == k).mean()) for k in range(len(shown))]
    counts = [np.bincount(labels[owner == k], minlength=10).tolist() for k in range(len(shown))]
    return [row["share"] for row in shown] == pytest.approx(shares) and [row["counts"] for row in shown] == counts


def test_rows_are_those_of_responsibilities_or_of_weights_and_scores_those_of_scikit_learn(
    measured: Checkpoint, few_digits: Dataset, monkeypatch: pytest.MonkeyPatch, lines: Lines
) -> None:
    model, test = load_checkpoint(measured.folder)[0], few_digits.test
    by = {"p(k|x)": per_image(model, test.binary).responsibilities, "weights": expected_weights(model, test.binary)}
    at = open_page("clusters")
    for kind, expected in by.items():
        assert expected is not None
        at.segmented_control(key="clusters-by").set_value(kind).run()
        assert not at.exception and assigned(at, expected, test.labels)
        exported = take(at, "clusters", monkeypatch)
        ran = lines(exported, "p=probabilities, owner=found.assigned, means=means")
        np.testing.assert_allclose(ran["p"].max(1), exported.table["probability"], atol=1e-3)
        assert (ran["owner"] + 1).tolist() == exported.table["component"].tolist() and ran["means"].shape == (3, 784)
    (table,) = (each.value for each in at.dataframe)
    assert table["Assigned by"].tolist() == ["bells, by p(k|x)", "bells, by weights"]
    nmi = [normalized_mutual_info_score(test.labels, each.argmax(1)) for each in by.values() if each is not None]
    assert table["NMI"].tolist() == [f"{each:.3f}" for each in nmi]
    assert not at.info
    assert [header.value for header in at.header] == ["Components and classes", "Scores"]  # of no other methods
    assert any("the exact mean of its weight would be 0.50." in caption.value for caption in at.caption)


def test_classes_of_long_names_are_rows(few_digits: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    labels = few_digits.test.labels
    found, told = describe_clusters(np.eye(3)[labels % 3], labels, 10), list[str]()
    monkeypatch.setattr("streamlit.html", told.append)
    show_table(found, few_digits)
    show_table(found, replace(few_digits, class_names=tuple(f"Old_{each}" for each in range(10))))
    short, long = ([re.findall("<t[hd].*?>(.*?)</t[hd]>", row) for row in each.split("<tr>")[1:]] for each in told)
    assert [row[0] for row in long] == ["", *(f"Old_<wbr>{each}" for each in range(10)), "images"]
    assert short[0] == ["", *map(str, range(10)), "images"] and [row[0] for row in short] == ["", "1", "2", "3"]
    assert [row[1:] for row in long[1:]] == [
        list(column) for column in zip(*(row[1:] for row in short[1:]), strict=True)
    ]


def test_responsibilities_that_are_not_stored_are_estimated_when_asked_for(
    mixture: Checkpoint, few_digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ui.estimates.STEP", 100)  # in three steps
    model, test = load_checkpoint(mixture.folder)[0], few_digits.test
    weights, expected = expected_weights(model, test.binary), per_image(model, test.binary).responsibilities
    assert weights is not None and expected is not None
    at = open_page("clusters")
    assert at.info[0].value.startswith("p(k|x) of bells has not been estimated")
    assert assigned(at, weights, test.labels)
    use_up()
    assert one_refusal(press(at, "Estimate p(k|x)")).startswith(USED_UP)
    forgive()
    press(at, "Estimate p(k|x)")
    assert not at.exception and not at.info and not at.warning and assigned(at, expected, test.labels)


def test_a_damaged_file_is_one_sentence_and_rows_go_by_weights(measured: Checkpoint, few_digits: Dataset) -> None:
    (measured.folder / PER_IMAGE).write_bytes(b"no tensors")
    at = open_page("clusters", clusters_by="weights")
    assert PER_IMAGE in one_error(at)
    weights = expected_weights(load_checkpoint(measured.folder)[0], few_digits.test.binary)
    assert weights is not None and assigned(at, weights, few_digits.test.labels)


def test_a_component_leads_to_its_images_on_the_map_and_to_its_row(measured: Checkpoint, make: Make) -> None:
    make("plain")
    for by, label, page, state in (
        ("p(k|x)", "map", "Latent space", {"only": "1", "colour": "responsibility"}),
        ("weights", "map", "Latent space", {"only": "1", "colour": "component"}),
        ("weights", "Components", "", {"row": "2"}),
    ):
        at = open_page("clusters", component="2", clusters_by=by)
        selected(at).set_value(["plain"]).run()  # others are offered all the same
        assert at.query_params["component"] == "2"
        (button,) = (each for each in at.button if each.label.endswith(label))
        button.click().run()
        assert not at.exception and [title.value for title in at.title] == [page or label]
        assert {name: at.query_params[name] for name in state} == state


def test_identical_components_are_said_to_be_so(make: Make) -> None:
    make_mixture(make, "same", (0.0, 0.0), (1.0, 1.0))
    at = open_page("clusters")
    assert at.info[0].value.startswith("These components are identical by the paper's prior")
    assert all(button.disabled for button in at.button if button.label.startswith("Its"))


def test_without_a_mixture_one_sentence_says_what_to_do(make: Make) -> None:
    make("plain")
    at = open_page("clusters")
    (info,) = at.info
    assert info.value.startswith("No mixture here is trained on MNIST: choose another data set, or train a DLGMM or")
    assert not at.main.get("bidi_component")
