"""The guided lesson: a card above the page that the step is about, with a guess and the measured answer.

The step is kept in the session and in the link. Answers belong to the visitor: they survive a reload, and are not in
the link. A guess is kept together with its outcome, which later changes on the page do not affect.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import streamlit as st
from streamlit.navigation.page import Page

from dlgmm_core.data.datasets import DATASETS
from dlgmm_core.data.sources import DataError
from dlgmm_core.runtime.files import StorageError
from ui.images import tiled_picture
from ui.lesson.outcomes import DATASET, Missing, Outcome
from ui.lesson.steps import ANSWER, Step, offered_steps
from ui.links import whole_numbers_in_link
from ui.presentation import AWAITED, GUIDED, make_room_below_card
from ui.sidebar import choice, compare, compare_next
from ui.visitors.visitor import visitor

__all__ = ["lesson_card", "lesson_start", "turn_step"]

LINK = "lesson"
UNAVAILABLE = (Missing, StorageError, DataError)  # why a question cannot be asked
_STEP, _PAGE, _SET = "lesson-step", "lesson-page", "lesson-set"
_BEFORE = "lesson-before"


@dataclass(frozen=True)
class Answer:
    """A guess, and the answer that it is compared with."""

    guess: str | float
    outcome: Outcome


@dataclass
class _Before:
    """What the visitor had chosen before steps of the lesson chose others.

    Attributes:
        compared: names of models.
        values: the session's, by their keys; None where there was none.
        shown: keys of the step that was opened last.
    """

    compared: list[str]
    values: dict[str, object]
    shown: frozenset[str]


def lesson_start() -> None:
    """The button that starts the lesson from the beginning."""
    if st.button(f"Start the lesson: {len(offered_steps())} steps", icon=":material/school:"):
        _leave()
        _open(1)


def lesson_card(page: Page) -> bool:
    """Draws the card if the visitor has started the lesson; returns whether the page below it may be shown.

    Args:
        page: the page that the visitor is on.
    """
    is_there = LINK in st.query_params or _STEP in st.session_state
    steps = offered_steps() if is_there else ()  # which reads what many checkpoints hold
    number = _step_of_visitor(page, steps)
    st.session_state[AWAITED] = False
    st.session_state[GUIDED] = number is not None and steps[number - 1].page == page.url_path
    if number is None:
        st.query_params.pop(LINK, None)
        return True
    step = steps[number - 1]
    if step.page != page.url_path:
        with st.container(border=True, horizontal=True, vertical_alignment="center", key="lesson"):
            st.markdown(f"The lesson is at step {number} of {len(steps)}: {step.title}.", width="stretch")
            if st.button("Continue"):
                _open(number)
            st.button("Leave", on_click=_leave)
        return True
    if st.query_params.get(LINK) != str(number):
        st.query_params[LINK] = str(number)
    with st.container(border=True, key="lesson"):
        opens = _draw(number, steps)
    if not opens:
        st.title(page.title)
        st.container(key="awaited").info("This page is shown as soon as you have answered.")
        return False
    make_room_below_card()
    if st.session_state.get(_SET) != number and not _of_other_data():
        st.session_state[_SET] = number
        _show(step)
        if step.compares:
            compare(step.compares)
    return True


def _show(step: Step) -> None:
    values = {**step.widgets, **step.opens()}
    before = st.session_state.setdefault(_BEFORE, _Before([c.name for c in choice().checkpoints], {}, frozenset()))
    before.shown = frozenset(values)
    for key in values:
        before.values.setdefault(key, st.session_state.get(key))
    st.session_state.update(values)


def turn_step(by: int) -> None:
    """Turns to a later or earlier step, if the visitor takes the lesson and there is one."""
    number = st.session_state.get(_STEP)
    if number is not None and 1 <= number + by <= len(offered_steps()):
        _open(number + by)


def _step_of_visitor(page: Page, steps: Sequence[Step]) -> int | None:
    """Counted from 1; the link's, if the visitor comes from another page or from outside, or goes back or forward."""
    arrives = st.session_state.get(_PAGE) != page.url_path
    st.session_state[_PAGE] = page.url_path
    linked = whole_numbers_in_link(LINK, 1, 1, len(steps))
    if (arrives or _STEP in st.session_state) and linked is not None:
        number = st.session_state[_STEP] = linked[0]
        if steps[number - 1].page != page.url_path:
            _open(number)
    found: int | None = st.session_state.get(_STEP)
    return None if found is None else min(found, len(steps))


def _open(number: int) -> None:
    st.session_state[_STEP] = number
    st.switch_page(f"../pages/{offered_steps()[number - 1].page}.py", query_params={LINK: str(number)})


@st.cache_resource(max_entries=1000, show_spinner=False)
def _answers_of(who: str) -> dict[str, Answer]:
    return {}


def _answers() -> dict[str, Answer]:
    """The visitor's, by the step's title."""
    return _answers_of(visitor())


