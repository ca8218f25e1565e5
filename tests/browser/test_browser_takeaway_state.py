"""What a visitor has done to the page that is taken away: it stays, for each model, and each step can be taken back."""

from pathlib import Path

import numpy as np
import pytest
import torch
from playwright.sync_api import Page

from dlgmm_core.runtime.folders import checkpoints_folder
from dlgmm_core.store.checkpoints import load_checkpoint
from tests.browser_helpers import until
from tests.takeaway_helpers import FLAT, PLAIN, TOLD, drag, opened, read_image, stroke, turn_to, values

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("offline")]

MEANS = "mean of component"
WEIGHTS = "e => [...e.weights]"


def test_every_model_keeps_the_prior_that_was_dragged_and_the_address_names_the_one_in_sight(
    demo: Path, page: Page
) -> None:
    opened(page, demo, f"?model={PLAIN}&means=-3,-1,0,1,3&scales=0.5,1,1,1,2")
    turn_to(page, "components", TOLD)
    own = values(page, MEANS)
    drag(page, page.get_by_role("slider", name="alpha"), 0.5, 0.9)
    drag(page, page.get_by_role("slider", name=f"{MEANS} 5"), 0.85, 0.75)
    told = values(page, MEANS), values(page, "alpha")
    assert told[0][:4] == own[:4] and told[0][4] != own[4]
    until(page, lambda: "alpha=" in page.evaluate("location.search"))
    assert "scales" not in page.evaluate("location.search")
    turn_to(page, "components", PLAIN)
    assert values(page, MEANS) == ["−3", "−1", "0", "1", "3"]
    assert values(page, "scale of component") == ["0.5", "1", "1", "1", "2"]
    until(page, lambda: f"model={PLAIN}" in page.evaluate("location.search"))
    query = page.evaluate("decodeURIComponent(location.search)")
    assert "means=-3,-1,0,1,3&scales=0.5,1,1,1,2" in query and "alpha" not in query
    turn_to(page, "components", TOLD)
    assert (values(page, MEANS), values(page, "alpha")) == told
    page.get_by_role("button", name="As trained").click()
    assert values(page, MEANS) == own
    turn_to(page, "components", PLAIN)
    assert values(page, MEANS) == ["−3", "−1", "0", "1", "3"]


def test_the_plane_shows_the_prior_as_it_is_dragged(demo: Path, page: Page) -> None:
    means, place = (-2.0, 1.5, 0.0, 0.5, 2.0), (0.4, 0.9)
    opened(page, demo, f"?model={FLAT}&view=plane")
    trained = seen_at(page, place)
    turn_to(page, "components", FLAT)
    for k, mean in enumerate(means, 1):
        slider = page.get_by_role("slider", name=f"{MEANS} {k}", exact=True)
        slider.evaluate("(input, mean) => { input.value = mean; input.dispatchEvent(new Event('input')); }", mean)
    turn_to(page, "plane", FLAT)
    picture, component, share = seen_at(page, place)
    assert picture != trained[0]
    model, _ = load_checkpoint(checkpoints_folder() / FLAT)
    prior = model.prior()
    assert prior.weights is not None
    density = torch.distributions.Normal(torch.tensor(means)[:, None], 1.0).log_prob(torch.tensor(place)).sum(1)
    wanted = (prior.weights[0].log() + density).softmax(0)
    assert component == int(wanted.argmax()) + 1
    assert share == pytest.approx(float(wanted.max()), abs=0.006)
    turn_to(page, "components", FLAT)
    page.get_by_role("button", name="As trained").click()
    turn_to(page, "plane", FLAT)
    assert seen_at(page, place) == trained


def seen_at(page: Page, place: tuple[float, float]) -> tuple[str, int, float]:
    """The plane's picture, and the most probable component at a place with its probability."""
    plane = page.locator("canvas.plane")
    plane.focus()
    for key, steps in (("ArrowRight", round(10 * place[0])), ("ArrowUp", round(10 * place[1]))):
        for _ in range(steps):
            page.keyboard.press(key)
    words = page.locator(".planes [role=status]")
    until(page, lambda: words.inner_text().startswith(f"z = ({place[0]}, {place[1]})"))
    component, share = words.inner_text().split("component ")[1].split(": p(k|z) = ")
    picture: str = plane.evaluate("canvas => canvas.toDataURL()")
    return picture, int(component), float(share)


def test_undo_brings_a_test_image_back_itself_and_a_drawing_that_another_image_took_the_place_of(
    demo: Path, page: Page
) -> None:
    opened(page, demo, f"?model={PLAIN}&view=digit&digit=8")
    digit, undo = page.locator(".digit"), page.get_by_role("button", name="Undo")
    image = read_image(page)
    weights, pixels = digit.evaluate(WEIGHTS), page.locator("canvas.pad").evaluate("c => c.toDataURL()")
    assert undo.is_disabled()
    for change in (lambda: stroke(page, (40, 40), (220, 40)), page.get_by_role("button", name="Clear").click):
        change()
        until(page, lambda: read_image(page) != image)
        assert digit.evaluate(WEIGHTS) != weights
        undo.click()
        until(page, lambda: read_image(page) == image)
        np.testing.assert_array_equal(digit.evaluate(WEIGHTS), weights)
        assert page.locator("canvas.pad").evaluate("c => c.toDataURL()") == pixels
        assert page.locator(".shelf [aria-pressed=true]").get_attribute("title") == "test image 8, 3"
        assert undo.is_disabled()
    until(page, lambda: "digit=8" in page.evaluate("location.search"))
    stroke(page, (40, 40), (220, 40))
    until(page, lambda: read_image(page) != image)
    drawn, drawn_weights = read_image(page), digit.evaluate(WEIGHTS)
    page.get_by_role("button", name="test image 1,").click()
    until(page, lambda: read_image(page) not in (image, drawn))
    undo.click()
    until(page, lambda: read_image(page) == drawn)
    np.testing.assert_array_equal(digit.evaluate(WEIGHTS), drawn_weights)
    undo_reaches_back_over_another_view(page, drawn, image)
    turn_to(page, "digit", TOLD)  # another model reads the same drawing
    until(page, lambda: read_image(page) == drawn)
    turn_to(page, "digit", PLAIN)
    until(page, lambda: read_image(page) == drawn)
    np.testing.assert_array_equal(digit.evaluate(WEIGHTS), drawn_weights)


def undo_reaches_back_over_another_view(page: Page, drawn: list[int], image: list[int]) -> None:
    undo = page.get_by_role("button", name="Undo")
    turn_to(page, "components", PLAIN)
    turn_to(page, "digit", PLAIN)
    until(page, lambda: read_image(page) == drawn)
    undo.click()
    until(page, lambda: read_image(page) == image)
    assert page.locator(".shelf [aria-pressed=true]").get_attribute("title") == "test image 8, 3"
    assert undo.is_disabled()
    stroke(page, (40, 40), (220, 40))
    until(page, lambda: read_image(page) == drawn)
