"""Below the path of a host: pages by deep links, all that they fetch, and images that a visitor sends.

They share a server, which takes long to start.
"""

import io
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Page, Route

from benchmarks.servers import copy_app
from dlgmm_core.experiments.table import FIGURE_2
from tests.browser.test_browser_pages import VIEWS
from tests.browser_helpers import app_on, draw_a_seven, settle, turn_to, visit
from tests.cli_helpers import handlers_kept, run
from tests.latent_browser_helpers import TITLE
from ui.visitors.visitor import COOKIE

pytestmark = pytest.mark.browser

BASE = "/a/b"  # of two parts: what works here and at the root, where all other tests are, counts none of them
NO_NUMBERS = "the server sent text/html in place of numbers"


def as_a_page(route: Route) -> None:
    route.fulfill(status=200, content_type="text/html; charset=utf-8", body="<!doctype html><p>hello</p>")


@pytest.fixture(scope="module")
def own_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose new checkpoint is seen by no other test."""
    return copy_app(tmp_path_factory.mktemp("tree"))


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for what visitors send."""
    return tmp_path_factory.mktemp("images")


@pytest.fixture(scope="module")
def below(own_tree: Path, images: Path) -> Iterator[str]:
    """A server below a path."""
    with app_on(own_tree, BASE, XDG_DATA_HOME=str(images)) as address:
        yield address


def test_everything_works_below_a_path_by_deep_links_too(below: str, page: Page) -> None:
    visit(page, f"{below}/components", "Components")  # the first visitor of a fresh server
    page.locator(".live[data-ready=yes]").wait_for()
    (cookie,) = [c for c in page.context.cookies() if c.get("name") == COOKIE]
    assert cookie.get("path") == BASE
    pages = page.locator("[data-testid=stSidebarNav] a")
    assert pages.count() == len({view.partition("?")[0] for view in VIEWS})
    pages.get_by_text("Latent space").click()
    page.locator(".maps[data-ready=yes]").wait_for()
    assert page.url.startswith(f"{below}/latent")
    visit(page, f"{below}/", "Deep latent Gaussian mixtures")
    pages.get_by_text("Your digit").click()
    page.get_by_text("Draw", exact=True).click()
    draw_a_seven(page)
    page.locator("[data-testid=stMetric]").first.wait_for()
    settle(page)


def pictures() -> FilePayload:
    """120 of 20×24 pixels, without classes."""
    rng, file = np.random.default_rng(0), io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for number in range(120):
            content = io.BytesIO()
            Image.fromarray(rng.integers(0, 256, (20, 24), np.uint8)).save(content, "PNG")
            archive.writestr(f"{number}.png", content.getvalue())
    return {"name": "noise.zip", "mimeType": "application/zip", "buffer": file.getvalue()}


def test_images_without_labels_are_sent_trained_on_and_mapped(
    below: str, own_tree: Path, images: Path, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(images))  # of the command line
    shutil.rmtree(own_tree / "checkpoints" / "of-noise", ignore_errors=True)  # of a first try
    page.set_viewport_size({"width": 1280, "height": 720})
    settings = "train-preset=Everything+by+hand&train-model=Gauss-VAE&train-hidden=10&train-max-epochs=1"
    visit(page, f"{below}/train?{settings}&train-name=of-noise", "Train")
    page.get_by_text("Your data").click()
    page.locator("input[type=file]").set_input_files(pictures())
    page.get_by_text("The first 96 of 96 training images, with 12 for validation").wait_for()
    page.get_by_text("20×24 pixels, no labels").wait_for()
    settle(page)
    page.get_by_role("button", name="Start training").click()
    page.get_by_text("of-noise has ended").wait_for(timeout=180_000)
    with handlers_kept():
        assert run(own_tree / "checkpoints", "evaluate", "of-noise", "--samples", "2", "--device", "cpu") == 0
    turn_to(page, f"{below}/latent?dataset=noise", TITLE)
    maps = page.locator(".maps[data-ready=yes]")
    maps.wait_for()
    assert maps.locator(".says").inner_text() == "These images have no labels to colour by."
    assert maps.locator(".legend button").count() == 0
    page.locator(".marks").first.focus()
    page.keyboard.press("ArrowRight")
    page.locator(".tip.on").wait_for()
    said = page.locator(".tip.on").inner_text()
    assert said.startswith("image ") and "class" not in said and "undefined" not in said


def test_a_page_in_the_place_of_numbers_is_named_as_such(server: str, page: Page) -> None:
    for folder in ("decoder", "maps"):
        page.route(f"**/{folder}/**", as_a_page)
    visit(page, f"{server}/components?components-checkpoint={FIGURE_2}", "Components")
    page.get_by_text(f"The decoder could not be fetched ({NO_NUMBERS}): reload the page.").wait_for()
    turn_to(page, f"{server}/latent", TITLE)
    page.get_by_text(f"A map could not be fetched ({NO_NUMBERS}): reload the page.").wait_for()
