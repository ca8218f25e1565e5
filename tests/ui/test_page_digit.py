"""The page Your digit: chosen, uploaded or drawn, a digit gives figures; anything else is one sentence."""

import base64
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from dlgmm_core.analysis.inspection import ImageReport, first_look
from dlgmm_core.data.datasets import Dataset, binarize
from dlgmm_core.data.digits import find_digits
from dlgmm_core.evaluate.likelihood import log_likelihood
from dlgmm_core.evaluate.per_image import per_image
from dlgmm_core.model.objectives import BOUNDS
from dlgmm_core.store.checkpoints import Checkpoint, load_checkpoint
from dlgmm_core.store.per_image import PerImage, save_per_image
from tests.app_helpers import Make, first_mixture, make_mixture, one_error, pictures, start, steps_shown, turn_to
from ui import loaders

pytestmark = pytest.mark.usefixtures("repository")


def metrics_of(at: AppTest) -> list[str]:
    return [metric.value for metric in at.metric]


def figures_of(report: ImageReport, checkpoint: Checkpoint) -> list[str]:
    """What the page should say of log p(x), the ELBO and the gap."""
    terms = report.elbo_terms[checkpoint.train_config.bound]
    gap, error = report.log_p - terms.elbo, np.hypot(report.log_p_error, terms.error)
    known = (report.log_p, report.log_p_error), (terms.elbo, terms.error), (gap, error)
    return [f"{value:.1f} ± {1.96 * error:.1f}".replace("-", "−") for value, error in known]


def size_of(at: AppTest) -> str:
    """What the page says of S."""
    (found,) = (f"{each.label}: {each.help}" for each in at.metric if each.label.startswith("log p(x), S"))
    return found


def bars(at: AppTest) -> list[dict[str, Any]]:
    """What charts of weights draw."""
    found = (each.proto for each in at.main.get("bidi_component") if each.proto.component_name.endswith("weights"))
    return [json.loads(proto.json) for proto in found]


@pytest.mark.parametrize("index", [0, 9999])
def test_a_test_digit_shows_the_figures_of_the_core(index: int, repository: Path) -> None:
    checkpoint = first_mixture(repository)
    at = turn_to(start(), "digit")
    at.selectbox(key="digit-checkpoint").set_value(checkpoint.name)
    at.number_input(key="digit-index").set_value(index).run()
    assert not at.exception and not at.error
    image = loaders.dataset("mnist").test.binary[index]
    report = first_look(load_checkpoint(checkpoint.folder)[0], image, 250)
    assert metrics_of(at) == figures_of(report, checkpoint)
    assert size_of(at).startswith("log p(x), S = 250, nats: S = 250 draws") and "1,000 follow" in size_of(at)
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


@pytest.mark.parametrize(
    ("model", "charts", "words"),
    [("gauss-vae", 0, "into weights"), ("sb-vae", 1, "What the model sees"), ("dldpmm", 1, "can say nothing")],
)
def test_every_kind_of_model_takes_a_digit(model: str, charts: int, words: str, make: Make) -> None:
    components = 2 if model == "dldpmm" else 1
    make("one", model, num_components=components, prior_means=(0.0,) * components, prior_scales=(1.0,) * components)
    at = turn_to(start(), "digit")
    assert len(bars(at)) == charts and len(metrics_of(at)) == 3
    assert all((drawn["posterior"] is None) == (model == "sb-vae") for drawn in bars(at))
    assert words in " ".join(text.value for text in at.caption)
    at.segmented_control(key="digit-view").set_value("Stick").run()
    sticks = [block for block in at.get("bidi_component") if block.proto.component_name.endswith("stick")]
    assert len(sticks) == charts and not bars(at)
    assert any("has no stick" in caption.value for caption in at.caption) == (not charts)


def test_of_many_components_the_likeliest_are_shown_and_the_rest_together(make: Make) -> None:
    checkpoint = make("many", "dldpmm", num_components=12, prior_means=tuple(range(12)), prior_scales=(1.0,) * 12)
    at = turn_to(start(), "digit")
    (drawn,) = bars(at)
    report = first_look(load_checkpoint(checkpoint.folder)[0], loaders.dataset("mnist").test.binary[0], 250)
    posterior, exact = report.component_posterior, report.exact_weights
    assert posterior is not None and exact is not None and report.sticks is not None
    shown = sorted(np.argsort(-np.maximum(posterior, report.sticks.mean))[:9])
    rest = [k for k in range(12) if k not in shown]
    assert drawn["names"] == [*(str(k + 1) for k in shown), "rest"]
    assert drawn["posterior"] == pytest.approx([*posterior[shown], posterior[rest].sum()])
    assert drawn["mean"] == pytest.approx([*report.sticks.mean[shown], report.sticks.mean[rest].sum()])
    assert drawn["exact"] == pytest.approx([*exact[shown], exact[rest].sum()])
    assert len(drawn["pictures"]) == len(drawn["low"]) == 9
    (rebuilt,) = (block.proto.body for block in at.get("html") if "Reconstruction by" in block.proto.body)
    weights = report.sticks.mean
    for k in np.argsort(-weights)[:5]:
        assert f"k = {k + 1}<br/>π = {weights[k]:.2f}" in rebuilt
    assert rebuilt.count("<img") == 5
    assert any("for certain" in caption.value for caption in at.caption)  # the value depends on the component


