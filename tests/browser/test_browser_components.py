"""Components in the browser: the browser decodes as the server does, and follows the pointer and the keyboard."""

import re
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
from dlgmm_core.store.checkpoints import Checkpoint, load_checkpoint, read_checkpoint
from dlgmm_core.takeaway.page import script_text
from tests.browser_helpers import (
    ROOT,
    choice,
    digits,
    drawings,
    mean_of,
    numbers,
    open_components,
    settle,
    touch_elsewhere,
    until,
    untrained,
)
from tests.wire_helpers import Wire
from ui.components.live import SAMPLES
from ui.components.usage import UNUSED, usage
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
    page.get_by_label("ink where its probability exceeds one half").check()
    until(page, lambda: all(set(np.unique(digits(drawing))) == {0, 255} for drawing in drawings(page)))
    for drawing, levels in zip(drawings(page), grey, strict=True):
        sure = np.abs(levels - 127.5) > 1
        np.testing.assert_array_equal((digits(drawing) == 255)[sure], (levels > 127.5)[sure])


# --- dragging -------------------------------------------------------------------------------------


def hold(page: Page, component: int, share: float) -> Callable[[float], None]:
    """Takes a slider's handle to a share of its track, and returns what moves it on while the button is held."""
    slider = mean_of(page, component)
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    assert box is not None
    left, width, y = box["x"], box["width"], box["y"] + box["height"] / 2

    def move(share: float) -> None:
        page.mouse.move(left + share * width, y, steps=6)

    move(share)
    page.mouse.down()
    return move


def frames_drawn(page: Page) -> int:
    return int(page.locator(".live").get_attribute("data-frames") or 0)


def rest(page: Page) -> None:
    """Waits until no frame is drawn any more: the pointer's last step has arrived."""
    last = -1
    while frames_drawn(page) > last:
        last = frames_drawn(page)
        page.wait_for_timeout(300)


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
    page.wait_for_timeout(500)
    wire.sent.clear()

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
    settle(page)
    page.wait_for_timeout(500)
    means = list(config.prior_means)
    means[k] = float(mean_of(page, k + 1).input_value())
    assert means[k] > 3
    view = {"same": True, "ink": False, "scales": False}
    state = {"now": {"means": means, "scales": list(config.prior_scales), "view": view}}
    assert wire.told(f"live-{FIGURE_2}") == [state] and len(wire.sent) == 1
    assert page.url == f"{address}&means=" + "%2C".join(f"{mean:g}" for mean in means)
    assert drawings(page) == seen[-1]


# A slider is moved and released.
_MOVE = """(slider, value) => {
  slider.value = value;
  for (const name of ["input", "change"]) slider.dispatchEvent(new Event(name, { bubbles: true }));
}"""


def test_sliders_cost_the_server_nothing_while_they_are_used_and_are_kept_where_another_page_is_opened_at_once(
    server: str, page: Page, wire: Wire
) -> None:
    open_components(page, server)
    page.wait_for_timeout(500)
    wire.sent.clear()
    slider = page.get_by_role("slider", name="mean of component 1", exact=True)
    for value in ("1", "1.5", "2"):  # which together last longer than a rest
        slider.evaluate(_MOVE, value)
        page.wait_for_timeout(700)
    assert wire.sent == []
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Likelihood").click()
    page.get_by_role("heading", name="Likelihood").wait_for()
    settle(page)
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Components").click()
    page.locator(".live[data-ready=yes]").wait_for()
    assert slider.input_value() == "2"
    page.wait_for_url(lambda url: "means=2" in url)


# --- what is said of the trained prior ------------------------------------------------------------


@pytest.mark.parametrize("name", ["mnist-dlgmm-amortised", "mnist-dldpmm-tuned"])
def test_a_row_says_how_much_its_component_is_used_only_while_the_models_own_prior_is_shown(
    name: str, server: str, tree: Path, page: Page
) -> None:
    checkpoint = read_checkpoint(tree / "checkpoints" / name)
    shares = usage(checkpoint)
    assert shares is not None and min(shares) < UNUSED < max(shares)
    open_components(page, server, choice(checkpoint))
    said = page.locator(".row .usage").filter(visible=True)
    told = said.all_inner_texts()
    assert len(told) == len(shares)
    for text, share in zip(told, shares, strict=True):
        word = re.fullmatch(r"unused: (<0\.1|0\.\d|0) %" if share < UNUSED else r"(\d+) % of images", text)
        assert word is not None, (text, share)
        number = 0.0 if word[1] == "<0.1" else float(word[1])
        assert 0 <= 100 * share - number < 0.1 if share < UNUSED else abs(100 * share - number) <= 0.5, (text, share)
    faint = page.locator(".row.unused .samples")
    opacity = "all => all.map(each => getComputedStyle(each).opacity)"
    assert faint.evaluate_all(opacity) == ["0.5"] * sum(share < UNUSED for share in shares)
    captions = page.get_by_test_id("stCaptionContainer")
    assert captions.filter(has_text="under 1 %").inner_text().startswith("At the model's own prior, component ")
    mean_of(page, 1).press("ArrowRight")
    until(page, lambda: said.count() == 0)
    assert set(faint.evaluate_all(opacity)) == {"1"}
    page.get_by_role("button", name="Reset").click()
    until(page, lambda: said.all_inner_texts() == told)


# --- buttons and switches -------------------------------------------------------------------------


def test_arrow_keys_move_a_row_and_the_density_reset_puts_all_back_and_the_badge_opens_a_retrained_model(
    server: str, page: Page
) -> None:
    open_components(page, server)
    arrow_keys_move_a_slider_and_its_row_and_the_badge_shows_the_value(page)
    reset_puts_everything_back(page)
    the_density_follows_a_mean_and_the_badge_opens_the_nearest_retrained_model(page)


