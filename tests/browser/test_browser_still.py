"""A digit that nobody has looked at yet: its figures come at once, and more draws only once it rests.

What is of the drawing before is out of sight until the server has answered.
"""

import pytest
from playwright.sync_api import Page

from benchmarks.browsers import pad_corner
from tests.browser_helpers import settle, touch_elsewhere, visit
from tests.wire_helpers import Wire
from ui.widgets import scripts

pytestmark = pytest.mark.browser

FEW, MANY = "log p(x), S = 50,", "log p(x), S = 1,000"
TOLD = "digit-looked-at"
FIGURES = ".st-key-digit-figures"
SENT = 300  # milliseconds within which the server would have been told

REST = 500  # milliseconds, for which nothing may be touched

# The half second, for which a digit has to stay, passes when the test says so; `lastly` is done just before.
HELD = """(() => {
  const [set, clear] = [window.setTimeout, window.clearTimeout], held = new Map();
  window.setTimeout = (work, wait, ...more) => {
    const id = set(wait === 500 ? () => {} : work, wait, ...more);
    if (wait === 500) held.set(id, work);
    return id;
  };
  window.clearTimeout = (id) => { held.delete(id); clear(id); };
  window.itHasStayed = (lastly = () => {}) => {
    const due = [...held.values()];
    held.clear();
    lastly();
    due.forEach((work) => work());
  };
})()"""
IT_HAS_STAYED = "window.itHasStayed()"

# Keeps the figures that are in sight on any frame from now on.
WATCH = """() => {
  window.seen = new Set();
  const look = () => {
    const figures = document.querySelector(".st-key-digit-figures");
    if (figures?.innerText.trim()) window.seen.add(figures.textContent); // in sight, if only in part
    requestAnimationFrame(look);
  };
  look();
}"""

# Whether what a widget told is answered: once it has told, and after each thing that the app or the server then says.
ANSWERED = f"""async (says) => {{
  const setTimeout = (work, wait) => window.setTimeout(work, wait / 50);
  {scripts("rest", "answer")}
  document.body.innerHTML = `<div ${{RUN}}="notRunning" ${{CONNECTION}}="CONNECTED"></div><p></p>`;
  const [app, widget] = document.body.children, answer = answers(widget), found = [];
  const look = async () => {{
    await new Promise((go) => window.setTimeout(go));
    found.push(!document.documentElement.classList.contains("unanswered"));
  }};
  answer.knows("before");
  answer.tells("now");
  await look();
  for (const what of says) {{
    if (what in {{ notRunning: 1, running: 1 }}) app.setAttribute(RUN, what);
    else if (what === "DISCONNECTED_FOREVER") app.setAttribute(CONNECTION, what);
    else if (what === "gone") widget.remove();
    else if (what === "long") await new Promise((go) => setTimeout(go, 2 * NO_RUN));
    else answer.knows(what);
    await look();
  }}
  return found;
}}"""


def test_more_draws_follow_for_what_they_change_and_the_next_visit_has_them_at_once(
    server: str, page: Page, wire: Wire
) -> None:
    with page.add_init_script(HELD):
        visit(page, f"{server}/digit?digit-index=4321", "Your digit")
        page.get_by_text(FEW).wait_for()
        settle(page)
        before = len(wire.sent)
        page.evaluate(IT_HAS_STAYED)
        page.get_by_text(MANY).wait_for()
        (asked,) = wire.sent[before:]
        assert asked.rerun_script.fragment_id and len(wire.told(TOLD)) == 1
        visit(page, f"{server}/digit?digit-index=4321", "Your digit")
        page.get_by_text(MANY).wait_for()
        wire.forget()
        page.evaluate(IT_HAS_STAYED)
        page.wait_for_timeout(SENT)
        assert wire.told(TOLD) == []


MORE = "[data-testid=stNumberInputStepUp]"


@pytest.mark.parametrize(
    ("index", "click"),  # each with a digit that nobody has looked at
    [
        (70, f"window.itHasStayed(() => document.querySelector('{MORE}').click())"),
        (80, f"window.itHasStayed(); document.querySelector('{MORE}').click()"),
        (90, f"window.itHasStayed(); setTimeout(() => document.querySelector('{MORE}').click(), 60)"),
    ],
    ids=["just before", "just after", "while it is answered"],
)
def test_a_click_as_a_digit_has_stayed_is_answered_and_the_address_knows_of_it(
    index: int, click: str, server: str, page: Page
) -> None:
    with page.add_init_script(HELD):
        visit(page, f"{server}/digit?digit-index={index}", "Your digit")
        page.get_by_text(FEW).wait_for()
        settle(page)
        page.wait_for_timeout(REST)
        page.evaluate(click)
        page.get_by_text(f"test image {index + 1} of MNIST").wait_for()
        page.wait_for_url(f"**digit-index={index + 1}")
        settle(page)
        page.wait_for_timeout(SENT)
        assert page.get_by_role("spinbutton").input_value() == str(index + 1)
        assert page.url.endswith(f"digit-index={index + 1}")


@pytest.mark.parametrize(
    ("says", "when"),
    [
        (["running", "now", "notRunning"], 3),
        (["running", "notRunning", "running", "now", "notRunning"], 5),  # after the end of the run before
        (["running", "now", "running", "notRunning"], 4),
        (["running", "DISCONNECTED_FOREVER"], 2),
        (["gone", "running", "notRunning"], 3),
        (["long"], 1),
        (["now"], 1),  # of an unchanged drawing
    ],
    ids=["answered", "after another", "again", "connection lost", "page left", "no run", "known"],
)
def test_a_widget_is_answered_by_the_run_that_knows_what_it_told_or_by_none(
    says: list[str], when: int, page: Page
) -> None:
    found = page.evaluate(ANSWERED, says)
    assert found == [step >= when for step in range(len(says) + 1)]


def stroke(page: Page, down: float) -> None:
    left, top = pad_corner(page)
    page.mouse.move(left + 60, top + 50)
    page.mouse.down()
    page.mouse.move(left + 150, top + down, steps=5)


def test_a_pen_that_moves_on_saves_the_draws_and_hides_what_is_of_the_drawing_before(
    server: str, page: Page, wire: Wire
) -> None:
    with page.add_init_script(HELD):
        visit(page, f"{server}/digit", "Your digit")
    page.get_by_text("Draw", exact=True).click()
    stroke(page, 60)
    page.mouse.up()
    page.get_by_text(FEW).wait_for()
    (before,) = page.locator(FIGURES).all_text_contents()
    stroke(page, 170)
    page.evaluate(IT_HAS_STAYED)
    page.wait_for_timeout(SENT)
    assert wire.told(TOLD) == []
    page.evaluate(WATCH)
    page.mouse.up()
    page.get_by_text(FEW).wait_for()
    page.wait_for_timeout(REST)
    page.evaluate(IT_HAS_STAYED)
    page.get_by_text(MANY).wait_for()
    assert before not in page.evaluate("[...window.seen]")
    assert len({state["mark"] for state in wire.told(TOLD)}) == 1
    place = page.get_by_text("By log p(x)").or_(page.get_by_text("This is unlike"))
    place.wait_for()
    stroke(page, 170)  # the same once more
    place.wait_for(state="hidden")
    page.mouse.up()
    touch_elsewhere(page)
    place.wait_for()
