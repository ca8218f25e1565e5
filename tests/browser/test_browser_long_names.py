"""A checkpoint with the longest name that is allowed: no page that names it scrolls sideways on a narrow screen."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser_helpers import overhang, turn_to, until, visit

pytestmark = pytest.mark.browser

NAME = "x" * 100
PAGES = {  # all of which show the models that the first names
    f"?models={NAME},mnist-sb-vae": "Deep latent Gaussian mixtures",
    f"components?components-checkpoint={NAME}": "Components",
    "latent?image=3,4": "Latent space",
    "digit?image=3": "Your digit",
    "likelihood": "Likelihood",
}


@pytest.fixture
def long_name(tree: Path) -> Iterator[None]:
    folder = tree / "checkpoints" / NAME
    shutil.copytree(tree / "checkpoints" / "mnist-dlgmm", folder)
    yield
    shutil.rmtree(folder)


def test_a_name_that_a_box_cuts_off_is_read_whole_in_its_list_and_at_the_pointer(server: str, page: Page) -> None:
    page.set_viewport_size({"width": 375, "height": 800})
    visit(page, f"{server}/clusters", "Clusters")
    box = page.get_by_role("combobox", name="Model")
    name = box.input_value()
    assert box.evaluate("box => box.scrollWidth > box.clientWidth && getComputedStyle(box).textOverflow === 'ellipsis'")
    box.hover()
    assert box.get_attribute("title") == name
    box.click()
    fits = "box => box.scrollWidth <= box.clientWidth && box.scrollHeight <= box.clientHeight"
    page.get_by_role("option").first.wait_for()
    for option in page.get_by_role("option").all():
        assert option.evaluate(fits) and option.locator("> *").evaluate(fits), option.inner_text()
    page.keyboard.press("Escape")
    page.set_viewport_size({"width": 1400, "height": 800})
    page.locator("h1").hover()
    box.hover()
    assert not box.get_attribute("title")


@pytest.mark.usefixtures("long_name")
def test_a_long_name_does_not_widen_a_page(server: str, page: Page) -> None:
    page.set_viewport_size({"width": 320, "height": 800})
    opens = visit
    for path, title in PAGES.items():
        opens(page, f"{server}/{path}", title)
        page.get_by_text(NAME).first.wait_for(state="attached")
        until(page, lambda: overhang(page) <= 0)
        opens = turn_to
