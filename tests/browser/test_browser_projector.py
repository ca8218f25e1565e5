"""For a projector of 1280×720: a digit of any source stands in the window, and presentation mode shows it alone."""

import pytest
from playwright.sync_api import Page

from tests.browser_helpers import PROJECTOR, draw_a_seven, picture_fits, settle, turn_to, until, visit

pytestmark = pytest.mark.browser


def test_a_digit_fits_any_window_and_paper_and_keys_enter_turn_and_leave_the_presentation_of_pages(
    server: str, page: Page
) -> None:
    page.set_viewport_size(PROJECTOR)
    visit(page, f"{server}/digit?digit-checkpoint=mnist-dlgmm-fig2", "Your digit")
    page.get_by_text("Draw", exact=True).click()
    page.locator("[data-testid=stMetric]").first.wait_for(state="detached")
    draw_a_seven(page)
    page.locator(".steps").wait_for()
    picture_fits(page, ".weights .names, .reading canvas")
    page.get_by_text("Test digit", exact=True).click()
    page.get_by_role("spinbutton").first.wait_for()
    settle(page)
    nothing_is_cut_off_beside_the_sidebar_and_paper_has_none(page)
    page.set_viewport_size(PROJECTOR)
    presentation_is_entered_turned_and_left_by_keys_and_is_in_the_link(page)


@pytest.mark.parametrize(
    ("view", "picture"),
    [
        ("Weights", ".turned-weights, .rebuilt"),
        ("log+p(x)&models=mnist-gauss-vae,mnist-dlgmm", "[data-testid=stPlotlyChart]"),
    ],
)
def test_a_page_that_is_presented_is_its_main_picture_and_does_not_scroll(
    view: str, picture: str, server: str, page: Page
) -> None:
    page.set_viewport_size(PROJECTOR)
    visit(page, f"{server}/digit?digit-view={view}&present=1", "Your digit")
    a_page_is_its_main_picture_and_does_not_scroll(page, picture)


def a_page_is_its_main_picture_and_does_not_scroll(page: Page, picture: str) -> None:
    page.locator(picture).first.wait_for()
    picture_fits(page, picture)
    main = page.get_by_test_id("stMain")
    until(page, lambda: bool(main.evaluate("main => main.scrollHeight <= main.clientHeight")))


def nothing_is_cut_off_beside_the_sidebar_and_paper_has_none(page: Page) -> None:
    page.locator("[data-testid=stMetric]").nth(2).wait_for()
    whole = "all => all.every(each => each.scrollWidth <= each.clientWidth)"
    kinds = ", ".join(f"[data-testid={kind}] *" for kind in ("stMetricValue", "stMetricLabel", "stButtonGroup"))
    parts, sidebar = page.locator("[data-testid=stMain]").locator(kinds), page.locator("[data-testid=stSidebar]")
    for width in (960, 800):  # as at 200 % on a wide screen
        page.set_viewport_size({"width": width, "height": 720})
        until(page, lambda: bool(parts.evaluate_all(whole)))
        assert parts.count() > 10 and sidebar.is_visible()
    block = page.locator("[data-testid=stMainBlockContainer]")
    parts_of = block.evaluate("each => [...each.children].map(part => part.clientWidth)")
    page.pdf()
    page.emulate_media(media="print")
    assert not sidebar.is_visible()
    for paper in (400, 1200):  # nothing is laid out anew: what is too wide is made smaller
        page.set_viewport_size({"width": paper, "height": 720})
        assert block.evaluate("each => [...each.children].map(part => part.clientWidth)") == parts_of
        assert block.evaluate("each => each.getBoundingClientRect().right") <= paper
    page.emulate_media(media="screen")


# Every text that is seen outside of sub- and superscripts, in charts too, with the size of its letters in pixels.
SMALL = """least => {
    const found = [], look = (root) => root.querySelectorAll("*").forEach((each) => {
        if (each.shadowRoot) look(each.shadowRoot);
        const words = [...each.childNodes].map((node) => node.nodeType === 3 ? node.data.trim() : "").join("");
        const box = each.getBoundingClientRect(), style = getComputedStyle(each);
        if (!words || each.closest("sub, sup") || style.visibility === "hidden") return;
        if (box.width < 2 || box.bottom < 0) return;
        if (parseFloat(style.fontSize) < least) found.push(`${words}: ${style.fontSize}`);
    });
    look(document.querySelector("[data-testid=stMain]"));
    return found;
}"""


