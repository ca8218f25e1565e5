"""The table of ELBO terms in the browser, which adds up only for those who see all of it."""

import pytest
from playwright.sync_api import Page

from tests.accessibility_helpers import BACKGROUND, SCHEMES, use_scheme
from tests.browser_helpers import PROJECTOR, picture_fits, visit

pytestmark = pytest.mark.browser


def test_five_components_are_all_in_sight_and_their_terms_stand_on_the_colour_of_the_page(
    server: str, page: Page
) -> None:
    page.set_viewport_size(PROJECTOR)
    visit(page, f"{server}/digit?digit-view=ELBO+terms&digit-checkpoint=mnist-dlgmm-fig2&digit-index=8", "Your digit")
    table = page.locator(".elbo-terms").first
    table.wait_for()
    picture_fits(page, ".elbo-terms tr.sum")
    assert table.evaluate("box => box.scrollWidth <= box.clientWidth")
    room = table.locator("tr.sum").evaluate(
        """line => {
            const [last, sum] = [...line.cells].slice(-2), text = document.createRange();
            const ends = [last, sum].map((cell) => {
                text.selectNodeContents(cell);
                return text.getBoundingClientRect();
            });
            const rule = sum.getBoundingClientRect().left;
            return [rule - ends[0].right, ends[1].left - rule];
        }"""
    )
    assert min(room) >= 5.5, "numbers stand at the line between them"
    for scheme in SCHEMES:
        use_scheme(page, scheme)
        colour = table.locator("tr.sum th").evaluate("cell => getComputedStyle(cell).backgroundColor")
        assert colour == page.evaluate(BACKGROUND)
