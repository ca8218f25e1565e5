"""The first page in the browser: priors as they are, drawn without what takes long to load."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Locator, Page
from scipy import stats

from dlgmm_core.analysis.prior_density import means_and_scales
from dlgmm_core.store.checkpoints import Checkpoint, load_checkpoint
from dlgmm_core.store.listing import list_checkpoints
from tests.browser_helpers import visit
from ui.groups import by_group

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


def test_priors_are_drawn_as_they_are_and_without_plotly_which_another_page_loads(
    server: str, page: Page, tree: Path
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    visit(page, server, TITLE)
    curves_are_the_densities_between_their_ticks(page, tree)
    the_stick_is_broken_where_its_prior_breaks_it_on_average(page, tree)
    prior(page, "DLDPMM")
    assert any(url.endswith(".js") for url in asked) and not [url for url in asked if "Plotly" in url]
    page.get_by_role("link", name="Likelihood").first.click()
    page.locator(".js-plotly-plot .main-svg").first.wait_for()
    assert [url for url in asked if "Plotly" in url]  # that is its name


def curves_are_the_densities_between_their_ticks(page: Page, tree: Path) -> None:
    checkpoints = [c for c in list_checkpoints(tree / "checkpoints") if isinstance(c, Checkpoint)]
    shown = by_group([c for c in checkpoints if c.model_config.model == "dlgmm"])[0]
    means, scales = (np.array(values) for values in means_and_scales(load_checkpoint(shown.folder)[0]))
    k = len(means)
    chart = prior(page, "DLGMM")
    *parts, whole = curves(chart)
    outlines, components = parts[:k], parts[k:]
    assert len(components) == k > 1 and np.array_equal(outlines, components)
    box = chart.locator("svg").bounding_box()
    assert box is not None
    reach = (abs(means) + 3 * scales).max()
    z = (whole[:, 0] / box["width"] * 2 - 1) * reach
    densities = [stats.norm.pdf(z, mean, scale) / k for mean, scale in zip(means, scales, strict=True)]
    scale = box["height"] / sum(densities).max()
    for points, density in zip([*components, whole], [*densities, sum(densities)], strict=True):
        np.testing.assert_allclose(points[:, 1], scale * density, atol=0.1)
    tick = chart.locator(".y").last
    beside, value = tick.bounding_box(), float(tick.inner_text())
    assert beside is not None and value > 0
    assert abs(box["y"] + box["height"] - value * scale - (beside["y"] + beside["height"] / 2)) < 1.5


def the_stick_is_broken_where_its_prior_breaks_it_on_average(page: Page, tree: Path) -> None:
    widths = (
        prior(page, "SB-VAE")
        .locator(".piece")
        .evaluate_all("pieces => pieces.map(piece => piece.getBoundingClientRect().width)")
    )
    alpha = load_checkpoint(tree / "checkpoints" / "mnist-sb-vae")[1].model_config.concentration
    left = (alpha / (1 + alpha)) ** np.arange(len(widths))  # E[v] = 1 / (1 + alpha) for each break
    expected = np.append(left[:-1] / (1 + alpha), left[-1])
    np.testing.assert_allclose(np.array(widths) / sum(widths), expected, atol=0.01)