def test_of_a_model_of_two_layers_weights_and_divergences_of_each_are_shown_and_the_overview_has_a_sketch(
    make: Make,
) -> None:
    sizes = {"num_components": 2, "prior_means": (-1.0, 1.0), "prior_scales": (1.0, 1.0)}
    made = make("layered", "dlgmm", layers=2, components_below=(12,), **sizes)
    at = start()
    assert any("2 · 12 = 24 paths" in caption.value for caption in at.caption)
    turn_to(at, "digit")
    report = first_look(load_checkpoint(made.folder)[0], loaders.dataset("mnist").test.binary[0], 250)
    (found,) = report.weights_below
    first, second = bars(at)
    assert first["mean"] == pytest.approx(report.sticks.mean)  # type: ignore[union-attr]
    assert len(second["names"]) == 10 and second["names"][-1] == "rest" and sum(second["mean"]) == pytest.approx(1)
    assert second["low"] == pytest.approx([found.low[int(name) - 1] for name in second["names"][:-1]])
    at.segmented_control(key="digit-view").set_value("ELBO terms").run()
    terms = report.elbo_terms["eq1"]
    (table,) = (block.proto.body for block in at.get("html") if "of layer 2" in block.proto.body)
    for value in (terms.elbo + terms.divergences.sum(), *-terms.divergences, terms.elbo):
        assert f">{value:.2f}<".replace("-", "−") in table


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
    assert [m.value.split("  ")[0] for m in at.markdown if "vote:" in m.value] == ["**g**", "**s**"]
    at.segmented_control(key="digit-view").set_value("Map").run()
    assert not at.exception and "has a map" in at.info[0].value


