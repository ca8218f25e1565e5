"""The lesson in the browser: the outcome is shown beside the guess, and not before it."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page

from dlgmm_core.experiments.results import read_results
from tests.browser_helpers import become_another, draw_a_seven, overhang, settle, until, visit
from ui.lesson.outcomes import DLGMM

pytestmark = pytest.mark.browser


def card(page: Page) -> Locator:
    return page.locator(".st-key-lesson")


def answer(page: Page, number: str) -> None:
    box = card(page).get_by_role("spinbutton")
    box.fill(number)
    box.press("Enter")
    card(page).get_by_text("Your guess").wait_for()
    settle(page)


def guess_and_outcome(page: Page) -> list[str]:
    """Both values, which begin the line that is left of an answered question."""
    line = card(page).get_by_text("Your guess")
    assert line.count() == 1
    return line.locator("strong").all_inner_texts()[:2]


def open_why(page: Page) -> Locator:
    """What the card opens of an answered question."""
    card(page).get_by_role("button", name="Why").click()
    why = page.locator(".st-key-lesson-why")
    why.locator(".katex-html").first.wait_for()
    settle(page)
    return why


def equation_fits(page: Page) -> bool:
    """Whether all of it is seen without scrolling, in the card or in what it opens."""
    excess = "all => all.map(e => e.scrollWidth - e.clientWidth)"
    return page.locator(":is(.st-key-lesson, .st-key-lesson-why) .katex-display").evaluate_all(excess) == [0]


def gain(tree: Path) -> str:
    """The last step's outcome, as it is shown."""
    rows = read_results(tree / "checkpoints")
    (row,) = [r for r in rows if r.checkpoint == DLGMM and r.eval_dataset == "mnist"]
    assert row.figures.elbo is not None
    return f"{-row.figures.nll['5000'].value - row.figures.elbo.value:.1f} nats"


def test_a_drawn_digit_is_guessed_then_revealed_and_the_lesson_goes_on(server: str, page: Page) -> None:
    visit(page, server, "Deep latent Gaussian mixtures")
    page.get_by_role("button", name="Start the lesson").click()
    page.wait_for_url("**/digit?lesson=1*")
    draw_a_seven(page)
    page.wait_for_url(re.compile(r"[?&]digit="))
    settle(page)
    assert card(page).get_by_text("Your guess").count() == page.locator(".steps, .weights").count() == 0
    answer(page, "42")
    guessed, found = guess_and_outcome(page)
    assert guessed == "42 pixels" and found.endswith(" pixels") and 10 < int(found.split()[0]) < 400
    assert found in open_why(page).locator(".katex-html").inner_text().replace("\xa0", " ")
    page.keyboard.press("Escape")
    card(page).get_by_role("button", name="Next").click()
    card(page).get_by_text("Step 2 of").wait_for()
    page.wait_for_url("**/digit?lesson=2*")
    settle(page)
    card(page).get_by_role("button", name="Back").click()
    card(page).get_by_text("Step 1 of").wait_for()
    settle(page)
    assert guess_and_outcome(page) == [guessed, found]
    card(page).get_by_role("button", name="Leave").click()
    card(page).wait_for(state="detached")
    settle(page)
    page.get_by_role("button", name="Undo", exact=True).click()  # on a pad made anew
    page.get_by_text("Draw one digit here").wait_for()


def test_a_page_that_shows_the_answer_is_hidden_until_the_guess_on_a_phone_too(
    server: str, tree: Path, page: Page
) -> None:
    page.set_viewport_size({"width": 1280, "height": 720})
    visit(page, f"{server}/?lesson=8", "Likelihood")
    assert page.url == f"{server}/likelihood?lesson=8"
    told = gain(tree)
    everything = page.locator("[data-testid=stMain]")
    assert told not in everything.inner_text() and "ELBO (eq1)" not in everything.inner_text()
    assert page.locator(".js-plotly-plot, [data-testid=stDataFrame]").count() == 0
    answer(page, "3")
    assert guess_and_outcome(page) == ["3.0 nats", told]
    box = card(page).bounding_box()
    assert box is not None and box["height"] < 150  # what to look at is in sight
    open_why(page)
    assert equation_fits(page)
    page.keyboard.press("Escape")
    page.locator(".js-plotly-plot").first.wait_for()
    link = page.url
    card(page).get_by_role("button", name="Next").click()
    card(page).get_by_text("Step 9 of").wait_for()
    until(page, lambda: equation_fits(page))
    settle(page)
    become_another(page)
    page.set_viewport_size({"width": 320, "height": 800})
    visit(page, link, "Likelihood")  # the link opens the step, and tells nobody's answer
    card(page).get_by_text("Step 8 of").wait_for()
    assert told not in everything.inner_text()
    on_a_phone_guess_and_outcome_stand_side_by_side_and_the_keyboard_suffices(page, told)


def on_a_phone_guess_and_outcome_stand_side_by_side_and_the_keyboard_suffices(page: Page, told: str) -> None:
    until(page, lambda: overhang(page) <= 0)
    page.set_viewport_size({"width": 375, "height": 800})
    until(page, lambda: equation_fits(page) and overhang(page) <= 0)
    answer(page, "12.5")
    open_why(page)
    until(page, lambda: equation_fits(page) and overhang(page) <= 0)
    page.keyboard.press("Escape")
    assert guess_and_outcome(page) == ["12.5 nats", told]
    page.locator(".js-plotly-plot").first.wait_for()
    settle(page)
    until(page, lambda: overhang(page) <= 0)
    leave = card(page).get_by_role("button", name="Leave")
    leave.focus()
    leave.press("Enter")
    card(page).wait_for(state="detached")
    settle(page)
    assert "/likelihood" in page.url and "lesson" not in page.url


def test_every_choice_can_be_made_and_every_equation_fits_a_phone(server: str, page: Page) -> None:
    page.goto(f"{server}/digit?lesson=2", wait_until="domcontentloaded")
    for number in range(2, 8):
        if number > 2:
            card(page).get_by_role("button", name="Next").press("Enter")
        card(page).get_by_text(f"Step {number} of").wait_for()
        settle(page)
        if number == 6:  # of which a number is asked
            continue
        page.set_viewport_size({"width": 320, "height": 800})
        card(page).get_by_role("radio").first.wait_for()
        radios = card(page).get_by_role("radio").all()
        assert len(radios) >= 2 and not any(radio.is_checked() for radio in radios)
        until(page, lambda: overhang(page) <= 0)
        page.set_viewport_size({"width": 375, "height": 800})
        until(page, lambda: equation_fits(page) and overhang(page) <= 0)
        radios[-1].focus()
        radios[-1].press("Space")
        card(page).get_by_role("button", name="Answer").press("Enter")
        card(page).get_by_text("Your guess").wait_for()
        assert len(guess_and_outcome(page)) == 2
        open_why(page)
        until(page, lambda: equation_fits(page) and overhang(page) <= 0)
        page.keyboard.press("Escape")
