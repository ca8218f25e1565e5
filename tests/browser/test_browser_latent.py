"""Linked maps in the browser: what is drawn, pointed at and selected, by mouse, finger and keyboard."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page

from dlgmm_core.data.datasets import Split, load_dataset
from dlgmm_core.store.checkpoints import read_checkpoint
from dlgmm_core.store.per_image import PerImage, save_per_image
from tests.accessibility_helpers import use_scheme
from tests.browser_helpers import overhang, settle, until
from tests.latent_browser_helpers import MAPS, TITLE, app, lonely, numbers_of, open_maps, pixels, place, says
from ui.theme import SIGN_COLOURS, component_colour

pytestmark = pytest.mark.browser

IDENTICAL = "These components are identical by the paper's prior: π and p(k|x) can say nothing."
INKS = "all => all.map(each => getComputedStyle(each).color)"
PICTURES = "all => all.map(canvas => canvas.toDataURL())"


@pytest.fixture(scope="module")
def images() -> Split:
    """The test images."""
    return load_dataset("mnist").test


# --- drawing --------------------------------------------------------------------------------------


def test_four_maps_are_drawn_with_signs_and_words_follow_the_theme_and_show_a_class_alone(
    server: str, page: Page, images: Split
) -> None:
    maps = open_maps(page, server)
    assert maps.locator("figcaption span").all_inner_texts() == 4 * ["seed 0, perplexity 30, 500 iterations"]
    for plot in range(4):
        drawn = pixels(page, plot)
        assert 0.05 < (drawn != drawn[0, 0]).any(-1).mean() < 0.9
        words = maps.locator(".marks").nth(plot).get_attribute("aria-label") or ""
        assert words.endswith(": 10000 test images, coloured by class")
        assert maps.locator("figcaption b").nth(plot).inner_text() in words
    assert maps.locator(".keys .sign").all_inner_texts() == list("0123456789")
    light = pixels(page)[0, 0].astype(int).sum()
    assert light > 700
    for theme, is_drawn in (("dark", lambda level: level < 200), ("light", lambda level: level == light)):
        use_scheme(page, theme)
        until(page, lambda is_drawn=is_drawn: bool(is_drawn(pixels(page)[0, 0].astype(int).sum())))  # type: ignore[misc]
        inks = [f"rgb({', '.join(str(int(ink[at : at + 2], 16)) for at in (1, 3, 5))})" for ink in SIGN_COLOURS[theme]]
        until(page, lambda inks=inks: maps.locator(".keys .sign").evaluate_all(INKS) == inks)  # type: ignore[misc]
    a_class_is_shown_alone_and_all_come_back(page, images)


def a_class_is_shown_alone_and_all_come_back(page: Page, images: Split) -> None:
    maps = page.locator(".maps")
    ink = [int((pixels(page, plot) != pixels(page, plot)[0, 0]).any(-1).sum()) for plot in range(2)]
    maps.locator(".keys button").nth(3).click()
    until(page, lambda: "only=3" in page.url)
    for plot in range(2):
        drawn = pixels(page, plot)
        assert 0 < (drawn != drawn[0, 0]).any(-1).sum() < 0.4 * ink[plot]
        looks = numbers_of(page, f"app.plots[{plot}].looks")
        np.testing.assert_array_equal(looks != 255, images.labels == 3)
    assert (maps.locator(".marks").first.get_attribute("aria-label") or "").endswith("only class 3")
    maps.get_by_text("all", exact=True).click()
    until(page, lambda: "only" not in page.url)
    assert int((pixels(page) != pixels(page)[0, 0]).any(-1).sum()) == ink[0]


def test_another_colouring_draws_other_colours_and_its_legend(server: str, page: Page) -> None:
    maps = open_maps(page, server, "?maps=mnist-dlgmm,mnist-gauss-vae&models=mnist-dlgmm,mnist-gauss-vae")
    for colour in ("component", "entropy"):
        before = pixels(page)
        maps.get_by_label("Colour by").select_option(colour)
        until(page, lambda colour=colour: f"colour={colour}" in page.url)  # type: ignore[misc]
        assert (pixels(page) != before).any()
        grey = pixels(page, 1).astype(int)
        assert (grey.max(-1) - grey.min(-1)).max() < 30  # a Gauss-VAE has no weights
        assert says(page)[1] == "no weights to colour by"
        if colour == "component":
            assert maps.locator(".keys button:not(.all)").all_text_contents() == ["●1", "●2", "●3"]
            assert says(page)[0] == IDENTICAL
    low, _, high = maps.locator(".ticks span").all_inner_texts()
    entropy = numbers_of(page, "app.plots[0].weights.entropy")
    assert float(low.removeprefix("≤ ")) == pytest.approx(np.quantile(entropy, 0.01), abs=0.006)
    assert float(high.removeprefix("≥ ")) == pytest.approx(np.quantile(entropy, 0.99), abs=0.006)


def test_the_most_probable_component_is_drawn_in_its_colour_and_what_dominates_is_told(
    server: str, page: Page, tree: Path
) -> None:
    name, probabilities = "mnist-dlgmm-spread0", np.tile(np.array([0.2, 0.4, 0.2, 0.1, 0.1], np.float32), (10_000, 1))
    probabilities[:150, 1] = 0.0  # and 9850 images of component 2
    probabilities /= probabilities.sum(1, keepdims=True)
    checkpoint = read_checkpoint(tree / "checkpoints" / name)
    save_per_image(checkpoint, PerImage(np.zeros(10_000, np.float32), probabilities, 5, 0))
    maps = open_maps(page, server, f"?maps={name},mnist-sb-vae&models={name},mnist-sb-vae&colour=responsibility")
    note = f"98 % of images have component 2 as their most probable one. {IDENTICAL}"
    until(page, lambda: says(page)[0] == note)
    colour = [int(component_colour(1)[at : at + 2], 16) for at in (1, 3, 5)]
    assert (pixels(page) == colour).all(-1).mean() > 0.05
    numbers = [words[-1] for words in maps.locator(".keys button:not(.all)").all_text_contents()]
    labels = app(page, "app.plots[0].labels")
    assert [name for name, _ in labels] == ["1", "2"] and labels[1][1] >= 150  # an image of its own
    assert numbers == list("12345") and says(page)[1] == "no components to colour by"  # SB-VAE has 25 pieces


# --- pointing and selecting -----------------------------------------------------------------------


def test_an_image_is_pointed_at_by_mouse_or_keys_the_wheel_zooms_dragging_pans_and_a_click_selects(
    server: str, page: Page, images: Split
) -> None:
    open_maps(page, server, f"?image=99999&colour=%3Cscript%3E&only=-1&{MAPS},..%2F..&at=x")
    invalid_values_in_a_link_are_ignored(page)
    an_image_pointed_at_is_shown_and_marked_on_all_maps(page, images)
    dragging_pans_and_the_wheel_zooms_where_the_pointer_is(page)
    a_click_selects_an_image_for_the_page_the_link_and_the_session(page)
    the_keyboard_moves_between_images_and_selects(page)


def an_image_pointed_at_is_shown_and_marked_on_all_maps(page: Page, images: Split) -> None:
    maps, index = page.locator(".maps"), lonely(page)
    marks = maps.locator(".marks")
    before = marks.evaluate_all(PICTURES)
    x, y = place(page, index)
    page.mouse.move(x - 3, y)
    page.mouse.move(x, y)
    until(page, lambda: all(f"image {index}, class {images.labels[index]}" in words for words in says(page)))
    until(page, lambda: not set(before) & set(marks.evaluate_all(PICTURES)))
    tips = maps.locator(".tip").filter(visible=True)
    assert tips.count() == 1 and tips.inner_text().startswith(f"image {index}\nclass {images.labels[index]}")
    thumb = tips.locator("canvas")
    levels = thumb.evaluate("c => [...c.getContext('2d').getImageData(0, 0, 28, 28).data]")
    np.testing.assert_array_equal(np.array(levels)[::4] // 255, images.binary[index])
    size = thumb.bounding_box()
    assert size is not None and size["width"] == size["height"] and size["width"] % 28 == 0
    page.mouse.move(2, 2)
    until(page, lambda: marks.evaluate_all(PICTURES) == before)


def a_click_selects_an_image_for_the_page_the_link_and_the_session(page: Page) -> None:
    index = lonely(page, 1)
    page.mouse.click(*place(page, index, 1))
    page.get_by_role("heading", name=f"Image {index}").wait_for()
    assert f"image={index}" in page.url
    until(page, lambda: page.locator("[data-testid=stImage] img").count() == 5)
    page.get_by_role("link", name="Your digit").click()
    page.get_by_role("heading", name="Your digit").wait_for()
    page.get_by_role("link", name=TITLE).click()
    page.get_by_role("heading", name=f"Image {index}").wait_for()
    page.locator(".maps[data-ready=yes]").wait_for()
    assert all(words.startswith(f"image {index},") for words in says(page))
    settle(page)


def dragging_pans_and_the_wheel_zooms_where_the_pointer_is(page: Page) -> None:
    index = lonely(page)
    page.mouse.move(*place(page, index))

    def where() -> NDArray[np.float64]:
        return np.array(app(page, f"app.plots[0].screenOf({index})"))

    before = where()
    for _ in range(8):
        page.mouse.wheel(0, -120)
    until(page, lambda: bool(app(page, "app.plots[0].zoom > 3")))
    zoom = app(page, "app.plots[0].zoom")  # by which a pointer half a pixel off is off, too
    assert np.abs(where() - before).max() < 1 + zoom and app(page, "app.plots[1].zoom") == 1
    x, y = place(page, index)
    zoomed = where()
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 30, y + 20, steps=4)
    page.mouse.up()
    assert np.hypot(*(where() - zoomed - (30, 20))) < 2 and "image" not in page.url
    page.get_by_role("button", name="Whole map").click()
    assert np.hypot(*(where() - before)) < 1e-6


def invalid_values_in_a_link_are_ignored(page: Page) -> None:
    assert json.loads(app(page, "JSON.stringify(app.now)")) == {
        "colour": "class",
        "mode": "pan",
        "only": None,
        "images": [],
        "group": None,
        "turn": 0,
    }
    assert page.locator("[data-testid=stAlert]").get_by_text("“only” cannot be “-1”").count() == 1


def the_keyboard_moves_between_images_and_selects(page: Page) -> None:
    maps = page.locator(".maps")
    maps.locator(".marks").first.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "Shift+ArrowLeft", "ArrowUp"):
        before = app(page, "app.hot === null ? null : [app.hot, app.plots[0].screenOf(app.hot)]")
        page.keyboard.press(key)
        index, (x, y) = app(page, "[app.hot, app.plots[0].screenOf(app.hot)]")
        assert index is not None
        if before is not None:
            dx, dy = x - before[1][0], y - before[1][1]
            along = {"Right": dx, "Left": -dx, "Up": -dy, "Down": dy}[key.rpartition("Arrow")[2]]
            assert index != before[0] and along >= (39 if "Shift" in key else 2)
            assert along >= min(abs(dx), abs(dy))
        until(page, lambda index=index: f"image {index}," in maps.locator(".spoken").inner_text())  # type: ignore[misc]
    page.keyboard.press("Enter")
    until(page, lambda: f"image={index}" in page.url)
    page.keyboard.press("ArrowRight")
    second = app(page, "app.hot")
    page.keyboard.press("Shift+Enter")
    until(page, lambda: f"image={index}%2C{second}" in page.url)
    page.keyboard.press("Escape")
    until(page, lambda: "image" not in page.url)
    settle(page)


@pytest.fixture
def finger(page: Page) -> Iterator[Any]:
    """Moves fingers, each at a place of the window."""
    session = page.context.new_cdp_session(page)

    def touch(kind: str, *places: tuple[float, float]) -> None:
        points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(places)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    yield touch
    session.detach()


def test_on_a_phone_maps_stand_in_one_column_two_fingers_zoom_and_one_taps(
    server: str, page: Page, finger: Any
) -> None:
    page.set_viewport_size({"width": 375, "height": 812})
    maps = open_maps(page, server, "?image=3,4")

    def lefts() -> list[float]:
        found: list[float] = maps.locator("figure").evaluate_all("all => all.map(e => e.getBoundingClientRect().left)")
        assert len(found) == 4
        return found

    assert len(set(lefts())) == 1 and overhang(page) <= 0
    index = lonely(page)
    x, y = place(page, index)
    finger("touchStart", (x - 20, y))
    finger("touchStart", (x - 20, y), (x + 20, y))
    for step in range(1, 9):
        finger("touchMove", (x - 20 - 5 * step, y), (x + 20 + 5 * step, y))
    finger("touchEnd")
    until(page, lambda: bool(app(page, "app.plots[0].zoom > 2")))
    x, y = place(page, index)
    finger("touchStart", (x, y))
    finger("touchEnd")
    until(page, lambda: f"image={index}" in page.url)
    settle(page)
    page.set_viewport_size({"width": 1400, "height": 900})
    until(page, lambda: len(set(lefts())) == 2 and overhang(page) <= 0)
