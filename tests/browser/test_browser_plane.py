"""The plane in the browser: what is decoded at the pointer, and a prior that is dragged or moved by keys."""

from typing import Any
from urllib.parse import parse_qs, urlparse

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from playwright.sync_api import Locator, Page

from benchmarks.browsers import settle
from dlgmm_core.store.checkpoints import load_checkpoint
from tests.browser_helpers import ROOT, numbers, until, visit

pytestmark = pytest.mark.browser

MODEL, ZOOM = "mnist-gauss-vae-plane", 3


def pixels(canvas: Locator) -> NDArray[np.float64]:
    """(28, 28), ink from 0 to 1 of the decoded digit, one pixel of its canvas for each of the image."""
    found = numbers(canvas, "c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data")
    channels = found.reshape(28, ZOOM, 28, ZOOM, 4)[:, 1, :, 1]
    return channels[..., 0] / 255


def means(page: Page) -> list[float] | None:
    """Of the prior, in the address."""
    found = parse_qs(urlparse(page.url).query).get("means")
    return None if found is None else [float(word) for word in found[0].split(",")]


def test_the_plane_decodes_at_the_pointer_and_its_prior_follows_hand_and_keys(server: str, page: Page) -> None:
    visit(page, f"{server}/plane?digit-index=8&plane-checkpoint={MODEL}", "Plane")
    until(page, lambda: page.locator(".plane[data-ready=yes]").count() == 3)
    plane = page.locator(".plane").first
    canvas, handle, reset = plane.locator("canvas").first, plane.locator(".handle"), plane.get_by_text("Reset prior")
    box = canvas.bounding_box()
    assert box is not None

    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.6 * box["height"])
    plane.locator(".digit").wait_for()
    place: Any = plane.evaluate("root => root.querySelector('output').textContent.match(/[−0-9.]+/g)")
    code = torch.tensor([[float(number.replace("−", "-")) for number in place]])
    expected = load_checkpoint(ROOT / "checkpoints" / MODEL)[0].decode(code).probs.reshape(28, 28).numpy()
    ink = pixels(plane.locator(".digit"))
    assert min(np.abs(ink - expected).mean(), np.abs(1 - ink - expected).mean()) < 0.02

    held = handle.bounding_box()
    assert held is not None and means(page) is None and reset.is_disabled()
    x, y = held["x"] + held["width"] / 2, held["y"] + held["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y - 40, steps=4)
    assert plane.get_by_text("stay as trained").is_visible()  # while it is dragged
    page.mouse.up()
    page.get_by_text("its prior moved").wait_for()
    settle(page)
    until(page, lambda: means(page) is not None)
    by_handle = means(page)
    assert by_handle is not None and by_handle[0] > 1 and by_handle[1] > 0.5

    handle.press("ArrowRight")
    until(page, lambda: (means(page) or by_handle)[0] > by_handle[0])
    settle(page)
    by_key = means(page)
    assert by_key is not None and by_key[1] == by_handle[1]

    moved = handle.bounding_box()
    assert moved is not None
    edge = moved["x"] + moved["width"] / 2 - 60 / by_handle[0]  # one standard deviation to the left, which is one
    page.mouse.move(edge, moved["y"] + moved["height"] / 2)
    page.mouse.down()
    page.mouse.move(edge, moved["y"] + moved["height"] / 2 + 50, steps=4)
    page.mouse.up()
    until(page, lambda: (means(page) or by_key)[1] < by_key[1])

    reset.press("Enter")
    until(page, lambda: means(page) is None)
    page.get_by_text("its prior moved").wait_for(state="detached")


RECORD = """(() => {
  const proto = CanvasRenderingContext2D.prototype, { fillText, lineTo, clearRect } = proto;
  const of = (canvas) => (canvas.painted ??= { words: [], points: [] });
  proto.clearRect = function (...box) { this.canvas.painted = null; return clearRect.apply(this, box); };
  proto.lineTo = function (x, y) { of(this.canvas).points.push([x, y]); return lineTo.call(this, x, y); };
  proto.fillText = function (text, x, y) {
    const { width } = this.measureText(text), left = x - width * { left: 0, center: 0.5, right: 1 }[this.textAlign];
    of(this.canvas).words.push({ text, left, right: left + width, y });
    return fillText.call(this, text, x, y);
  };
})()"""

TWO_FRAMES = "new Promise((end) => requestAnimationFrame(() => requestAnimationFrame(end)))"  # what moves is drawn


def squares(page: Page) -> list[Locator]:
    """The squares of the page, once they are ready and have been painted anew, with a record of it."""
    until(page, lambda: page.locator(".plane[data-ready=yes]").count() == 3)
    page.evaluate(RECORD)
    found = page.locator(".plane").all()
    for square in found:
        square.evaluate("root => root.dispatchEvent(new Event('transitionend'))")
    return found


def painted(square: Locator) -> Any:
    """The words on a square of the plane as it was painted last, and the points of its lines, in pixels."""
    return square.locator("canvas").first.evaluate("canvas => canvas.painted")


def ends(square: Locator) -> dict[str, list[float]]:
    """The numbers on a square, by the axis that they are of."""
    found: dict[str, list[float]] = {}
    for word in painted(square)["words"]:
        axis, _, number = word["text"].rpartition(" ")
        if axis in ("z₁", "z₂", "π₂ − π₁", "π₃"):
            found.setdefault(axis, []).append(float(number.replace("−", "-")))
    return {axis: sorted(values) for axis, values in found.items()}


def read_at(page: Page, square: Locator, across: float, up: float) -> list[float]:
    """The code that the page reads at a place, in parts of the square's side from its lowest corner."""
    canvas = square.locator("canvas").first
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + across * box["width"], box["y"] + (1 - up) * box["height"])
    words = square.locator("output")
    until(page, lambda: "=" in words.inner_text())
    page.evaluate(TWO_FRAMES)
    return [float(number.replace("−", "-")) for number in words.inner_text().partition("=")[2].strip(" ()").split(",")]