def arrow_keys_move_a_slider_and_its_row_and_the_badge_shows_the_value(page: Page) -> None:
    before, slider = drawings(page), mean_of(page, 2)
    trained = float(slider.input_value())
    assert untrained(page) == []
    slider.focus()
    page.keyboard.press("ArrowRight")
    until(page, lambda: drawings(page)[1] != before[1])
    assert frames_drawn(page) == 1
    assert float(slider.input_value()) == pytest.approx(trained + 0.05)
    shown = f"{trained + 0.05:.2f}".replace("-", "−")
    assert untrained(page) == [f"component 2: mean {shown}, scale 1.00"]
    assert slider.get_attribute("aria-valuetext") == shown
    page.wait_for_url(lambda url: "means=" in url)
    page.keyboard.press("ArrowLeft")
    until(page, lambda: drawings(page) == before)
    assert untrained(page) == []
    touch_elsewhere(page)
    page.wait_for_url(lambda url: "means=" not in url)


def reset_puts_everything_back(page: Page) -> None:
    before, reset = drawings(page), page.get_by_role("button", name="Reset to trained")
    assert reset.is_disabled()
    mean_of(page, 1).press("Home")
    until(page, lambda: drawings(page)[0] != before[0])
    assert mean_of(page, 1).input_value() == "-4"
    page.get_by_text("More", exact=True).click()
    page.get_by_label("scales, too").check()
    page.get_by_role("slider", name="scale of component 4", exact=True).press("Home")
    until(page, lambda: drawings(page)[3] != before[3])
    assert [text.partition(":")[0] for text in untrained(page)] == ["component 1", "component 4"]
    touch_elsewhere(page)
    page.wait_for_url(lambda url: "means=-4%2C" in url and "scales=" in url)
    reset.click()
    until(page, lambda: drawings(page) == before)
    assert untrained(page) == [] and reset.is_disabled()
    assert mean_of(page, 1).input_value() == "-1.5"
    touch_elsewhere(page)
    page.wait_for_url(lambda url: "means=" not in url and "scales=" not in url)


def the_density_follows_a_mean_and_the_badge_opens_the_nearest_retrained_model(page: Page) -> None:
    plot = page.locator(".density")
    curves = "plot => [...plot.querySelectorAll('path')].map((path) => path.getAttribute('d'))"
    before = plot.evaluate(curves)
    mean_of(page, 5).press("End")
    until(page, lambda: plot.evaluate(curves) != before)
    assert "4.00 with scale 1.00" in (plot.get_attribute("aria-label") or "")
    tick = page.locator(".axis span", has_text="2").first.bounding_box()
    thumb = mean_of(page, 5).bounding_box()
    assert tick and thumb and tick["x"] + tick["width"] < thumb["x"] + thumb["width"]
    page.get_by_role("button", name="not retrained").click()
    page.wait_for_url(lambda url: "components-checkpoint=" in url and FIGURE_2 not in url)
    until(page, lambda: untrained(page) == [])


def test_new_noise_changes_every_row_keeps_the_focus_comes_as_often_as_asked_for_and_leaves_a_drag(
    server: str, page: Page
) -> None:
    open_components(page, server)
    new_noise_changes_every_row_and_keeps_the_focus(page)
    new_noise = page.get_by_role("button", name="New noise")
    new_noise.evaluate("button => { button.click(); button.click(); }")  # twice at once
    page.wait_for_url("**noise=4*")
    settle(page)

    before = drawings(page)
    new_noise.click()
    hold(page, 1, 0.8)
    value = mean_of(page, 1).input_value()
    page.wait_for_url("**noise=5*")
    until(page, lambda: all(a != b for a, b in zip(drawings(page), before, strict=True)))
    settle(page)
    assert mean_of(page, 1).input_value() == value and len(untrained(page)) == 1
    page.mouse.up()
    touch_elsewhere(page)
    page.wait_for_url(lambda url: f"means={float(value):g}" in url)


def new_noise_changes_every_row_and_keeps_the_focus(page: Page) -> None:
    seen = [drawings(page)]
    page.get_by_text("More", exact=True).click()
    page.get_by_role("button", name="New noise").focus()
    for number in (1, 2):
        page.keyboard.press("Enter")
        page.wait_for_url(f"**noise={number}*")
        until(page, lambda: all(a != b for a, b in zip(drawings(page), seen[-1], strict=True)))
        settle(page)
        seen.append(drawings(page))
        focused = page.locator(".live").evaluate("live => live.getRootNode().activeElement?.textContent")
        assert focused == "New noise"
        assert page.get_by_label("scales, too").is_visible()
    assert len({drawing for each in seen for drawing in each}) == 3 * len(seen[0])


def test_rows_of_equal_components_are_equal_until_each_has_its_own_noise(server: str, tree: Path, page: Page) -> None:
    equal = read_checkpoint(tree / "checkpoints" / "mnist-dlgmm")
    assert len(set(equal.model_config.prior_means)) == len(set(equal.model_config.prior_scales)) == 1
    open_components(page, server, choice(equal))
    before = drawings(page)
    assert len(set(before[:-1])) == 1 and len(before) == equal.model_config.num_components + 1
    page.get_by_text("More", exact=True).click()
    switch = page.get_by_label("the same noise in every row")
    switch.uncheck()
    until(page, lambda: len(set(drawings(page))) == len(before))
    assert drawings(page)[0] == before[0] and drawings(page)[-1] == before[-1]
    touch_elsewhere(page)
    page.wait_for_url("**view=0%2C0%2C0*")
    switch.check()
    until(page, lambda: drawings(page) == before)
    touch_elsewhere(page)
    page.wait_for_url(lambda url: "view=" not in url)
