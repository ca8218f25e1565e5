"""Groups of images in the browser, the way between two of them, and a map computed anew."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from playwright.sync_api import Page

from dlgmm_core.analysis.interpolation import code_path
from dlgmm_core.data.datasets import load_dataset
from dlgmm_core.store.checkpoints import TSNE, load_checkpoint
from tests.browser_helpers import numbers, settle, until
from tests.latent_browser_helpers import TITLE, app, lonely, numbers_of, open_maps, pixels, place
from ui.latent.live_path import POINTS

pytestmark = pytest.mark.browser


@pytest.fixture
def labels() -> NDArray[np.int64]:
    return load_dataset("mnist").test.labels


# --- groups ---------------------------------------------------------------------------------------


def test_a_group_is_counted_shown_on_all_maps_cleared_and_kept_on_other_pages_and_a_map_is_computed_again(
    server: str, page: Page, labels: NDArray[np.int64], tree: Path
) -> None:
    maps = open_maps(page, server)
    for mode in ("lasso", "box"):
        a_group_is_counted_in_words_shown_on_all_maps_and_cleared_by_escape(page, mode, labels)
    outline(page, "box")
    until(page, lambda: "images:" in maps.locator(".words").inner_text())
    words = maps.locator(".words").inner_text()
    page.wait_for_timeout(500)
    settle(page)
    page.get_by_role("link", name="Train").click()
    page.get_by_role("heading", name="Train").wait_for()
    page.get_by_role("link", name=TITLE).click()
    page.locator(".maps[data-ready=yes]").wait_for()
    assert maps.locator(".words").inner_text() == words
    a_map_can_be_computed_again_and_cancelled(page, tree)


def outline(page: Page, mode: str) -> NDArray[np.bool_]:
    """(10000,), which images a lasso or a box of the first map contains."""
    page.locator(".drag span", has_text=mode).click()
    stage = page.locator(".marks").first
    stage.scroll_into_view_if_needed()
    box = stage.bounding_box()
    assert box is not None
    left, top = box["width"] * 0.4, box["height"] * 0.4
    right, bottom = left + 90, top + 70
    corners = [(right, top), (right, bottom), (left, bottom), (left, top)] if mode == "lasso" else [(right, bottom)]
    page.mouse.move(box["x"] + left, box["y"] + top)
    page.mouse.down()
    for x, y in corners:
        page.mouse.move(box["x"] + x, box["y"] + y, steps=5)
    page.mouse.up()
    screen = numbers_of(page, "[...Array(10000).keys()].flatMap(i => app.plots[0].screenOf(i))").reshape(-1, 2)
    inside: NDArray[np.bool_] = ((screen > (left, top)) & (screen < (right, bottom))).all(1)
    return inside


def a_group_is_counted_in_words_shown_on_all_maps_and_cleared_by_escape(
    page: Page, mode: str, labels: NDArray[np.int64]
) -> None:
    maps = page.locator(".maps")
    coloured = [saturation(pixels(page, plot)) for plot in range(4)]
    inside = outline(page, mode)
    group = numbers_of(page, "app.group").astype(bool)
    assert abs(int(inside.sum()) - int(group.sum())) <= 5 and (inside != group).sum() <= 5  # points on the line
    counts = np.bincount(labels[group], minlength=10)
    words = maps.locator(".words").inner_text()
    assert words.startswith(f"{group.sum()} images: {counts.max()} of class {counts.argmax()} (")
    until(page, lambda: all(saturation(pixels(page, plot)) < before / 2 for plot, before in enumerate(coloured)))
    key = maps.locator(".keys button").nth(int(counts.argmax()))
    key.click()
    shown = f"{counts.max()} images: {counts.max()} of class"  # others are hidden
    until(page, lambda: maps.locator(".words").inner_text().startswith(shown))
    key.click()
    maps.locator(".marks").first.focus()
    page.keyboard.press("Escape")
    until(page, lambda: "images:" not in maps.locator(".words").inner_text())
    assert app(page, "app.group") is None
    until(page, lambda: [saturation(pixels(page, plot)) for plot in range(4)] == coloured)


def saturation(drawn: NDArray[np.uint8]) -> float:
    """How colourful a map is, on average."""
    levels = drawn.astype(float)
    return float((levels.max(-1) - levels.min(-1)).mean())


# --- between two images ---------------------------------------------------------------------------


def test_a_shift_click_opens_the_way_between_two_images_the_slider_walks_it_and_a_drag_outlasts_a_map(
    server: str, page: Page, tree: Path
) -> None:
    open_maps(page, server, "?image=77&maps=mnist-dlgmm-fig2,mnist-sb-vae,mnist-gauss-vae")
    index = lonely(page)
    x, y = place(page, index)
    page.keyboard.down("Shift")
    page.mouse.click(x, y)
    page.keyboard.up("Shift")
    page.locator(".path[data-ready=yes]").wait_for()
    slider = page.get_by_role("slider", name="from A to B")
    images = load_dataset("mnist").test.binary
    for number, name in enumerate(("mnist-dlgmm-fig2", "mnist-sb-vae", "mnist-gauss-vae")):
        model, _ = load_checkpoint(tree / "checkpoints" / name)
        path = code_path(model, images[77], images[index], POINTS)
        for step in (0, 13, POINTS - 1):
            slider.evaluate(f"s => {{ s.value = {step}; s.dispatchEvent(new Event('input')); }}")
            until(page, lambda step=step: page.locator("output").inner_text() == f"t = {step / 40:.2f}")  # type: ignore[misc]
            canvas = page.locator(".cards canvas").nth(number)
            data = numbers(canvas, "c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data")
            levels = data.reshape(112, 112, 4)[::4, ::4, 0].reshape(784)
            expected = model.likelihood(torch.from_numpy(path.codes[step])).probs.numpy()
            assert np.abs(levels / 255 - expected).max() < 0.01
            if path.shares is not None:
                sticks = page.locator(".cards section").nth(number).locator(".stick span")
                widths = sticks.evaluate_all("all => all.map(each => parseFloat(each.style.width))")
                np.testing.assert_allclose(np.array(widths) / 100, path.shares[step], atol=1e-3)
    slider.focus()
    page.keyboard.press("ArrowLeft")
    until(page, lambda: f"at={POINTS - 2}" in page.url)
    page.keyboard.press("Home")
    until(page, lambda: "at=0" in page.url)
    settle(page)
    what_is_dragged_stays_under_the_pointer_while_another_map_goes(page)


def what_is_dragged_stays_under_the_pointer_while_another_map_goes(page: Page) -> None:
    maps = page.locator(".maps")

    def drop_last(count: int) -> None:
        tags = page.get_by_test_id("stMultiSelect").filter(has_text="Maps").locator("[data-tag]")
        tags.last.locator("[role=presentation], button, svg").first.dispatch_event("click")
        page.locator(f".grid[data-count='{count}']").wait_for()
        settle(page)

    maps.locator(".drag span", has_text="lasso").click()
    stage = maps.locator(".marks").first
    stage.scroll_into_view_if_needed()
    box = stage.bounding_box()
    assert box is not None
    x, y = box["x"] + 100, box["y"] + 100
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y, steps=5)
    drop_last(2)
    page.mouse.move(x + 60, y + 60, steps=5)
    page.mouse.up()
    outline = np.array(app(page, "app.now.group.outline.map(corner => app.plots[0].toScreen(...corner))"))
    np.testing.assert_allclose(np.ptp(outline, axis=0), 60, atol=4)

    slider = page.get_by_role("slider", name="from A to B")
    slider.scroll_into_view_if_needed()
    track = slider.bounding_box()
    assert track is not None
    y = track["y"] + track["height"] / 2
    page.mouse.move(track["x"] + track["width"] / 2, y)
    page.mouse.down()
    page.mouse.move(track["x"] + 0.6 * track["width"], y, steps=5)
    drop_last(1)
    page.mouse.move(track["x"] + track["width"], y, steps=5)
    page.mouse.up()
    page.wait_for_url(f"**at={POINTS - 1}*")
    assert page.locator(".cards section").count() == 1 and slider.input_value() == f"{POINTS - 1}"
    settle(page)


# --- a new map ------------------------------------------------------------------------------------


def a_map_can_be_computed_again_and_cancelled(page: Page, tree: Path) -> None:
    file = tree / "checkpoints" / "mnist-gauss-vae" / TSNE
    before = file.read_bytes()
    page.get_by_text("More", exact=True).click()
    # by key: while the expander opens, the button moves away between a mouse's press and its release
    page.get_by_role("button", name="Compute the map").press("Enter")
    page.get_by_text("Mapping mnist-gauss-vae").first.wait_for()
    page.get_by_role("button", name="Cancel").click()
    page.get_by_text("Mapping mnist-gauss-vae").first.wait_for(state="detached")
    settle(page)
    assert file.read_bytes() == before
