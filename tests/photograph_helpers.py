"""A photograph of two digits, made from test images, and how it is uploaded."""

import io
from functools import cache

from PIL import Image
from playwright.sync_api import Page

from benchmarks.made_photographs import Photograph, photograph
from dlgmm_core.data.datasets import load_dataset
from tests.browser_helpers import settle

__all__ = ["two_digits", "upload"]


@cache
def two_digits() -> Photograph:
    """Of two test images on one sheet, the first the larger."""
    return photograph(load_dataset("mnist").test.grey[[0, 4]].reshape(-1, 28, 28), "several", 2)


def upload(page: Page) -> None:
    """Uploads it on the page Your digit, and waits until its digits are found."""
    page.get_by_text("Upload", exact=True).first.click()
    field = page.locator("input[type=file]")
    field.wait_for(state="attached")
    settle(page)
    file = io.BytesIO()
    Image.fromarray(two_digits().picture).save(file, "PNG")
    field.set_input_files({"name": "two.png", "mimeType": "image/png", "buffer": file.getvalue()})
    page.locator(".photograph[data-ready=yes] .box").nth(1).wait_for()
    settle(page)
