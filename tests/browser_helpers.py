"""What tests in a browser share: a server, a visitor, and how to wait for them."""

import base64
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, FloatRect, Locator, Page, ViewportSize

from benchmarks.browsers import PATIENCE, pad_corner, settle
from benchmarks.servers import serve
from dlgmm_core.experiments.table import FIGURE_2
from dlgmm_core.store.checkpoints import Checkpoint

ROOT = Path(__file__).resolve().parent.parent
POLL = 40  # milliseconds between two looks at what no event tells
WINDOW: ViewportSize = {"width": 1400, "height": 1000}
PROJECTOR: ViewportSize = {"width": 1280, "height": 720}


@contextmanager
def app_on(tree: Path, base: str = "", **environment: str) -> Iterator[str]:
    """The address of a server that is up and has had no visitor yet, with these variables besides the usual ones."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        with serve(root=tree, base=base) as server:
            yield server.address


@contextmanager
def profile(browser: Browser, **options: Any) -> Iterator[BrowserContext]:
    """Cookies and a cache of their own, and no animations: each of their frames is painted by the processor."""
    context = browser.new_context(**{"viewport": WINDOW, "reduced_motion": "reduce", **options})
    context.set_default_timeout(PATIENCE)
    try:
        yield context
    finally:
        context.close()


@contextmanager
def complaints(page: Page) -> Iterator[None]:
    """What the browser complains of on the page meanwhile is an error."""
    errors: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type == "error":
            errors.append(message.text)

    def catch(error: Error) -> None:
        errors.append(str(error))

    page.on("console", hear)
    page.on("pageerror", catch)
    yield
    page.remove_listener("console", hear)
    page.remove_listener("pageerror", catch)
    assert errors == []


def visit(page: Page, address: str, title: str) -> None:
    page.goto(address, wait_until="domcontentloaded")
    page.wait_for_selector("h1")
    settle(page)
    assert page.locator("h1").all_inner_texts() == [title]


def turn_to(page: Page, address: str, title: str) -> None:
    """Opens another page, of another title, as the browser's Back does: in a third of the time of a visit.

    Widgets that the visitor has seen stay as they are, whatever the address says of them.
    """
    page.evaluate(
        "address => { history.pushState(null, '', address); window.dispatchEvent(new PopStateEvent('popstate')); }",
        address,
    )
    until(page, lambda: page.locator("h1").all_inner_texts() == [title])
    settle(page)


def become_another(page: Page) -> None:
    """Leaves the app, which knows a visitor by a cookie; who opens it next is somebody else."""
    page.context.clear_cookies()
    page.goto("about:blank")


def draw_a_seven(page: Page) -> None:
    """Two strokes of a mouse on the page's drawing pad."""
    left, top = pad_corner(page)
    page.mouse.move(left + 60, top + 50)
    page.mouse.down()
    for x, y in ((160, 50), (110, 180)):
        page.mouse.move(left + x, top + y, steps=8)
    page.mouse.up()


