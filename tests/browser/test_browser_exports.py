"""Exports in a browser: the files that are really downloaded hold what was in sight, and say what it is of."""

import base64
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Download, Locator, Page

from dlgmm_core.data.datasets import load_dataset
from dlgmm_core.store.checkpoints import load_checkpoint, read_checkpoint
from dlgmm_core.takeaway.contents import contents_of
from dlgmm_core.takeaway.page import page_bytes
from tests.accessibility_helpers import SCHEMES, use_scheme
from tests.app_helpers import first_mixture
from tests.browser_helpers import (
    choice,
    drawings,
    mean_of,
    open_components,
    overhang,
    settle,
    until,
    visit,
)
from ui.sidebar import label

pytestmark = pytest.mark.browser

MARGIN = 32  # pixels of the picture, on every side
WATCH = """
window.written = [];
const write = CanvasRenderingContext2D.prototype.fillText;
CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
  window.written.push(text);
  return write.call(this, text, ...rest);
};
"""


@pytest.fixture
def page(page: Page) -> Iterator[Page]:
    """One that keeps, in `window.written`, what is written on its canvases."""
    with page.add_init_script(WATCH):
        yield page


def open_export(page: Page, which: int = 0) -> Locator:
    """The popover of a figure, filled."""
    page.get_by_role("button", name="Export").nth(which).click()
    body = page.locator("[data-testid=stPopoverBody]")
    body.locator("[data-testid=stCode]").wait_for()
    body.get_by_role("button", name="PNG").wait_for()
    return body


def downloaded(page: Page, body: Locator, name: str) -> Download:
    with page.expect_download() as download:
        body.get_by_role("button", name=name).click()
    return download.value


def picture(page: Page, body: Locator) -> tuple[NDArray[np.uint8], dict[str, str]]:
    """(height, width, 3) colours of the PNG, and the words in its file."""
    image = Image.open(downloaded(page, body, "PNG").path())
    return np.asarray(image.convert("RGB")), {str(name): str(text) for name, text in image.info.items()}


def close(page: Page, body: Locator) -> None:
    page.keyboard.press("Escape")
    body.wait_for(state="detached")


def lines_of(body: Locator) -> str:
    code: str = body.locator("[data-testid=stCode] code").inner_text()
    return code


def holds(shown: NDArray[np.uint8], url: str, left: int) -> bool:
    """Whether a canvas (its PNG in a data URL) stands at the column `left`, twice as large, its gaps left open."""
    canvas = np.asarray(Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))).convert("RGBA"))
    expected = canvas.repeat(2, 0).repeat(2, 1)
    (height, width), ink = expected.shape[:2], expected[..., 3] > 0
    strip, colours = shown[:, left : left + width], expected[ink, :3]
    first = np.flatnonzero((strip[:, ink[0]] == expected[0, ink[0], :3]).all((1, 2)))
    return any(np.array_equal(strip[y : y + height][ink], colours) for y in first if y + height <= len(strip))


def test_pictures_tables_and_lines_of_the_rows_are_of_what_is_in_sight(page: Page, server: str, tree: Path) -> None:
    checkpoint = first_mixture(tree / "checkpoints")
    open_components(page, server, f"{choice(checkpoint)}&noise=4")
    body = open_export(page)
    before = lines_of(body)
    assert "seed=4" in before and checkpoint.digest in before
    download = downloaded(page, body, "CSV")
    assert download.suggested_filename == f"components-{checkpoint.name}-{checkpoint.digest}-seed4.csv"
    content = Path(download.path()).read_text(encoding="utf-8")
    assert f"# digest: {checkpoint.digest}\n" in content
    rows = pd.read_csv(io.StringIO(content), comment="#")
    assert len(rows) == 16 * (checkpoint.model_config.num_components + 1)
    close(page, body)

    mean_of(page, 2).press("ArrowRight")
    body = open_export(page)  # at once, before the slider rests
    until(page, lambda: lines_of(body) != before)
    drawn = drawings(page)
    body.locator("[data-testid=stCode]").hover()
    body.get_by_role("button", name="Copy to clipboard").wait_for()
    page.evaluate("window.written = []")
    shown, words = picture(page, body)
    left = page.locator("canvas.samples").first.evaluate(
        "canvas => canvas.getBoundingClientRect().left - canvas.closest('.live').getBoundingClientRect().left"
    )
    assert len(drawn) == 6 and all(holds(shown, row, MARGIN + 2 * round(left)) for row in drawn)
    assert words["digest"] == checkpoint.digest and words["checkpoint"] == checkpoint.name
    assert words["model"] == "DLGMM" and words["seed"] == "4" and words["means"] != "-1.5, -0.75, 0, 0.75, 1.5"
    written = " ".join(page.evaluate("window.written"))
    for name in ("digest", "checkpoint", "seed", "means"):
        assert f"{name}: {words[name]}" in written
    assert "component 2: mean" in written and "Reset to trained" not in written


