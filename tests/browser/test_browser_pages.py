"""Every page: titled axes, no barriers in either theme, the keyboard reaches all widgets, and it fits every screen."""

import pytest
from playwright.sync_api import Browser, Locator, Page

from tests.accessibility_helpers import barriers, missed, show_whole, tab_through, use_scheme
from tests.browser_helpers import PROJECTOR, WINDOW, lowest, overhang, picture_fits, settle, turn_to, until, visit

pytestmark = pytest.mark.browser

# page: its title, and what its main picture ends with; of other digits, test_browser_projector.py says it
VIEWS = {
    "": ("Deep latent Gaussian mixtures", ".st-key-cards [data-testid=stImage] img"),
    "components?components-checkpoint=mnist-dlgmm-fig2": ("Components", ".live .row"),
    "clusters?clusters-checkpoint=mnist-dlgmm-fig2&component=1": ("Clusters", ".clusters .row"),
    "digit?digit-checkpoint=mnist-dlgmm-fig2": ("Your digit", ".weights .names, .rebuilt"),
    "latent?models=mnist-gauss-vae,mnist-dlgmm&maps=mnist-gauss-vae,mnist-dlgmm&image=3,4&colour=component": (
        "Latent space",
        ".maps .stage",
    ),
    "train": ("Train", ""),
    "plane?digit-index=8": ("Plane", ""),
    "knn": ("kNN", ""),
    "likelihood": ("Likelihood", ".js-plotly-plot"),
    "kumaraswamy": ("Kumaraswamy bench", ".bench label"),
    "glossary": ("Glossary", ""),
    "digit?digit-checkpoint=mnist-sb-vae&digit-view=Stick": ("Your digit", ".stick canvas.decoded"),
    "digit?lesson=1&digit-view=ELBO+terms": ("Your digit", ""),
}
VISITORS = 5  # each of whom opens every fifth view, and meets no widget in two of them
WITH_WIDGETS = ("Components", "Clusters", "Your digit", "Latent space")
UNNAMED = """() => [...document.querySelectorAll("[data-testid=stImage] img, [data-testid=stPlotlyChart]")]
  .filter((each) => !(each.getAttribute("alt") ?? each.getAttribute("aria-label") ?? "").trim())
  .map((each) => each.outerHTML.slice(0, 120))"""
COVERED = """() => [...document.querySelectorAll(".js-plotly-plot:has(.legend)")].filter((each) => {
  const [legend, plot] = [".legend", ".nsewdrag"].map((part) => each.querySelector(part).getBoundingClientRect());
  return legend.bottom > plot.top + 1;
}).length"""
WIDTHS = "all => all.map(each => each.getBoundingClientRect().width)"
UNDRAWN = """all => all.filter((each) => {
  const [drawn, room] = [".main-svg", ".plot-container"].map((part) => each.querySelector(part).clientWidth);
  return Math.abs(drawn - room) > 1;
}).length"""


@pytest.mark.parametrize("visitor", range(VISITORS))
def test_pages_have_titled_axes_and_no_barriers_in_either_theme_and_fit_every_width(
    visitor: int, server: str, page: Page
) -> None:
    opens, schemes = visit, ("light", "dark")
    for path, (title, picture) in list(VIEWS.items())[visitor::VISITORS]:
        page.set_viewport_size(PROJECTOR)
        opens(page, f"{server}/{path}", title)
        a_page_is_whole_without_barriers_and_fits(page, title, picture, schemes)
        opens, schemes = turn_to, schemes[::-1]  # the next page begins in the theme in which this one ends


def test_without_a_pointer_that_hovers_no_toolbar_covers_words_and_no_hint_needs_a_keyboard(
    server: str, browser: Browser
) -> None:
    touched = {"viewport": {"width": 375, "height": 800}, "has_touch": True, "is_mobile": True}
    with browser.new_context(**touched) as context:  # type: ignore[arg-type]
        page = context.new_page()
        visit(page, f"{server}/knn", "kNN")
        page.locator("[data-testid=stElementToolbar]").first.wait_for(state="attached")
        assert not any(each.is_visible() for each in page.locator("[data-testid=stElementToolbar]").all())
        turn_to(page, f"{server}/latent", "Latent space")
        assert "enter numbers under More" in page.locator(".maps .words").inner_text()


def a_page_is_whole_without_barriers_and_fits(page: Page, title: str, picture: str, schemes: tuple[str, ...]) -> None:
    assert page.locator("[data-testid=stAlertContentError], [data-testid=stAlertContentWarning]").count() == 0
    if picture:
        page.locator(picture).last.wait_for()
        picture_fits(page, picture)
    if title == "Components":
        digits_grow_with_the_window_in_whole_multiples(page)
    page.set_viewport_size(WINDOW)
    if title in WITH_WIDGETS:
        tab_reaches_our_widgets(page)
    page.locator("details").evaluate_all("all => all.forEach(each => { each.open = true; })")
    charts = page.locator(".js-plotly-plot")
    is_no_wider_than(page, charts, WINDOW["width"])
    for chart in charts.all():
        for axis in ("x", "y"):
            if axis == "y" and chart.locator(".ytick").count() == 0:
                continue  # no values: each row says what it is
            label = chart.locator(f".{axis}title").first
            label.wait_for()
            assert label.text_content()
    if charts.count():
        legends_cover_no_curves(page)
    show_whole(page)
    for scheme in schemes:
        use_scheme(page, scheme)
        assert barriers(page, contrast_alone=scheme == schemes[1]) == []  # nothing else differs between themes
    for width in (375, 320):
        page.set_viewport_size({"width": width, "height": 800})
        is_no_wider_than(page, charts, width)
    assert page.evaluate(UNNAMED) == []
    export = page.get_by_role("button", name="Export").first
    if export.count():
        export.click()
        export_fits(page, 320)


def is_no_wider_than(page: Page, charts: Locator, width: int) -> None:
    """Charts follow the window after a pause, and the page follows them."""
    until(page, lambda: all(each <= width for each in charts.evaluate_all(WIDTHS)))
    until(page, lambda: overhang(page) <= 0)


def digits_grow_with_the_window_in_whole_multiples(page: Page) -> None:
    digits = page.locator(".live[data-ready=yes] canvas.samples").first
    height = "canvas => canvas.getBoundingClientRect().height"
    digits.wait_for()
    assert digits.evaluate(height) == 56
    page.set_viewport_size({"width": 1920, "height": 1080})
    until(page, lambda: digits.evaluate(height) in (84, 112))
    assert lowest(page, ".live .row") <= 1080


def tab_reaches_our_widgets(page: Page) -> None:
    until(page, lambda: len(missed(page)) >= 2)  # the widgets are there
    stops = [stop for stop in tab_through(page) if stop.own]
    assert len(stops) >= 2 and missed(page) == []
    assert [stop.name for stop in stops if not stop.outlined] == []


def legends_cover_no_curves(page: Page) -> None:
    """Also in a window that has grown, where they need fewer lines."""
    for width in (900, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        until(page, lambda: page.locator(".js-plotly-plot").evaluate_all(UNDRAWN) == 0)  # they follow after a pause
        until(page, lambda: page.evaluate(COVERED) == 0)


def export_fits(page: Page, width: int) -> None:
    popover = page.get_by_test_id("stPopoverBody")
    popover.locator("code").wait_for()
    settle(page)
    box = popover.bounding_box()
    assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= width
    until(page, lambda: overhang(page) <= 0)
    assert popover.evaluate("each => each.scrollWidth - each.clientWidth") <= 0
