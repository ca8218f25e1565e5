"""A decoder that the browser cannot run: every widget shows what the server decodes, and goes on showing it."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from playwright.sync_api import Page

from benchmarks.servers import copy_app
from dlgmm_core.analysis.generation import component_samples
from dlgmm_core.config import ModelConfig, TrainConfig
from dlgmm_core.model.models import build_model
from dlgmm_core.store.checkpoints import load_checkpoint, save_checkpoint
from tests.browser_helpers import app_on, digits, drawings, mean_of, open_components, until, visit

MIXTURE = ModelConfig("dlgmm", 3, 3, (-1.0, 0.0, 2.0), (1.0, 0.5, 1.0), hidden=8, depth=2)
STICK = ModelConfig("sb-vae", 4, concentration=5.0, hidden=8, body="conv")


@pytest.fixture(scope="module")
def deep_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the app that holds two models whose decoders have several layers, with weights of some effect."""
    tree = copy_app(tmp_path_factory.mktemp("deep"))
    for name, config in (("mixture", MIXTURE), ("stick", STICK)):
        torch.manual_seed(0)
        model = build_model(config)
        for parameter in model.parameters():
            parameter.data.add_(0.1 * torch.randn_like(parameter))
        save_checkpoint(tree / "checkpoints" / name, model.state_dict(), config, TrainConfig(), 1, -200.0)
    return tree


@pytest.fixture(scope="module")
def deep_server(deep_tree: Path) -> Iterator[str]:
    with app_on(deep_tree) as address:
        yield address


def test_rows_of_samples_follow_a_slider(deep_server: str, deep_tree: Path, page: Page) -> None:
    open_components(page, deep_server, "?components-checkpoint=mixture")
    model, _ = load_checkpoint(deep_tree / "checkpoints" / "mixture")

    def rows_are(means: tuple[float, ...]) -> bool:
        expected = np.round(255 * component_samples(model, means, MIXTURE.prior_scales, 16, 0))
        found = [digits(drawing) for drawing in drawings(page)[:3]]
        return all(len(row) == 16 for row in found) and bool(np.abs(np.stack(found) - expected).max() <= 1)

    until(page, lambda: rows_are(MIXTURE.prior_means))
    mean_of(page, 1).fill("3")
    until(page, lambda: rows_are((3.0, 0.0, 2.0)))


def test_a_stick_that_is_moved_is_decoded_again(deep_server: str, page: Page) -> None:
    visit(page, f"{deep_server}/digit?digit-view=Stick&digit-checkpoint=stick", "Your digit")
    canvas = page.locator(".stick canvas.decoded")
    page.locator(".stick[data-ready=yes]").wait_for()
    picture = "canvas => canvas.toDataURL()"
    ink = "canvas => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some((v) => v > 0)"
    until(page, lambda: bool(canvas.evaluate(ink)))
    before = canvas.evaluate(picture)
    page.get_by_role("slider", name="break 1", exact=True).press("ArrowRight")
    until(page, lambda: canvas.evaluate(picture) != before)
