"""The lesson's card: nothing of it without the lesson, nothing of an outcome before the guess, both beside it after."""

import json
from pathlib import Path

import pytest
from streamlit.runtime.context import ContextProxy
from streamlit.testing.v1 import AppTest

from dlgmm_core.experiments.table import FIGURE_2
from dlgmm_core.runtime.program import PROGRAM
from tests.app_helpers import PAGES, open_page, selected, start, turn_to
from tests.lesson_helpers import ALWAYS, answer, card_of, compared, go, open_step, press, words
from ui.lesson.outcomes import PAPER
from ui.lesson.steps import ANSWER, STEPS, Step, offered_steps
from ui.visitors.visitor import COOKIE

pytestmark = pytest.mark.usefixtures("repository", "forgotten")

NUMBERED = [pytest.param(number, step, id=step.title) for number, step in enumerate(STEPS[:ALWAYS], 1)]
ELSEWHERE, ITS_TITLE = "kumaraswamy", "Kumaraswamy bench"  # a page without a step
OPENING = "This page is shown as soon as you have answered."


# --- without the lesson --------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["overview", "components", "digit", "latent", "likelihood"])
def test_without_the_lesson_there_is_a_button_on_the_overview_and_nothing_else(page: str) -> None:
    at = turn_to(start(), page) if page != "overview" else start()
    assert card_of(at) == [] and not at.latex
    labels = [button.label for button in at.button if "esson" in button.label or button.label in ("Leave", "Next")]
    assert labels == ([f"Start the lesson: {len(offered_steps())} steps"] if page == "overview" else [])
    assert "lesson" not in at.query_params


@pytest.mark.parametrize("text", ["0", "14", "x"])
def test_an_invalid_link_does_not_start_the_lesson(text: str) -> None:
    at = open_page("likelihood", lesson=text)
    assert card_of(at) == [] and "lesson" not in at.query_params
    assert [title.value for title in at.title] == ["Likelihood"]


# --- the way through it --------------------------------------------------------------------------


def test_there_are_thirteen_steps_of_one_equation_each() -> None:
    assert len(STEPS) == 13 and len({step.title for step in STEPS}) == 13
    assert [step for step in offered_steps() if step in STEPS[:ALWAYS]] == [*STEPS[:ALWAYS]]
    for step in STEPS:
        assert step.equation.count(ANSWER) == 1
        assert (Path(__file__).parents[2] / "pages" / f"{step.page}.py").exists()


def test_the_button_leads_through_all_steps_and_back() -> None:
    at = start()
    press(at, f"Start the lesson: {len(offered_steps())} steps")
    steps = offered_steps()
    for number, step in enumerate(steps, 1):
        assert card_of(at) == [f"Step {number} of {len(steps)}: {step.title}"]
        assert [title.value for title in at.title] == [PAGES[step.page]]
        assert at.query_params["lesson"] in (str(number), [str(number)])
        assert {b.label: b.disabled for b in at.button if b.label in ("Back", "Next", "Finish")} == {
            "Back": number == 1,
            "Next" if number < len(steps) else "Finish": False,
        }
        if number < len(steps):
            press(at, "Next")
    press(at, "Back")
    assert card_of(at) == [f"Step {len(steps) - 1} of {len(steps)}: {steps[-2].title}"]
    press(at, "Next")
    press(at, "Finish")
    assert [title.value for title in at.title] == [PAGES["overview"]] and "lesson" not in at.query_params
    assert f"Start the lesson: {len(steps)} steps" in [button.label for button in at.button]


def test_a_link_on_any_page_opens_the_page_of_its_step() -> None:
    at = start()
    at.query_params["lesson"] = "8"
    turn_to(at, ELSEWHERE)
    assert card_of(at) == [f"Step 8 of {len(offered_steps())}: log p(x)"] and [title.value for title in at.title] == [
        "Likelihood"
    ]


def test_on_another_page_the_lesson_waits_goes_on_where_it_was_and_is_left() -> None:
    at = open_step(8)
    go(at, ELSEWHERE)
    assert card_of(at) == [] and [title.value for title in at.title] == [ITS_TITLE]
    assert f"The lesson is at step 8 of {len(offered_steps())}: log p(x)." in words(at)
    press(at, "Continue")
    assert card_of(at) == [f"Step 8 of {len(offered_steps())}: log p(x)"]
    go(at, ELSEWHERE)
    press(at, "Leave")
    assert "lesson" not in at.query_params and [head.value for head in at.title] == [ITS_TITLE]
    go(at, "components")
    assert card_of(at) == [] and "lesson" not in words(at)


