"""Training as visitors have it: a run outlives reloads and page switches, and only its owner controls it."""

import math
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page

from benchmarks.servers import copy_app
from dlgmm_core.store.checkpoints import TRAINING, read_checkpoint
from tests.browser_helpers import PATIENCE, ROOT, app_on, overhang, settle, until, visit, visitor

pytestmark = pytest.mark.browser

TITLE = "Train"


@pytest.fixture  # of each test, and of a second try, since a run stays in its slot
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose new checkpoints are seen by no other test."""
    return copy_app(tmp_path_factory.mktemp("tree"))


@pytest.fixture
def server(tree: Path) -> Iterator[str]:
    """A server with a single slot."""
    with app_on(tree, DLGMM_TRAINING_SLOTS="1") as address:
        yield address


def begin(page: Page, server: str, name: str) -> None:
    """Starts a Gauss-VAE of few units, whose epochs take a second."""
    tiny = "train-model=Gauss-VAE&train-hidden=10&train-batch-size=1000&train-max-epochs=900"
    visit(page, f"{server}/train?train-preset=Everything+by+hand&{tiny}&train-name={name}", TITLE)
    start = page.get_by_role("button", name="Start training")
    if not start.is_visible():  # below a run that has ended
        page.get_by_text("Start another run").click()
    start.press("Enter")  # by key: while the expander opens, the button moves away from a pointer
    page.get_by_text(f"{name} is training").wait_for()


def bottom(part: Locator) -> float:
    """Where a part of the page ends, in pixels from its top."""
    box = part.bounding_box()
    return math.inf if box is None else box["y"] + box["height"]


def export_while_running(page: Page) -> None:
    """Opens the curves' export, and takes both files once the curves behind it have been renewed."""
    page.get_by_role("button", name="Export").click()
    body = page.locator("[data-testid=stPopoverBody]")
    body.get_by_text("The same in Python").wait_for()
    bar, seen = page.get_by_role("progressbar"), set[str | None]()

    def is_renewed() -> bool:
        seen.add(bar.get_attribute("aria-valuenow"))
        return len(seen) > 2

    until(page, is_renewed)
    assert page.get_by_text("from-a-visitor is training").is_visible() and body.is_visible()
    with page.expect_download() as table:
        body.get_by_role("button", name="CSV").click()
    lines = Path(table.value.path()).read_text(encoding="utf-8").splitlines()
    assert "# run: from-a-visitor" in lines and len([line for line in lines if not line.startswith("#")]) >= 2
    with page.expect_download() as picture:
        body.get_by_role("button", name="PNG").click()
    assert picture.value.suggested_filename == "run.png"
    page.keyboard.press("Escape")
    body.wait_for(state="detached")
    settle(page)


def test_a_run_outlives_reloads_and_page_switches_is_its_owners_and_is_paused_resumed_kept_or_cancelled(
    server: str, tree: Path, page: Page, browser: Browser
) -> None:
    page.set_viewport_size({"width": 1280, "height": 720})
    begin(page, server, "from-a-visitor")
    page.reload()
    page.get_by_text("from-a-visitor is training").wait_for()
    another_visitor_sees_only_that_the_slot_is_busy(server, browser)
    page.locator(".js-plotly-plot .xtitle").first.wait_for(timeout=5 * PATIENCE)  # the first epoch is over
    page.get_by_text("the authors' run: −103.24").first.wait_for()
    page.get_by_text(re.compile(r"epoch \d+ of at most 900, at most .* left")).wait_for()
    for seen in (page.get_by_role("progressbar"), page.locator(".js-plotly-plot"), page.locator(".run-samples")):
        until(page, lambda seen=seen.first: bottom(seen) <= 720)  # type: ignore[misc]
    page.set_viewport_size({"width": 375, "height": 800})
    until(page, lambda: overhang(page) <= 0)
    page.set_viewport_size({"width": 1280, "height": 720})
    export_while_running(page)
    page.get_by_role("button", name="Pause").click()
    page.get_by_text(re.compile("from-a-visitor is paused after epoch")).wait_for()
    page.get_by_role("link", name="Likelihood").first.click()
    page.get_by_role("heading", name="Likelihood", exact=True).wait_for()
    page.get_by_role("link", name="Train").first.click()
    page.get_by_role("button", name="Resume").click()
    page.get_by_text("from-a-visitor is training").wait_for()
    sidebar = page.locator("[data-testid=stSidebar]")
    assert sidebar.get_by_text("from-a-visitor").count() == 0
    page.get_by_role("button", name="Keep").click()
    page.get_by_text("from-a-visitor has ended").wait_for()
    sidebar.get_by_text("from-a-visitor").first.wait_for()
    page.get_by_role("button", name="Open in Your digit").click()
    page.get_by_role("heading", name="Your digit", exact=True).wait_for()
    page.get_by_text("from-a-visitor").first.wait_for()
    settle(page)
    read_checkpoint(tree / "checkpoints" / "from-a-visitor")
    assert not (tree / "checkpoints" / "from-a-visitor" / TRAINING).exists()
    assert not (ROOT / "checkpoints" / "from-a-visitor").exists()
    begin(page, server, "cancelled")
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Delete the run").click()
    until(page, lambda: not (tree / "checkpoints" / "cancelled").exists())
    settle(page)


def another_visitor_sees_only_that_the_slot_is_busy(server: str, browser: Browser) -> None:
    with visitor(browser) as other:
        visit(other, f"{server}/train?train-run=from-a-visitor", TITLE)
        other.get_by_text("Training slots in use by other visitors: 1.").wait_for()
        assert other.get_by_text("from-a-visitor").count() == 0
        assert other.get_by_role("button", name="Pause").count() == 0
        other.get_by_role("button", name="Start training").click()
        other.get_by_text("All training slots of this server (1) are taken: try again when a run has ended.").wait_for()
        settle(other)
