"""What stands beside the rows of components, and what its buttons, switches and keys do."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page

from dlgmm_core.experiments.table import FIGURE_2
from dlgmm_core.store.checkpoints import read_checkpoint
from tests.browser_helpers import (
    choice,
    drawings,
    frames_drawn,
    hold,
    mean_of,
    open_components,
    settle,
    touch_elsewhere,
    turn_switch,
    until,
    untrained,
)
from ui.components.usage import UNUSED, usage

pytestmark = pytest.mark.browser

# --- what is said of the trained prior ------------------------------------------------------------


def test_a_row_says_how_much_its_component_is_used_only_while_the_models_own_prior_is_shown(
    server: str, tree: Path, page: Page
) -> None:
    checkpoint = read_checkpoint(tree / "checkpoints" / "mnist-dldpmm-tuned")
    shares = usage(checkpoint)
    assert shares is not None and min(shares) < UNUSED < max(shares)
    open_components(page, server, choice(checkpoint))
    said = page.locator(".row .usage").filter(visible=True)
    told = said.all_inner_texts()
    assert len(told) == len(shares)
    for text, share in zip(told, shares, strict=True):
        word = re.fullmatch(r"hardly used: (<0\.1|0\.\d|0) %" if share < UNUSED else r"(\d+) % of images", text)
        assert word is not None, (text, share)
        number = 0.0 if word[1] == "<0.1" else float(word[1])
        assert 0 <= 100 * share - number < 0.1 if share < UNUSED else abs(100 * share - number) <= 0.5, (text, share)
    faint = page.locator(".row.unused .samples")
    opacity = "all => all.map(each => getComputedStyle(each).opacity)"
    assert faint.evaluate_all(opacity) == ["0.5"] * sum(share < UNUSED for share in shares)
    captions = page.get_by_test_id("stCaptionContainer")
    assert captions.filter(has_text="less than 1 %").inner_text().startswith("At the model's own prior, component ")
    mean_of(page, 1).press("ArrowRight")
    until(page, lambda: said.count() == 0)
    assert set(faint.evaluate_all(opacity)) == {"1"}
    page.get_by_role("button", name="Reset").click()
    until(page, lambda: said.all_inner_texts() == told)


# --- buttons and switches -------------------------------------------------------------------------


def keys_move_a_row_and_the_density_reset_puts_all_back_and_the_badge_opens_a_retrained_model(page: Page) -> None:
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
    touch_elsewhere(page)
    page.wait_for_url(lambda url: "means=" in url)
    page.keyboard.press("ArrowLeft")
    until(page, lambda: drawings(page) == before)
    assert untrained(page) == []
    touch_elsewhere(page)
    page.wait_for_url(lambda url: "means=" not in url)


def reset_puts_everything_back(page: Page) -> None:
    before, reset = drawings(page), page.get_by_role("button", name="Reset to trained values")
    assert reset.is_disabled()
    mean_of(page, 1).press("Home")
    until(page, lambda: drawings(page)[0] != before[0])
    assert mean_of(page, 1).input_value() == "-4"
    page.get_by_text("More", exact=True).click()
    turn_switch(page, "scales, too", on=True)
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
    assert page.locator(".live").count() == 1 and "means=" not in page.url  # every model has sliders of its own


def test_keys_reset_and_badge_move_the_prior_and_new_noise_changes_every_row_and_leaves_a_drag(
    server: str, page: Page
) -> None:
    open_components(page, server)
    keys_move_a_row_and_the_density_reset_puts_all_back_and_the_badge_opens_a_retrained_model(page)
    page.locator(".live[data-ready=yes]").wait_for()
    settle(page)
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
    assert page.get_by_label("scales, too").is_visible()  # since the prior was reset
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
    turn_switch(page, "the same noise in every row", on=False)
    until(page, lambda: len(set(drawings(page))) == len(before))
    assert drawings(page)[0] == before[0] and drawings(page)[-1] == before[-1]
    touch_elsewhere(page)
    page.wait_for_url("**view=0%2C0%2C0*")
    turn_switch(page, "the same noise in every row", on=True)
    until(page, lambda: drawings(page) == before)
    touch_elsewhere(page)
    page.wait_for_url(lambda url: "view=" not in url)