def _leave() -> None:
    """Gives back what was chosen before; what the visitor looks at stays where nothing had been chosen in its place."""
    is_in_sight = st.session_state.get(GUIDED, False)
    _answers().clear()
    for key in (_STEP, _SET):
        st.session_state.pop(key, None)
    before: _Before | None = st.session_state.pop(_BEFORE, None)
    if before is None:
        return
    compare_next(before.compared)
    for key, value in before.values.items():
        if value is not None:
            st.session_state[key] = value
        elif not (is_in_sight and key in before.shown):
            st.session_state.pop(key, None)


def _draw(number: int, steps: Sequence[Step]) -> bool:
    """Draws the whole card; returns whether the page may be shown."""
    step = steps[number - 1]
    answer = _answers().get(step.title)
    heading = st.header if answer is None else st.subheader
    with st.container(horizontal=True, vertical_alignment="center", key="lesson-head"):
        heading(f"Step {number} of {len(steps)}: {step.title}", anchor=False, width="stretch")
        with st.container(horizontal=True, width="content"):
            if answer is not None:
                _explain(step, answer)
            if number == len(steps):
                _summary(steps)
            if st.button("Back", disabled=number == 1):
                _open(number - 1)
            if number < len(steps):
                if st.button("Next"):
                    _open(number + 1)
                st.button("Leave", on_click=_leave)
            elif st.button("Finish", help="Ends the lesson, and returns to the overview."):
                st.session_state[GUIDED] = False
                _leave()
                st.switch_page("../pages/overview.py", query_params={})
    if answer is None:
        return _question(number, step)
    if words := _of_other_data():
        st.info(words)
    else:
        _compare(step, answer)
    return True


def _question(number: int, step: Step) -> bool:
    """The text, the equation and the form; returns whether the page may be shown before the guess."""
    words, formula = st.columns([4, 3], gap="medium", vertical_alignment="center")
    formula.latex(step.equation.replace(ANSWER, r"\;?"))
    with words:
        st.write(step.text)
        try:
            _ask(number, step)
        except UNAVAILABLE as error:
            st.info(str(error))
            return True
    st.session_state[AWAITED] = True
    return not step.hides


def _summary(steps: Sequence[Step]) -> None:
    """All guesses of the visitor beside the answers."""
    rows = [
        f"| {number}. {step.title} | {_shown(step, answer.guess)} | {_shown(step, answer.outcome.value)} |"
        for number, step in enumerate(steps, 1)
        if (answer := _answers().get(step.title)) is not None
    ]
    if rows:
        with st.popover("Your guesses"):
            st.markdown("\n".join(["| Step | Your guess | The answer |", "|---|---|---|", *rows]))


def _of_other_data() -> str:
    """What to do where the page is about another data set than the lesson; empty where it is not."""
    if st.session_state["dataset"] == DATASET:
        return ""
    return f"The lesson is about {DATASETS[DATASET].label}: choose it as the data set in the sidebar."


def _measured(step: Step) -> Outcome | None:
    if words := _of_other_data():
        raise Missing(words)
    return step.measure()


def _ask(number: int, step: Step) -> None:
    outcome = _measured(step)
    _picture(outcome)
    key = f"lesson-guess-{number}"
    with st.form(f"lesson-form-{number}", border=False):
        if outcome is not None and outcome.choices:
            st.radio(step.question, outcome.choices, index=None, horizontal=True, key=key)
        else:
            st.number_input(
                f"{step.question} A number from 0 to {step.most:g}.",
                0.0,
                step.most,
                None,
                step=10.0**-step.decimals,
                format=f"%.{step.decimals}f",
                placeholder="?",
                key=key,
            )
        answered = st.form_submit_button("Answer", type="primary", on_click=_record, args=(step, key))
    if answered and st.session_state[key] is None:
        st.info("Enter a guess first; it need not be right.")
    elif answered:
        st.info("There is no digit yet: draw one on the pad below, or choose a test digit.")


def _record(step: Step, key: str) -> None:
    """Keeps the guess with the present outcome, before the card is drawn, which reports errors."""
    guess = st.session_state[key]
    with suppress(*UNAVAILABLE):
        outcome = _measured(step)
        if guess is not None and outcome is not None:
            _answers()[step.title] = Answer(guess, outcome)


def _compare(step: Step, answer: Answer) -> None:
    """Guess and answer in one line, so that what to look at is in sight."""
    guess, found = _shown(step, answer.guess), _shown(step, answer.outcome.value)
    st.markdown(f"Your guess **{guess}** · The answer **{found}**{answer.outcome.qualified}. {step.then}")


def _explain(step: Step, answer: Answer) -> None:
    """What led to the answer, on demand."""
    with st.popover("Why"), st.container(key="lesson-why"):
        st.write(step.text)
        st.latex(step.equation.replace(ANSWER, _in_latex(step, answer.outcome)))
        _picture(answer.outcome)
        st.write(answer.outcome.because)


def _picture(outcome: Outcome | None) -> None:
    if outcome is not None and outcome.picture is not None:
        st.image(tiled_picture(outcome.picture[None], 1, zoom=3), alt="The digit, 28 by 28 pixels")


def _shown(step: Step, value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.{step.decimals}f} {step.unit}"


def _in_latex(step: Step, outcome: Outcome) -> str:
    return outcome.figure or rf"\textbf{{{_shown(step, outcome.value)}}}".replace("%", r"\%")
