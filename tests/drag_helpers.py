"""The widgets that can be dragged: where each is, how it is taken, and what a drag must have done to it."""

import base64
import io
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page

from tests.browser_helpers import settle
from tests.photograph_helpers import upload

Place = NDArray[np.float64]  # (2,), pixels of the window from its left upper corner


def moved(places: Place, right: float, down: float) -> Place:
    return places + np.array([right, down])


class Widget:
    """A widget that is dragged: where it is, how it is taken, and what a drag must have done to it.

    Attributes:
        address: of its page.
        title: of its page.
        selector: of the widget, once it can be dragged.
        key: of the widget in Python, or a part of it; empty if a drag is not reported.
    """

    address = title = selector = key = ""
    near = 2.0  # pixels by which the thing that is dragged may be off

    def prepare(self, page: Page) -> None:
        """What is done on the page before the first drag."""

    def js(self, page: Page, expression: str) -> Any:
        """What an expression of `root`, the widget, gives."""
        return page.locator(self.selector).first.evaluate(f"root => {expression}")

    def handle(self, page: Page) -> Place:
        raise NotImplementedError

    def state(self, page: Page) -> Any:
        """What a drag changes."""
        return self.handle(page)

    def follows(self, before: Any, after: Any, places: list[Place]) -> bool:
        """Whether a drag through the places, of which the first is `handle`, turns one state into the other."""
        return bool(abs(after[0] - places[-1][0]) <= self.near)

    def shown(self, page: Page) -> Any:
        """What Python must know at the end."""

    def told(self, state: Any) -> Any:
        """The same in what Python was told."""


class Slider(Widget):
    """A slider of the browser's own, whose thumb is 16 pixels wide."""

    def __init__(self, name: str, selector: str, key: str, address: str, title: str, near: float) -> None:
        self.name, self.selector, self.key, self.address, self.title = name, selector, key, address, title
        self.near = near

    def handle(self, page: Page) -> Place:
        slider = page.get_by_role("slider", name=self.name, exact=True)
        slider.scroll_into_view_if_needed()
        return np.array(
            slider.evaluate("""input => {
              const box = input.getBoundingClientRect(), share = (input.value - input.min) / (input.max - input.min);
              return [box.left + 8 + share * (box.width - 16), box.top + box.height / 2];
            }""")
        )

    def shown(self, page: Page) -> Any:
        return float(page.get_by_role("slider", name=self.name, exact=True).input_value())

    def told(self, state: Any) -> Any:
        if "now" in state:
            return state["now"]["means"][1]
        return state.get("u", state.get("at"))


class Line(Widget):
    """The line at v on the Kumaraswamy page."""

    address, title, selector, key = "kumaraswamy", "Kumaraswamy bench", ".bench", "bench-draw"

    def handle(self, page: Page) -> Place:
        box = self.js(page, "root.querySelector('.handle').getBoundingClientRect().toJSON()")
        return np.array([box["left"] + box["width"] / 2, box["top"] + box["height"] / 3])

    def shown(self, page: Page) -> Any:
        return self.js(page, "root.bench.u")

    def told(self, state: Any) -> Any:
        return state["u"]


class Break(Widget):
    """The first break of a stick that is the code."""

    address, title = "digit?digit-view=Stick&digit-checkpoint=mnist-sb-vae", "Your digit"
    selector, key = ".stick[data-ready=yes]", "digit-stick"

    def handle(self, page: Page) -> Place:
        box = self.js(page, "root.querySelector('.handle').getBoundingClientRect().toJSON()")
        return np.array([box["left"] + box["width"] / 2, box["top"] + box["height"] / 2])

    def shown(self, page: Page) -> Any:
        return float(self.js(page, "root.querySelector('.handle').ariaValueNow"))

    def told(self, state: Any) -> Any:
        return round(state["now"]["fractions"][0], 2)


class Pan(Widget):
    """A map that is moved, and with it every image on it."""

    address, title = "latent?models=mnist-dlgmm-fig2,mnist-sb-vae&image=3,4", "Latent space"
    selector, mode = ".maps[data-ready=yes]", "pan"

    def prepare(self, page: Page) -> None:
        for mode in ("box", self.mode):  # of which Python is told, so that the page can run once more
            page.locator(".drag span", has_text=mode).click()
        page.locator(".marks").first.scroll_into_view_if_needed()
        settle(page)

    def handle(self, page: Page) -> Place:
        box = page.locator(".marks").first.bounding_box()
        assert box is not None
        return np.array([box["x"] + 0.4 * box["width"], box["y"] + 0.4 * box["height"]])

    def state(self, page: Page) -> Any:
        return np.array(self.js(page, "root.app.plots[0].screenOf(0)"))

    def follows(self, before: Any, after: Any, places: list[Place]) -> bool:
        return bool(np.abs(after - before - (places[-1] - places[0])).max() < 1.5)


