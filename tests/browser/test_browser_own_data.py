"""Images of one's own in the browser: sent, trained on, and on a map without classes."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Page

from benchmarks.servers import copy_app
from tests.browser_helpers import app_on, settle, visit
from tests.cli_helpers import handlers_kept, run

pytestmark = pytest.mark.browser


@pytest.fixture
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_app(tmp_path_factory.mktemp("tree"))


@pytest.fixture
def server(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server whose visitors' images lie in the test's folder."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    with app_on(tree) as address:
        yield address


def pictures() -> FilePayload:
    """120 of 20×24 pixels, without classes."""
    rng, file = np.random.default_rng(0), io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for number in range(120):
            content = io.BytesIO()
            Image.fromarray(rng.integers(0, 256, (20, 24), np.uint8)).save(content, "PNG")
            archive.writestr(f"{number}.png", content.getvalue())
    return {"name": "noise.zip", "mimeType": "application/zip", "buffer": file.getvalue()}


def test_images_without_labels_are_sent_trained_on_and_mapped(server: str, tree: Path, page: Page) -> None:
    page.set_viewport_size({"width": 1280, "height": 720})
    settings = "train-preset=Everything+by+hand&train-model=Gauss-VAE&train-hidden=10&train-max-epochs=1"
    visit(page, f"{server}/train?{settings}&train-name=of-noise", "Train")
    page.get_by_text("Your data").click()
    page.locator("input[type=file]").set_input_files(pictures())
    page.get_by_text("The first 96 of 96 training images, with 12 for validation").wait_for()
    page.get_by_text("20×24 pixels, no labels").wait_for()
    settle(page)
    page.get_by_role("button", name="Start training").click()
    page.get_by_text("of-noise has ended").wait_for(timeout=180_000)
    with handlers_kept():
        assert run(tree / "checkpoints", "evaluate", "of-noise", "--samples", "2", "--device", "cpu") == 0
    visit(page, f"{server}/latent?dataset=noise", "Latent space")
    maps = page.locator(".maps[data-ready=yes]")
    maps.wait_for()
    assert maps.locator(".says").inner_text() == "These images have no labels to colour by."
    assert maps.locator(".legend button").count() == 0
    page.locator(".marks").first.focus()
    page.keyboard.press("ArrowRight")
    page.locator(".tip.on").wait_for()
    said = page.locator(".tip.on").inner_text()
    assert said.startswith("image ") and "class" not in said and "undefined" not in said