def test_ends_of_axes_and_weights_can_be_read_and_names_and_the_gap_are_in_sight_on_a_small_screen(
    server: str, page: Page
) -> None:
    page.set_viewport_size({"width": 1280, "height": 720})
    visit(page, f"{server}/plane?digit-index=0&plane-checkpoint={MODEL}&plane-beside=mnist-dlgmm-plane", "Plane")
    every = squares(page)
    names_and_the_gap_are_in_sight(page)
    both_ends_of_both_axes_stand_on_every_square_and_no_line_crosses_a_weight(page, every)
    for width, height in ((1024, 768), (768, 1000)):
        page.set_viewport_size({"width": width, "height": height})
        names_are_whole(page)


def both_ends_of_both_axes_stand_on_every_square_and_no_line_crosses_a_weight(page: Page, every: list[Locator]) -> None:
    for square in every:
        found = ends(square)
        low, high = np.array([read_at(page, square, place, place) for place in (0.1, 0.9)])  # its corners are round
        margin = (high - low) / 8
        for axis, *expected in zip(("z₁", "z₂"), low - margin, high + margin, strict=True):
            assert found[axis] == pytest.approx(expected, abs=0.07)

    mixture = painted(every[-1])
    weights = [word for word in mixture["words"] if word["text"].endswith("%")]
    assert [word["text"] for word in weights] == ["97 %", "3 %"]
    for word in weights:
        assert not [
            (x, y) for x, y in mixture["points"] if word["left"] <= x <= word["right"] and abs(y - word["y"]) < 6
        ]


def test_a_triangle_names_what_is_in_sight_and_shows_a_stick_only_of_a_place(server: str, page: Page) -> None:
    visit(page, f"{server}/plane?digit-index=0&plane-checkpoint=mnist-sb-vae-plane", "Plane")
    whole, heat, _ = squares(page)
    assert {"π₁", "π₂", "π₃"} <= {word["text"] for word in painted(whole)["words"]} and not ends(whole)
    (edge,) = [word for word in painted(heat)["words"] if word["text"] == "π₃ = 0"]
    side = heat.locator("canvas").first.evaluate("canvas => canvas.clientWidth")
    low, high = ends(heat)["π₃"]
    assert edge["y"] == pytest.approx(side * high / (high - low), abs=16)  # beside the line at the height 0
    for square in whole, heat:
        assert square.locator(".stick").is_hidden()

    second = read_at(page, heat, 0.5, 0.5)
    assert heat.locator(".stick").is_visible()
    assert sum(ends(heat)["π₂ − π₁"]) / 2 == pytest.approx(second[1] - second[0], abs=0.03)
    assert second[2] == pytest.approx((low + high) / 2, abs=0.01)


def names_and_the_gap_are_in_sight(page: Page) -> None:
    names_are_whole(page)
    lines = [line.bounding_box() for line in page.get_by_text("KL(q‖p)").all()]
    assert len(lines) == 2 and all(line is not None and line["y"] + 26 <= 720 for line in lines)  # the first of each


def names_are_whole(page: Page) -> None:
    for title, name in ("Model", f"{MODEL} "), ("Beside it", "mnist-dlgmm-plane "):
        box = page.get_by_role("combobox", name=title)
        text, room, width = box.evaluate(
            """(box, name) => {
              const style = getComputedStyle(box), context = document.createElement("canvas").getContext("2d");
              context.font = style.font;
              const shown = box.value.slice(0, box.value.indexOf(name) + name.length);
              const room = box.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
              return [shown, room, context.measureText(shown).width];
            }""",
            name,
        )
        assert text.endswith(name) and 100 < width <= room
    cut = "all => all.filter(each => each.scrollWidth > each.clientWidth + 1).map(each => each.textContent)"
    assert page.locator("[data-testid=stSidebar] [data-tag] > span").evaluate_all(cut) == []
