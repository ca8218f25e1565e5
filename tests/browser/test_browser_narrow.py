"""No page scrolls sideways on a narrow screen, in either theme, with everything that opens opened."""

import pytest
from playwright.sync_api import Page

from tests.browser.test_browser_first_page import TITLES
from tests.browser_helpers import overhang, settle, until, visit
from ui.lesson.steps import STEPS

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_scrolls_sideways_on_a_narrow_screen(theme: str, server: str, page: Page) -> None:
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    page.set_viewport_size({"width": 320, "height": 800})
    for path, title in TITLES.items():
        steps = [number for number, step in enumerate(STEPS, 1) if step.page == path]
        lesson = f"{'&' if '?' in path else '?'}lesson={steps[0]}" if steps else ""
        visit(page, f"{server}/{path}{lesson}", title)
        page.locator("details").evaluate_all("all => all.forEach(each => { each.open = true; })")
        for width in (320, 375):
            page.set_viewport_size({"width": width, "height": 800})
            until(page, lambda: overhang(page) <= 0)
        page.set_viewport_size({"width": 320, "height": 800})
        export = page.get_by_role("button", name="Export").first
        if export.count():
            export.click()
            popover = page.get_by_test_id("stPopoverBody")
            popover.locator("code").wait_for()
            settle(page)
            box = popover.bounding_box()
            assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= 320
            until(page, lambda: overhang(page) <= 0)
            assert popover.evaluate("each => each.scrollWidth - each.clientWidth") <= 0


def test_nothing_is_cut_off_beside_the_sidebar_and_paper_has_none(server: str, page: Page) -> None:
    page.set_viewport_size({"width": 1280, "height": 720})
    visit(page, f"{server}/digit", "Your digit")
    page.locator("[data-testid=stMetric]").nth(2).wait_for()
    whole = "all => all.every(each => each.scrollWidth <= each.clientWidth)"
    kinds = ", ".join(f"[data-testid={kind}] *" for kind in ("stMetricValue", "stMetricLabel", "stButtonGroup"))
    parts, sidebar = page.locator("[data-testid=stMain]").locator(kinds), page.locator("[data-testid=stSidebar]")
    for width in (960, 800):  # as at 200 % on a wide screen
        page.set_viewport_size({"width": width, "height": 720})
        until(page, lambda: bool(parts.evaluate_all(whole)))
        assert parts.count() > 10 and sidebar.is_visible()
    page.emulate_media(media="print")
    assert not sidebar.is_visible()
    page.emulate_media(media="screen")
