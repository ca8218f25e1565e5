"""Bars of weights and responsibilities in the browser: as high as their numbers, which pointing at them reads out."""

import re
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Locator, Page

from dlgmm_core.analysis.image_report import StickReport
from dlgmm_core.analysis.inspection import inspect_image
from dlgmm_core.data.datasets import load_dataset
from dlgmm_core.evaluate.likelihood import NORMAL_95
from dlgmm_core.store.checkpoints import load_checkpoint
from tests.browser_helpers import settle, visit
from ui.digit.inspected import SAMPLES

pytestmark = pytest.mark.browser

IMAGE = 4


def spans(parts: Locator, plot: Locator) -> NDArray[np.float64]:
    """(N, 2) shares of the plot's height at which the parts begin and end, from below."""
    box = plot.bounding_box()
    assert box is not None
    found = parts.evaluate_all("all => all.map(each => each.getBoundingClientRect()).map(box => [box.bottom, box.top])")
    return (box["y"] + box["height"] - np.array(found)) / box["height"]


def test_bars_and_densities_are_those_of_their_numbers_which_pointing_and_the_arrow_keys_read_out(
    server: str, page: Page, tree: Path
) -> None:
    visit(page, f"{server}/digit?digit-index={IMAGE}&digit-checkpoint=mnist-dlgmm-fig2", "Your digit")
    chart = page.locator(".weights")
    page.get_by_text("log p(x), S = 1,000, nats").wait_for()
    chart.locator(".bar").first.wait_for()
    model = load_checkpoint(tree / "checkpoints" / "mnist-dlgmm-fig2")[0]
    report = inspect_image(model, load_dataset("mnist").test.binary[IMAGE], SAMPLES)
    assert report.sticks is not None and report.component_posterior is not None
    assert report.component_posterior_error is not None
    assert report.exact_weights is not None
    plot, sticks = chart.locator(".plot"), report.sticks
    shares, error = report.component_posterior, NORMAL_95 * report.component_posterior_error
    expected = {
        ".weight": np.stack([np.zeros(5), sticks.mean], 1),
        ".bar.exact": np.stack([np.zeros(5), report.exact_weights], 1),
        ".responsibility": np.stack([np.zeros(5), shares], 1),
        ".cell .range:not(.estimated)": np.stack([sticks.low, sticks.high], 1),
        ".cell .estimated": np.stack([shares - error, shares + error], 1).clip(0, 1),
    }
    for name, ends in expected.items():
        np.testing.assert_allclose(spans(chart.locator(name), plot), ends, atol=0.014)  # two pixels, of the outline
    np.testing.assert_allclose(spans(chart.locator(".tick span"), plot).mean(1), np.linspace(0, 1, 6), atol=0.01)
    says = chart.locator(".says")
    assert says.inner_text() == ""
    chart.locator(".cell").nth(2).hover()
    weight, low, high = (values[2] for values in (sticks.mean, sticks.low, sticks.high))
    assert says.inner_text() == (
        f"component 3: weight {weight:.3f} ({low:.3f} to {high:.3f}), exact {report.exact_weights[2]:.3f},"
        f" responsibility {shares[2]:.2f} ± {error[2]:.2f}"
    )
    page.mouse.move(0, 0)
    assert says.inner_text() == ""
    plot.focus()
    for key, component in (("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), ("ArrowLeft", 1)):
        page.keyboard.press(key)
        assert says.inner_text().startswith(f"component {component}: weight {sticks.mean[component - 1]:.3f} (")
    plot.blur()
    assert says.inner_text() == ""
    the_density_of_a_fraction_stands_below_its_break_and_numbers_have_three_figures(page, sticks)


def the_density_of_a_fraction_stands_below_its_break_and_numbers_have_three_figures(
    page: Page, sticks: StickReport
) -> None:
    page.get_by_text("Stick", exact=True).click()
    stick = page.locator(".stick")
    stick.wait_for()
    settle(page)
    for k in (0, 2):
        piece = stick.locator(".piece").nth(k)
        piece.hover()
        box, marker = piece.bounding_box(), stick.locator(".density line[stroke-dasharray]").bounding_box()
        assert box is not None and marker is not None
        assert marker["x"] == pytest.approx(box["x"] + box["width"], abs=2)
        a = float(re.findall(r"a = ([\d.]+)", stick.locator(".words").inner_text())[0])
        assert a == pytest.approx(sticks.concentration1[k], rel=0.005)


def test_what_is_read_out_stays_when_more_draws_come_and_keys_go_on(server: str, page: Page) -> None:
    visit(page, f"{server}/digit?digit-index=77&digit-checkpoint=mnist-dlgmm-fig2", "Your digit")
    chart = page.locator(".weights")
    chart.locator(".plot").focus()
    page.keyboard.press("ArrowRight")
    assert chart.locator(".says").inner_text().startswith("component 1:")
    page.get_by_text("log p(x), S = 1,000, nats").wait_for()
    assert chart.locator(".says").inner_text().startswith("component 1:")
    page.keyboard.press("ArrowRight")
    assert chart.locator(".says").inner_text().startswith("component 2:")


def test_a_model_of_two_layers_has_bars_of_each(server: str, page: Page, tree: Path) -> None:
    visit(page, f"{server}/digit?digit-index={IMAGE}&digit-checkpoint=mnist-dlgmm-layers-both", "Your digit")
    page.get_by_text("log p(x), S = 1,000, nats").wait_for()
    model = load_checkpoint(tree / "checkpoints" / "mnist-dlgmm-layers-both")[0]
    report = inspect_image(model, load_dataset("mnist").test.binary[IMAGE], SAMPLES)
    first, second = page.locator(".weights").all()
    assert report.sticks is not None
    for chart, found in ((first, report.sticks), (second, report.weights_below[0])):
        ends = np.stack([np.zeros(3), found.mean], 1)
        np.testing.assert_allclose(spans(chart.locator(".bar.weight"), chart.locator(".plot")), ends, atol=0.014)
    assert not page.get_by_text("Error").count()
