"""The page Your digit: figures of one digit, the terms of its bounds, and the views of all chosen models."""

import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from dlgmm_core.analysis.image_report import ImageReport
from dlgmm_core.analysis.inspection import first_look, inspect_image
from dlgmm_core.data.datasets import Dataset
from dlgmm_core.model.objectives import BOUNDS
from dlgmm_core.store.checkpoints import Checkpoint, load_checkpoint
from dlgmm_core.store.per_image import PerImage, save_per_image
from tests.app_helpers import Make, first_mixture, make_mixture, open_page, pictures, start, turn_to
from tests.digit_helpers import bars, metrics_of
from ui import loaders

pytestmark = pytest.mark.usefixtures("repository")


def figures_of(report: ImageReport, checkpoint: Checkpoint) -> list[str]:
    """What the page should say of log p(x), the ELBO and the gap."""
    terms = report.elbo_terms[checkpoint.train_config.bound]
    known = f"{report.log_p:.1f}", f"{terms.elbo:.1f} ± {1.96 * terms.error:.1f}", f"{report.log_p - terms.elbo:.1f}"
    return [figure.replace("-", "−") for figure in known]


def size_of(at: AppTest) -> str:
    """What the page says of S."""
    (found,) = (f"{each.label}: {each.help}" for each in at.metric if each.label.startswith("log p(x), S"))
    return found


@pytest.mark.parametrize("index", [0, 9999])
def test_a_test_digit_shows_the_figures_of_the_core(index: int, repository: Path) -> None:
    checkpoint = first_mixture(repository)
    at = turn_to(start(), "digit")
    at.selectbox(key="digit-checkpoint").set_value(checkpoint.name)
    at.number_input(key="digit-index").set_value(index).run()
    assert not at.exception and not at.error
    image = loaders.dataset("mnist").test.binary[index]
    report = first_look(load_checkpoint(checkpoint.folder)[0], image)
    assert metrics_of(at) == figures_of(report, checkpoint)
    size = size_of(at)
    assert size.startswith("log p(x), S = 50, nats: Estimated from S = 50 draws") and "1,000 draws follow" in size
    (drawn,) = bars(at)
    assert report.sticks is not None and report.component_posterior is not None
    assert drawn["mean"] == pytest.approx(report.sticks.mean) and drawn["low"] == pytest.approx(report.sticks.low)
    assert drawn["high"] == pytest.approx(report.sticks.high)
    assert drawn["posterior"] == pytest.approx(report.component_posterior)
    assert report.exact_weights is not None and drawn["exact"] == pytest.approx(report.exact_weights)
    assert drawn["names"] == ["1", "2", "3", "4", "5"] and len(set(drawn["pictures"])) == 5
    assert any("(1 + α)/(1 + Kα) = 0." in caption.value for caption in at.caption)
    label = loaders.dataset("mnist").test.labels[index]
    assert any(f"test image {index} of MNIST, class {label}" in caption.value for caption in at.caption)


def test_another_test_digit_is_another_picture() -> None:
    at = turn_to(start(), "digit")
    before = pictures(at)
    at.number_input(key="digit-index").set_value(1).run()
    assert not set(pictures(at)) & set(before)


def test_a_digit_has_its_place_among_the_test_images(make: Make, few_digits: Dataset) -> None:
    checkpoint = make("one")
    at = turn_to(start(), "digit")
    assert any("no log p(x) of the test images is stored for one" in caption.value for caption in at.caption)
    count = len(few_digits.test)
    for lower, words in (
        (240, "more probable than 80\xa0% of the"),
        (59, "less probable than 80\xa0% of the"),
        (1, "less probable than 99.3\xa0% of the"),
    ):
        found = np.repeat(np.array([0, -1, 1], np.float32), [1, lower, count - 1 - lower])  # the digit's own first
        save_per_image(checkpoint, PerImage(found, None, 7, 3))
        at.run()
        told = [each.value for each in (at.warning if lower == 1 else at.caption)]
        assert any(words in each for each in told) and bool(at.warning) == (lower == 1)


def number(cell: str) -> float:
    return float(cell.replace("−", "-"))


def cells(body: str) -> dict[str, list[str]]:
    """The first table of an HTML text: the cells of each line by its first one."""
    table = ElementTree.fromstring(body[body.index("<table>") : body.index("</table>") + len("</table>")])
    lines = [["".join(cell.itertext()) for cell in line] for line in table.iter("tr")]
    return {name: rest for name, *rest in lines}


@pytest.mark.parametrize("bound", list(BOUNDS))
def test_the_printed_columns_of_the_ledger_add_up_to_the_elbo_it_prints(bound: str, make: Make) -> None:
    make_mixture(make, "one", (-1.0, 1.0), (1.0, 1.0))
    at = turn_to(start(), "digit")
    at.segmented_control(key="digit-view").set_value("ELBO terms").run()
    at.segmented_control(key="ledger-bound").set_value(bound).run()
    assert not at.exception
    table, gaps = (cells(block.proto.body) for block in at.get("html") if "<table" in block.proto.body)
    *columns, whole = map(number, table[f"ELBO ({bound})"])
    below = [number(line[-1]) for name, line in table.items() if name.startswith(("entropy", "sticks"))]
    assert sum(columns) + sum(below) == pytest.approx(whole, abs=0.03)
    parts = [line for name, line in table.items() if name.startswith(("weighted", "E["))]
    assert sum(number(line[-1]) for line in parts) + sum(below) == pytest.approx(whole, abs=0.03)
    for column, total in enumerate(columns):
        assert sum(number(line[column]) for line in parts) == pytest.approx(total, abs=0.02)
    weights = [number(cell) for cell in table["weight E[πk|x]"][:-1]]
    assert weights == sorted(weights, reverse=True)
    assert number(gaps[bound][0]) == whole and [name for name in gaps if name in BOUNDS] == list(BOUNDS)


