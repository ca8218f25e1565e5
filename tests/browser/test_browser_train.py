"""Training as a class has it: a run outlives reloads, is its owner's until it is published, and a teacher locks all."""

import math
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, ViewportSize

from benchmarks.servers import copy_app
from dlgmm_core.store.checkpoints import TRAINING, read_checkpoint
from tests.browser_helpers import PATIENCE, ROOT, app_on, overhang, settle, turn_to, until, visit

pytestmark = pytest.mark.browser

TITLE, PASSWORD = "Train", "long and secret"
SCREEN: ViewportSize = {"width": 1280, "height": 720}


@pytest.fixture  # of each test, and of a second try, since a run stays in its slot, and a lock stays
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose new checkpoints are seen by no other test."""
    return copy_app(tmp_path_factory.mktemp("tree"))


@pytest.fixture
def server(tree: Path) -> Iterator[str]:
    """A server with a single slot and a teacher."""
    with app_on(tree, DLGMM_TRAINING_SLOTS="1", DLGMM_TEACHER_PASSWORD=PASSWORD) as address:
        yield address


def begin(page: Page, server: str, name: str) -> None:
    """Starts a Gauss-VAE of few units, whose epochs take a second."""
    tiny = "train-model=Gauss-VAE&train-hidden=10&train-batch-size=1000&train-max-epochs=900"
    visit(page, f"{server}/train?train-preset=Everything+by+hand&{tiny}&train-name={name}", TITLE)
    page.get_by_role("button", name="Start training").click()
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


def test_a_run_outlives_reloads_and_page_switches_is_its_owners_until_it_is_published_and_a_teacher_locks_and_clears(
    server: str, tree: Path, page: Page, other: Page
) -> None:
    page.set_viewport_size(SCREEN)
    begin(page, server, "from-a-visitor")
    page.reload()
    page.get_by_text("from-a-visitor is training").wait_for()
    another_visitor_sees_only_that_the_slot_is_busy(server, other)
    page.locator(".js-plotly-plot .xtitle").first.wait_for(timeout=5 * PATIENCE)  # the first epoch is over
    page.get_by_text("the authors' run: −103.24").first.wait_for()
    page.get_by_text(re.compile(r"epoch \d+ of at most 900, at most .* left")).wait_for()
    for seen in (page.get_by_role("progressbar"), page.locator(".js-plotly-plot"), page.locator(".run-samples")):
        until(page, lambda seen=seen.first: bottom(seen) <= 720)  # type: ignore[misc]
    fits_a_phone(page)
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
    other.set_viewport_size(SCREEN)
    it_is_its_owners_until_it_is_published(page, other, server)
    a_teacher_locks_training_and_deletes_all_runs(page, other)
    assert not (tree / "checkpoints" / "a-good-one").exists()
    page.reload()
    page.get_by_text("The teacher has locked training: no run").wait_for()
    settle(page)


def fits_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 375, "height": 800})
    until(page, lambda: overhang(page) <= 0)
    page.set_viewport_size(SCREEN)


def another_visitor_sees_only_that_the_slot_is_busy(server: str, other: Page) -> None:
    visit(other, f"{server}/train?train-run=from-a-visitor", TITLE)
    other.get_by_text("Training slots in use by other visitors: 1.").wait_for()
    assert other.get_by_text("from-a-visitor").count() == 0
    assert other.get_by_role("button", name="Pause").count() == 0
    other.get_by_role("button", name="Start training").click()
    other.get_by_text("All training slots of this server (1) are taken: try again when a run has ended.").wait_for()
    settle(other)


def it_is_its_owners_until_it_is_published(page: Page, other: Page, server: str) -> None:
    turn_to(page, f"{server}/train?train-run=from-a-visitor", TITLE)
    page.get_by_text("Only you see from-a-visitor, until you publish it.").wait_for()
    assert bottom(page.get_by_role("button", name="Publish")) < SCREEN["height"]
    visit(other, f"{server}/train?models=from-a-visitor", TITLE)
    theirs = other.get_by_test_id("stSidebar")
    theirs.get_by_text("Clusters", exact=True).last.wait_for()
    told = other.get_by_test_id("stAlert").filter(has_text="from-a-visitor")  # the address names it in vain
    assert other.get_by_text("from-a-visitor").count() == told.count() == 1
    assert theirs.get_by_text("from-a-visitor").count() == theirs.get_by_text("The class's").count() == 0

    page.get_by_role("button", name="Rename").click()
    page.get_by_role("textbox", name="New name").fill("a-good-one")
    page.get_by_role("button", name="Rename the run").click()
    page.get_by_text("a-good-one has ended").wait_for()
    page.get_by_role("button", name="Publish").click()
    page.get_by_text("All visitors see a-good-one").wait_for()
    turn_to(other, f"{server}/", "Deep latent Gaussian mixtures")
    theirs.get_by_text("The class's").wait_for()
    assert theirs.get_by_text("a-good-one").count() == 0  # offered, not chosen
    theirs.get_by_text("The class's").click()
    theirs.get_by_text("a-good-one").wait_for()
    turn_to(other, f"{server}/train", TITLE)


def a_teacher_locks_training_and_deletes_all_runs(page: Page, teacher: Page) -> None:
    teacher.get_by_text("Teacher", exact=True).click()
    for password in ("a guess", PASSWORD):
        teacher.get_by_label("Password of the teacher").fill(password)
        teacher.get_by_role("button", name="Enter").click()
        if password != PASSWORD:
            teacher.get_by_text("This is not the teacher's password.").wait_for()
    teacher.get_by_role("button", name="Lock training").click()
    teacher.get_by_role("button", name="Unlock training").wait_for()
    settle(teacher)
    fits_a_phone(teacher)

    page.get_by_text("Start another run").click()
    page.get_by_role("button", name="Start training").press("Enter")  # it moves away from a pointer meanwhile
    page.get_by_text("The teacher has locked training: try again").wait_for()
    fits_a_phone(page)

    teacher.get_by_role("button", name="Delete runs of visitors (1)").click()
    teacher.get_by_role("button", name="Delete all 1").click()
    teacher.get_by_role("button", name="Delete runs of visitors (0)").wait_for()
    settle(teacher)
