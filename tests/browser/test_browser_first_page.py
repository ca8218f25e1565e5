"""The app as visitors have it: a real server, a real browser, and what only the two together can show."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page

from dlgmm_core.model.models import MODELS
from dlgmm_core.store.checkpoints import WEIGHTS, read_checkpoint
from tests.browser_helpers import ROOT, app_on, draw_a_seven, overhang, settle, until, visit

pytestmark = pytest.mark.browser

TITLES = {
    "": "Deep latent Gaussian mixtures",
    "components": "Components",
    "clusters": "Clusters",
    "digit": "Your digit",
    "latent": "Latent space",
    "knn?knn-points=1000": "kNN",
    "likelihood": "Likelihood",
    "kumaraswamy": "Kumaraswamy bench",
    "train": "Train",
    "glossary": "Glossary",
}


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


# --- opening -------------------------------------------------------------------------------------


def test_the_first_visitor_of_a_fresh_server_may_come_by_a_deep_link(tree: Path, page: Page) -> None:
    with app_on(tree) as address:
        visit(page, f"{address}/components", "Components")
        assert page.locator("[data-testid=stSidebarNav] a").count() == len(TITLES)
        page.close()


@pytest.mark.parametrize("path", TITLES)
def test_a_page_opens_with_titled_axes_and_fits_a_phone(path: str, server: str, page: Page) -> None:
    visit(page, f"{server}/{path}", TITLES[path])
    charts = page.locator(".js-plotly-plot")
    for chart in charts.all():
        for axis in (".xtitle", ".ytitle"):
            chart.locator(axis).first.wait_for()
            assert chart.locator(axis).first.text_content()
    page.set_viewport_size({"width": 375, "height": 800})
    widths = "all => all.map(each => each.getBoundingClientRect().width)"
    until(page, lambda: all(width <= 375 for width in charts.evaluate_all(widths)))  # they follow after a pause
    until(page, lambda: overhang(page) <= 0)  # and the page after them


# --- your digit ----------------------------------------------------------------------------------


def test_a_digit_drawn_on_the_pad_yields_weights(server: str, page: Page) -> None:
    visit(page, f"{server}/digit", TITLES["digit"])
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


def test_an_uploaded_picture_gives_figures_and_a_false_one_a_sentence(server: str, page: Page) -> None:
    visit(page, f"{server}/digit", TITLES["digit"])
    page.get_by_text("Upload", exact=True).first.click()
    field = page.locator("input[type=file]")
    field.wait_for(state="attached")
    settle(page)
    field.set_input_files({"name": "seven.png", "mimeType": "image/png", "buffer": png()})
    wait_for_metrics(page)
    assert page.get_by_text("dark ink on light paper, inverted").count() == 1
    field = page.locator("input[type=file]")
    field.set_input_files({"name": "letter.png", "mimeType": "image/png", "buffer": b"Dear model, I am a letter."})
    page.get_by_text("This file is not a picture that can be read: choose a PNG or a JPEG.").wait_for()
    settle(page)
    assert page.locator("[data-testid=stMetric]").count() == 0
