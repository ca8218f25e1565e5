"""Pages as scripts: each opens, and says in a sentence what is amiss."""

import os
import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dlgmm_core.data.datasets import Dataset
from dlgmm_core.data.sources import DataError
from dlgmm_core.experiments.results import RESULTS
from dlgmm_core.store.checkpoints import METRICS, TSNE, WEIGHTS, save_metrics
from tests.app_helpers import (
    MAIN,
    PAGES,
    Make,
    groups,
    make_mixture,
    one_error,
    open_page,
    selected,
    shown,
    start,
    turn_to,
)
from tests.latent_helpers import Maps, map_of
from ui import findings, loaders
from ui.groups import MEANINGS

pytestmark = pytest.mark.usefixtures("repository", "alice")

NEED_A_MODEL = ("components", "digit", "latent", "knn", "likelihood")


def test_the_first_page_reads_no_images(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its visitor would wait for them, more than a second on a new server."""
    read: list[str] = []

    def dataset(name: str) -> Dataset:
        read.append(name)
        raise DataError("no images")

    monkeypatch.setattr(loaders, "dataset", dataset)
    findings._posterior_survey.cache_clear()
    assert not start().exception and read == []


def test_a_tooltip_explains_the_groups_that_are_offered(make: Make) -> None:
    for name in ("mnist-dlgmm-fig2", "mine"):
        make(name)
    at = start()
    assert groups(at).options == ["Figure 2", "Yours"]
    assert selected(at).help.splitlines() == [
        "The models that the pages compare.",
        "",
        *(f"- **{name}**: {MEANINGS[name]}." for name in groups(at).options),
    ]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_without_any_checkpoint_says_so_in_a_sentence(page: str, own_checkpoints: Path) -> None:
    at = turn_to(start(), page) if page != "overview" else start()
    assert not at.exception and not at.error
    if page in NEED_A_MODEL:
        assert [box.value for box in at.info] == [
            "There is no checkpoint trained on MNIST yet: train one on the page **Train**."
        ]
        assert not at.get("image") and not at.dataframe


@pytest.mark.parametrize("page", [*NEED_A_MODEL, "clusters"])
def test_a_page_of_several_models_says_that_none_is_chosen_and_a_page_of_one_offers_all(page: str) -> None:
    at = start()
    selected(at).set_value([])
    turn_to(at, page)
    if page in ("components", "clusters", "digit"):
        assert not at.info and len(at.selectbox) >= 2
        return
    assert [box.value for box in at.info] == ["No checkpoint trained on MNIST is chosen: choose one in the sidebar."]


@pytest.mark.parametrize("page", NEED_A_MODEL)
def test_a_data_set_without_a_checkpoint_is_named(page: str, make: Make) -> None:
    make("one")
    at = start()
    at.selectbox(key="dataset").set_value("omniglot")
    turn_to(at, page)
    assert len(at.info) == 1 and "There is no checkpoint trained on Omniglot yet" in at.info[0].value


@pytest.mark.parametrize("page", ["components", "clusters", "digit", "plane"])
def test_a_chosen_checkpoint_that_has_gone_is_named_until_another_is_chosen(
    page: str, make: Make, few_digits: Dataset
) -> None:
    for name in ("first", "second", "third"):
        make(name, "dlgmm", code_dim=2, num_components=2, prior_means=(-1.0, 1.0), prior_scales=(1.0, 1.0))
    box = f"{page}-checkpoint"
    at = open_page(page, **{box: "second"})
    assert at.selectbox(key=box).value == "second" and not at.warning
    shutil.rmtree(loaders.CHECKPOINTS / "second")
    for _ in range(2):
        assert [each.value for each in at.run().warning] == ["**second** no longer exists, so **first** is shown."]
    assert not at.selectbox(key=box).set_value("third").run().warning
    assert not at.selectbox(key=box).set_value("first").run().warning and not at.exception


@pytest.mark.parametrize("page", PAGES)
def test_a_broken_checkpoint_is_named_in_the_sidebar_and_the_rest_goes_on(
    page: str, make: Make, own_checkpoints: Path, few_digits: Dataset
) -> None:
    make_mixture(make, "whole", (-1.0, 1.0), (1.0, 1.0))
    make("cut")
    content = (own_checkpoints / "cut" / WEIGHTS).read_bytes()
    (own_checkpoints / "cut" / WEIGHTS).write_bytes(content[:200])
    at = turn_to(start(), page) if page != "overview" else start()
    assert not at.exception and not at.error
    assert len(at.sidebar.warning) == 1
    assert shown(at.sidebar.warning[0].value).startswith(
        f"**cut** cannot be used. {own_checkpoints / 'cut' / WEIGHTS} is damaged"
    )
    assert selected(at).value == ["whole"]
    assert [title.value for title in at.title] == [PAGES[page]]


@pytest.mark.parametrize("page", ["digit", "knn"])
def test_data_that_cannot_be_had_is_a_sentence(page: str, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    make("one")

    def fail(name: str) -> Dataset:
        raise DataError("The digits are not here: fetch them.")

    monkeypatch.setattr(loaders, "dataset", fail)
    assert one_error(turn_to(start(), page)) == "The digits are not here: fetch them."


@pytest.mark.parametrize("kind", ["text", "folder", "pipe"])
def test_damaged_figures_are_sentences_and_the_pages_show_the_rest(
    kind: str, make: Make, own_checkpoints: Path, few_digits: Dataset
) -> None:
    sound, odd = map_of(make("sound")), make("odd")
    nll = {"50": {"value": 99.5, "ci95": 0.5, "ess": 9.0}}
    save_metrics(sound, {"test": {"mnist": {"nll": nll}}})
    for path in (odd.folder / METRICS, odd.folder / TSNE, own_checkpoints / RESULTS):
        if kind == "text":
            path.write_text("{", encoding="utf-8")
        elif kind == "folder":
            path.mkdir()
        else:
            os.mkfifo(path)
    told = {"overview": {METRICS}, "likelihood": {METRICS, RESULTS}, "knn": {RESULTS}, "latent": {TSNE}}
    for page, files in told.items():
        at = turn_to(start(), page) if page != "overview" else start()
        assert {error.value.split(" is ")[0].rsplit("/", 1)[-1] for error in at.error} == files, page
        assert all("remove it" in error.value for error in at.error) and not at.exception
        assert not any("not been measured" in info.value for info in at.info)
        shown = [table.value.to_csv() for table in at.dataframe] + [block.proto.body for block in at.get("html")]
        wanted = {"overview": "99.50", "likelihood": "99.50", "knn": "odd"}.get(page)
        assert wanted is None or any(wanted in each for each in shown), page
    assert Maps(at).names == ["sound"]


def test_a_new_checkpoint_appears_and_begins_as_chosen(make: Make) -> None:
    make("one")
    make("two")
    at = start()
    selected(at).set_value(["two"]).run()
    make("three")
    at.run()
    assert selected(at).value == ["two", "three"]
    assert selected(at).options == ["one", "three", "two"]


def test_a_browser_that_does_not_know_of_a_new_choice_yet_does_not_undo_it(make: Make) -> None:
    make("one")
    make("mnist-dlgmm-tuned")
    at = start()
    late = at._tree.get_widget_states()  # what the browser sends with its next event, of a fragment say
    make("two")
    at.run()
    assert set(selected(at).value) == {"one", "two", "mnist-dlgmm-tuned"}
    at._run(late)
    assert set(selected(at).value) == {"one", "two", "mnist-dlgmm-tuned"}
    for act in (lambda: groups(at).set_value(["Tuned"]), lambda: selected(at).set_value(["one"])):
        act()
        late = at._tree.get_widget_states()
        at.run()
        done = set(selected(at).value), groups(at).value
        at._run(late)
        assert (set(selected(at).value), groups(at).value) == done
    assert done == ({"one"}, ["Yours"])


def test_a_page_about_one_checkpoint_offers_all_whatever_the_sidebar_compares(make: Make) -> None:
    make("one")
    make("two")
    at = turn_to(start(), "digit")
    at.selectbox(key="digit-checkpoint").set_value("one").run()
    selected(at).set_value(["two"]).run()
    assert not at.exception
    assert at.selectbox(key="digit-checkpoint").value == "one"


def test_the_pills_of_groups_choose_and_leave_out_all_of_a_group(make: Make) -> None:
    for name in ("one", "mnist-gauss-vae", "mnist-dlgmm", "mnist-dlgmm-tuned"):
        make(name)
    at = turn_to(start(), "likelihood")
    assert selected(at).value == ["mnist-dlgmm-tuned", "one"]
    pills = groups(at)
    assert pills.options == ["Tuned", "The paper's", "Yours"] and pills.value == ["Tuned", "Yours"]
    pills.set_value(["The paper's", "Yours"]).run()
    assert set(selected(at).value) == {"one", "mnist-gauss-vae", "mnist-dlgmm"}
    selected(at).set_value(["mnist-dlgmm-tuned"]).run()
    pills = groups(at)
    assert pills.value == ["Tuned"] and not at.exception


def test_the_choice_of_checkpoints_is_in_the_address_unless_it_is_the_usual_one(make: Make) -> None:
    make("one")
    make("two")
    at = turn_to(start(), "likelihood")
    assert "models" not in at.query_params
    selected(at).set_value(["two"]).run()
    assert at.query_params["models"] == "two"
    selected(at).set_value([]).run()
    linked = open_page("likelihood", models=at.query_params["models"])
    assert selected(linked).value == [] and not linked.warning
    selected(at).set_value(["two", "one"]).run()
    assert "models" not in at.query_params


def test_a_link_opens_its_choice_of_checkpoints_variants_among_them(make: Make) -> None:
    for name in ("one", "two", "mnist-dlgmm-replica"):
        make(name)
    assert set(selected(open_page("likelihood")).value) == {"one", "two"}
    linked = AppTest.from_file(MAIN, default_timeout=60)
    linked.query_params["models"] = "mnist-dlgmm-replica,two,nobody"
    linked.run()
    assert selected(linked).value == ["mnist-dlgmm-replica", "two"]
    turn_to(linked, "likelihood")
    assert selected(linked).value == ["mnist-dlgmm-replica", "two"]


@pytest.mark.parametrize(
    ("page", "query"),
    [
        ("digit", {"digit_checkpoint": "nobody"}),
        ("digit", {"digit_index": "99999999"}),
        ("digit", {"digit_index": "x"}),
        ("components", {"noise": "-5", "means": "a,b", "scales": "0,0", "view": "2,x,1"}),
        ("likelihood", {"models": "nobody,../../etc"}),
        ("knn", {"knn_points": "7", "knn_code": "median", "knn_metric": "taxi"}),
        ("likelihood", {"dataset": "cifar"}),
    ],
)
def test_an_address_that_makes_no_sense_opens_the_page_all_the_same(
    page: str, query: dict[str, str], make: Make, few_digits: Dataset
) -> None:
    make_mixture(make, "one", (0.0, 1.0), (1.0, 1.0))
    at = open_page(page, **query)
    assert [title.value for title in at.title] == [PAGES[page]] and not at.error


@pytest.mark.parametrize("page", ["kumaraswamy", "train"])
def test_a_page_that_is_presented_ends_with_its_main_picture(page: str) -> None:
    at = open_page(page)
    assert at.expander or at.info
    at.session_state["present"] = True
    at.run()
    assert not at.exception and not at.expander and not at.info and not at.get("plotly_chart")
    assert at.main.get("bidi_component") or at.radio


def test_a_box_that_was_away_for_part_of_a_run_is_told_its_choice(make: Make) -> None:
    make("one")
    make("two", "sb-vae")
    at = turn_to(start(), "digit")
    at.selectbox(key="digit-checkpoint").set_value("two").run()
    at.run()
    box = at.selectbox(key="digit-checkpoint").proto
    assert box.set_value and "two" in box.raw_value  # otherwise a browser that has just drawn it shows the first
    at.segmented_control(key="digit-source").set_value("Draw").run()
    assert not at.get("metric") and at.segmented_control(key="digit-view").value == "Weights"


def test_a_link_names_the_checkpoint_where_it_is_not_the_usual_one(make: Make) -> None:
    make("one")
    make("two", "sb-vae")
    at = open_page("digit", **{"digit-checkpoint": "two"})
    assert at.selectbox(key="digit-checkpoint").value == "two" and "two" in at.query_params["digit-checkpoint"]
    at.selectbox(key="digit-checkpoint").set_value("one").run()
    assert not at.exception and "digit-checkpoint" not in at.query_params
    at = open_page("digit", **{"digit-checkpoint": "three"})
    assert not at.exception and at.selectbox(key="digit-checkpoint").value == "one"
