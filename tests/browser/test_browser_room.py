"""What is presented stands in the window and fills it; on a phone, intervals are seen and a help mark has company."""

import pytest
from playwright.sync_api import Page

from tests.browser_helpers import PROJECTOR, turn_to, until, visit

pytestmark = pytest.mark.browser

BELOW_THE_FOLD = """() => {
    const main = document.querySelector("[data-testid=stMain]");
    return main.scrollHeight - main.clientHeight;
}"""
MARK = 11  # pixels, of a point


def height_of(page: Page, selector: str) -> float:
    return float(page.locator(selector).first.evaluate("each => each.getBoundingClientRect().height"))


def test_presented_pages_stand_in_the_window_and_fill_a_large_one(server: str, page: Page) -> None:
    page.set_viewport_size(PROJECTOR)
    visit(page, f"{server}/?present=1", "Deep latent Gaussian mixtures")
    until(page, lambda: page.evaluate(BELOW_THE_FOLD) == 0)
    turn_to(page, f"{server}/plane?present=1", "Plane")
    until(page, lambda: page.locator(".plane[data-ready=yes]").count() == 3)
    until(page, lambda: page.evaluate(BELOW_THE_FOLD) == 0)
    assert height_of(page, ".plane canvas") > 250
    page.set_viewport_size({"width": 1920, "height": 1080})
    turn_to(page, f"{server}/likelihood?present=1", "Likelihood")
    until(page, lambda: height_of(page, ".js-plotly-plot") > 850 and page.evaluate(BELOW_THE_FOLD) == 0)
    page.set_viewport_size(PROJECTOR)
    turn_to(page, f"{server}/components?present=1&components-checkpoint=mnist-dlgmm-fig2", "Components")
    page.locator(".live[data-ready=yes]").wait_for()
    until(page, lambda: height_of(page, ".density") > 100 and page.evaluate(BELOW_THE_FOLD) == 0)
    page.keyboard.press("Escape")
    until(page, lambda: height_of(page, ".density") < 90)


def test_a_phone_shows_intervals_beside_their_points_and_a_help_mark_beside_its_title(server: str, page: Page) -> None:
    page.set_viewport_size({"width": 375, "height": 812})
    visit(page, f"{server}/likelihood", "Likelihood")
    intervals = page.locator(".xerror")
    until(page, lambda: intervals.count() > 4)
    assert min(intervals.evaluate_all("all => all.map(each => each.getBoundingClientRect().width)")) > 1.4 * MARK
    names = page.locator(".annotation-text")
    assert all(names.evaluate_all("all => all.map(each => each.getBoundingClientRect().right <= 375)"))
    turn_to(page, f"{server}/kumaraswamy", "Kumaraswamy bench")
    assert height_of(page, "h1") < 60  # one line
