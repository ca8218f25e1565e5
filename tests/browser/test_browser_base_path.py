"""The app below a path of a host: pages by deep links, and all that they fetch."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, Route

from dlgmm_core.experiments.table import FIGURE_2
from tests.browser.test_browser_pages import VIEWS
from tests.browser_helpers import app_on, draw_a_seven, settle, visit
from tests.latent_browser_helpers import TITLE
from ui.visitors.visitor import COOKIE

pytestmark = pytest.mark.browser

BASE = "/a/b"  # of two parts: what works here and at the root, where all other tests are, counts none of them
NO_NUMBERS = "the server sent text/html in place of numbers"


def as_a_page(route: Route) -> None:
    route.fulfill(status=200, content_type="text/html; charset=utf-8", body="<!doctype html><p>hello</p>")


def test_everything_works_below_a_path_by_deep_links_too(tree: Path, page: Page) -> None:
    with app_on(tree, BASE) as address:
        visit(page, f"{address}/components", "Components")  # the first visitor of a fresh server
        page.locator(".live[data-ready=yes]").wait_for()
        (cookie,) = [c for c in page.context.cookies() if c.get("name") == COOKIE]
        assert cookie.get("path") == BASE
        pages = page.locator("[data-testid=stSidebarNav] a")
        assert pages.count() == len({view.partition("?")[0] for view in VIEWS})
        pages.get_by_text("Latent space").click()
        page.locator(".maps[data-ready=yes]").wait_for()
        assert page.url.startswith(f"{address}/latent")
        visit(page, f"{address}/", "Deep latent Gaussian mixtures")
        pages.get_by_text("Your digit").click()
        page.get_by_text("Draw", exact=True).click()
        draw_a_seven(page)
        page.locator("[data-testid=stMetric]").first.wait_for()
        settle(page)


def test_a_page_in_the_place_of_numbers_is_named_as_such(server: str, page: Page) -> None:
    for folder in ("decoder", "maps"):
        page.route(f"**/{folder}/**", as_a_page)
    visit(page, f"{server}/components?components-checkpoint={FIGURE_2}", "Components")
    page.get_by_text(f"The decoder could not be fetched ({NO_NUMBERS}): reload the page.").wait_for()
    visit(page, f"{server}/latent", TITLE)
    page.get_by_text(f"A map could not be fetched ({NO_NUMBERS}): reload the page.").wait_for()
