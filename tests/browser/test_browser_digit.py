"""A digit of the visitor's own: drawn, or uploaded as a picture."""

import io

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page

from dlgmm_core.model.models import MODELS
from dlgmm_core.store.checkpoints import WEIGHTS, read_checkpoint
from tests.browser_helpers import ROOT, draw_a_seven, settle, visit

pytestmark = pytest.mark.browser


def wait_for_metrics(page: Page) -> None:
    page.locator("[data-testid=stMetric]").nth(2).wait_for()
    settle(page)


def png() -> bytes:
    """A seven, dark on light, off the middle."""
    paper = np.full((120, 90), 230, np.uint8)
    paper[20:32, 20:70] = paper[20:100, 58:70] = 30
    file = io.BytesIO()
    Image.fromarray(paper).save(file, "PNG")
    return file.getvalue()


def test_a_digit_is_drawn_or_uploaded_and_a_false_picture_is_a_sentence(server: str, page: Page) -> None:
    visit(page, f"{server}/digit", "Your digit")
    page.get_by_text("Draw", exact=True).click()
    page.get_by_label("Drawing pad: draw one digit").wait_for()
    settle(page)
    page.locator("[data-testid=stMetric]").first.wait_for(state="detached")
    draw_a_seven(page)
    wait_for_metrics(page)
    assert page.get_by_text("light ink on dark paper").count() == 1
    kinds = [MODELS[read_checkpoint(p.parent).model_config.model] for p in ROOT.glob(f"checkpoints/*/{WEIGHTS}")]
    if any(kind.has_components for kind in kinds):
        page.locator(".weights .bar").first.wait_for()

    page.get_by_text("Upload", exact=True).first.click()
    page.locator("[data-testid=stMetric]").first.wait_for(state="detached")
    field = page.locator("input[type=file]")
    field.wait_for(state="attached")
    settle(page)
    field.set_input_files({"name": "seven.png", "mimeType": "image/png", "buffer": png()})
    wait_for_metrics(page)
    assert page.get_by_text("dark ink on light paper, inverted").count() == 1
    field.set_input_files({"name": "letter.png", "mimeType": "image/png", "buffer": b"Dear model, I am a letter."})
    page.get_by_text("This file is not a picture that can be read: choose a PNG or a JPEG.").wait_for()
    settle(page)
    assert page.locator("[data-testid=stMetric]").count() == 0