class Outline(Pan):
    """A group of images that a lasso outlines on a map."""

    key, mode = "latent-maps", "lasso"

    def state(self, page: Page) -> Any:
        group = "root.app.now.group"
        corners = self.js(page, f"{group} && {group}.outline.map(corner => root.app.plots[0].toScreen(...corner))")
        box = page.locator(".marks").first.bounding_box()
        assert box is not None
        return None if corners is None else moved(np.array(corners), box["x"], box["y"])

    def follows(self, before: Any, after: Any, places: list[Place]) -> bool:
        ends = np.array([np.min(places, 0), np.max(places, 0)])
        return after is not None and bool(np.abs([after.min(0), after.max(0)] - ends).max() < 4)

    def shown(self, page: Page) -> Any:
        return self.js(page, "root.app.now")

    def told(self, state: Any) -> Any:
        return state["now"]


class Pad(Widget):
    """The pad on which a digit is drawn."""

    address, title, selector, key = "digit", "Your digit", ".pad .paper canvas", "digit-pad"

    def prepare(self, page: Page) -> None:
        page.get_by_text("Draw", exact=True).click()
        page.locator(self.selector).wait_for()
        settle(page)
        self.row = 0

    def corner(self, page: Page) -> Place:
        box = page.locator(self.selector).bounding_box()
        assert box is not None
        return np.array([box["x"], box["y"]])

    def handle(self, page: Page) -> Place:
        self.row = self.row % 6 + 1  # every stroke has a place of its own
        return moved(self.corner(page), 60, 30 * self.row)

    def state(self, page: Page) -> Any:
        url: str = self.shown(page)
        self.left_top = self.corner(page)
        return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))).convert("L")) > 128

    def follows(self, before: Any, after: Any, places: list[Place]) -> bool:
        inside = np.round(np.array(places) - self.left_top).astype(int)
        steps = np.concatenate([np.linspace(a, b, 50) for a, b in pairwise(inside)]).astype(int)
        return bool(after[steps[:, 1], steps[:, 0]].all() and after[before].all())

    def shown(self, page: Page) -> Any:
        return self.js(page, "root.toDataURL('image/png')")

    def told(self, state: Any) -> Any:
        return state["picture"]


class Mean(Widget):
    """The mean of a prior on the plane."""

    address, title = "plane?digit-index=8&plane-checkpoint=mnist-gauss-vae-plane", "Plane"
    selector, key = ".plane[data-ready=yes]", "plane-mnist-gauss-vae-plane"

    def handle(self, page: Page) -> Place:
        box = self.js(page, "root.querySelector('.handle').getBoundingClientRect().toJSON()")
        return np.array([box["left"] + box["width"] / 2, box["top"] + box["height"] / 2])

    def follows(self, before: Any, after: Any, places: list[Place]) -> bool:
        return bool(np.abs(after - places[-1]).max() <= self.near)

    def shown(self, page: Page) -> Any:
        label: str = self.js(page, "root.querySelector('.handle').ariaLabel")
        return label.partition(": ")[2].partition(";")[0].replace("−", "-").split(", ")

    def told(self, state: Any) -> Any:
        return [f"{mean:.2f}" for mean in state["now"]["means"]]


class Crop(Widget):
    """The left edge of what is looked at in a photograph."""

    address, title, selector, key = "digit", "Your digit", ".photograph[data-ready=yes]", "digit-photograph"

    def prepare(self, page: Page) -> None:
        upload(page)
        page.get_by_role("button", name="Crop", exact=True).click()

    def handle(self, page: Page) -> Place:
        box = page.get_by_role("slider", name="left edge, percent").bounding_box()
        assert box is not None
        return np.array([box["x"] + box["width"] / 2, box["y"] + box["height"] / 2])

    def shown(self, page: Page) -> Any:
        return self.js(page, "root.editor.now.crop")

    def told(self, state: Any) -> Any:
        return state["now"]["crop"]


LIVE = (
    *(".live[data-ready=yes]", "live-mnist-dlgmm-fig2"),
    *("components?components-checkpoint=mnist-dlgmm-fig2", "Components"),
)
BENCH = (".bench", "bench-draw", Line.address, Line.title)
PATH = (".path[data-ready=yes]", "latent-path", Pan.address, Pan.title)
WIDGETS: dict[str, list[Widget]] = {  # a visitor's; each opens its page unless it is that of the widget before
    "of a digit": [Break(), Pad(), Crop()],
    "of maps": [Slider("from A to B", *PATH, near=7), Pan(), Outline()],
    "of priors": [
        *(Line(), Slider("u", *BENCH, near=2)),
        *(Slider("mean of component 2", *LIVE, near=4), Mean()),
    ],
}
