"""Chromium with the options that benchmarks, screenshots and tests share, and waiting for a page of the app."""

import shutil

from playwright.sync_api import Page

__all__ = ["CHROMIUM", "FLAGS", "PATIENCE", "settle"]

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


def settle(page: Page) -> None:
    """Waits until the script has ended, and fails if it raised an exception."""
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    assert page.locator("[data-testid=stException]").all_inner_texts() == []
