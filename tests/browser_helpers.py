"""What tests in a browser share: a server on a tree of its own, Chromium, a visitor, and how to wait for them.

The fixtures are those of a plugin that `conftest.py` names. Each module has its own browser: one that
outlived its module would leave a running event loop to tests that start one.
"""

import base64
import io
import os
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Error, Locator, Page, sync_playwright

from benchmarks.browsers import CHROMIUM, FLAGS, PATIENCE, settle
from benchmarks.servers import copy_app, serve
from dlgmm_core.experiments.table import FIGURE_2
from dlgmm_core.store.checkpoints import Checkpoint

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the app with checkpoints of its own, so that a visitor's training leaves the repository alone."""
    return copy_app(tmp_path_factory.mktemp("tree"))


@contextmanager
def app_on(tree: Path, base: str = "", **environment: str) -> Iterator[str]:
    """The address of a server that is up and has had no visitor yet, with these variables besides the usual ones."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        with serve(root=tree, base=base) as server:
            yield server.address


@pytest.fixture(scope="session")
def server(tree: Path) -> Iterator[str]:
    with app_on(tree) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("chromium is not on the path, and CI may not go without these tests")
        pytest.skip("chromium is not on the path")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS, headless=True)
        yield browser
        browser.close()


@contextmanager
def profile(browser: Browser) -> Iterator[BrowserContext]:
    """Cookies and a cache of their own."""
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    context.set_default_timeout(PATIENCE)
    try:
        yield context
    finally:
        context.close()


@contextmanager
def one_page(context: BrowserContext, forgiven: str = "") -> Iterator[Page]:
    """A page; what the browser complains of on it is an error, unless it contains `forgiven`."""
    page = context.new_page()
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    try:
        yield page
    finally:
        for each in context.pages:
            each.close()
    assert [text for text in errors if not forgiven or forgiven not in text] == []


@contextmanager
def visitor(browser: Browser, forgiven: str = "") -> Iterator[Page]:
    """A page of a visitor without a past, in a browser without one."""
    with profile(browser) as context, one_page(context, forgiven) as page:
        yield page


@pytest.fixture(scope="module")
def profile_of_all(browser: Browser) -> Iterator[BrowserContext]:
    with profile(browser) as context:
        yield context


@pytest.fixture
def page(profile_of_all: BrowserContext) -> Iterator[Page]:
    """A page of a visitor without a past; only Streamlit's scripts, which are large, may be in the browser's cache."""
    profile_of_all.clear_cookies()
    with one_page(profile_of_all) as page:
        yield page


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Beside a failed test, the words that stood on its page then."""
    report = yield
    page = getattr(item, "funcargs", {}).get("page")
    if report.when == "call" and report.failed and isinstance(page, Page):
        with suppress(Error):
            report.sections.append(("The page", page.locator("body").inner_text(timeout=PATIENCE / 10)))
    return report


def visit(page: Page, address: str, title: str) -> None:
    page.goto(address, wait_until="domcontentloaded")
    page.wait_for_selector("h1")
    settle(page)
    assert page.locator("h1").all_inner_texts() == [title]


def draw_a_seven(page: Page) -> None:
    """Two strokes of a mouse on the page's drawing pad."""
    pad = page.get_by_label("Drawing pad: draw one digit")
    pad.wait_for()
    settle(page)
    box = pad.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 60, box["y"] + 50)
    page.mouse.down()
    for x, y in ((160, 50), (110, 180)):
        page.mouse.move(box["x"] + x, box["y"] + y, steps=8)
    page.mouse.up()


def until(page: Page, holds: Callable[[], bool]) -> None:
    """Waits for what no event tells; a condition that never holds fails the test."""
    for _ in range(PATIENCE // 100):
        if holds():
            return
        page.wait_for_timeout(100)
    assert holds()


def overhang(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    excess = "e => e.scrollWidth - e.clientWidth"
    return max(page.locator(part).evaluate(excess) for part in ("[data-testid=stMain]", "html"))


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
