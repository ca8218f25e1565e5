"""The browser's Back: to the page before as it was left, in one press, and to the step before in the lesson."""

import pytest
from playwright.sync_api import Page

from benchmarks.browsers import pad_corner
from tests.browser_helpers import settle, until, visit

pytestmark = pytest.mark.browser

PAD = "document.querySelector('[aria-label^=\"Drawing pad\"]')?.toDataURL()"


def turn_to(page: Page, link: str) -> None:
    page.locator("[data-testid=stSidebarNav]").get_by_role("link", name=link, exact=True).click()
    page.locator("h1").get_by_text(link, exact=True).wait_for()
    settle(page)


def back(page: Page, title: str) -> None:
    page.go_back()
    page.locator("h1").get_by_text(title, exact=True).wait_for()
    settle(page)


def test_back_returns_to_a_page_as_it_was_left(server: str, page: Page) -> None:
    visit(page, f"{server}/digit", "Your digit")
    box = page.get_by_role("spinbutton", name="Test image")
    box.fill("17")
    box.press("Enter")
    page.get_by_text("test image 17 of MNIST").wait_for()
    settle(page)
    turn_to(page, "Train")
    assert "digit" not in page.url
    back(page, "Your digit")
    page.get_by_text("test image 17 of MNIST").wait_for()
    assert box.input_value() == "17" and "digit-index=17" in page.url
    page.go_forward()
    page.locator("h1").get_by_text("Train", exact=True).wait_for()
    settle(page)
    back(page, "Your digit")
    assert box.input_value() == "17"
    turn_to(page, "Clusters")
    a_page_that_another_opens_is_one_press_away(page)


def a_page_that_another_opens_is_one_press_away(page: Page) -> None:
    page.locator(".clusters .row .number").nth(2).click()
    page.wait_for_url("**component=2*")
    settle(page)
    page.get_by_role("button", name="Its images on the map").click()
    page.locator("h1").get_by_text("Latent space", exact=True).wait_for()
    page.locator(".maps[data-ready=yes]").wait_for()
    settle(page)
    back(page, "Clusters")
    assert "component=2" in page.url


def test_what_was_not_told_when_back_was_pressed_is_told_on_return(server: str, page: Page) -> None:
    visit(page, f"{server}/components", "Components")
    slider = page.get_by_role("slider", name="mean of component 1", exact=True)
    slider.wait_for()
    before = slider.input_value()
    turn_to(page, "Your digit")
    page.get_by_text("Draw", exact=True).click()
    left, top = pad_corner(page)
    settle(page)
    for x in (60, 160):  # the first is told at once, and the second once the pen rests
        page.mouse.move(left + x, top + 40)
        page.mouse.down()
        page.mouse.move(left + 110, top + 180, steps=4)
        page.mouse.up()
    drawn = page.evaluate(PAD)
    back(page, "Components")
    slider.press("ArrowRight")
    moved = slider.input_value()
    assert moved != before and "means" not in page.url
    page.go_forward()
    page.locator("h1").get_by_text("Your digit", exact=True).wait_for()
    until(page, lambda: page.evaluate(PAD) == drawn)
    page.locator("[data-testid=stMetric]").first.wait_for()
    back(page, "Components")
    assert slider.input_value() == moved
    page.wait_for_url("**means=*")


def test_a_press_goes_back_a_step_of_the_lesson(server: str, page: Page) -> None:
    visit(page, server, "Deep latent Gaussian mixtures")
    page.get_by_role("button", name="Start the lesson").click()
    card = page.locator(".st-key-lesson")
    for number in (1, 2, 3, 4):
        card.get_by_text(f"Step {number} of").wait_for()
        settle(page)
        if number < 4:
            card.get_by_role("button", name="Next").click()
    for number in (3, 2, 1):
        page.go_back()
        card.get_by_text(f"Step {number} of").wait_for()
        until(page, lambda number=number: f"lesson={number}" in page.url)  # type: ignore[misc]
        settle(page)
    back(page, "Deep latent Gaussian mixtures")


def test_a_link_may_name_a_data_set_as_the_command_line_does(server: str, page: Page) -> None:
    visit(page, f"{server}/digit?dataset=omniglot", "Your digit")
    page.get_by_text("of Omniglot, class").wait_for()
    assert "dataset=Omniglot" in page.url
    page.locator(".weights").wait_for()  # a model with weights is shown first
