"""A digit that nobody has looked at yet: its figures come at once, and more draws only once it rests."""

import pytest
from playwright.sync_api import Page

from benchmarks.browsers import pad_corner
from tests.browser_helpers import settle, visit
from tests.wire_helpers import Wire

pytestmark = pytest.mark.browser

FEW, MANY = "log p(x), S = 250", "log p(x), S = 1,000"
TOLD = "digit-looked-at"

# A second, for which a digit has to stay, is four here, so that a busy machine has time to draw before it ends.
SLOWLY = """(() => {
  const plain = window.setTimeout;
  window.setTimeout = (work, wait, ...more) => plain(work, wait === 1000 ? 4000 : wait, ...more);
})()"""


def test_more_draws_follow_for_the_figures_alone_and_the_next_visit_has_them_at_once(
    server: str, page: Page, wire: Wire
) -> None:
    page.add_init_script(SLOWLY)
    visit(page, f"{server}/digit?digit-index=4321", "Your digit")
    page.get_by_text(FEW).wait_for()
    settle(page)
    before = len(wire.sent)
    page.get_by_text(MANY).wait_for()
    (asked,) = wire.sent[before:]
    assert asked.rerun_script.fragment_id and len(wire.told(TOLD)) == 1
    visit(page, f"{server}/digit?digit-index=4321", "Your digit")
    page.get_by_text(MANY).wait_for()
    wire.forget()
    page.wait_for_timeout(5000)
    assert wire.told(TOLD) == []


def stroke(page: Page, down: float) -> None:
    left, top = pad_corner(page)
    page.mouse.move(left + 60, top + 50)
    page.mouse.down()
    page.mouse.move(left + 150, top + down, steps=5)


def test_a_pen_that_moves_on_saves_the_draws(server: str, page: Page, wire: Wire) -> None:
    page.add_init_script(SLOWLY)
    visit(page, f"{server}/digit", "Your digit")
    page.get_by_text("Draw", exact=True).click()
    stroke(page, 60)
    page.mouse.up()
    page.get_by_text(FEW).wait_for()
    stroke(page, 170)
    page.wait_for_timeout(5000)
    assert wire.told(TOLD) == []
    page.mouse.up()
    page.get_by_text(MANY).wait_for()
    assert len({state["mark"] for state in wire.told(TOLD)}) == 1