def until(page: Page, holds: Callable[[], bool]) -> None:
    """Waits for what no event tells; a condition that never holds fails the test."""
    for _ in range(PATIENCE // POLL):
        if holds():
            return
        page.wait_for_timeout(POLL)
    assert holds()


def turn_switch(page: Page, name: str, *, on: bool) -> None:
    """Turns a switch, which takes a click a moment late where a widget has just told the server something."""
    switch = page.get_by_label(name)
    if switch.is_checked() != on:
        switch.click()
    until(page, lambda: switch.is_checked() == on)


def numbers(where: Page | Locator, script: str, *given: Any) -> NDArray[np.float64]:
    """(N,), what a function in the page gives, an array of N numbers; as bytes, since lists of them travel slowly."""
    found = where.evaluate(
        f"""async (...given) => {{
            const bytes = new Uint8Array(Float64Array.from(await ({script})(...given)).buffer), parts = [];
            for (let at = 0; at < bytes.length; at += 8192) {{
                parts.push(String.fromCharCode(...bytes.subarray(at, at + 8192)));
            }}
            return btoa(parts.join(""));
        }}""",
        *given,
    )
    return np.frombuffer(base64.b64decode(found))


def touch_elsewhere(page: Page) -> None:
    """What has been done with a widget rests, as if anything else were touched: the server is told of it at once."""
    page.evaluate("window.dispatchEvent(new Event('blur'))")


def overhang(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    excess = "e => e.scrollWidth - e.clientWidth"
    return max(page.locator(part).evaluate(excess) for part in ("[data-testid=stMain]", "html"))


def lowest(page: Page, selector: str) -> float:
    """Where the lowest of these parts ends, in pixels from the top of the window."""
    bottoms: list[float] = page.locator(selector).evaluate_all("all => all.map(e => e.getBoundingClientRect().bottom)")
    return max(bottoms, default=float("inf"))


def picture_fits(page: Page, selector: str) -> None:
    """All of it is in sight of a projector, with the page at its top."""
    page.get_by_test_id("stMain").evaluate("main => { main.scrollTop = 0; }")
    until(page, lambda: lowest(page, selector) <= PROJECTOR["height"])
    assert overhang(page) <= 0


# --- the widget of the page of components ---------------------------------------------------------


def open_components(page: Page, server: str, query: str = "", width: int = 2000) -> None:
    """The page of components with its pictures drawn; so wide and low that a row has all its digits.

    Of the paper's figure 2, unless the query names a checkpoint.
    """
    if "components-checkpoint" not in query:
        query = f"{query or '?'}{'&' if query else ''}components-checkpoint={FIGURE_2}"
    page.set_viewport_size({"width": width, "height": 640})
    visit(page, f"{server}/components{query}", "Components")
    page.locator(".live[data-ready=yes]").wait_for()


def choice(checkpoint: Checkpoint) -> str:
    """The query that chooses a checkpoint on the page of components."""
    return f"?components-checkpoint={checkpoint.name}"


def mean_of(page: Page, component: int) -> Locator:
    """The slider of a component, counted from 1."""
    return page.get_by_role("slider", name=f"mean of component {component}", exact=True)


def hold(page: Page, component: int, share: float) -> Callable[[float], None]:
    """Takes a slider's handle to a share of its track, and returns what moves it on while the button is held."""
    slider = mean_of(page, component)
    slider.scroll_into_view_if_needed()
    box = at_rest(page, slider)
    left, width, y = box["x"], box["width"], box["y"] + box["height"] / 2

    def move(share: float) -> None:
        page.mouse.move(left + share * width, y, steps=6)

    move(share)
    page.mouse.down()
    assert slider.evaluate("slider => slider.matches(':active')"), "the slider was not where it stood"
    return move


def at_rest(page: Page, element: Locator) -> FloatRect:
    """Where an element stands once it no longer moves, as while letters and what is above it arrive."""
    places: list[FloatRect | None] = [None]

    def stands() -> bool:
        places.append(element.bounding_box())
        return places[-1] is not None and places[-1] == places[-2]

    until(page, stands)
    found = places[-1]
    assert found is not None
    return found


def frames_drawn(page: Page) -> int:
    return int(page.locator(".live").get_attribute("data-frames") or 0)


def drawings(page: Page) -> list[str]:
    """What is drawn: a row a component, then the ancestral samples; PNG in data URLs."""
    found: list[str] = page.locator("canvas.samples").evaluate_all("all => all.map(each => each.toDataURL())")
    return [*found[1:], found[0]]


def digits(drawing: str) -> NDArray[np.int64]:
    """(N, 784) levels of grey of the digits in a drawing, one of each square of enlarged pixels."""
    image = Image.open(io.BytesIO(base64.b64decode(drawing.partition(",")[2]))).convert("LA")
    levels = np.asarray(image, np.int64)[..., 0]
    zoom = len(levels) // 28
    starts = range(0, levels.shape[1], 28 * zoom + 2)
    return np.stack([levels[::zoom, start : start + 28 * zoom : zoom].reshape(784) for start in starts])


def untrained(page: Page) -> list[str]:
    """The words of the rows that have the badge."""
    return page.locator(".head", has=page.locator(".badge").filter(visible=True)).locator(".words").all_inner_texts()