def test_the_card_stands_in_for_the_words_of_its_page_until_it_is_left() -> None:
    at, its_words = open_step(1), "The encoder turns an image"
    assert its_words not in words(at)
    press(at, "Leave")
    assert its_words in words(at) and [head.value for head in at.title] == [PAGES["digit"]]
    assert card_of(at) == [] and "lesson" not in at.query_params


def test_what_was_chosen_before_comes_back_and_what_is_in_sight_stays_where_nothing_was() -> None:
    def at_step(number: int) -> None:
        go(at, ELSEWHERE)
        at.query_params["lesson"] = str(number)
        turn_to(at, STEPS[number - 1].page)

    at, mine = start(), ["mnist-dldpmm-tuned"]
    selected(at).set_value(mine).run()
    turn_to(at, "knn").segmented_control(key="knn-code").set_value("mean").run()
    turn_to(at, "digit").number_input(key="digit-index").set_value(42).run()
    at_step(1)
    assert at.segmented_control(key="digit-source").value == "Draw"
    press(at, "Leave")
    assert at.number_input(key="digit-index").value == 42
    at_step(7)
    answer(at, STEPS[6])
    assert at.segmented_control(key="knn-code").value == "sample" and selected(at).value != mine
    press(at, "Leave")
    assert at.segmented_control(key="knn-code").value == "mean" and selected(at).value == mine
    at_step(4)
    answer(at, STEPS[3])
    press(at, "Leave")
    assert at.selectbox(key="components-checkpoint").value == FIGURE_2


def test_what_steps_have_opened_is_gone_where_the_lesson_is_left_elsewhere() -> None:
    at = open_step(4)
    answer(at, STEPS[3])
    go(at, ELSEWHERE)
    press(at, "Leave")
    go(at, "components")
    usual = open_page("components").selectbox(key="components-checkpoint").value
    assert at.selectbox(key="components-checkpoint").value == usual != FIGURE_2


def test_a_step_shows_what_it_asks_about_whatever_was_chosen_on_its_page_before() -> None:
    def means_shown(at: AppTest) -> list[float]:
        (found,) = (w for w in at.main.get("bidi_component") if "live_components" in w.proto.component_name)
        means: list[float] = json.loads(found.proto.json)["now"]["means"]
        return means

    at = open_page("components", means="0,-0.75,0,0.75,1.5", **{"components-checkpoint": FIGURE_2})
    assert means_shown(at)[0] == 0
    turn_to(at, "knn").slider(key="knn-points").set_value(1000).run()
    selected(at).set_value([]).run()
    for number, step in ((4, STEPS[3]), (7, STEPS[6])):
        go(at, ELSEWHERE)
        at.query_params["lesson"] = str(number)
        turn_to(at, step.page)
        answer(at, step)
        if number == 4:
            assert means_shown(at) == [-1.5, -0.75, 0, 0.75, 1.5]
    assert at.slider(key="knn-points").value == 50_000 and selected(at).value == list(PAPER)
    press(at, "Leave")
    assert at.session_state["knn-points"] == 1000 and selected(at).value == []


def test_models_are_chosen_once_the_page_is_about_the_lessons_data() -> None:
    at = start()
    at.selectbox(key="dataset").set_value("omniglot").run()
    at.query_params["lesson"] = "7"
    turn_to(at, "knn")
    assert "The lesson is about MNIST" in words(at)
    at.selectbox(key="dataset").set_value("mnist").run()
    answer(at, STEPS[6])
    assert selected(at).value == list(PAPER)
    at.selectbox(key="dataset").set_value("omniglot").run()
    assert "The lesson is about MNIST" in words(at) and not compared(at)


# --- guess and outcome ---------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "step"), NUMBERED)
def test_the_outcome_is_hidden_until_there_is_a_guess_and_beside_it_afterwards(
    number: int, step: Step, request: pytest.FixtureRequest
) -> None:
    if step.page == "knn":  # whose page searches for every image
        request.getfixturevalue("few_digits")
    at = open_step(number)
    if number == 1:
        at.segmented_control(key="digit-source").set_value("Test digit").run()
    before = words(at)
    (formula,) = at.latex
    assert formula.value.strip("$\n") == step.equation.replace(ANSWER, r"\;?")
    assert compared(at) == {} and "**Now look.**" not in before
    assert (OPENING in before) == step.hides
    if step.hides:
        assert not at.get("plotly_chart") and not at.dataframe and not at.selectbox(key="dataset").disabled
        assert not at.main.selectbox and not at.main.multiselect and not at.caption
    if number == 1:  # about a digit, which is all that is shown
        assert at.segmented_control(key="digit-source") and not at.metric and not at.get("bidi_component")[1:]
    guess = answer(at, step)
    assert compared(at)["Your guess"] == guess
    assert number > 2 or at.metric
    outcome = step.measure()
    assert outcome is not None
    found = compared(at)["The answer"]
    assert found.startswith(outcome.value if isinstance(outcome.value, str) else f"{outcome.value:.{step.decimals}f}")
    assert outcome.because not in before and outcome.because in words(at) and step.then in words(at)
    assert OPENING not in words(at) and at.latex[0].value != formula.value