def test_breaks_are_moved_by_keys_and_the_exported_lines_follow(page: Page, server: str, tree: Path) -> None:
    stick = label(read_checkpoint(tree / "checkpoints" / "mnist-sb-vae"))
    visit(page, f"{server}/digit?digit-view=Stick", "Your digit")
    page.wait_for_load_state("networkidle")  # a picture that is replaced while it is fetched is not found
    page.get_by_role("combobox", name="Model").fill("mnist-sb-vae (")  # only some of a long list are on the page
    page.get_by_role("option", name=stick).click()
    page.locator(".stick[data-ready=yes]").wait_for()
    body = open_export(page)
    assert "report.sticks.mean" in lines_of(body)
    close(page, body)
    handle = page.get_by_role("slider", name="break 1", exact=True)
    before = float(handle.get_attribute("aria-valuenow") or "nan")
    handle.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert float(handle.get_attribute("aria-valuenow") or "nan") == pytest.approx(before + 0.03, abs=0.011)
    page.get_by_text("Breaks moved by hand.").wait_for()
    settle(page)
    body = open_export(page)
    until(page, lambda: "v = np.array([" in lines_of(body))
    _, words = picture(page, body)
    assert words["fractions"] == "redrawn, or moved by the visitor"


def test_a_model_that_is_taken_away_is_the_file_that_the_command_line_writes(
    page: Page, server: str, tree: Path
) -> None:
    checkpoint = first_mixture(tree / "checkpoints")
    open_components(page, server, choice(checkpoint))
    with page.expect_download() as download:
        page.get_by_role("button", name="Take away").click()
    assert download.value.suggested_filename == f"{checkpoint.name}-{checkpoint.digest}.html"
    model, _ = load_checkpoint(checkpoint.folder)
    expected = page_bytes([contents_of(model, checkpoint, load_dataset(checkpoint.train_config.dataset))])
    assert Path(download.value.path()).read_bytes() == expected


def test_a_chart_is_exported_in_either_theme_and_on_a_phone_by_keys(page: Page, server: str) -> None:
    visit(page, f"{server}/kumaraswamy", "Kumaraswamy bench")
    page.locator(".bench .curve").first.wait_for()
    page.locator(".js-plotly-plot .xtitle").wait_for()  # a chart that comes later moves the button
    for scheme in SCHEMES:
        use_scheme(page, scheme)
        page.evaluate("window.written = []")
        body = open_export(page)
        image, words = picture(page, body)
        close(page, body)
        paper = page.locator(".stApp").evaluate("e => getComputedStyle(e).backgroundColor")
        shown = image.reshape(-1, 3)
        assert f"rgb({', '.join(map(str, shown[0]))})" == paper
        assert (shown[0].mean() > 128) == (scheme == "light")
        assert (np.abs(shown.astype(int) - (0x3F, 0x90, 0xDA)).sum(1) < 6).sum() > 500  # the curve
        assert {"fraction v", "density, per unit of v", "Kumaraswamy", "Beta"} <= set(page.evaluate("window.written"))
        assert words["a"] == "2.0"
    page.set_viewport_size({"width": 375, "height": 760})
    until(page, lambda: overhang(page) <= 0)
    for which in range(2):
        is_exported_by_keys(page, page.get_by_role("button", name="Export").nth(which))
    until(page, lambda: overhang(page) <= 0)


def is_exported_by_keys(page: Page, button: Locator) -> None:
    """In sight of a window of 375×760."""
    body = page.locator("[data-testid=stPopoverBody]")
    button.evaluate("button => button.scrollIntoView({ block: 'center' })")
    button.focus()
    page.keyboard.press("Enter")
    png, csv = (body.get_by_role("button", name=name, exact=True) for name in ("PNG", "CSV"))
    csv.wait_for()
    body.locator("[data-testid=stCode]").wait_for()
    until(page, lambda: (body.bounding_box() or {"height": 0})["height"] > 100)  # its content has come
    box = body.bounding_box()
    assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= 375
    assert box["y"] >= 0 and box["y"] + box["height"] <= 760
    settle(page)  # a key pressed while the popover fills would go past what is not there yet
    until(page, lambda: png.evaluate("button => button.matches(':focus-visible')"))
    page.keyboard.press("Tab")
    assert csv.evaluate("button => button.matches(':focus-visible')")
    page.keyboard.press("Shift+Tab")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.suggested_filename.endswith(".png")
    close(page, body)


def test_maps_and_tables_make_pictures_too(page: Page, server: str) -> None:
    models, names = "models=mnist-dlgmm-fig2,mnist-sb-vae", []
    visit(page, f"{server}/latent?{models}&image=3", "Latent space")
    page.locator(".maps[data-ready=yes]").wait_for()
    for which in range(2):
        body = open_export(page, which)
        image, words = picture(page, body)
        close(page, body)
        assert Image.fromarray(image).getcolors(50) is None  # more than as many
        assert len(words["digest"].split(", ")) == 2
        names.append(words["figure"])
    visit(page, f"{server}/digit?{models}&digit-view=ELBO+terms", "Your digit")
    image, words = picture(page, open_export(page))
    assert {"weighted:", "ELBO", "(eq1)"} <= set(page.evaluate("window.written"))
    assert len({*names, words["figure"]}) == 3