def png(levels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(levels).save(file, "PNG")
    return file.getvalue()


def seven() -> np.ndarray:
    """Dark ink on light paper."""
    paper = np.full((120, 90), 230, np.uint8)
    paper[20:32, 20:70] = paper[20:100, 58:70] = 30
    return paper


@pytest.fixture
def upload(make: Make) -> Callable[[bytes], AppTest]:
    make_mixture(make, "one", (-1.0, 1.0), (1.0, 1.0))
    at = turn_to(start(), "digit")
    at.segmented_control(key="digit-source").set_value("Upload").run()
    assert not at.exception and not metrics_of(at)

    def upload(content: bytes) -> AppTest:
        at.file_uploader[0].set_value(("digit.png", content, "image/png")).run()
        return at

    return upload


def test_an_uploaded_picture_is_taken_through_the_model(upload: Callable[[bytes], AppTest]) -> None:
    at = upload(png(seven()))
    assert not at.exception and not at.error
    assert len(metrics_of(at)) == 3
    assert any("dark ink on light paper, inverted" in caption.value for caption in at.caption)


def test_an_uploaded_digits_place_is_by_as_many_draws_as_those_of_the_test_images(
    few_digits: Dataset, upload: Callable[[bytes], AppTest]
) -> None:
    (checkpoint,) = loaders.checkpoints()
    image = binarize(find_digits(seven()).digits[0].grey.reshape(-1), 0)
    own = per_image(load_checkpoint(checkpoint.folder)[0], image[None], 7, 3).log_likelihood
    others = np.repeat(np.array([-1, 1], np.float32), [240, len(few_digits.test) - 240]) + own
    save_per_image(checkpoint, PerImage(others, np.full((len(others), 2), 0.5, np.float32), 7, 3))
    at = upload(png(seven()))
    assert any("S = 7, under one: more probable than 80\xa0% of the" in caption.value for caption in at.caption)


def test_a_digit_that_stays_has_a_thousand_draws_which_others_see_at_once_and_a_changed_one_has_none(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = make_mixture(make, "one", (-1.0, 1.0), (1.0, 1.0))
    model, images = load_checkpoint(checkpoint.folder)[0], loaders.dataset("mnist").test.binary
    first = [figures_of(first_look(model, image, 250), checkpoint) for image in images[:2]]
    at = turn_to(start(), "digit")
    assert metrics_of(at) == first[0] and "S = 250 draws" in size_of(at)
    (widget,) = (each for each in at.main.get("bidi_component") if each.proto.component_name.endswith("still"))
    before = json.loads(widget.proto.json)["mark"]
    at.number_input(key="digit-index").set_value(1).run()
    at.session_state[str(widget.key)] = {"mark": before}  # that came too late
    at.run()
    assert metrics_of(at) == first[1] and "S = 250 draws" in size_of(at)
    at.number_input(key="digit-index").set_value(0).run()
    at.session_state[str(widget.key)] = {"mark": before}
    at.run()
    many = log_likelihood(model, images[:1], 1000)
    stayed = replace(first_look(model, images[0], 250), num_samples=1000, log_p=many.log_p[0], ess=many.ess[0])
    assert metrics_of(at) == figures_of(stayed, checkpoint) and "S = 1,000 draws" in size_of(at)
    monkeypatch.setattr("streamlit.runtime.context.ContextProxy.cookies", {})
    assert metrics_of(turn_to(start(), "digit")) == figures_of(stayed, checkpoint)


def test_the_same_picture_drawn_and_then_uploaded_is_read_as_each(make: Make) -> None:
    make("one")
    at = turn_to(start(), "digit")
    content = png(seven())
    at.segmented_control(key="digit-source").set_value("Draw").run()
    at.session_state["digit-pad-picture"] = "data:image/png;base64," + base64.b64encode(content).decode()
    at.run()
    assert one_error(at)  # a drawing has light ink, which covers this one
    at.segmented_control(key="digit-source").set_value("Upload").run()
    at.file_uploader[0].set_value(("digit.png", content, "image/png")).run()
    assert not at.error and any("dark ink on light paper" in caption.value for caption in at.caption)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"this is no picture", "This file is not a picture that can be read: choose a PNG or a JPEG."),
        (png(seven())[:90], "This file is not a picture that can be read: choose a PNG or a JPEG."),
        (b"", "This file is empty: choose a picture of one digit."),
        (
            png(np.full((50, 50), 255, np.uint8)),
            "There is no ink in this picture: draw or photograph one digit on plain paper.",
        ),
        (png(np.zeros((1, 1), np.uint8)), "This picture is only 1 x 1 pixels: choose a larger one."),
    ],
    ids=["text", "truncated", "empty", "blank", "one pixel"],
)
def test_a_useless_upload_is_one_clear_sentence(
    content: bytes, sentence: str, upload: Callable[[bytes], AppTest]
) -> None:
    at = upload(content)
    assert one_error(at) == sentence
    assert not metrics_of(at)


def test_a_drawing_is_taken_through_the_model_and_kept_while_other_pages_are_open(make: Make) -> None:
    make_mixture(make, "one", (-1.0, 1.0), (1.0, 1.0))
    at = turn_to(start(), "digit")
    at.segmented_control(key="digit-source").set_value("Draw").run()
    assert not at.exception and not metrics_of(at)
    assert not steps_shown(at)
    at.session_state["digit-pad-picture"] = "data:image/png;base64," + base64.b64encode(png(255 - seven())).decode()
    at.run()
    assert not at.exception and len(metrics_of(at)) == 3
    assert any("light ink on dark paper" in caption.value for caption in at.caption)
    before = steps_shown(at)
    turn_to(at, "components")
    turn_to(at, "digit")
    assert steps_shown(at) == before
    (pad,) = (each for each in at.main.get("bidi_component") if "digit_pad" in each.proto.component_name)
    for bad in (7, "nonsense", "data:image/png;base64,%", ["data:image/png;base64,AAAA"]):
        at.session_state[str(pad.key)] = {"picture": bad}
        at.run()
        assert steps_shown(at) == before
    at.session_state[str(pad.key)] = {"picture": None}
    at.run()
    assert not steps_shown(at)


@pytest.mark.parametrize("picture", ["data:image/png;base64,AAAA", "data:image/png;base64,%%é", "nonsense", 7])
def test_a_drawing_that_is_no_picture_gives_one_error_at_most(picture: object, make: Make) -> None:
    make("one")
    at = turn_to(start(), "digit")
    at.segmented_control(key="digit-source").set_value("Draw").run()
    at.session_state["digit-pad-picture"] = picture
    at.run()
    assert not at.exception and not metrics_of(at) and len(at.error) <= 1
