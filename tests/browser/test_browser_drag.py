"""Every widget that is dragged: a rerun of the page in the middle loses nothing, and one pointer drags at a time."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import pytest
from playwright.sync_api import Page

from tests.browser_helpers import at_rest, settle, touch_elsewhere, turn_to, until, visit
from tests.drag_helpers import WIDGETS, Crop, Line, Outline, Pad, Pan, Place, Widget, moved
from tests.wire_helpers import Wire

pytestmark = pytest.mark.browser

DELAY = 200  # milliseconds until the server has what the browser sends

# What the browser sends is held up, in order; `rerun` sends the last message again, so that the page runs once more.
SLOW_NETWORK = """
const send = WebSocket.prototype.send;
window.delay = window.sends = 0;
WebSocket.prototype.send = function (data) {
  window.sends += 1;
  window.rerun = () => this.send(data);
  setTimeout(() => send.call(this, data), window.delay);
};
"""


def opened(page: Page, server: str, widgets: list[Widget]) -> Iterator[Widget]:
    """One after another, once it can be dragged and stands still."""
    title = ""
    for widget in widgets:
        if widget.title != title:
            open_page = turn_to if title else visit
            open_page(page, f"{server}/{widget.address}", widget.title)
            title = widget.title
        if not isinstance(widget, Pad | Crop):
            page.locator(widget.selector).first.wait_for()
        if isinstance(widget, Line):
            page.locator(".js-plotly-plot .xtitle").wait_for()  # a chart that comes later moves the widget
        widget.prepare(page)
        settle(page)
        at_rest(page, page.locator(widget.selector).first)
        yield widget


def way(start: Place, by: float) -> list[Place]:
    """Through the corner of a right angle, so that a lasso has an inside."""
    return [start, moved(start, by, 0), moved(start, by, abs(by) * 0.7)]


def drag(page: Page, places: list[Place], in_the_middle: Callable[[], None] = lambda: None) -> None:
    page.mouse.move(*places[0])
    page.mouse.down()
    page.mouse.move(*places[1], steps=4)
    in_the_middle()
    page.mouse.move(*places[2], steps=4)
    page.mouse.up()


@pytest.mark.parametrize("kind", WIDGETS)
def test_a_rerun_loses_nothing_of_a_drag_and_only_the_first_finger_and_the_primary_button_drag(
    kind: str, server: str, wire: Wire, page: Page, touch: Any
) -> None:
    lost = []
    with page.add_init_script(SLOW_NETWORK):
        for widget in opened(page, server, WIDGETS[kind]):
            a_drag_ends_with_the_primary_button_though_another_one_is_down(page, widget)
            only_the_first_finger_and_the_primary_button_drag(page, widget, touch)
            lost += [(type(widget).__name__, *failure) for failure in failures(page, widget, wire)]
            page.keyboard.press("Escape")  # the next widget begins without a group of images
    assert lost == []


def failures(page: Page, widget: Widget, wire: Wire) -> Iterator[tuple[int, str]]:
    """The lengths of drags of which something is lost, and when."""
    page.evaluate(f"window.delay = {DELAY}")

    def rerun() -> None:
        page.evaluate("window.rerun()")
        wire.wait_for_answer(page.evaluate("window.sends"))

    # the first drag's own rerun comes while the second is under way, and another one after it
    for by, middle in ((12, lambda: None), (24, rerun)):
        places = way(widget.handle(page), by)
        before = widget.state(page)
        drag(page, places, middle)
        until_drawn(page)
        touch_elsewhere(page)  # the server hears of it at once
        if not widget.follows(before, widget.state(page), places):
            yield by, "at the end"
    if widget.key:
        until(page, lambda: [widget.told(state) for state in wire.told(widget.key)[-1:]] == [widget.shown(page)])
    settle(page)
    rerun()
    if not widget.follows(before, widget.state(page), places):
        yield by, "after the rerun"
    page.evaluate("window.delay = 0")


def until_drawn(page: Page) -> None:
    """Waits for two frames: what moved on the last one is drawn on the next."""
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def only_the_first_finger_and_the_primary_button_drag(page: Page, widget: Widget, touch: Any) -> None:
    before, start = widget.state(page), widget.handle(page)
    for button in OTHER_BUTTONS:
        page.mouse.move(*start)
        page.mouse.down(button=button)
        for place in way(start, 24):
            page.mouse.move(*place, steps=2)
        page.mouse.up(button=button)
        until_drawn(page)
        assert np.array_equal(widget.state(page), before)

    start = widget.handle(page)
    places, rests = way(start, 24), moved(start, 60, 60)
    touch("touchStart", start)
    touch("touchStart", start, rests)
    for place in line(places):
        touch("touchMove", place, rests)
    touch("touchEnd")
    until_drawn(page)
    after = widget.state(page)
    if isinstance(widget, Pan):  # where two fingers zoom
        assert page.get_by_role("button", name="Whole map").first.is_visible()
        assert isinstance(widget, Outline) == (after is None)
    else:
        assert widget.follows(before, after, places)
        assert not (isinstance(widget, Pad) and after[120:].any())


def a_drag_ends_with_the_primary_button_though_another_one_is_down(page: Page, widget: Widget) -> None:
    before, start = widget.state(page), widget.handle(page)
    places = way(start, 12)
    page.mouse.move(*start)
    page.mouse.down()
    for place in places:
        page.mouse.move(*place, steps=2)
    page.mouse.down(button="right")
    page.mouse.up()
    page.mouse.move(*moved(start, 40, 40), steps=4)
    page.mouse.up(button="right")
    until_drawn(page)
    after = widget.state(page)
    assert widget.follows(before, after, places)
    assert not (isinstance(widget, Pad) and after[:, 90:].any())
    page.keyboard.press("Escape")


OTHER_BUTTONS: tuple[Literal["right", "middle"], ...] = ("right", "middle")


def line(places: list[Place]) -> list[Place]:
    """Five steps from each place to the next."""
    shares = np.linspace(0.2, 1, 5)
    return [a + share * (b - a) for a, b in pairwise(places) for share in shares]


@pytest.fixture
def touch(page: Page) -> Iterator[Callable[..., None]]:
    """Puts fingers on places of the window, moves them or lifts them."""
    session = page.context.new_cdp_session(page)

    def fingers(kind: str, *places: Place) -> None:
        points = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(places)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    yield fingers
    session.detach()
