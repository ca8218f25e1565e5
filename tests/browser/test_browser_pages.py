"""Every page: titled axes, no barriers, the keyboard reaches all widgets, and it fits every screen in either theme."""

import pytest
from playwright.sync_api import Page

from dlgmm_core.store.checkpoints import read_checkpoint
from tests.accessibility_helpers import SCHEMES, barriers, missed, show_whole, tab_through, use_scheme
from tests.browser_helpers import ROOT, choice, mean_of, open_components, overhang, settle, until, visit
from tests.latent_browser_helpers import open_maps
from ui.theme import SIGN_COLOURS

pytestmark = pytest.mark.browser

SB_VAE = "mnist-sb-vae"
VIEWS = {
    "": "Deep latent Gaussian mixtures",
    "components": "Components",
    "clusters?component=1": "Clusters",
    "digit": "Your digit",
    "digit?digit-view=ELBO+terms": "Your digit",
    f"digit?digit-checkpoint={SB_VAE}": "Your digit",
    "digit?lesson=1": "Your digit",
    "latent?image=3": "Latent space",
    "latent?image=3,4&colour=component": "Latent space",
    "knn?knn-points=1000": "kNN",
    "likelihood": "Likelihood",
    "kumaraswamy": "Kumaraswamy bench",
    "train": "Train",
    "glossary": "Glossary",
}
WIDGETS = [
    "components",
    "clusters?component=1",
    f"digit?digit-checkpoint={SB_VAE}",
    "digit?lesson=1",
    "latent?image=3,4&colour=component",
]
UNNAMED = """() => [...document.querySelectorAll("[data-testid=stImage] img, [data-testid=stPlotlyChart]")]
  .filter((each) => !(each.getAttribute("alt") ?? each.getAttribute("aria-label") ?? "").trim())
  .map((each) => each.outerHTML.slice(0, 120))"""
WIDTHS = "all => all.map(each => each.getBoundingClientRect().width)"


@pytest.mark.parametrize("path", VIEWS)
def test_a_page_has_titled_axes_no_barriers_and_fits_every_width_in_both_themes(
    path: str, server: str, page: Page
) -> None:
    visit(page, f"{server}/{path}", VIEWS[path])
    if path in WIDGETS:
        tab_reaches_our_widgets(page)
    page.locator("details").evaluate_all("all => all.forEach(each => { each.open = true; })")
    charts = page.locator(".js-plotly-plot")
    for chart in charts.all():
        for axis in (".xtitle", ".ytitle"):
            chart.locator(axis).first.wait_for()
            assert chart.locator(axis).first.text_content()
    for scheme in SCHEMES:
        use_scheme(page, scheme)
        show_whole(page)
        assert barriers(page) == []
        for width in (1400, 375, 320):
            page.set_viewport_size({"width": width, "height": 800})
            # charts follow after a pause, and the page after them
            until(page, lambda width=width: all(each <= width for each in charts.evaluate_all(WIDTHS)))  # type: ignore[misc]
            until(page, lambda: overhang(page) <= 0)
    assert page.evaluate(UNNAMED) == []
    export = page.get_by_role("button", name="Export").first
    if export.count():
        export.click()
        export_fits(page, 320)


def tab_reaches_our_widgets(page: Page) -> None:
    until(page, lambda: len(missed(page)) >= 2)  # the widgets are there
    stops = [stop for stop in tab_through(page) if stop.own]
    assert len(stops) >= 2 and missed(page) == []
    assert [stop.name for stop in stops if not stop.outlined] == []


def export_fits(page: Page, width: int) -> None:
    popover = page.get_by_test_id("stPopoverBody")
    popover.locator("code").wait_for()
    settle(page)
    box = popover.bounding_box()
    assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= width
    until(page, lambda: overhang(page) <= 0)
    assert popover.evaluate("each => each.scrollWidth - each.clientWidth") <= 0


