"""What an address asks for that a page does not know is said once, with the nearest name and what is shown instead."""

import pytest
from streamlit.testing.v1 import AppTest

from tests.app_helpers import MAIN, PAGES, Make, turn_to

BEGINS = "Parts of this page's address were not understood: "


def opened(page: str, **asked: str) -> AppTest:
    at = AppTest.from_file(MAIN, default_timeout=60)
    for name, text in asked.items():
        at.query_params[name.replace("_", "-")] = text
    at.switch_page(f"../pages/{page}.py").run()
    assert not at.exception and not at.error
    return at


def told(at: AppTest) -> list[str]:
    return [box.value.removeprefix(BEGINS) for box in at.warning if box.value.startswith(BEGINS)]


@pytest.fixture(autouse=True)
def models(few_digits: object, make: Make) -> None:
    sizes = {"num_components": 2, "prior_means": (-1.0, 1.0), "prior_scales": (1.0, 1.0)}
    make("bells", "dlgmm", **sizes)
    make("balls", "dlgmm", **sizes)
    make("plane", code_dim=2)


@pytest.mark.parametrize("page", [*PAGES, "kumaraswamy"])
def test_a_name_of_another_page_is_said_on_every_page_and_one_that_other_sites_add_on_none(page: str) -> None:
    other = "knn-code" if page != "knn" else "bench-a"
    (words,) = told(opened(page, utm_source="qqq", fbclid="1", models="bells", **{other: "1"}))
    assert words == f"this page has no setting “{other}”."


@pytest.mark.parametrize(
    ("page", "name", "near"),
    [
        ("clusters", "checkpoint", "clusters-checkpoint"),
        ("digit", "view", "digit-view"),
        ("knn", "knn-cod", "knn-code"),
        ("components", "mean", "means"),
        ("train", "train-sed", "train-seed"),
        ("overview", "datset", "dataset"),
    ],
)
def test_the_nearest_name_is_offered(page: str, name: str, near: str) -> None:
    assert told(opened(page, **{name: "x"})) == [f"this page has no setting “{name}” (did you mean “{near}”?)."]


@pytest.mark.parametrize(
    ("page", "name", "text", "said"),
    [
        ("clusters", "clusters-checkpoint", "bell", "“bell” (did you mean “bells”?), so the default is shown."),
        ("clusters", "clusters-by", "weight", "“weight” (did you mean “weights”?), so “p(k|x)” is shown."),
        ("clusters", "component", "3", "“3”, so the default is shown."),
        ("components", "means", "1,x", "“1,x”, so the default is shown."),
        ("digit", "digit-view", "nonsense", "“nonsense”, so “Weights” is shown."),
        ("digit", "digit-index", "999999", "“999999”, so “0” is shown."),
        ("digit", "digit", "abc", "“abc”, so the default is shown."),
        ("knn", "knn-code", "means", "“means” (did you mean “mean”?), so “sample” is shown."),
        ("kumaraswamy", "bench-a", "many", "“many”, so “2.0” is shown."),
        ("likelihood", "models", "bells,nobody", "“nobody”, and is left out."),
        ("overview", "dataset", "Mnist2", "“Mnist2” (did you mean “MNIST”?), so the default is shown."),
        ("train", "train-preset", "x" * 100, "what it says, so the default is shown."),
        ("train", "train-preset", "", "empty, so the default is shown."),
        ("kumaraswamy", "bench-u", "inf", "“inf”, so the default is shown."),
        ("components", "alpha", "nan", "“nan”, so the default is shown."),
        ("components", "alpha", "1e400", "“1e400”, so the default is shown."),
        ("components", "means", "", "empty, so the default is shown."),
        ("components", "noise", "1.5", "“1.5”, so the default is shown."),
        ("components", "components-checkpoint", "", "empty, so the default is shown."),
        ("clusters", "component", "1.5", "“1.5”, so the default is shown."),
        ("likelihood", "models", "x" * 10_001, "what it says, so the default is shown."),
        ("plane", "means", "inf", "“inf”, so the default is shown."),
        ("plane", "means", "99,99", "“99,99”, so the default is shown."),
        ("plane", "at", "99,99", "“99,99”, so the default is shown."),
        ("overview", "present", "yes", "“yes”, so the default is shown."),
    ],
)
def test_a_value_that_no_page_knows_is_said_with_what_is_shown(page: str, name: str, text: str, said: str) -> None:
    assert told(opened(page, **{name: text})) == [f"“{name}” cannot be {said}"]


@pytest.mark.parametrize(
    ("page", "asked"),
    [
        ("clusters", {"clusters-checkpoint": "bells", "clusters-by": "p(k|x)", "component": "2", "dataset": "mnist"}),
        ("components", {"components-checkpoint": "balls", "means": "-1,1", "view": "1,0,0", "noise": "3", "row": "1"}),
        ("digit", {"digit-view": "Weights", "digit-index": "0", "digit-checkpoint": "bells", "models": "balls,bells"}),
        ("digit", {"digit-view": "ledger"}),
        ("knn", {"knn-code": "sample", "knn-metric": "cosine"}),
        ("kumaraswamy", {"bench-a": "2.0", "bench-u": "0.5"}),
        (
            "train",
            {"train-preset": "Everything by hand", "train-seed": "7", "train-model": "DLGMM", "dataset": "MNIST"},
        ),
    ],
)
def test_nothing_is_said_of_what_is_known_even_if_it_is_usual(page: str, asked: dict[str, str]) -> None:
    assert told(opened(page, **asked)) == []


def test_it_stays_while_the_page_is_open_and_is_not_said_on_the_next() -> None:
    at = opened("clusters", clusters_checkpoint="xyz", maps="1")
    (words,) = told(at)
    both = "“clusters-checkpoint” cannot be “xyz”, so the default is shown; this page has no setting “maps”."
    assert words == both
    assert told(at.run()) == [words]
    assert told(turn_to(at, "knn")) == [] and told(turn_to(at, "clusters")) == []


def test_what_was_said_leaves_the_address_and_what_other_sites_add_stays_there() -> None:
    at = opened("clusters", utm_source="qqq", maps="1", clusters_by="weight", component="3", models="bells,nobody")
    assert len(told(at)) == 1
    assert {name: "".join(text) for name, text in at.query_params.items()} == {"utm-source": "qqq", "models": "bells"}
