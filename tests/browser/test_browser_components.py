"""Components in the browser: the browser decodes as the server does, and follows the pointer and the keyboard."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from playwright.sync_api import Page

from dlgmm_core.analysis.generation import ancestral_noise, component_samples
from dlgmm_core.experiments.table import FIGURE_2
from dlgmm_core.model.models import LatentVariableModel
from dlgmm_core.store.checkpoints import Checkpoint, load_checkpoint
from dlgmm_core.takeaway.page import script_text
from tests.browser_helpers import (
    ROOT,
    digits,
    drawings,
    frames_drawn,
    hold,
    mean_of,
    numbers,
    open_components,
    settle,
    turn_switch,
    until,
)
from tests.wire_helpers import Wire
from ui.components.live import SAMPLES
from ui.serving.decoders import decoder_address

pytestmark = pytest.mark.browser

Load = Callable[[str], tuple[LatentVariableModel, Checkpoint]]


@pytest.fixture
def load(tree: Path) -> Load:
    return lambda name: load_checkpoint(tree / "checkpoints" / name)


def decoded(model: LatentVariableModel, codes: torch.Tensor) -> NDArray[np.float32]:
    with torch.no_grad():
        found: NDArray[np.float32] = model.likelihood(codes).probs.numpy()
    return found


# --- decoding -------------------------------------------------------------------------------------


def test_the_browser_decodes_as_the_server_and_rows_are_the_samples_of_the_core_in_ink_or_grey(
    server: str, load: Load, page: Page
) -> None:
    means, scales = (-2.0, 0.5, 0.0, 1.0, 3.0), (1.0, 0.5, 1.0, 2.0, 0.1)
    query = "?noise=3&means={}&scales={}".format(*(",".join(map(str, values)) for values in (means, scales)))
    open_components(page, server, query)
    the_rows_are_the_samples_of_the_core(page, load, means, scales)
    ink_is_black_or_white(page)
    the_browser_decodes_to_the_probabilities_of_the_server(page, load)


def the_browser_decodes_to_the_probabilities_of_the_server(page: Page, load: Load) -> None:
    source = script_text("model") + (ROOT / "ui" / "widgets" / "decoder.js").read_text(encoding="utf-8")
    own = "await window.dlgmmDecoders.get(info.path)"  # the decoder that the widget has fetched
    fetched = f"await (async () => {{ {source}; return decoderOf(info); }})()"
    for name, decoder in ((FIGURE_2, own), ("mnist-dldpmm", fetched), ("mnist-sb-vae", fetched)):
        model, checkpoint = load(name)
        codes = model.prior().sample(torch.Size([60]))[:, 0]
        script = f"""async ([info, codes]) => {{
            const decoder = {decoder};
            return codes.flatMap((code) => Array.from(decoder.decode(code)));
        }}"""
        expected = decoded(model, codes)
        found = numbers(page, script, [decoder_address(checkpoint), codes.tolist()]).reshape(expected.shape)
        assert expected.std(0).max() > 0.1
        np.testing.assert_allclose(found, expected, atol=1e-3, rtol=0, err_msg=name)


def the_rows_are_the_samples_of_the_core(
    page: Page, load: Load, means: tuple[float, ...], scales: tuple[float, ...]
) -> None:
    model, checkpoint = load(FIGURE_2)
    config = checkpoint.model_config
    *rows, ancestral = (digits(drawing) for drawing in drawings(page))
    expected = component_samples(model, means, scales, SAMPLES, seed=3)
    assert np.abs(np.stack(rows) - 255 * expected).max() <= 1
    components, noise = ancestral_noise(model, SAMPLES, seed=3)
    assert len(set(components)) > 1 and len(means) == config.num_components
    codes = np.array(means)[components, None] + np.array(scales)[components, None] * noise
    expected = decoded(model, torch.tensor(codes, dtype=torch.float32))
    assert np.abs(ancestral - 255 * expected).max() <= 1
    marks = page.locator(".marks span").all_inner_texts()
    assert marks == [str(k + 1) for k in components]


def ink_is_black_or_white(page: Page) -> None:
    grey = [digits(drawing) for drawing in drawings(page)]
    assert all(len(np.unique(levels)) > 10 for levels in grey)
    page.get_by_text("More", exact=True).click()
    turn_switch(page, "ink where its probability exceeds one half", on=True)
    until(page, lambda: all(set(np.unique(digits(drawing))) == {0, 255} for drawing in drawings(page)))
    for drawing, levels in zip(drawings(page), grey, strict=True):
        sure = np.abs(levels - 127.5) > 1
        np.testing.assert_array_equal((digits(drawing) == 255)[sure], (levels > 127.5)[sure])


# --- dragging -------------------------------------------------------------------------------------


def rest(page: Page) -> None:
    """Waits until no frame is drawn any more: the pointer's last step has arrived."""
    last = -1
    while frames_drawn(page) > last:
        last = frames_drawn(page)
        page.wait_for_timeout(100)


