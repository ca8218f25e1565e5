"""A photograph of two digits in the browser: chosen and cropped by mouse and keys, on a wide and a narrow screen."""

from urllib.parse import parse_qs, urlparse

import pytest
from playwright.sync_api import Locator, Page

from tests.accessibility_helpers import barriers, missed, tab_through, use_scheme
from tests.browser_helpers import overhang, settle, until, visit
from tests.photograph_helpers import upload

pytestmark = pytest.mark.browser

PRESSED = "all => all.map(each => each.ariaPressed === 'true')"


def boxes(page: Page) -> Locator:
    return page.locator(".photograph .boxes:not([hidden]) .box")


def pressed(page: Page) -> list[bool]:
    found: list[bool] = boxes(page).evaluate_all(PRESSED)
    return found


def new_link(page: Page, old: str) -> str:
    """The digit in the address, once it is another."""

    def digit() -> str:
        return str(page.evaluate("new URL(location).searchParams.get('digit')"))

    until(page, lambda: digit() != old)
    settle(page)
    return digit()


def files(page: Page) -> list[str]:
    """Names that stand in the place for a file."""
    return page.get_by_test_id("stFileChipName").filter(visible=True).all_inner_texts()


def test_a_box_is_chosen_and_the_model_sees_its_digit_without_barriers(server: str, page: Page) -> None:
    page.set_viewport_size({"width": 1280, "height": 720})
    visit(page, f"{server}/digit", "Your digit")
    page.get_by_text("Upload", exact=True).first.click()
    field, error = page.locator("input[type=file]"), page.get_by_test_id("stAlert")
    field.set_input_files({"name": "a.txt", "mimeType": "text/plain", "buffer": b"a"})
    until(page, lambda: files(page) == ["a.txt"])  # in red, as Streamlit shows what it refuses
    field.set_input_files({"name": "junk.png", "mimeType": "image/png", "buffer": b"junk"})
    error.wait_for()
    upload(page)  # which the browser sends after it has taken the one before away
    assert files(page) == ["two.png"] and error.count() == 0
    first = new_link(page, "null")
    steps = page.locator(".steps img").last.bounding_box()
    assert steps is not None and steps["y"] + steps["height"] <= 720
    assert pressed(page) == [True, False]
    boxes(page).nth(1).click()
    second = new_link(page, first)
    page.get_by_text("ELBO terms", exact=True).click()
    page.get_by_role("combobox", name="Model").click()
    page.get_by_role("option").nth(1).click()
    settle(page)
    assert pressed(page) == [False, True]

    boxes(page).nth(1).focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    assert new_link(page, second) == first and pressed(page) == [True, False]
    page.keyboard.press("ArrowRight")
    assert new_link(page, first) == second and pressed(page) == [False, True]

    model = chosen_model(page)
    page.get_by_role("button", name="Remove two.png").click()
    page.locator("[data-testid=stMetric]").first.wait_for(state="detached")
    page.mouse.move(0, 0)  # off the refused file, which is there again: its tooltip would cover what is clicked next
    upload(page)
    assert chosen_model(page) == model
    nothing_is_a_barrier_and_the_keyboard_reaches_all(page)


def chosen_model(page: Page) -> str:
    """The one that the address names."""
    (name,) = parse_qs(urlparse(page.url).query)["digit-checkpoint"]
    return name


def nothing_is_a_barrier_and_the_keyboard_reaches_all(page: Page) -> None:
    page.get_by_role("button", name="Crop", exact=True).click()
    for scheme in ("light", "dark"):
        use_scheme(page, scheme)
        assert barriers(page, contrast_alone=scheme == "dark") == []  # nothing else differs between themes
    stops = [stop for stop in tab_through(page) if stop.own]
    assert missed(page) == [] and [stop.name for stop in stops if not stop.outlined] == []


def test_on_a_narrow_screen_it_is_turned_and_cropped_by_mouse_and_by_keys(server: str, page: Page) -> None:
    page.set_viewport_size({"width": 375, "height": 800})
    visit(page, f"{server}/digit", "Your digit")
    upload(page)
    tops = "all => new Set(all.map(each => each.getBoundingClientRect().top)).size"
    figures = page.locator(".steps figure")
    assert figures.count() == 5 and figures.evaluate_all(tops) == 1
    until(page, lambda: overhang(page) <= 0)

    page.get_by_role("button", name="Crop", exact=True).click()
    around = boxes(page).nth(1).bounding_box()
    assert around is not None
    page.mouse.move(around["x"] - 6, around["y"] - 6)
    page.mouse.down()
    page.mouse.move(around["x"] + around["width"] + 6, around["y"] + around["height"] + 6, steps=5)
    page.mouse.up()
    until(page, lambda: boxes(page).count() == 1)
    page.get_by_role("button", name="Whole picture").click()
    until(page, lambda: boxes(page).count() == 2)

    boxes(page).nth(1).click()
    page.get_by_role("slider", name="Tilt").focus()
    page.keyboard.press("ArrowRight")
    page.get_by_text("1°", exact=True).wait_for()
    until(page, lambda: boxes(page).nth(1).is_visible() and pressed(page) == [False, True])  # also by a tilt
    page.keyboard.press("ArrowLeft")
    until(page, lambda: boxes(page).nth(1).is_visible())

    page.get_by_role("button", name="Crop", exact=True).click()
    bottom = page.get_by_role("slider", name="bottom edge, percent")
    bottom.focus()
    for _ in range(12):
        page.keyboard.press("Shift+ArrowUp")
    until(page, lambda: bottom.get_attribute("aria-valuenow") == "40")  # drawn on the next frame
    until(page, lambda: boxes(page).count() == 1)
    page.get_by_role("button", name="Turn right by 90 degrees").click()
    until(page, lambda: boxes(page).count() == 1)
    page.get_by_role("slider", name="Tilt").focus()
    page.keyboard.press("ArrowRight")
    page.get_by_text("1°", exact=True).wait_for()
    until(page, lambda: boxes(page).count() == 1)
    settle(page)
