"""The drawing pad under real hands: no stroke is lost while the page runs, and one pointer draws at a time."""

import base64
import io
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Locator, Page

from tests.browser_helpers import settle, visit

pytestmark = pytest.mark.browser


def open_pad(page: Page, server: str) -> tuple[Locator, float, float]:
    """The pad, and where its left upper corner lies in the window."""
    visit(page, f"{server}/digit", "Your digit")
    page.get_by_text("Draw", exact=True).click()
    pad = page.get_by_label("Drawing pad: draw one digit")
    pad.wait_for()
    settle(page)
    box = pad.bounding_box()
    assert box is not None
    return pad, box["x"], box["y"]


def ink(pad: Locator) -> NDArray[np.bool_]:
    """(224, 224), whether the pad is inked; canvas units, which are CSS pixels there."""
    url: str = pad.evaluate("canvas => canvas.toDataURL()")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))).convert("L")) > 128


def test_no_stroke_is_lost_while_a_rerun_arrives(server: str, page: Page) -> None:
    pad, left, top = open_pad(page, server)
    lost = []
    for pause in (0, 20, 50, 100, 150, 200, 250, 300):
        page.get_by_role("button", name="Clear", exact=True).click()
        for row in (20, 70, 120, 170, 210):
            page.mouse.move(left + 20, top + row)
            page.mouse.down()
            for column in range(40, 201, 20):
                page.mouse.move(left + column, top + row)
                page.wait_for_timeout(40)
            page.mouse.up()
            page.wait_for_timeout(pause)
        lost += [(pause, row) for row in (20, 70, 120, 170, 210) if not ink(pad)[row, 20:200].all()]
    assert lost == []


def test_a_second_finger_and_the_other_buttons_draw_nothing(server: str, page: Page) -> None:
    pad, left, top = open_pad(page, server)
    page.mouse.move(left + 40, top + 200)
    page.mouse.down(button="right")
    page.mouse.move(left + 200, top + 200)
    page.mouse.up(button="right")
    page.mouse.down(button="middle")
    page.mouse.move(left + 40, top + 200)
    page.mouse.up(button="middle")
    assert not ink(pad).any()

    touch = page.context.new_cdp_session(page)

    def fingers(kind: str, *places: tuple[float, float]) -> None:
        points: list[dict[str, Any]] = [{"x": left + x, "y": top + y, "id": i} for i, (x, y) in enumerate(places)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    rests = (110.0, 190.0)
    fingers("touchStart", (30, 40))
    fingers("touchStart", (30, 40), rests)
    for x in range(40, 191, 10):
        fingers("touchMove", (x, 40), rests)
    fingers("touchEnd")
    found = ink(pad)
    assert found[40, 30:190].all() and not found[60:].any()


def test_a_stroke_that_is_cut_off_is_at_its_end(server: str, page: Page) -> None:
    pad, left, top = open_pad(page, server)
    page.mouse.move(left + 40, top + 40)
    page.mouse.down()
    page.mouse.move(left + 80, top + 40)
    pad.evaluate("canvas => canvas.releasePointerCapture(canvas.hand.pointer)")
    page.mouse.move(left + 180, top + 180, steps=4)
    page.mouse.up()
    assert ink(pad)[40, 40:80].all() and not ink(pad)[60:].any()