def test_a_guess_stays_beside_its_outcome_through_other_pages_and_steps_until_the_lesson_is_restarted() -> None:
    at = open_step(8)
    press(at, "Answer")
    assert compared(at) == {} and "Enter a guess first" in words(at) and OPENING in words(at)
    guess = answer(at, STEPS[7])
    kept = compared(at)
    assert kept["Your guess"] == guess
    go(at, ELSEWHERE)
    assert compared(at) == {}
    go(at, "likelihood")
    assert card_of(at) == [f"Step 8 of {len(offered_steps())}: log p(x)"] and compared(at) == kept
    press(at, "Back")
    assert card_of(at) == [f"Step 7 of {len(offered_steps())}: kNN"] and compared(at) == {}
    go(at, "overview")
    at.query_params["lesson"] = "8"
    turn_to(at, "likelihood")
    assert compared(at) == kept
    go(at, "overview")
    press(at, f"Start the lesson: {len(offered_steps())} steps")
    go(at, ELSEWHERE)
    at.query_params["lesson"] = "8"
    turn_to(at, "likelihood")
    assert card_of(at) == [f"Step 8 of {len(offered_steps())}: log p(x)"] and compared(at) == {}


def test_a_step_about_a_digit_waits_for_one_and_its_outcome_is_about_that_one() -> None:
    at = open_step(1)
    assert at.segmented_control(key="digit-source").value == "Draw"
    answer(at, STEPS[0])
    assert compared(at) == {} and "There is no digit yet: draw one on the pad below" in words(at)
    at.segmented_control(key="digit-source").set_value("Test digit").run()
    answer(at, STEPS[0])
    kept = compared(at)
    assert kept
    at.number_input(key="digit-index").set_value(3).run()
    assert compared(at) == kept


def test_the_digit_of_the_link_is_the_digit_of_the_step() -> None:
    at = open_page("digit", lesson="3", digit_index="3")
    answer(at, STEPS[2])
    assert at.number_input(key="digit-index").value == 3
    assert at.selectbox(key="digit-checkpoint").value == STEPS[2].widgets["digit-checkpoint"]


@pytest.mark.parametrize(("number", "step"), NUMBERED[1:])
def test_a_step_that_cannot_be_measured_says_so_and_can_be_passed(
    number: int, step: Step, own_checkpoints: Path
) -> None:
    at = open_step(number)
    assert not at.exception and not at.error
    assert f"`{PROGRAM} " in at.info[0].value and OPENING not in words(at)
    assert not [b for b in at.button if b.label == "Answer"]
    press(at, "Next")
    assert card_of(at) == [f"Step {number + 1} of {ALWAYS + 1}: {(STEPS[:ALWAYS] + STEPS[10:11])[number].title}"]


def test_on_another_data_set_the_lesson_asks_for_its_own() -> None:
    at = start()
    at.selectbox(key="dataset").set_value("omniglot").run()
    at.query_params["lesson"] = "8"
    turn_to(at, "likelihood")
    assert at.info[0].value == "The lesson is about MNIST: choose it as the data set in the sidebar."
    at.selectbox(key="dataset").set_value("mnist").run()
    assert OPENING in words(at)


def test_a_step_shows_its_checkpoint_although_the_sidebar_compares_another() -> None:
    at = start()
    selected(at).set_value(["mnist-dldpmm"]).run()
    at.query_params["lesson"] = "4"
    turn_to(at, "components")
    answer(at, STEPS[3])
    assert len(compared(at)) == 2
    assert at.selectbox(key="components-checkpoint").value == FIGURE_2


# --- reloads -------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [2, 8])
def test_a_guess_and_what_turned_out_outlast_a_reload_and_are_the_visitors_own(
    number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = open_step(number)
    answer(at, STEPS[number - 1])
    shown = compared(at)
    assert shown and compared(open_step(number)) == shown
    with monkeypatch.context() as patch:
        patch.setattr(ContextProxy, "cookies", {COOKIE: "bob"})
        assert not compared(open_step(number))
    press(at, "Leave")
    assert not compared(open_step(number))
