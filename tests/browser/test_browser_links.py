"""The page of components beyond one visit: links, other pages, other checkpoints, phones, and what is sent."""

from pathlib import Path
from urllib.parse import quote_plus

import pytest
from playwright.sync_api import Page

from dlgmm_core.experiments.table import FIGURE_2
from dlgmm_core.store.checkpoints import read_checkpoint
from tests.browser_helpers import (
    become_another,
    choice,
    drawings,
    mean_of,
    open_components,
    overhang,
    settle,
    touch_elsewhere,
    turn_switch,
    until,
    untrained,
    visit,
)
from ui.serving.decoders import decoder_address

pytestmark = pytest.mark.browser

LARGEST = "mnist-dldpmm"
# What a browser says where a request fails, which it complains of besides: there is none.
NO_DECODER = """(() => {
  const { fetch } = window;
  window.offline = true;
  window.fetch = (address, ...given) => window.offline && String(address).includes("/decoder/")
    ? Promise.reject(new TypeError("Failed to fetch")) : fetch(address, ...given);
})()"""


def turn_to(page: Page, link: str) -> None:
    page.locator("[data-testid=stSidebarNav]").get_by_role("link", name=link, exact=True).click()
    page.locator("h1").get_by_text(link, exact=True).wait_for()
    settle(page)


def test_a_link_shows_another_visitor_the_same_pictures(server: str, page: Page) -> None:
    open_components(page, server)
    plain = drawings(page)
    mean_of(page, 2).press("End")
    mean_of(page, 5).press("ArrowLeft")
    page.get_by_text("More", exact=True).click()
    for switch in ("the same noise in every row", "ink where its probability exceeds one half"):
        page.get_by_label(switch).click()
    turn_switch(page, "scales, too", on=True)
    page.get_by_role("slider", name="scale of component 1", exact=True).press("End")
    touch_elsewhere(page)
    page.wait_for_url(lambda url: all(name in url for name in ("means=", "scales=2", "view=0%2C1%2C1")))
    page.get_by_role("button", name="New noise").click()
    page.wait_for_url("**noise=1*")
    until(page, lambda: all(a != b for a, b in zip(drawings(page), plain, strict=True)))
    settle(page)
    sent, address = state_of(page), page.url
    become_another(page)
    open_components(page, server, address.partition("components")[2])
    assert page.url == address and state_of(page) == sent
    assert len(untrained(page)) == 3 and mean_of(page, 5).input_value() == "1.45"
    assert page.get_by_label("scales, too").is_checked() and page.get_by_label("ink where").is_checked()
    assert not page.get_by_label("the same noise in every row").is_checked()


def state_of(page: Page) -> tuple[list[str], list[str], list[list[str]]]:
    """What is drawn, which rows have the badge, and the name and value of each slider."""
    sliders = page.get_by_role("slider").evaluate_all("all => all.map(each => [each.ariaLabel, each.value])")
    return drawings(page), untrained(page), sliders


def test_an_invalid_link_is_the_trained_prior_and_sliders_stay_while_other_pages_are_open(
    server: str, tree: Path, page: Page
) -> None:
    """And a decoder is fetched again where it could not be, but only once."""
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url) if "/decoder/" in request.url else None)
    means = quote_plus("<script>document.title = 1</script>")
    with page.add_init_script(NO_DECODER):
        query = f"components-checkpoint={FIGURE_2}&means={means}&scales=1e9&view=yes&noise=-1"
        visit(page, f"{server}/components?{query}", "Components")
    page.get_by_text("The decoder could not be fetched").wait_for()
    figure_2 = read_checkpoint(tree / "checkpoints" / FIGURE_2)
    assert page.locator("[data-testid=stAlert]").get_by_text("“means” cannot be").count() == 1
    assert page.title() != "1" and page.url == f"{server}/components{choice(figure_2)}"
    page.evaluate("window.offline = false")
    turn_to(page, "Your digit")
    turn_to(page, "Components")
    page.locator(".live[data-ready=yes]").wait_for()
    assert page.get_by_text("The decoder could not be fetched").count() == 0
    assert untrained(page) == []
    plain = drawings(page)
    mean_of(page, 2).press("End")
    touch_elsewhere(page)
    page.wait_for_url(lambda url: "means=" in url)
    page.get_by_role("button", name="New noise").click()
    page.wait_for_url("**noise=1*")
    until(page, lambda: all(a != b for a, b in zip(drawings(page), plain, strict=True)))
    settle(page)
    before, address = drawings(page), page.url
    turn_to(page, "Your digit")
    assert "means" not in page.url and "noise" not in page.url
    turn_to(page, "Components")
    page.locator(".live[data-ready=yes]").wait_for()
    assert drawings(page) == before and page.url == address
    assert mean_of(page, 2).input_value() == "4" and len(untrained(page)) == 1
    assert fetched == [f"{server}/{decoder_address(figure_2)['path']}"]


def test_nothing_is_wider_than_a_phone_and_every_slider_is_long_enough_for_a_thumb(
    server: str, tree: Path, page: Page
) -> None:
    largest = read_checkpoint(tree / "checkpoints" / LARGEST)
    means = ",".join(["-3.35"] * 17)  # every row has its badge
    open_components(page, server, f"{choice(largest)}&view=1,0,1&means={means}", width=375)
    until(page, lambda: overhang(page) <= 0)
    parts = page.locator(".live input, .live canvas, .live .badge, .live button")
    boxes = parts.evaluate_all(
        "all => all.filter(e => e.checkVisibility()).map(e => e.getBoundingClientRect()).map(b => [b.left, b.right])"
    )
    assert len(boxes) > 17 * 4 and all(0 <= left < right <= 375 for left, right in boxes)
    sliders = page.locator(".live input[type=range]").evaluate_all("all => all.map(each => each.clientWidth)")
    assert len(sliders) == 34 and min(sliders) >= 200
