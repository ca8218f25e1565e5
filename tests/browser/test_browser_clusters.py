"""The page of clusters in the browser: pictures of the right images, within the window, and reached by keys alone."""

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page

from dlgmm_core.analysis.clusters import describe_clusters
from dlgmm_core.analysis.image_statistics import expected_weights
from dlgmm_core.data.datasets import load_dataset
from dlgmm_core.store.checkpoints import load_checkpoint
from tests.browser_helpers import digits, overhang, settle, until, visit

pytestmark = pytest.mark.browser

NAME = "mnist-dlgmm-fig2"
# words that reach beyond their column, or are broken
UNREADABLE = """all => all.filter(each => each.scrollWidth > each.clientWidth + 2 ||
  each.clientHeight > 20 * each.textContent.split(" ").length).map(each => each.textContent)"""


def test_rows_show_their_images_fit_the_window_and_lead_elsewhere_by_keys(server: str, page: Page, tree: Path) -> None:
    page.set_viewport_size({"width": 1280, "height": 720})
    visit(page, f"{server}/clusters?clusters-checkpoint={NAME}&clusters-by=weights", "Clusters")
    rows = page.locator(".clusters[data-ready=yes]")
    rows.wait_for()
    box = rows.bounding_box()
    assert box is not None and box["y"] + box["height"] <= 720

    test, model = load_dataset("mnist").test, load_checkpoint(tree / "checkpoints" / NAME)[0]
    weights = expected_weights(model, test.binary)
    assert weights is not None
    found = describe_clusters(weights, test.labels, 10)
    for name, expected in (("nearest", found.nearest), ("unsure", found.least_sure)):
        drawn = page.locator(f".strip.{name} canvas").evaluate_all("all => all.map(each => each.toDataURL())")
        for picture, images in zip(drawn, expected, strict=True):
            shown = digits(picture)
            np.testing.assert_array_equal(shown == 255, test.binary[images[: len(shown)]] == 1)

    second = page.get_by_role("button", name="component 2: ")
    second.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**component=2*")
    assert second.get_attribute("aria-pressed") == "true"
    settle(page)
    page.set_viewport_size({"width": 768, "height": 1024})
    page.wait_for_timeout(500)  # it is drawn again then
    until(page, lambda: page.locator(".clusters .heads > :not(.classes)").evaluate_all(UNREADABLE) == [])
    page.set_viewport_size({"width": 375, "height": 800})
    page.locator(".clusters.narrow").wait_for()
    until(page, lambda: overhang(page) <= 0)
    page.get_by_role("button", name="Its images on the map").focus()
    page.keyboard.press("Enter")
    page.locator("h1").get_by_text("Latent space", exact=True).wait_for()
    until(page, lambda: "only=1" in page.url and "colour=component" in page.url and f"maps={NAME}" in page.url)
    settle(page)
