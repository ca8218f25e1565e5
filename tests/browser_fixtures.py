"""A server on a tree of its own, Chromium and a page of it for each of two visitors, as long as tests can share them.

The fixtures are those of a plugin that `fixtures.py` names. Chromium and its pages are kept while one test in a browser
follows another: a new Chromium has to fetch and compile Streamlit's scripts, and a new page has to compile them. But an
event loop runs as long, which tests that start one cannot have.
"""

import os
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Page

from benchmarks.browsers import CHROMIUM, PATIENCE, launched
from benchmarks.servers import copy_app
from dlgmm_core import __main__ as cli
from tests.browser_helpers import PROJECTOR, WINDOW, app_on, complaints, profile
from tests.cli_helpers import handlers_kept
from tests.takeaway_helpers import FLAT, PLAIN, TOLD
from tests.wire_helpers import Wire

FAILED = pytest.StashKey[bool]()
# Scripts are compiled to fast code ten times later than usual: those of a page that is opened for a moment never repay
# it. And memory is cleared more rarely, and by one thread.
SPARING = (
    "--js-flags=--invocation-count-for-maglev=4000 --invocation-count-for-turbofan=30000"
    " --single-threaded-gc --min-semi-space-size=16"
)


@pytest.fixture(scope="session")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the app with checkpoints of its own, so that a visitor's training leaves the repository alone."""
    return copy_app(tmp_path_factory.mktemp("tree"))


@pytest.fixture(scope="session")
def server(tree: Path) -> Iterator[str]:
    with app_on(tree) as address:
        yield address


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of three models that are taken away."""
    path = tmp_path_factory.mktemp("page") / "demo.html"
    with handlers_kept():
        assert cli.main(["export-html", "--checkpoint", PLAIN, TOLD, FLAT, "-o", str(path)]) == 0
    return path


@pytest.fixture
def offline(page: Page) -> Iterator[None]:
    """The page is as large as a projector's, and has no network."""
    page.set_viewport_size(PROJECTOR)
    page.context.set_offline(True)
    yield
    page.context.set_offline(False)


class Chromium:
    """Chromium, started when it is asked for, and a page of it for each visitor."""

    def __init__(self) -> None:
        self._open = ExitStack()
        self._browser: Browser | None = None
        self._pages: dict[str, Page] = {}

    def browser(self) -> Browser:
        if self._browser is None:
            self._browser = self._open.enter_context(launched(SPARING))
        return self._browser

    @contextmanager
    def page(self, visitor: str) -> Iterator[Page]:
        """A page of one without a past; only Streamlit's scripts, which are large, stay in the browser's cache."""
        if visitor not in self._pages:
            self._pages[visitor] = self._open.enter_context(profile(self.browser())).new_page()
        page = self._pages[visitor]
        try:
            with complaints(page):
                yield page
        finally:
            page.goto("about:blank")
            for each in page.context.pages:
                if each is not page:
                    each.close()
            page.unroute_all()
            page.context.clear_cookies()
            page.set_viewport_size(WINDOW)
            page.emulate_media(media="null", color_scheme="light")

    def end(self) -> None:
        self._open.close()
        self._browser = None
        self._pages.clear()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("chromium is not on the path, and CI may not go without these tests")
        pytest.skip("chromium is not on the path")
    chromium = Chromium()
    yield chromium
    chromium.end()


@pytest.fixture
def browser(chromium: Chromium) -> Browser:
    return chromium.browser()


@pytest.fixture
def page(chromium: Chromium) -> Iterator[Page]:
    with chromium.page("first") as page:
        yield page


@pytest.fixture
def other(chromium: Chromium) -> Iterator[Page]:
    """A page of another visitor."""
    with chromium.page("other") as page:
        yield page


@pytest.fixture
def wire(page: Page) -> Iterator[Wire]:
    """What the page, which is opened after that, and the server send each other."""
    wire = Wire(page)
    page.on("websocket", wire.listen)
    yield wire
    page.remove_listener("websocket", wire.listen)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Beside a failed test, the words that stood on its page then."""
    report = yield
    item.stash[FAILED] = report.failed or item.stash.get(FAILED, False)
    page = getattr(item, "funcargs", {}).get("page")
    if report.when == "call" and report.failed and isinstance(page, Page):
        with suppress(Error):
            report.sections.append(("The page", page.locator("body").inner_text(timeout=PATIENCE / 10)))
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, None, None]:
    """Chromium ends where another kind of test follows, and after a failure, which may have left a button down."""
    ended_well = False
    try:
        yield
        ended_well = not item.stash.get(FAILED, False)
    finally:
        chromium = getattr(item, "funcargs", {}).get("chromium")
        follows = "chromium" in getattr(nextitem, "fixturenames", ())
        if isinstance(chromium, Chromium) and not (ended_well and follows):
            chromium.end()
