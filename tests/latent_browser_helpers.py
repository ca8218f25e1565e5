"""What tests of the maps in the browser share: opening them, finding a point, reading what is drawn."""

import base64
import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Locator, Page

from tests.browser_helpers import numbers, settle, until, visit

TITLE = "Latent space"
MODELS = "models=mnist-gauss-vae,mnist-sb-vae,mnist-dlgmm,mnist-dlgmm-fig2,mnist-dldpmm"  # which have maps
MAPS = "maps=mnist-gauss-vae,mnist-sb-vae,mnist-dlgmm,mnist-dldpmm"


def open_maps(page: Page, server: str, query: str = "") -> Locator:
    """The maps, fetched and drawn, on a page that has come to rest: another run may build them anew."""
    maps = "" if "maps=" in query else f"{MAPS}&"
    visit(page, f"{server}/latent?{MODELS}&{maps}{query.removeprefix('?')}", TITLE)
    page.locator(".maps[data-ready=yes]").wait_for()
    settle(page)
    page.locator(".maps[data-ready=yes]").wait_for()
    return page.locator(".maps")


def app(page: Page, expression: str) -> Any:
    """What the maps know; `app` is what they share."""
    return page.locator(".maps").evaluate(f"root => {{ const app = root.app; return {expression}; }}")


def numbers_of(page: Page, expression: str) -> NDArray[np.float64]:
    """(N,), N numbers that the maps know."""
    return numbers(page.locator(".maps"), f"root => {{ const app = root.app; return {expression}; }}")


def place(page: Page, index: int, plot: int = 0) -> tuple[float, float]:
    """Where an image lies in the window, once the map is in sight."""
    stage = page.locator(".marks").nth(plot)
    stage.scroll_into_view_if_needed()

    def where() -> tuple[float, float]:
        box = stage.bounding_box()
        assert box is not None
        x, y = app(page, f"app.plots[{plot}].screenOf({index})")
        return box["x"] + x, box["y"] + y

    seen: list[tuple[float, float]] = []

    def rests() -> bool:
        seen.append(where())
        return len(seen) >= 3 and len(set(seen[-3:])) == 1

    until(page, rests)  # the wheel and the page come to rest
    return seen[-1]


def lonely(page: Page, plot: int = 0) -> int:
    """An image with nobody near it on a map, so that a click can mean no other."""
    where = numbers_of(page, f"app.plots[{plot}].places").view(np.complex128)  # x + iy, for the sake of speed
    rng = np.random.default_rng(0)
    candidates = rng.choice(len(where), 400, replace=False)
    distance = np.abs(where[candidates, None] - where)
    distance[np.arange(400), candidates] = np.inf
    return int(candidates[distance.min(1).argmax()])


def pixels(page: Page, plot: int = 0) -> NDArray[np.uint8]:
    """(height, width, 3) colours of a map's points."""
    url: str = page.locator(".stage > canvas:first-child").nth(plot).evaluate("c => c.toDataURL()")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))).convert("RGB"))


def says(page: Page) -> list[str]:
    return page.locator(".says").all_inner_texts()
