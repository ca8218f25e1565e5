"""Screenshots for the documentation: every page of the app, in a typical state.

Run it as `python -m benchmarks.screenshots [PAGE ...]`; it needs Chromium.
"""

import io
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

from PIL import Image
from playwright.sync_api import Page, ViewportSize

from benchmarks.browsers import PATIENCE, launched, settle
from benchmarks.servers import APP, copy_app, serve
from dlgmm_core.experiments.amortised_table import AMORTISED

__all__ = ["FOLDER", "VIEWS", "View"]

FOLDER = APP.parent / "docs" / "screenshots"
SIZE: ViewportSize = {"width": 1320, "height": 940}
REST = 1500  # milliseconds until charts are drawn, for which there is no event


@dataclass(frozen=True)
class View:
    """A state of a page: its URL query, an element that exists once it is drawn, and an action then."""

    query: dict[str, str]
    drawn: str
    act: Callable[[Page], None] = lambda page: None


def _point_at_an_image(page: Page) -> None:
    page.locator(".marks").first.focus()
    page.keyboard.press("ArrowRight")
    page.locator(".tip.on").wait_for()


def _wait_for_posteriors(page: Page) -> None:
    page.get_by_text("log p(x)").nth(1).wait_for()


_CHARTS = ".js-plotly-plot .xtitle"
VIEWS = {
    "overview": View({}, ".prior svg"),
    "components": View({"components-checkpoint": AMORTISED, "means": "-2,-1,0,1,2"}, ".live[data-ready=yes]"),
    "clusters": View({"component": "3"}, ".clusters[data-ready=yes]"),
    "digit": View({"digit-index": "0", "digit-checkpoint": AMORTISED}, ".turned-weights[data-ready=yes]"),
    "latent": View({}, ".maps[data-ready=yes]", _point_at_an_image),
    "plane": View({"digit-index": "5380"}, "canvas, svg", _wait_for_posteriors),
    "knn": View({}, _CHARTS),
    "likelihood": View({}, _CHARTS),
    "kumaraswamy": View({"bench-a": "2", "bench-b": "0.5"}, _CHARTS),
    "glossary": View({}, ".katex"),
    "train": View({"train-preset": "A code of two numbers"}, "[data-testid=stBaseButton-primary]"),
}


def take(page: Page, address: str, name: str) -> bytes:
    """A screenshot of the page, PNG."""
    view = VIEWS[name]
    page.goto(f"{address}/{name if name != 'overview' else ''}?{urlencode(view.query)}", wait_until="domcontentloaded")
    page.locator(view.drawn).first.wait_for()
    settle(page)
    view.act(page)
    page.wait_for_timeout(REST)
    settle(page)
    return page.screenshot()


def reduce(picture: bytes) -> Image.Image:
    """The image reduced to 256 colours, rare ones included: half the size."""
    whole = Image.open(io.BytesIO(picture)).convert("RGB")
    return whole.quantize(256, Image.Quantize.MAXCOVERAGE, kmeans=3, dither=Image.Dither.NONE)


def main(names: list[str]) -> None:
    """Takes screenshots of the named pages, or of all."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (
        TemporaryDirectory() as folder,
        serve(root=copy_app(Path(folder))) as server,
        launched() as browser,
    ):
        page = browser.new_page(viewport=SIZE, color_scheme="light")
        page.set_default_timeout(5 * PATIENCE)
        for name in names or VIEWS:
            reduce(take(page, server.address, name)).save(FOLDER / f"{name}.png", optimize=True)
            print(name, (FOLDER / f"{name}.png").stat().st_size // 1024, "KB")


if __name__ == "__main__":
    main(sys.argv[1:])
