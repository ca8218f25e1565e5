"""Chromium with the options that benchmarks, screenshots and tests share, and waiting for a page of the app."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, sync_playwright

__all__ = ["CHROMIUM", "PATIENCE", "launched", "pad_corner", "settle"]

CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # suggestions of the address bar, which Chromium renders in a page of its own beside each of ours
    "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup",
]
PATIENCE = 60_000  # milliseconds, the longest wait


@contextmanager
def launched(*flags: str) -> Iterator[Browser]:
    """Chromium without a window, with these options besides the usual ones."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *flags], headless=True)
        try:
            yield browser
        finally:
            browser.close()


def settle(page: Page) -> None:
    """Waits until the script has ended, and fails if it raised an exception."""
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    assert page.locator("[data-testid=stException]").all_inner_texts() == []


def pad_corner(page: Page) -> tuple[float, float]:
    """Where the left upper corner of the page's drawing pad lies in the window, once the page rests."""
    pad = page.get_by_label("Drawing pad: draw one digit")
    pad.wait_for()
    settle(page)
    box = pad.bounding_box()
    assert box is not None
    return box["x"], box["y"]
