"""A checkpoint with the longest name that is allowed: no page that names it scrolls sideways on a narrow screen."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser_helpers import overhang, until, visit

pytestmark = pytest.mark.browser

NAME = "x" * 100
PAGES = {
    f"?models={NAME}": "Deep latent Gaussian mixtures",
    f"components?components-checkpoint={NAME}": "Components",
    f"latent?models={NAME},mnist-sb-vae&image=3,4": "Latent space",
    f"digit?models={NAME}&image=3": "Your digit",
    f"likelihood?models={NAME}": "Likelihood",
}


@pytest.fixture
def long_name(tree: Path) -> Iterator[None]:
    folder = tree / "checkpoints" / NAME
    shutil.copytree(tree / "checkpoints" / "mnist-dlgmm", folder)
    yield
    shutil.rmtree(folder)


@pytest.mark.usefixtures("long_name")
def test_a_long_name_does_not_widen_a_page(server: str, page: Page) -> None:
    page.set_viewport_size({"width": 320, "height": 800})
    for path, title in PAGES.items():
        visit(page, f"{server}/{path}", title)
        until(page, lambda: overhang(page) <= 0)