LARGE = ("Components", "Clusters", "Your digit", "Plane", "Likelihood", "Kumaraswamy bench")
PICTURES = {"Latent space": ".maps figure", "kNN": "[data-testid=stDataFrame]"}  # of pages on the way


def test_presentation_leaves_no_letters_small_and_pictures_fit(server: str, page: Page) -> None:
    page.set_viewport_size(PROJECTOR)
    visit(page, f"{server}/digit?digit-view=Stick&digit-checkpoint=mnist-sb-vae&present=1", "Your digit")
    no_letters_are_small(page)
    visit(page, f"{server}/digit?digit-checkpoint=mnist-dlgmm-fig2&present=1", "Your digit")
    no_letters_are_small(page)
    a_page_is_its_main_picture_and_does_not_scroll(page, ".weights, .rebuilt")
    turn_to(page, f"{server}/?present=1", "Deep latent Gaussian mixtures")
    no_letters_are_small(page)
    met = []
    while not met or met[-1] != LARGE[-1]:
        before = page.locator("h1").inner_text()
        page.keyboard.press("PageDown")
        until(page, lambda before=before: page.locator("h1").all_inner_texts() not in ([], [before]))  # type: ignore[misc]
        settle(page)
        met.append(page.locator("h1").inner_text())
        if met[-1] in LARGE:
            no_letters_are_small(page)
        if met[-1] == "Clusters":
            the_rows_of_clusters_fit_and_grow_with_the_window(page)
        if met[-1] in PICTURES:
            a_page_is_its_main_picture_and_does_not_scroll(page, PICTURES[met[-1]])
    assert {*LARGE, *PICTURES} <= set(met)


def no_letters_are_small(page: Page) -> None:
    until(page, lambda: page.evaluate(SMALL, 14) == [])
    assert page.evaluate(SMALL, 100) != []


def the_rows_of_clusters_fit_and_grow_with_the_window(page: Page) -> None:
    digits = page.locator(".clusters[data-ready=yes] .mean canvas").first
    until(page, lambda: digits.evaluate("canvas => canvas.getBoundingClientRect().height") == 42)
    picture_fits(page, ".clusters .row")
    page.set_viewport_size({"width": 1920, "height": 1080})
    until(page, lambda: page.evaluate(SMALL, 20) == [])
    page.set_viewport_size(PROJECTOR)


def presentation_is_entered_turned_and_left_by_keys_and_is_in_the_link(page: Page) -> None:
    words, sidebar = page.get_by_text("The encoder turns an image into"), page.get_by_test_id("stSidebar")
    page.get_by_role("spinbutton").first.press("p")  # a field's own key
    page.wait_for_timeout(500)
    assert sidebar.is_visible() and words.is_visible()
    page.locator("h1").click()
    page.keyboard.press("p")
    page.wait_for_url("**present=1*")
    sidebar.wait_for(state="hidden")
    words.wait_for(state="hidden")
    settle(page)
    for key, title in (("PageUp", "Clusters"), ("ArrowLeft", "Components"), ("ArrowRight", "Clusters")):
        page.keyboard.press(key)
        page.get_by_role("heading", name=title, level=1).wait_for()
        settle(page)
        assert "present=1" in page.url and not sidebar.is_visible()
    page.reload()
    page.get_by_role("heading", name="Clusters", level=1).wait_for()
    settle(page)
    assert not sidebar.is_visible()
    page.get_by_role("button", name="Leave the presentation").click()
    sidebar.wait_for()
    page.wait_for_url(lambda url: "present" not in url)
    page.get_by_role("button", name="Present this page alone").click()
    sidebar.wait_for(state="hidden")
    settle(page)
    page.keyboard.press("Escape")
    sidebar.wait_for()


def test_arrow_keys_turn_the_steps_of_the_lesson_that_is_presented(server: str, page: Page) -> None:
    page.set_viewport_size(PROJECTOR)
    visit(page, f"{server}/digit?lesson=1&present=1", "Your digit")
    page.get_by_role("button", name="Next page").wait_for()
    for key, step in (("ArrowRight", 2), ("ArrowRight", 3), ("ArrowLeft", 2)):
        page.keyboard.press(key)
        page.get_by_role("heading", name=f"Step {step} of").wait_for()
        settle(page)
