"""Limits in the browser: with the allowance used up, results stay in every tab, and other visitors compute."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser_helpers import app_on, become_another, overhang, settle, until, visit

pytestmark = pytest.mark.browser

TITLE = "Your digit"
MODELS = "mnist-gauss-vae-tuned,mnist-sb-vae-tuned,mnist-dlgmm-tuned,mnist-dldpmm-tuned"
REFUSED = "You have used up your share of computing (1 s in ten minutes)"


@pytest.fixture(scope="module")
def server(tree: Path) -> Iterator[str]:
    """A server that lets nobody compute for long."""
    with app_on(tree, DLGMM_COMPUTING_SECONDS_PER_VISITOR="1", DLGMM_UPLOADS_PER_VISITOR="1") as address:
        yield address


def test_with_the_allowance_used_up_results_stay_in_every_tab_and_other_visitors_compute(
    server: str, page: Page
) -> None:
    visit(page, f"{server}/digit?digit-models={MODELS}", TITLE)
    page.locator("[data-testid=stMetric]").nth(2).wait_for()
    page.get_by_text("log p(x)", exact=True).first.click()
    page.get_by_text(REFUSED).wait_for()
    settle(page)
    page.locator(".js-plotly-plot").first.wait_for()
    assert page.locator(".js-plotly-plot").count() == 1  # the models before the refusal
    page.set_viewport_size({"width": 375, "height": 800})
    until(page, lambda: overhang(page) <= 0)
    page.get_by_text("Weights", exact=True).first.click()
    page.locator("[data-testid=stMetric]").nth(2).wait_for()
    settle(page)
    assert page.get_by_text(REFUSED).count() == 0
    tab = page.context.new_page()
    visit(tab, f"{server}/digit?digit-index=7", TITLE)
    tab.get_by_text(REFUSED).wait_for()
    settle(tab)
    tab.close()
    become_another(page)
    visit(page, f"{server}/digit?digit-index=7", TITLE)
    page.locator("[data-testid=stMetric]").nth(2).wait_for()
    assert page.get_by_text(REFUSED).count() == 0


def test_a_script_that_sends_many_files_is_refused_before_they_are_read(server: str, page: Page) -> None:
    answers = [page.request.put(f"{server}/_stcore/upload_file/nobody/{number}", data=b"x") for number in range(10)]
    assert answers[0].status != 429 and answers[-1].status == 429
    assert "more files within a minute than one visitor may" in answers[-1].text()
