"""The drawing pad: a stroke that the browser takes away, one that is taken back, and the pen's width."""

import base64
import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Locator, Page

from benchmarks.browsers import pad_corner
from tests.browser_helpers import settle, touch_elsewhere, until, visit

pytestmark = pytest.mark.browser


def open_pad(page: Page, server: str) -> tuple[Locator, float, float]:
    """The pad, and where its left upper corner lies in the window."""
    visit(page, f"{server}/digit", "Your digit")
    page.get_by_text("Draw", exact=True).click()
    return page.get_by_label("Drawing pad: draw one digit"), *pad_corner(page)


def ink(pad: Locator) -> NDArray[np.bool_]:
    """(224, 224), whether the pad is inked; canvas units, which are CSS pixels there."""
    url: str = pad.evaluate("canvas => canvas.toDataURL()")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))).convert("L")) > 128


def stroke(page: Page, left: float, top: float, row: int) -> None:
    page.mouse.move(left + 40, top + row)
    page.mouse.down()
    page.mouse.move(left + 180, top + row, steps=4)
    page.mouse.up()


def test_strokes_are_drawn_by_keys_taken_back_cut_off_and_as_wide_as_the_pen(server: str, page: Page) -> None:
    pad, left, top = open_pad(page, server)
    strokes_are_taken_back_one_by_one_and_the_pen_has_a_width(page, pad, left, top)
    a_stroke_that_is_cut_off_is_at_its_end(page, pad, left, top)
    page.get_by_role("button", name="Clear", exact=True).click()
    touch_elsewhere(page)
    page.locator("[data-testid=stMetric]").first.wait_for(state="detached")
    a_digit_is_drawn_by_keys_alone(page, pad)


def strokes_are_taken_back_one_by_one_and_the_pen_has_a_width(
    page: Page, pad: Locator, left: float, top: float
) -> None:
    hint = page.get_by_text("Draw one digit here")
    undo, clear = (page.get_by_role("button", name=name, exact=True) for name in ("Undo", "Clear"))
    assert hint.is_visible() and undo.is_disabled() and clear.is_disabled()
    page.mouse.click(left + 100, top + 100)
    page.get_by_text("This looks like a blot, not like strokes").wait_for()
    assert 200 <= ink(pad).sum() <= 300
    undo.click()
    touch_elsewhere(page)
    page.locator("[data-testid=stMetric]").first.wait_for(state="detached")
    stroke(page, left, top, 60)
    assert hint.is_hidden()
    page.get_by_role("slider", name="Pen").fill("30")
    stroke(page, left, top, 140)
    rows = ink(pad)[:, 100]
    assert 17 <= rows[:100].sum() <= 19 and 29 <= rows[100:].sum() <= 31
    page.locator("[data-testid=stMetric]").nth(2).wait_for()
    settle(page)

    two = ink(pad)
    page.get_by_text("Test digit", exact=True).click()
    pad.wait_for(state="detached")
    settle(page)
    page.get_by_text("Draw", exact=True).click()
    until(page, lambda: (ink(pad) == two).all())
    assert page.get_by_role("slider", name="Pen").input_value() == "30"
    settle(page)
    clear.click()
    touch_elsewhere(page)
    page.locator("[data-testid=stMetric]").first.wait_for(state="detached")
    assert not ink(pad).any() and hint.is_visible()
    undo.click()
    touch_elsewhere(page)
    page.locator("[data-testid=stMetric]").nth(2).wait_for()
    assert (ink(pad) == two).all()
    pad.focus()
    page.keyboard.press("Control+z")
    assert ink(pad)[:100].any() and not ink(pad)[100:].any()
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    touch_elsewhere(page)
    page.locator("[data-testid=stMetric]").first.wait_for(state="detached")
    assert not ink(pad).any() and hint.is_visible() and undo.is_disabled()
    settle(page)


def a_digit_is_drawn_by_keys_alone(page: Page, pad: Locator) -> None:
    pad.focus()
    for key in [*6 * ["ArrowUp"], "Space", *14 * ["ArrowDown"]]:
        page.keyboard.press(key)
    assert page.get_by_text("Arrow keys move the pen").is_visible()
    assert page.get_by_text("pen down, row 22, column 14").count() == 1
    page.keyboard.press("Space")
    page.get_by_text("light ink on dark paper").wait_for()
    settle(page)
    inked = "c => c.getContext('2d').getImageData(112, 112, 1, 1).data[0]"
    assert pad.evaluate(inked) == 255
    page.get_by_role("button", name="Clear", exact=True).click()  # where it stood while the keys were explained
    page.get_by_text("Draw one digit here").wait_for()


def a_stroke_that_is_cut_off_is_at_its_end(page: Page, pad: Locator, left: float, top: float) -> None:
    page.mouse.move(left + 40, top + 40)
    page.mouse.down()
    page.mouse.move(left + 80, top + 40)
    pad.evaluate("canvas => canvas.releasePointerCapture(canvas.pen.pointer)")
    page.mouse.move(left + 180, top + 180, steps=4)
    page.mouse.up()
    assert ink(pad)[40, 40:80].all() and not ink(pad)[60:].any()
