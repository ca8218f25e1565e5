"""What tests of the lesson share: its steps opened, answered and read."""

import re

from streamlit.testing.v1 import AppTest

from tests.app_helpers import open_page, turn_to
from ui.lesson.steps import STEPS, Step

ALWAYS = 8  # steps that are there whatever is shipped


def open_step(number: int, page: str = "") -> AppTest:
    return open_page(page or STEPS[number - 1].page, lesson=str(number))


def go(at: AppTest, page: str) -> None:
    """By the sidebar, which empties the address."""
    at.query_params.clear()
    turn_to(at, page)


def card_of(at: AppTest) -> list[str]:
    """The headings of cards on the page."""
    return [head.value for head in [*at.header, *at.subheader] if head.value.startswith("Step ")]


def press(at: AppTest, label: str) -> None:
    (button,) = [b for b in at.button if b.label == label]
    button.click().run()
    assert not at.exception


def answer(at: AppTest, step: Step) -> str:
    """Guesses the first choice, or 42, and sends it; what the guess is shown as."""
    radios = [radio for radio in at.radio if radio.label == step.question]
    if radios:
        guess = str(radios[0].options[0])
        radios[0].set_value(guess)
    else:
        (box,) = [box for box in at.number_input if box.label.startswith(step.question)]
        box.set_value(42.0)
        guess = f"{42:.{step.decimals}f} {step.unit}"
    press(at, "Answer")
    return guess


def compared(at: AppTest) -> dict[str, str]:
    found = [re.match(r"Your guess \*\*(.+?)\*\* · The answer \*\*(.+?)\*\*", each.value) for each in at.markdown]
    return {name: each[at] for each in found if each for at, name in ((1, "Your guess"), (2, "The answer"))}


def words(at: AppTest) -> str:
    """All text of the page."""
    boxes = (at.markdown, at.caption, at.latex, at.info, at.error)
    return "\n".join([element.value for box in boxes for element in box] + [m.value for m in at.metric])
