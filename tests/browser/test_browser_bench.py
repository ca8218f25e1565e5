"""The Kumaraswamy bench in the browser: u is drawn where it is dragged, and what is said of it is what Python says."""

import re
from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Page

from dlgmm_core.analysis.kumaraswamy_series import fraction, kumaraswamy_density, matched_density
from tests.browser_helpers import become_another, settle, until, visit
from tests.wire_helpers import Wire

pytestmark = pytest.mark.browser

TITLE = "Kumaraswamy bench"
SHAPES = [float(f"{value:.2g}") for value in np.geomspace(0.1, 20, 47)]  # of the sliders


def open_bench(page: Page, server: str, query: str = "") -> None:
    visit(page, f"{server}/kumaraswamy{query}", TITLE)
    page.locator(".bench .curve").first.wait_for()
    page.locator(".js-plotly-plot .xtitle").wait_for()  # a chart that comes later moves the widget
    settle(page)


def numbers(page: Page) -> list[str]:
    """u, v and both densities at v, as they are printed."""
    return page.locator(".bench dd").all_inner_texts()


def read(text: str) -> float:
    """A number as it is printed, with its power of ten."""
    factor, _, power = text.partition(" × 10")
    return float(factor) * 10.0 ** int(power.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")) or 0)


def nearest(wish: float) -> float:
    """The shape nearest to a wish that the sliders have."""
    return min(SHAPES, key=lambda shape: abs(shape - wish))


def line(page: Page) -> float:
    """Where the line stands, in pixels from the left edge of the chart."""
    return float(page.locator(".bench .line").get_attribute("x1") or "nan")


def frames_drawn(page: Page) -> int:
    return int(page.locator(".bench").get_attribute("data-frames") or 0)


def hold(page: Page) -> Callable[[float], None]:
    """Takes the line in the chart, and returns what moves it on by pixels while it is held."""
    page.locator(".bench .handle").scroll_into_view_if_needed()
    box = page.locator(".bench .handle").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 3
    page.mouse.move(x, y)
    page.mouse.down()
    return lambda by: page.mouse.move(x + by, y, steps=6)


def is_of_python(page: Page, a: float, b: float, u: float) -> None:
    """The draw, both densities and the words of the chart are those that Python computes."""
    until(page, lambda: f"Kumaraswamy(a = {a:g}, b = {b:g})" in words(page) and numbers(page)[0] == f"{u:.3f}")
    v, shown = fraction(u, a, b), numbers(page)
    assert float(shown[1]) == pytest.approx(v, abs=1e-6)
    for text, density in zip(shown[2:], (kumaraswamy_density, matched_density), strict=True):
        assert float(text) == pytest.approx(density(np.array([v]), a, b)[0], abs=1e-3)
    assert all(text in words(page) for text in shown)


def words(page: Page) -> str:
    return page.locator(".bench > svg").get_attribute("aria-label") or ""


# --- numbers, and the keyboard --------------------------------------------------------------------


def test_the_draw_and_both_densities_are_those_of_python_while_keys_move_all_sliders(server: str, page: Page) -> None:
    half = nearest(0.5)
    open_bench(page, server, f"?bench-a={half}&bench-b={half}&bench-u=0.1")
    is_of_python(page, half, half, 0.1)
    for _ in range(SHAPES.index(1.0) - SHAPES.index(half)):
        page.locator(".st-key-bench-a input").press("ArrowRight")
    is_of_python(page, 1.0, half, 0.1)
    settle(page)
    slider = page.get_by_role("slider", name="u", exact=True)
    slider.focus()
    for key, u in (("ArrowRight", "0.110"), ("ArrowLeft", "0.100"), ("Home", "0.010"), ("End", "0.990")):
        page.keyboard.press(key)
        until(page, lambda u=u: numbers(page)[0] == u)
        settle(page)
        assert slider.evaluate("slider => slider.matches(':focus-visible')")
    assert slider.get_attribute("aria-valuetext") == f"u = 0.990, v = {numbers(page)[1]}"
    page.wait_for_url("**bench-u=0.99*")

    page.locator(".st-key-bench-a input").press("Home")  # beyond what decimals can say
    page.locator(".st-key-bench-b input").press("End")
    until(page, lambda: "Kumaraswamy(a = 0.1, b = 20)" in words(page))
    _, v, density, _ = numbers(page)
    assert read(v) == pytest.approx(fraction(0.99, 0.1, 20), rel=0.05)
    assert read(density) == pytest.approx(9.7e29, rel=0.01) and "⁻" in v
    settle(page)


# --- dragging, and links --------------------------------------------------------------------------


def test_dragging_u_runs_in_the_browser_python_is_told_on_release_and_a_link_and_other_shapes_keep_it(
    server: str, page: Page, wire: Wire
) -> None:
    open_bench(page, server)
    is_of_python(page, 2.0, nearest(2.8), 0.5)
    wire.wait_for_answer(len(wire.sent))
    address, seen, drawn = page.url, [numbers(page)], frames_drawn(page)
    start = line(page)
    assert wire.sent
    hold(page)
    page.mouse.up()
    page.wait_for_timeout(500)
    assert numbers(page) == seen[0] and page.url == address  # a press without a move changes nothing
    wire.forget()
    move = hold(page)
    for by in (40, -60, 90):
        move(by)
        until(page, lambda by=by: abs(line(page) - start - by) < 2)
        seen.append(numbers(page))
    assert len({tuple(each) for each in seen}) == 4 and frames_drawn(page) >= drawn + 3
    slider = page.get_by_role("slider", name="u", exact=True)
    assert float(slider.input_value()) == pytest.approx(float(seen[-1][0]), abs=0.006)
    page.wait_for_timeout(1000)
    assert wire.sent == [] and page.url == address
    page.mouse.up()
    page.wait_for_url(lambda url: f"bench-u={float(seen[-1][0]):g}" in url)
    settle(page)
    assert len(wire.sent) == 1 and numbers(page) == seen[-1]
    link = page.url
    other_shapes_and_pages_leave_u(page)
    become_another(page)
    open_bench(page, server, f"?{link.partition('?')[2]}")
    assert numbers(page) == seen[-1]


def other_shapes_and_pages_leave_u(page: Page) -> None:
    chosen = numbers(page)
    curve = page.locator(".bench .curve").first.get_attribute("d")
    page.locator(".st-key-bench-a input").press("ArrowRight")
    until(page, lambda: page.locator(".bench .curve").first.get_attribute("d") != curve)
    settle(page)
    assert numbers(page)[0] == chosen[0] and numbers(page)[1] != chosen[1]
    page.get_by_role("link", name="Likelihood").first.click()
    page.get_by_role("heading", name="Likelihood", exact=True).wait_for()
    settle(page)
    page.get_by_role("link", name=TITLE).first.click()
    page.locator(".bench .curve").first.wait_for()
    until(page, lambda: numbers(page)[0] == chosen[0])
    assert re.search(rf"bench-u={float(chosen[0]):g}\b", page.url)