def test_dragging_a_mean_runs_in_the_browser_and_python_is_told_once_it_rests(
    server: str, load: Load, page: Page, wire: Wire
) -> None:
    model, checkpoint = load(FIGURE_2)
    config = checkpoint.model_config
    open_components(page, server)
    components, _ = ancestral_noise(model, SAMPLES)
    k = int(components[0])
    before, address = drawings(page), page.url
    assert wire.sent and len(before) == config.num_components + 1
    wire.wait_for_answer(len(wire.sent))
    wire.forget()

    seen: list[list[str]] = []

    def is_new() -> bool:
        return drawings(page)[k] not in {drawing[k] for drawing in (before, *seen)}

    drawn = frames_drawn(page)
    move = hold(page, k + 1, 0.53)
    for share in (0.28, 0.72, 0.95, None):
        until(page, is_new)
        rest(page)
        seen.append(drawings(page))
        if share is not None:
            move(share)
    assert frames_drawn(page) >= drawn + 4
    page.wait_for_timeout(1000)
    assert wire.sent == [] and page.url == address
    assert len({drawing[k] for drawing in (before, *seen)}) == 5
    assert len({drawing[-1] for drawing in (before, *seen)}) == 5
    for drawing in seen:
        assert [a != b for a, b in zip(drawing[:-1], before[:-1], strict=True)] == [
            j == k for j in range(config.num_components)
        ]
    changed = (digits(seen[-1][-1]) != digits(before[-1])).any(-1)
    np.testing.assert_array_equal(changed, components == k)

    page.mouse.up()
    page.wait_for_url(lambda url: "means=" in url)
    wire.wait_for_answer(1)
    means = list(config.prior_means)
    means[k] = float(mean_of(page, k + 1).input_value())
    assert means[k] > 3
    view = {"same": True, "ink": False, "scales": False}
    state = {"now": {"means": means, "scales": list(config.prior_scales), "view": view}}
    assert wire.told(f"live-{FIGURE_2}") == [state] and len(wire.sent) == 1
    assert page.url == f"{address}&means=" + "%2C".join(f"{mean:g}" for mean in means)
    assert drawings(page) == seen[-1]
    sliders_cost_the_server_nothing_while_they_are_used_and_are_kept_where_another_page_is_opened_at_once(page, wire)


# A slider is moved and released.
_MOVE = """(slider, value) => {
  slider.value = value;
  for (const name of ["input", "change"]) slider.dispatchEvent(new Event(name, { bubbles: true }));
}"""

# A link is clicked before the browser has had time for anything else, and a key is pressed.
_PRESS = """(link) => {
  link.dispatchEvent(new PointerEvent("pointerdown", { bubbles: true, composed: true }));
  link.click();
}"""


def sliders_cost_the_server_nothing_while_they_are_used_and_are_kept_where_another_page_is_opened_at_once(
    page: Page, wire: Wire
) -> None:
    wire.forget()
    slider = page.get_by_role("slider", name="mean of component 1", exact=True)
    for value in ("1", "2"):  # which together last longer than a rest
        slider.evaluate(_MOVE, value)
        page.wait_for_timeout(800)
    assert wire.sent == []
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Likelihood").evaluate(_PRESS)
    page.get_by_role("heading", name="Likelihood").wait_for()
    wire.wait_for_answer(len(wire.sent))
    page.wait_for_timeout(200)
    assert page.get_by_role("heading", name="Likelihood").is_visible(), "what was told emptied the page opened since"
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Components").click()
    page.locator(".live[data-ready=yes]").wait_for()
    assert slider.input_value() == "2"
    page.wait_for_url(lambda url: "means=2" in url)
    a_key_means_what_it_means_while_a_slider_has_not_been_told(page)


def a_key_means_what_it_means_while_a_slider_has_not_been_told(page: Page) -> None:
    slider = page.get_by_role("slider", name="mean of component 1", exact=True)
    slider.focus()
    slider.evaluate(_MOVE, "3")
    page.keyboard.press("p")
    page.locator(".st-key-presentation").wait_for()
    page.wait_for_url(lambda url: "means=3" in url)
    settle(page)
    slider.focus()
    slider.evaluate(_MOVE, "-2")
    page.keyboard.press("PageDown")  # as a remote control sends it
    page.get_by_role("heading", name="Clusters").wait_for()
    page.keyboard.press("PageUp")
    page.wait_for_url(lambda url: "means=-2" in url)
    assert slider.input_value() == "-2"