def test_nothing_is_cut_off_beside_the_sidebar_and_paper_has_none(server: str, page: Page) -> None:
    page.set_viewport_size({"width": 1280, "height": 720})
    visit(page, f"{server}/digit", "Your digit")
    page.locator("[data-testid=stMetric]").nth(2).wait_for()
    whole = "all => all.every(each => each.scrollWidth <= each.clientWidth)"
    kinds = ", ".join(f"[data-testid={kind}] *" for kind in ("stMetricValue", "stMetricLabel", "stButtonGroup"))
    parts, sidebar = page.locator("[data-testid=stMain]").locator(kinds), page.locator("[data-testid=stSidebar]")
    for width in (960, 800):  # as at 200 % on a wide screen
        page.set_viewport_size({"width": width, "height": 720})
        until(page, lambda: bool(parts.evaluate_all(whole)))
        assert parts.count() > 10 and sidebar.is_visible()
    page.emulate_media(media="print")
    assert not sidebar.is_visible()
    page.emulate_media(media="screen")


# --- the keyboard ---------------------------------------------------------------------------------


def test_a_digit_is_drawn_by_keys_alone(server: str, page: Page) -> None:
    visit(page, f"{server}/digit?lesson=1", "Your digit")
    pad = page.get_by_label("Drawing pad: draw one digit")
    pad.focus()
    for key in [*6 * ["ArrowUp"], "Space", *14 * ["ArrowDown"]]:
        page.keyboard.press(key)
    assert page.get_by_text("Arrow keys move the pen").is_visible()
    assert page.get_by_text("pen down, row 22, column 14").count() == 1
    page.keyboard.press("Space")
    page.get_by_text("light ink on dark paper").wait_for()
    settle(page)
    inked = "c => c.getContext('2d').getImageData(112, 112, 1, 1).data[0]"
    assert pad.evaluate(inked) == 255


def test_a_break_of_the_stick_is_moved_by_keys(server: str, page: Page) -> None:
    visit(page, f"{server}/digit?digit-checkpoint={SB_VAE}", "Your digit")
    page.locator(".stick[data-ready=yes]").wait_for()
    handle = page.get_by_role("slider", name="break 1", exact=True)
    before = float(handle.get_attribute("aria-valuenow") or "nan")
    handle.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert float(handle.get_attribute("aria-valuenow") or "nan") == pytest.approx(before + 0.03, abs=0.011)
    page.get_by_text("Breaks moved by hand.").wait_for()
    settle(page)


def test_a_mean_and_the_way_between_two_images_are_moved_by_keys(server: str, page: Page) -> None:
    checkpoint = read_checkpoint(ROOT / "checkpoints" / "mnist-dlgmm-fig2")
    open_components(page, server, choice(checkpoint))
    mean_of(page, 1).focus()
    page.keyboard.press("End")
    until(page, lambda: "means=4" in page.url)
    open_maps(page, server, "?image=3,4")
    page.locator(".path[data-ready=yes]").wait_for()
    page.get_by_role("slider", name="from A to B").focus()
    page.keyboard.press("Home")
    until(page, lambda: "at=0" in page.url)
    settle(page)


def test_an_export_opens_and_closes_by_keys(server: str, page: Page) -> None:
    visit(page, f"{server}/kumaraswamy", "Kumaraswamy bench")
    button = page.get_by_role("button", name="Export").first
    button.focus()
    page.keyboard.press("Enter")
    picture = page.get_by_role("button", name="PNG", exact=True)
    csv = page.get_by_role("button", name="CSV", exact=True)
    csv.wait_for()
    settle(page)  # a key pressed while the popover fills would go past what is not there yet
    until(page, lambda: picture.evaluate("button => button.matches(':focus-visible')"))
    page.keyboard.press("Tab")
    assert csv.evaluate("button => button.matches(':focus-visible')")
    page.keyboard.press("Escape")
    picture.wait_for(state="hidden")


# --- colours --------------------------------------------------------------------------------------


@pytest.mark.parametrize("theme", SIGN_COLOURS)
def test_signs_of_the_maps_have_the_colours_of_the_theme(theme: str, server: str, page: Page) -> None:
    maps = open_maps(page, server, "?maps=mnist-dlgmm")
    use_scheme(page, theme)
    inks = "all => all.map(each => getComputedStyle(each).color)"
    expected = [f"rgb({', '.join(str(int(ink[at : at + 2], 16)) for at in (1, 3, 5))})" for ink in SIGN_COLOURS[theme]]
    until(page, lambda: maps.locator(".keys .sign").evaluate_all(inks) == expected)