@pytest.mark.parametrize("bound", list(BOUNDS))
def test_the_ledger_shows_a_further_bound_which_is_a_row(
    bound: str, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(BOUNDS, "further", replace(BOUNDS[bound], components="G_k"))
    made = make_mixture(make, f"further-{bound}", (-1.0, 1.0), (1.0, 1.0))
    at = turn_to(start(), "digit")
    at.segmented_control(key="digit-view").set_value("ELBO terms").run()
    tables = []
    for name in (bound, "further"):
        at.segmented_control(key="ledger-bound").set_value(name).run()
        assert not at.exception, made
        tables.append([cells(block.proto.body) for block in at.get("html") if "<table" in block.proto.body])
    (known, gaps), (shown, more) = tables
    assert shown.pop("ELBO (further)") == known.pop(f"ELBO ({bound})")
    assert shown.pop("Gk") == known.pop(BOUNDS[bound].components.replace("_k", "k")) and shown == known
    assert any(name.startswith("entropy") for name in shown) == (bound == "eq1")
    assert any(name.startswith("sticks") for name in shown) == (bound != "marginal")
    assert gaps == more and more["further"] == more[bound]


def test_the_views_of_all_models_show_every_chosen_one(make: Make, few_digits: Dataset) -> None:
    make("g")
    make("s", "sb-vae")
    at = turn_to(start(), "digit")
    at.segmented_control(key="digit-view").set_value("log p(x)").run()
    assert not at.exception
    traces = json.loads(at.get("plotly_chart")[0].proto.spec)["data"]
    assert [trace["name"] for trace in traces if "name" in trace] == ["g", "s"]
    at.segmented_control(key="digit-view").set_value("Neighbours").run()
    assert not at.exception
    assert [m.value.split(",")[0] for m in at.markdown if "vote:" in m.value] == ["**g**", "**s**"]
    at.segmented_control(key="digit-view").set_value("Map").run()
    assert not at.exception and "has a map" in at.info[0].value


def test_of_more_than_four_models_those_views_show_a_mixture_and_another_until_the_visitor_chooses_four_at_most(
    make: Make, few_digits: Dataset
) -> None:
    for name in ("a", "b"):
        make(name)
    for name in ("c", "d", "e"):
        make_mixture(make, name, (-1.0, 1.0), (1.0, 1.0))
    at = turn_to(start(), "digit")
    view = at.segmented_control(key="digit-view")

    def searched() -> list[str]:
        return [m.value.split(",")[0].strip("*") for m in at.markdown if "vote:" in m.value]

    view.set_value("Neighbours").run()
    assert searched() == ["a", "c"] and "digit-models" not in at.query_params
    at.multiselect(key="digit-models").set_value(["e", "b", "d"]).run()
    assert searched() == ["e", "b", "d"] and at.query_params["digit-models"] == "e,b,d"
    turn_to(turn_to(at, "knn"), "digit")
    assert at.segmented_control(key="digit-view").value == "Neighbours" and searched() == ["e", "b", "d"]
    at.multiselect(key="digit-models").set_value([]).run()
    assert searched() == ["e", "b", "d"] and not at.exception
    at.segmented_control(key="digit-view").set_value("Weights").run()
    at.selectbox(key="digit-checkpoint").set_value("d").run()
    at.segmented_control(key="digit-view").set_value("Neighbours").run()
    assert at.multiselect(key="digit-models").options[0] == "d" and searched() == ["e", "b", "d"]
    picked = open_page("digit", digit_view="Neighbours", digit_checkpoint="d")
    assert [m.value.split(",")[0].strip("*") for m in picked.markdown if "vote:" in m.value] == ["a", "d"]
    linked = open_page("digit", digit_view="Neighbours", digit_models="e,d,nobody,c,b,a")
    assert [m.value.split(",")[0].strip("*") for m in linked.markdown if "vote:" in m.value] == ["e", "d", "c", "b"]


def test_a_digit_that_stays_has_a_thousand_draws_which_others_see_at_once_and_a_changed_one_has_none(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = make_mixture(make, "one", (-1.0, 1.0), (1.0, 1.0))
    model, images = load_checkpoint(checkpoint.folder)[0], loaders.dataset("mnist").test.binary
    first = [figures_of(first_look(model, image), checkpoint) for image in images[:2]]
    at = turn_to(start(), "digit")
    assert metrics_of(at) == first[0] and "S = 50 draws" in size_of(at)
    (widget,) = (each for each in at.main.get("bidi_component") if each.proto.component_name.endswith("still"))
    before = json.loads(widget.proto.json)["mark"]
    at.number_input(key="digit-index").set_value(1).run()
    at.session_state[str(widget.key)] = {"mark": before}  # that came too late
    at.run()
    assert metrics_of(at) == first[1] and "S = 50 draws" in size_of(at)
    at.number_input(key="digit-index").set_value(0).run()
    at.session_state[str(widget.key)] = {"mark": before}
    at.run()
    stayed = inspect_image(model, images[0], 1000)
    assert metrics_of(at) == figures_of(stayed, checkpoint) and "S = 1,000 draws" in size_of(at)
    (drawn,) = bars(at)
    assert drawn["posterior"] == pytest.approx(stayed.component_posterior)
    assert drawn["error"] == pytest.approx(1.96 * stayed.component_posterior_error, rel=1e-3)  # type: ignore[operator]
    monkeypatch.setattr("streamlit.runtime.context.ContextProxy.cookies", {})
    assert metrics_of(turn_to(start(), "digit")) == figures_of(stayed, checkpoint)
