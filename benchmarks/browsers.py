"""Chromium, as whoever drives the app starts it, and how its pages are waited for."""

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
    # what falls out of the address bar, which a page of its own would draw beside each of ours
    "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup",
]
PATIENCE = 60_000  # milliseconds; waits end as soon as what they wait for is there


def settle(page: Page) -> None:
    """Waits for the end of the script, and fails where it ended in an exception."""
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    assert page.locator("[data-testid=stException]").all_inner_texts() == []
