"""Every view of the page that is taken away: without barriers in any window and theme, and quick to follow a hand."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, ViewportSize

from tests.accessibility_helpers import barriers
from tests.browser_helpers import PROJECTOR
from tests.takeaway_helpers import FLAT, PHONE, PLAIN, TOLD, drag, opened, turn_to

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("offline")]

VIEWS = (("components", PLAIN), ("components", TOLD), ("digit", PLAIN), ("digit", TOLD), ("plane", FLAT))


@pytest.mark.parametrize("window", [PROJECTOR, PHONE], ids=["projector", "phone"])
def test_no_view_has_barriers_and_all_fit_a_projector(window: ViewportSize, demo: Path, page: Page) -> None:
    page.set_viewport_size(window)
    opened(page, demo)
    for view, name in VIEWS:
        turn_to(page, view, name)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            found = barriers(page, contrast_alone=scheme == "dark")  # no more differs by theme
            assert found == [], (view, name, scheme)
        width, height = page.evaluate(
            "(({ scrollWidth, scrollHeight }) => [scrollWidth, scrollHeight])(document.documentElement)"
        )
        assert width <= window["width"], (view, name)
        assert height <= PROJECTOR["height"] or window is PHONE, (view, name)


def test_what_follows_a_finger_is_in_sight_of_it_on_a_phone(demo: Path, page: Page) -> None:
    page.set_viewport_size(PHONE)
    opened(page, demo)
    for view, name, touched, followers in (
        ("digit", TOLD, ".pad", (".pair canvas", ".stick")),
        ("plane", FLAT, ".plane", (".planes > div > canvas", ".planes [role=status]")),
    ):
        turn_to(page, view, name)
        for each in (touched, *followers):
            for box in page.locator(each).evaluate_all("all => all.map(each => each.getBoundingClientRect())"):
                assert 0 <= box["top"] < box["bottom"] <= PHONE["height"], (view, each)


def test_a_drag_is_followed_at_fifty_frames_a_second(demo: Path, page: Page) -> None:
    """By the processor time of scripts and layout for each frame, which does not grow while a machine is busy."""
    opened(page, demo)
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def spent() -> float:
        found = {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
        return float(found["ScriptDuration"] + found["LayoutDuration"])

    for view, name in (("components", PLAIN), ("components", TOLD), ("plane", FLAT)):
        turn_to(page, view, name)
        box, seconds = page.locator("main > div[data-frames]"), []
        for _ in range(2):  # scripts are compiled at the first
            drawn, start = int(box.get_attribute("data-frames") or 0), spent()
            if view == "plane":
                page.mouse.move(200, 200)
                page.mouse.move(500, 500, steps=40)
            else:
                drag(page, page.get_by_role("slider", name="mean of component 2", exact=True), 0.2, 0.8, steps=40)
            frames = int(box.get_attribute("data-frames") or 0) - drawn
            assert frames >= 20, (view, name)  # of 40 movements
            seconds.append((spent() - start) / frames)
        assert min(seconds) < 1 / 50, (view, name)
    session.detach()
