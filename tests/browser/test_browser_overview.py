"""The first page in the browser: priors as they are, drawn without what takes long to load."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Locator, Page
from scipy import stats

from dlgmm_core.store.checkpoints import load_checkpoint
from tests.browser_helpers import visit

pytestmark = pytest.mark.browser

TITLE = "Deep latent Gaussian mixtures"


def prior(page: Page, model: str) -> Locator:
    found = page.get_by_role("img", name=f"Prior of {model}: ")
    found.wait_for()
    return found


def curves(chart: Locator) -> list[NDArray[np.float64]]:
    """(N, 2) points of each line in the window, pixels from the left end of the axis, and above it."""
    found = chart.locator("path").evaluate_all(
        """paths => paths.map(path => {
          const plot = path.closest("svg").getBoundingClientRect(), onPage = path.getScreenCTM();
          return path.getAttribute("d").slice(1).split("L").map(pair => {
            const at = new DOMPoint(...pair.split(",").map(Number)).matrixTransform(onPage);
            return [at.x - plot.left, plot.bottom - at.y];
          });
        })"""
    )
    return [np.array(points) for points in found]


def test_curves_are_the_densities_between_their_ticks(server: str, page: Page) -> None:
    visit(page, server, TITLE)
    chart = prior(page, "DLGMM")
    *parts, whole = curves(chart)
    outlines, components = parts[:5], parts[5:]
    assert len(components) == 5 and np.array_equal(outlines, components)
    box = chart.locator("svg").bounding_box()
    assert box is not None
    reach = 1.5 + 3
    z = (whole[:, 0] / box["width"] * 2 - 1) * reach
    densities = [stats.norm.pdf(z, mean) / 5 for mean in (-1.5, -0.75, 0, 0.75, 1.5)]
    scale = box["height"] / sum(densities).max()
    for points, density in zip([*components, whole], [*densities, sum(densities)], strict=True):
        np.testing.assert_allclose(points[:, 1], scale * density, atol=0.1)
    (tick,) = (each for each in chart.locator(".y").all() if each.inner_text() == "0.2")
    beside = tick.bounding_box()
    assert beside is not None
    assert abs(box["y"] + box["height"] - 0.2 * scale - (beside["y"] + beside["height"] / 2)) < 1.5


def test_the_stick_is_broken_where_its_prior_breaks_it_on_average(server: str, page: Page, tree: Path) -> None:
    visit(page, server, TITLE)
    widths = (
        prior(page, "SB-VAE")
        .locator(".piece")
        .evaluate_all("pieces => pieces.map(piece => piece.getBoundingClientRect().width)")
    )
    alpha = load_checkpoint(tree / "checkpoints" / "mnist-sb-vae")[1].model_config.concentration
    left = (alpha / (1 + alpha)) ** np.arange(len(widths))  # E[v] = 1 / (1 + alpha) for each break
    expected = np.append(left[:-1] / (1 + alpha), left[-1])
    np.testing.assert_allclose(np.array(widths) / sum(widths), expected, atol=0.01)


def test_the_first_page_does_without_plotly(server: str, page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    visit(page, server, TITLE)
    prior(page, "DLDPMM")
    assert any(url.endswith(".js") for url in asked) and not [url for url in asked if "Plotly" in url]
    page.get_by_role("link", name="Likelihood").first.click()
    page.locator(".js-plotly-plot .main-svg").first.wait_for()
    assert [url for url in asked if "Plotly" in url]  # that is its name
