"""A stroke on the drawing pad that the browser takes away; other drags are in `test_browser_drag`."""

import base64
import io

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


def test_a_stroke_that_is_cut_off_is_at_its_end(server: str, page: Page) -> None:
    pad, left, top = open_pad(page, server)
    page.mouse.move(left + 40, top + 40)
    page.mouse.down()
    page.mouse.move(left + 80, top + 40)
    pad.evaluate("canvas => canvas.releasePointerCapture(canvas.hand.pointer)")
    page.mouse.move(left + 180, top + 180, steps=4)
    page.mouse.up()
    assert ink(pad)[40, 40:80].all() and not ink(pad)[60:].any()
