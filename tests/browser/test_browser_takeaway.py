"""The page that is taken away, opened from the disk in a browser without a network."""

import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Locator, Page

from dlgmm_core.analysis.inspection import inspect_image
from dlgmm_core.config import Context
from dlgmm_core.runtime.folders import checkpoints_folder
from dlgmm_core.store.checkpoints import load_checkpoint
from tests.browser_helpers import PROJECTOR, until
from tests.takeaway_helpers import FLAT, PHONE, PLAIN, TOLD, drag, opened, read_image, stroke, turn_to, values

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("offline")]

PAPER = {"A4": 718, "Letter": 740}  # pixels of 1/96 inch between margins of a centimetre


FRAMES = """new Promise((drawn) => {
  let left = 4;
  const frame = () => (--left ? requestAnimationFrame(frame) : drawn());
  frame();
})"""


def test_what_an_address_has_wrong_is_as_trained_and_a_drag_redraws_its_row_and_the_address_brings_it_back(
    demo: Path, page: Page
) -> None:
    for query in (
        "means=NaN,0,0,0,0&scales=-1,1,1,1,1&digit=1e9",
        "means=1e400,0,0,0,0&view=<b>",
        "means=<script>&model=x",
        "view=digit&digit=2.5",
    ):
        opened(page, demo, f"?{query}")
        page.locator("nav").get_by_role("button", name="Components").click()
        assert values(page, "mean of component") == ["−1.5", "−0.75", "0", "0.75", "1.5"], query
    a_drag_redraws_its_row_and_the_address_brings_it_back(demo, page)


def a_drag_redraws_its_row_and_the_address_brings_it_back(demo: Path, page: Page) -> None:
    rows = "all => all.map(each => each.toDataURL())"
    canvases = page.locator("canvas.samples")
    page.locator(".components[data-frames]").wait_for()
    before = canvases.evaluate_all(rows)
    slider = page.get_by_role("slider", name="mean of component 2", exact=True)
    drag(page, slider, 0.42, 0.9)
    until(page, lambda: "means=-1.5" in page.evaluate("location.search"))
    after = canvases.evaluate_all(rows)
    assert [a == b for a, b in zip(before[1:], after[1:], strict=True)] == [True, False, True, True, True]
    opened(page, demo, page.evaluate("location.search"))
    page.locator(".components[data-frames]").wait_for()
    assert canvases.evaluate_all(rows) == after


def test_the_weights_of_a_drawn_digit_are_the_cores(demo: Path, page: Page) -> None:
    context = Context((-2.0, -1.0, 0.0, 2.0, 1.0), 0.3)
    opened(page, demo, f"?view=digit&model={TOLD}&means={','.join(map(str, context.prior_means))}&alpha=0.3")
    before = read_image(page)
    page.get_by_role("button", name="Clear").click()
    until(page, lambda: not any(read_image(page)))
    stroke(page, (80, 60), (200, 60), (130, 230))
    until(page, lambda: any(read_image(page)))
    assert read_image(page) != before
    the_weights_of_the_drawing_are_those_of(TOLD, context, page)
    turn_to(page, "digit", PLAIN)  # which reads the same drawing
    the_weights_of_the_drawing_are_those_of(PLAIN, None, page)


def the_weights_of_the_drawing_are_those_of(name: str, context: Context | None, page: Page) -> None:
    digit = page.locator(".digit")
    read_image(page)
    image, weights, shares = digit.evaluate("e => [[...e.image], [...e.weights], e.shares]")
    binary = np.array(image, np.uint8)
    assert 50 < binary.sum() < 250
    assert "digit=" not in page.evaluate("location.search")
    page.locator("nav").get_by_role("button", name="Components").click()  # the drawing is there on return
    page.locator(".components").wait_for()
    page.locator("nav").get_by_role("button", name="Digit").click()
    until(page, lambda: digit.evaluate("e => [...(e.image ?? [])]") == image)
    model = load_checkpoint(checkpoints_folder() / name)[0].at(context).requires_grad_(False)
    report = inspect_image(model, binary)
    assert report.sticks is not None and report.component_posterior is not None
    np.testing.assert_allclose(weights, report.sticks.mean, atol=2e-3)
    np.testing.assert_allclose(shares, report.component_posterior, atol=0.25)  # both are estimates by draws


# How many pixels of a canvas are nearly black, and how many are light enough to be lost on white paper.
DARK_AND_LOST = """canvas => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height), found = [0, 0];
  for (let i = 0; i < data.length; i += 4) {
    if (data[i + 3] < 200 || Math.max(...data.slice(i, i + 3)) - Math.min(...data.slice(i, i + 3)) > 24) continue;
    found[0] += data[i] < 90;
    found[1] += data[i] > 150;
  }
  return found;
}"""


def test_a_view_fits_a_phone_and_is_printed_on_one_sheet_in_dark_lines_with_nothing_cut_and_nothing_to_press(
    demo: Path, page: Page
) -> None:
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size(PHONE)
    opened(page, demo, f"?model={TOLD}&alpha=0.5")
    for view, name, canvas in (
        ("components", TOLD, ""),
        ("digit", TOLD, ""),
        ("components", PLAIN, ".prior"),
        ("plane", FLAT, ".plane"),
    ):
        turn_to(page, view, name)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], (view, name)
        if canvas:
            page.set_viewport_size(PROJECTOR)
            light_lines_of_a_dark_screen_are_printed_dark(page, view, page.locator(f"canvas{canvas}"))
        is_printed_on_one_sheet(page)
        if name == TOLD:  # the concentration is part of what is shown
            page.emulate_media(media="print")
            assert page.locator(".slider:visible", has_text="α").locator("output").inner_text() == "0.5"
            page.emulate_media(media="screen")
        page.set_viewport_size(PHONE)


def is_printed_on_one_sheet(page: Page) -> None:
    margins = dict.fromkeys(("top", "bottom", "left", "right"), "1cm")
    for form, width in PAPER.items():
        sheets = page.pdf(format=form, margin=margins)  # type: ignore[arg-type]
        assert len(re.findall(rb"/Type\s*/Page\b", sheets)) == 1, form
        page.emulate_media(media="print")
        page.set_viewport_size({"width": width, "height": 1000})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.locator("button:visible, input:visible, select:visible").count() == 0
        page.emulate_media(media="screen")


def light_lines_of_a_dark_screen_are_printed_dark(page: Page, view: str, drawn: Locator) -> None:
    page.locator(f".{view}s[data-frames], .{view}[data-frames]").wait_for()
    page.evaluate(FRAMES)  # of the window's new size
    dark, light = drawn.evaluate(DARK_AND_LOST)
    assert light > 100 > dark
    at_print = "addEventListener('afterprint', () => { seen = true; }); var seen = false;"
    page.evaluate(f"{at_print} dispatchEvent(new Event('beforeprint'))")
    dark, lost = drawn.evaluate(DARK_AND_LOST)
    assert dark > 100 and lost < light / 10
    page.pdf()  # after which the screen has its own colours again
    until(page, lambda: page.evaluate("seen"))
    assert drawn.evaluate(DARK_AND_LOST)[1] == light
