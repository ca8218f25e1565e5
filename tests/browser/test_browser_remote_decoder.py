"""Decoders of several layers.

Where a decoder has several deterministic layers, every widget shows what the server decodes, and goes on showing it.
Where a model has several stochastic layers, the browser computes the codes below the first.
"""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from playwright.sync_api import Page

from dlgmm_core.analysis.generation import ancestral_noise, codes_below, component_noise, component_samples, noise_below
from dlgmm_core.config import ModelConfig, TrainConfig
from dlgmm_core.model.models import LatentVariableModel, build_model
from dlgmm_core.store.checkpoints import Checkpoint, load_checkpoint, save_checkpoint
from tests.browser_helpers import digits, drawings, mean_of, numbers, open_components, touch_elsewhere, until, visit
from tests.wire_helpers import Wire

pytestmark = pytest.mark.browser

MIXTURE = ModelConfig("dlgmm", 3, 3, (-1.0, 0.0, 2.0), (1.0, 0.5, 1.0), hidden=8, depth=3)
LAYERS = replace(MIXTURE, depth=1, layers=3, components_below=(2, 2), code_dims_below=(5, 4), skip=True)
DEEP_LAYERS = replace(LAYERS, depth=3, layers=2, components_below=(2,), code_dims_below=(5,), skip=False)
TWO = replace(MIXTURE, depth=2)  # which the browser decodes
STICK = ModelConfig("sb-vae", 4, concentration=5.0, hidden=8, body="conv")


@pytest.fixture(scope="module", autouse=True)
def models(tree: Path) -> Iterator[None]:
    """Models of several layers, with weights of some effect, among the checkpoints."""
    configs = {"mixture": MIXTURE, "two": TWO, "stick": STICK, "layers": LAYERS, "deep-layers": DEEP_LAYERS}
    for name, config in configs.items():
        torch.manual_seed(0)
        model = build_model(config)
        for parameter in model.parameters():
            parameter.data.add_(0.1 * torch.randn_like(parameter))
        save_checkpoint(tree / "checkpoints" / name, model.state_dict(), config, TrainConfig(), 1, -200.0)
    yield
    for name in configs:
        shutil.rmtree(tree / "checkpoints" / name)


@pytest.mark.parametrize("name", ["mixture", "two"])
def test_rows_of_samples_follow_a_slider(name: str, server: str, tree: Path, page: Page) -> None:
    open_components(page, server, f"?components-checkpoint={name}")
    model, _ = load_checkpoint(tree / "checkpoints" / name)

    def rows_are(means: tuple[float, ...]) -> bool:
        expected = np.round(255 * component_samples(model, means, MIXTURE.prior_scales, 16, 0))
        found = [digits(drawing) for drawing in drawings(page)[:3]]
        return all(len(row) == 16 for row in found) and bool(np.abs(np.stack(found) - expected).max() <= 1)

    until(page, lambda: rows_are(MIXTURE.prior_means))
    mean_of(page, 1).fill("3")
    until(page, lambda: rows_are((3.0, 0.0, 2.0)))


@pytest.mark.parametrize("name", ["layers", "deep-layers"])
def test_all_layers_below_follow_a_mean_of_the_first_and_nothing_is_sent(
    name: str, server: str, tree: Path, page: Page, wire: Wire
) -> None:
    open_components(page, server, f"?components-checkpoint={name}&branch=2")
    model, checkpoint = load_checkpoint(tree / "checkpoints" / name)
    noise = component_noise(model, 16, shared=True)[1]
    picked, below = noise_below(model, 4, 16, shared=True)
    pairs = [(above + 1, under + 1) for above, under in zip(ancestral_noise(model, 16)[0], picked[3], strict=True)]
    assert page.locator(".marks span").all_inner_texts() == [f"{above}\u202f›\u202f{under}" for above, under in pairs]
    told = page.get_by_role("img", name="ancestral samples").get_attribute("aria-label")
    assert told == "16 ancestral samples, of components " + ", ".join(
        f"{above} and {under} below it" for above, under in pairs
    )

    def rows_are(mean: float) -> bool:
        """That of the second component, and of both components below it."""
        code = mean + 0.5 * noise
        codes = codes_below(model, code, np.stack([picked[1], np.zeros(16, int), np.ones(16, int)]), below[1])
        expected = np.round(255 * decoded(model, codes))
        found = [digits(drawing) for drawing in drawings(page)[1:4]]
        return all(len(row) == 16 for row in found) and bool(np.abs(np.stack(found) - expected).max() <= 1)

    until(page, lambda: rows_are(0.0))
    wire.wait_for_answer(len(wire.sent))
    wire.forget()
    slider = mean_of(page, 2)
    slider.evaluate("input => { input.value = 2.5; input.dispatchEvent(new Event('input', { bubbles: true })); }")
    until(page, lambda: rows_are(2.5))
    page.wait_for_timeout(500)
    assert wire.sent == []
    opener = page.get_by_role("button", name="components below component 2")
    opener.press("Enter")
    touch_elsewhere(page)
    page.wait_for_url("**branch=0*")
    assert opener.get_attribute("aria-expanded") == "false" and len(drawings(page)) == 4
    if name == "layers":
        the_browser_computes_the_probabilities_of_the_server(page, model, checkpoint)


def decoded(model: LatentVariableModel, codes: NDArray[np.float32]) -> NDArray[np.float32]:
    with torch.no_grad():
        found: NDArray[np.float32] = model.likelihood(torch.from_numpy(codes)).probs.numpy()
    return found


def the_browser_computes_the_probabilities_of_the_server(
    page: Page, model: LatentVariableModel, checkpoint: Checkpoint
) -> None:
    """From codes of the first layer, of the first two, and of all."""
    codes, _ = model.sample(40)
    for size in (3, 8, 12):
        given = codes[:, :size].numpy()
        script = "async ([path, all]) => { const found = await window.dlgmmDecoders.get(path);"
        script += " return all.flatMap((each) => Array.from(found.decode(each))); }"
        address = f"decoder/{checkpoint.name}/{checkpoint.digest}"
        expected = decoded(model, given)
        found = numbers(page, script, [address, given.tolist()]).reshape(expected.shape)
        assert expected.std(0).max() > 0.01
        np.testing.assert_allclose(found, expected, atol=1e-3, rtol=0)


def test_a_stick_that_is_moved_is_decoded_again(server: str, page: Page) -> None:
    visit(page, f"{server}/digit?digit-view=Stick&digit-checkpoint=stick", "Your digit")
    canvas = page.locator(".stick canvas.decoded")
    page.locator(".stick[data-ready=yes]").wait_for()
    picture = "canvas => canvas.toDataURL()"
    ink = "canvas => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some((v) => v > 0)"
    until(page, lambda: bool(canvas.evaluate(ink)))
    before = canvas.evaluate(picture)
    page.get_by_role("slider", name="break 1", exact=True).press("ArrowRight")
    until(page, lambda: canvas.evaluate(picture) != before)
