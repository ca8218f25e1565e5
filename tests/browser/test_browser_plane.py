"""The plane in the browser: what is decoded at the pointer, and a prior that is dragged or moved by keys."""

from typing import Any
from urllib.parse import parse_qs, urlparse

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from playwright.sync_api import Locator, Page

from benchmarks.browsers import settle
from dlgmm_core.analysis.plane_survey import read_survey
from dlgmm_core.store.checkpoints import load_checkpoint
from tests.browser_helpers import ROOT, numbers, until, visit
from ui.plane.posteriors import in_percent

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


def test_the_numbers_of_a_trained_prior_are_those_of_the_kept_survey(server: str, page: Page) -> None:
    survey = read_survey(load_checkpoint(ROOT / "checkpoints" / MODEL)[1])
    assert survey is not None
    for image in 2970, 8080:  # interpolated, the second mode of the latter would have half as much again
        place = survey.images.index(image)
        visit(page, f"{server}/plane?digit-index={image}&plane-checkpoint={MODEL}", "Plane")
        line = page.get_by_text("KL(q‖p)").first
        line.wait_for()
        words = line.inner_text().replace("\N{NO-BREAK SPACE}", " ")
        shares = in_percent(survey.shares[place]).replace("\N{NO-BREAK SPACE}", " ")
        assert words.endswith(f"Modes {len(survey.shares[place])}: {shares}")
        assert words.startswith(f"KL(q‖p) {survey.gaps[place]:.2f} ")
