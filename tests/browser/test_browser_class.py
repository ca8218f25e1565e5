"""A class on one server: two visitors with a browser each, a published run, and a teacher."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from benchmarks.servers import copy_app
from tests.browser_helpers import app_on, overhang, settle, until, visit, visitor

pytestmark = pytest.mark.browser

TITLE = "Train"


@pytest.fixture  # of each test, and of a second try, since a teacher changes what all see
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose new checkpoints are seen by no other test."""
    return copy_app(tmp_path_factory.mktemp("tree"))


@pytest.fixture  # of each test, and of a second try, since a teacher changes what all see
def server(tree: Path) -> Iterator[str]:
    """A server with a teacher."""
    with app_on(tree, DLGMM_TEACHER_PASSWORD="long and secret") as address:
        yield address


def train(page: Page, server: str, name: str) -> None:
    """A Gauss-VAE of one epoch, whose epochs are the shortest."""
    settings = "train-preset=Everything+by+hand&train-model=Gauss-VAE&train-hidden=10&train-max-epochs=1"
    visit(page, f"{server}/train?{settings}&train-name={name}", TITLE)
    page.get_by_role("button", name="Start training").click()
    page.get_by_text(f"{name} has ended").wait_for(timeout=180_000)


def test_a_run_is_its_owners_until_it_is_published_and_a_teacher_locks_and_clears(
    server: str, tree: Path, page: Page, browser: Browser
) -> None:
    page.set_viewport_size({"width": 1280, "height": 720})
    train(page, server, "first-try")
    sidebar = page.get_by_test_id("stSidebar")
    sidebar.get_by_text("first-try").first.wait_for()
    page.get_by_text("Only you see first-try, until you publish it.").wait_for()
    assert page.get_by_role("button", name="Publish").bounding_box()["y"] < 720  # type: ignore[index]
    with visitor(browser) as other:
        other.set_viewport_size({"width": 1280, "height": 720})
        visit(other, f"{server}/train?models=first-try", TITLE)
        theirs = other.get_by_test_id("stSidebar")
        theirs.get_by_text("Clusters", exact=True).last.wait_for()
        assert other.get_by_text("first-try").count() == theirs.get_by_text("The class's").count() == 0

        page.get_by_role("button", name="Rename").click()
        page.get_by_role("textbox", name="New name").fill("a-good-one")
        page.get_by_role("button", name="Rename the run").click()
        page.get_by_text("a-good-one has ended").wait_for()
        page.get_by_role("button", name="Publish").click()
        page.get_by_text("All visitors see a-good-one").wait_for()
        visit(other, f"{server}/train", TITLE)
        theirs.get_by_text("The class's").wait_for()
        assert theirs.get_by_text("a-good-one").count() == 0  # offered, not chosen
        theirs.get_by_text("The class's").click()
        theirs.get_by_text("a-good-one").wait_for()

        other.get_by_text("Teacher", exact=True).click()
        other.get_by_label("Password of the teacher").fill("a guess")
        other.get_by_role("button", name="Enter").click()
        other.get_by_text("This is not the teacher's password.").wait_for()
        other.get_by_label("Password of the teacher").fill("long and secret")
        other.get_by_role("button", name="Enter").click()
        other.get_by_role("button", name="Lock training").click()
        other.get_by_role("button", name="Unlock training").wait_for()
        settle(other)
        other.set_viewport_size({"width": 375, "height": 800})
        until(other, lambda: overhang(other) <= 0)
        other.set_viewport_size({"width": 1280, "height": 720})

        page.get_by_text("Start another run").click()
        page.get_by_role("button", name="Start training").press("Enter")  # it moves away from a pointer meanwhile
        page.get_by_text("The teacher has locked training: try again").wait_for()
        page.set_viewport_size({"width": 375, "height": 800})
        until(page, lambda: overhang(page) <= 0)

        other.get_by_role("button", name="Delete runs of visitors (1)").click()
        other.get_by_role("button", name="Delete all 1").click()
        other.get_by_role("button", name="Delete runs of visitors (0)").wait_for()
        settle(other)
    assert not (tree / "checkpoints" / "a-good-one").exists()
    page.reload()
    page.get_by_text("Train a model in the background").wait_for()
    page.get_by_text("The teacher has locked training: no run").wait_for()
    settle(page)
