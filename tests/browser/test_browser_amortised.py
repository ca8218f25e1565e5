"""An amortised model in the browser: it computes what the server does, at any prior, and asks nothing of it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from playwright.sync_api import Page

from dlgmm_core.analysis.generation import component_samples
from dlgmm_core.config import Context
from dlgmm_core.data.datasets import load_dataset
from dlgmm_core.model.amortised import AmortisedModel
from dlgmm_core.model.contexts import random_contexts
from dlgmm_core.store.checkpoints import Checkpoint
from tests.amortised_helpers import CONFIG, ELSEWHERE, save_amortised
from tests.browser_helpers import (
    ROOT,
    choice,
    digits,
    drawings,
    mean_of,
    open_components,
    settle,
    touch_elsewhere,
    turn_switch,
    until,
    visit,
)
from tests.wire_helpers import Wire
from ui.serving.amortised import amortised_address
from ui.serving.encoders import encoder_address
from ui.widgets import scripts

pytestmark = pytest.mark.browser

MEANS = "means=1.25,-0.5,2,-1.75"


@pytest.fixture(scope="module")
def turned(tree: Path) -> Iterator[tuple[AmortisedModel, Checkpoint]]:
    folder = tree / "checkpoints" / "turned"
    yield save_amortised(folder)
    shutil.rmtree(folder)


def test_decoder_and_weights_are_those_of_the_server_at_random_priors_and_the_badge_says_which_is_shown(
    turned: tuple[AmortisedModel, Checkpoint], server: str, page: Page
) -> None:
    model, checkpoint = turned
    open_components(page, server, choice(checkpoint))
    assert page.locator(".bounds").count() == 0  # nothing is recorded of it
    the_badge_says_what_each_side_shows_and_the_curve_rings_the_nearest_measured_prior(page, checkpoint)
    assert CONFIG.contexts is not None
    contexts = [ELSEWHERE, *random_contexts(CONFIG.contexts, 4, 5, seed=1), Context((-2.0,) * 4, 5.0)]
    image = load_dataset("mnist").test.binary[4]
    source = scripts("model", "mixture", "decoder", "following", "encoder", "amortised")
    script = f"""async ([info, address, contexts, code, image]) => {{
        {source}
        const tune = await amortisedDecoder(info), encoder = await encoderOf(address), units = encoder.read(image);
        return contexts.map(([means, alpha]) =>
            [Array.from(tune(means, alpha).decode(code)), encoder.sticks(units, {{ means, alpha }}).weights]);
    }}"""
    code = torch.tensor([0.3, -1.2, 0.7])
    numbers = [[c.prior_means, c.concentration] for c in contexts]
    addresses = [amortised_address(checkpoint), encoder_address(checkpoint)]
    found = page.evaluate(script, [*addresses, numbers, code.tolist(), image.tolist()])
    spread = []
    for context, (probabilities, weights) in zip(contexts, found, strict=True):
        plain = model.at(context)
        expected = plain.likelihood(code[None]).probs[0].numpy()
        np.testing.assert_allclose(probabilities, expected, atol=1e-3, rtol=0)
        with torch.no_grad():
            of_image = plain.posterior(torch.from_numpy(image[None]).float()).weights
        assert of_image is not None
        np.testing.assert_allclose(weights, of_image[0].numpy(), atol=1e-3, rtol=0)
        spread.append(np.concatenate([expected, of_image[0].numpy()]))
    assert np.std(spread, 0).max() > 0.05


def the_badge_says_what_each_side_shows_and_the_curve_rings_the_nearest_measured_prior(
    page: Page, checkpoint: Checkpoint
) -> None:
    source = "".join(
        (ROOT / "ui" / "widgets" / f"{n}.js").read_text(encoding="utf-8") for n in ("alpha", "bound_curve")
    )
    priors = [[[-2, 0, 0, 1], 1, -115.26], [[-2, 0, 0, 1], 0.05, -112.5], [[0, 0, 0, 0], 0.05, -118.0]]
    script = f"""([info, priors]) => {{
        {source}
        const curve = boundCurve({{ priors, bound: "eq1" }}, info), badge = retrainedBadge(false, () => {{}});
        curve.draw([1, 0.1, -1.9, 0], 2);
        const first = curve.box.textContent;
        curve.draw([0.1, 0, 0, 0], 0.04);
        const compare = badge.box.querySelector("input"), said = [];
        for (const checked of [false, true]) {{
            for (const turned of [false, true]) {{
                compare.checked = checked;
                badge.show(turned);
                said.push(badge.box.firstChild.textContent);
            }}
        }}
        return [first, curve.box.textContent, said];
    }}"""
    first, second, badge = page.evaluate(script, [amortised_address(checkpoint), priors])
    assert first.startswith("eq1 at the nearest measured prior: −115.3")
    assert second.startswith("eq1 at the nearest measured prior: −118.0") and "−112.5−118.0" in second
    assert badge == [
        "The model's own prior",
        "The model with this prior",
        "Left and right: the model's own prior",
        "Left: the model with this prior. Right: its decoder for its own prior, not retrained.",
    ]


def test_all_rows_follow_alpha_and_one_mean_beside_the_decoder_that_does_not(
    turned: tuple[AmortisedModel, Checkpoint], server: str, page: Page, wire: Wire
) -> None:
    model, checkpoint = turned
    open_components(page, server, f"{choice(checkpoint)}&{MEANS}&alpha=0.05&noise=2")
    rows = [digits(drawing) for drawing in drawings(page)][:-1]
    expected = component_samples(model.at(ELSEWHERE), ELSEWHERE.prior_means, (0.8,) * 4, 16, 2)
    assert np.abs(np.stack(rows) - 255 * expected).max() <= 1
    assert page.get_by_text("The model with this prior", exact=True).is_visible()

    settle(page)
    before, old = len(wire.sent), drawings(page)
    alpha = page.get_by_role("slider", name="alpha, the concentration of the weights")
    alpha.evaluate("slider => { slider.value = Math.log(2); slider.dispatchEvent(new Event('input')); }")
    until(page, lambda: all(a != b for a, b in zip(drawings(page), old, strict=True)))
    assert len(wire.sent) == before
    alpha.dispatch_event("change")
    touch_elsewhere(page)
    until(page, lambda: "alpha=2" in page.url)
    mean_of(page, 1).press("ArrowRight")
    touch_elsewhere(page)
    until(page, lambda: "means=1.3" in page.url)

    turn_switch(page, "compare without retraining", on=True)
    touch_elsewhere(page)
    until(page, lambda: "compared=1" in page.url)
    means = (1.3, *ELSEWHERE.prior_means[1:])
    halves = [(d[:7], d[9:]) for d in (digits(drawing) for drawing in drawings(page)[:-1])]
    for half, plain in enumerate((model.at(Context(means, 2.0)), model.at())):
        expected = component_samples(plain, means, (0.8,) * 4, 16, 2)[:, :7]
        assert np.abs(np.stack([pair[half] for pair in halves]) - 255 * expected).max() <= 1
    page.get_by_role("button", name="Reset", exact=True).click()
    touch_elsewhere(page)
    until(page, lambda: "alpha" not in page.url and "means" not in page.url)
    assert page.get_by_text("Left and right: the model's own prior", exact=True).is_visible()
    assert all((d[:7] == d[9:]).all() for d in (digits(drawing) for drawing in drawings(page)))


def test_the_weights_of_a_digit_follow_alpha_which_can_be_played(
    turned: tuple[AmortisedModel, Checkpoint], server: str, page: Page
) -> None:
    model, checkpoint = turned
    page.set_viewport_size({"width": 1280, "height": 720})
    visit(page, f"{server}/digit?digit-index=4&digit-checkpoint={checkpoint.name}&{MEANS}&alpha=0.05", "Your digit")
    chart = page.locator(".turned-weights[data-ready=yes]")
    chart.wait_for()
    bottom = chart.locator(".whole").evaluate("stick => stick.getBoundingClientRect().bottom")
    assert bottom <= 720  # of a projector
    images = torch.from_numpy(load_dataset("mnist").test.binary[4:6]).float()

    def shown(image: int, alpha: float) -> bool:
        with torch.no_grad():
            weights = model.at(Context(ELSEWHERE.prior_means, alpha)).posterior(images[image : image + 1]).weights
        assert weights is not None
        found = [float(text) for text in chart.locator("strong").all_inner_texts()]
        return bool(np.abs(np.array(found) - weights[0].numpy()).max() < 0.006)

    assert shown(0, 0.05) and not shown(0, 5.0) and not shown(1, 0.05)
    with torch.no_grad():
        ends = [model.at(Context(ELSEWHERE.prior_means, alpha)).posterior(images[:1]).weights for alpha in (0.02, 5.0)]
    told = [
        f"{float(end.max()):.2f} at α = {alpha}"
        for end, alpha in zip(ends, ("0.02", "5"), strict=True)
        if end is not None
    ]
    curves = chart.get_by_role("img", name="Weights against α")
    assert curves.get_attribute("aria-label") == f"Weights against α: the largest is {told[0]} and {told[1]}"
    page.get_by_label("Test image").fill("5")
    page.keyboard.press("Enter")
    until(page, lambda: shown(1, 0.05))
    page.get_by_role("button", name="Play α").click()
    until(page, lambda: chart.locator("output").inner_text() != "α = 0.05")
    page.get_by_role("button", name="Stop").click()
    until(page, lambda: "alpha=0.05" not in page.url)
    assert page.get_by_role("button", name="Play α").is_visible()
