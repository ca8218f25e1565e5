"""The model in the browser, which follows the pen: it reads, encodes and decodes as the server does, without it."""

import base64
import io

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from playwright.sync_api import Locator, Page
from scipy import stats

from benchmarks.browsers import pad_corner
from dlgmm_core.data.datasets import binarization_levels, binarize, load_dataset
from dlgmm_core.data.digits import find_drawn
from dlgmm_core.experiments.table import FIGURE_2
from dlgmm_core.runtime.folders import checkpoints_folder
from dlgmm_core.store.checkpoints import load_checkpoint
from tests.accessibility_helpers import SCHEMES, barriers, show_whole, use_scheme
from tests.browser_helpers import numbers, settle, touch_elsewhere, until, visit
from tests.wire_helpers import Wire
from ui.serving.encoders import encoder_address
from ui.widgets import scripts

pytestmark = pytest.mark.browser

DIGITS = 40  # that are drawn
IMAGES = 100  # that every model reads
SHIPPED = sorted(path.parent.name for path in checkpoints_folder().glob("*/weights.safetensors"))
PAD = 224


def as_prepared(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(784,), what the server makes of a drawing."""
    return binarize(find_drawn(picture).digits[0].grey.reshape(-1), 0)


def drawn(pad: Locator) -> NDArray[np.uint8]:
    """(224, 224), the ink on the pad."""
    url: str = pad.evaluate("canvas => canvas.toDataURL()")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))).convert("L"))


def drawings() -> list[NDArray[np.uint8]]:
    """(224, 224) each, in crisp white ink: test digits of several sizes and places, and strokes of several pens."""
    rng, found = np.random.default_rng(0), []
    for grey in load_dataset("mnist").test.grey[:DIGITS]:
        side = int(rng.integers(120, PAD))
        large = Image.fromarray(grey.reshape(28, 28)).resize((4 * side, 4 * side), Image.Resampling.BICUBIC)
        pad = Image.new("L", (PAD, PAD))
        ink = Image.fromarray(255 * (np.asarray(large) > 127).astype(np.uint8))
        place = tuple(rng.integers(0, PAD + 1 - side, 2).tolist())
        pad.paste(ink.resize((side, side), Image.Resampling.BOX), place)
        found.append(np.asarray(pad))
    for _ in range(DIGITS // 2):
        large = Image.new("L", (4 * PAD, 4 * PAD))
        for _ in range(int(rng.integers(1, 4))):
            points = [tuple(point) for point in rng.integers(80, 816, (int(rng.integers(2, 5)), 2)).tolist()]
            ImageDraw.Draw(large).line(points, fill=255, width=int(rng.choice([24, 40, 72, 104])), joint="curve")
        found.append(np.asarray(large.resize((PAD, PAD), Image.Resampling.BOX)))
    return found


def test_the_browser_prepares_drawings_as_the_server_does(page: Page) -> None:
    script = f"""([drawings, levels]) => {{
        {scripts("prepare")}
        const canvas = Object.assign(document.createElement("canvas"), {{ width: {PAD}, height: {PAD} }});
        const context = canvas.getContext("2d", {{ willReadFrequently: true }}), picture = new ImageData({PAD}, {PAD});
        return drawings.map((drawing) => {{
            const grey = Uint8Array.from(atob(drawing), (c) => c.charCodeAt(0));
            grey.forEach((level, i) => picture.data.set([level, level, level, 255], 4 * i));
            context.putImageData(picture, 0, 0);
            return [...preparedImage(canvas, {{ height: 28, width: 28, levels }})].join("");
        }});
    }}"""
    pads = drawings()
    encoded = [base64.b64encode(pad.tobytes()).decode() for pad in pads]
    found = page.evaluate(script, [encoded, binarization_levels(784, 0).tolist()])
    assert found == ["".join(map(str, as_prepared(pad))) for pad in pads]


def test_weights_and_reconstructions_of_every_shipped_model_are_the_cores(server: str, page: Page) -> None:
    visit(page, f"{server}/digit", "Your digit")
    script = f"""async ([address, images]) => {{
        {scripts("model", "mixture", "decoder", "following", "encoder")}
        const [encoder, decoder] = await Promise.all([encoderOf(address), decoderOf(address.decoder)]);
        return images.flatMap((image) => {{
            const q = encoder.posterior(encoder.read([...image].map(Number)), address.info);
            return [...q.weights, ...decoder.decode(q.code)];
        }});
    }}"""
    digits = {64: load_dataset("digits").test.binary[:IMAGES], 784: load_dataset("mnist").test.binary[:IMAGES]}
    followed = 0
    for name in SHIPPED:
        model, checkpoint = load_checkpoint(checkpoints_folder() / name)
        address = encoder_address(checkpoint)
        if address is None:
            continue
        followed += 1
        images = digits[model.config.data_dim]
        found = numbers(page, script, [address, ["".join(map(str, image)) for image in images]]).reshape(IMAGES, -1)
        with torch.no_grad():
            q = model.posterior(torch.from_numpy(images).float())
            rebuilt = model.reconstruction(torch.from_numpy(images).float()).probs.numpy()
        weights = np.ones((IMAGES, 1)) if q.weights is None else q.weights.numpy()
        np.testing.assert_allclose(found, np.hstack([weights, rebuilt]), atol=1e-3, rtol=0, err_msg=name)
    assert followed >= 0.8 * len(SHIPPED)


@pytest.mark.parametrize(
    ("a", "b"), [(1, 1), (2, 5), (1, 3), (0.5, 0.5), (1000, 1), (1, 1000), (0.0205, 103), (1e5, 1), (1e-3, 1e-3)]
)
def test_the_curve_of_a_fraction_is_its_density_and_a_spike_where_that_lies_at_an_end(
    a: float, b: float, page: Page
) -> None:
    script = f"([a, b]) => {{ {scripts('stick_density')} return densityPath([a, b], 1, 1004); }}"
    path: str = page.evaluate(script, [a, b])
    x, y = np.array([point.split(" ") for point in path.removeprefix("M").split("L")], float).T
    np.testing.assert_allclose(x, np.linspace(0, 1, len(x)))
    below = stats.beta(1, b).cdf(np.linspace(0, 1, len(x) + 1) ** a)  # v^a of a Kumaraswamy is a Beta(1, b)
    density = len(x) * np.diff(below)
    top = 1.05 * max(1, density[2:-2].max())
    np.testing.assert_allclose((1004 - y) / 1000, np.minimum(2, density / top), atol=1e-6)
    for end, mass in ((y[0], below[1]), (y[-1], 1 - below[-2])):
        assert end < 4 or mass < 0.4  # beyond the upper edge


def open_pad(page: Page, server: str, query: str) -> tuple[float, float]:
    """Where the pad's left upper corner lies in the window, once what follows the pen is there."""
    visit(page, f"{server}/digit?{query}", "Your digit")
    page.get_by_text("Draw", exact=True).click()
    page.locator(".stick[data-follows], .reading[data-follows]").first.wait_for(state="attached")
    return pad_corner(page)


def put_down(page: Page, x: float, y: float) -> None:
    page.mouse.move(x, y)
    page.mouse.down()


def no_barriers_while_it_moves(page: Page) -> None:
    """In either theme, while a second stroke follows and the figures are still those of the first."""
    show_whole(page)
    left, top = pad_corner(page)
    put_down(page, left + 60, top + 110)
    page.mouse.move(left + 160, top + 130, steps=6)
    for scheme in SCHEMES:
        use_scheme(page, scheme)
        assert page.locator("html.pen-moves").count() == 1
        assert barriers(page, contrast_alone=scheme == "dark") == [], scheme  # nothing else differs between themes
    page.mouse.up()
    touch_elsewhere(page)
    page.locator("html.pen-moves").wait_for(state="detached")  # once the server has been told
    settle(page)


def figures_are_those_of_the_drawing(page: Page) -> None:
    """In a view that does not follow the pen they are out of sight until those of a new stroke come."""
    page.get_by_text("ELBO terms", exact=True).click()
    figure = page.locator("[data-testid=stMetricValue]").first
    figure.wait_for()
    settle(page)
    page.evaluate(
        """() => {
            const figure = () => document.querySelector("[data-testid=stMetricValue]"), before = figure().textContent;
            const look = () => {
                const isSeen = figure()?.checkVisibility({ visibilityProperty: true });
                window.seen = isSeen ? figure().textContent : "";
                window.old ||= window.moved && window.seen === before;
                requestAnimationFrame(look);
            };
            look();
        }"""
    )
    left, top = pad_corner(page)
    put_down(page, left + 100, top + 60)
    page.mouse.move(left + 180, top + 170, steps=4)
    until(page, lambda: page.evaluate("window.seen") == "")
    page.evaluate("window.moved = true")
    page.mouse.up()
    until(page, lambda: page.evaluate("window.seen") != "")
    assert not page.evaluate("window.old")
    settle(page)
    page.get_by_text("Weights", exact=True).click()
    settle(page)


def test_bars_and_pictures_follow_the_pen_without_barriers_and_the_server_hears_of_whole_strokes_only(
    server: str, page: Page, wire: Wire
) -> None:
    left, top = open_pad(page, server, f"digit-checkpoint={FIGURE_2}")
    pad, reading, chart = (page.locator(part) for part in ("[aria-label^='Drawing pad']", ".reading", ".weights"))
    page.locator(".weights[data-follows]").wait_for()
    settle(page)
    before, heard = chart.inner_html(), len(wire.sent)
    put_down(page, left + 60, top + 50)
    frames, seen = [], set()
    for x, y in ((110, 50), (160, 50), (140, 110), (110, 180)):
        page.mouse.move(left + x, top + y, steps=4)
        page.wait_for_timeout(100)
        frames.append(int(reading.get_attribute("data-followed") or 0))
        seen.add(chart.inner_html())
    assert len(seen - {before}) == 4 and sorted(set(frames)) == frames and len(wire.sent) == heard
    assert page.locator("[data-testid=stMetric]").count() == 0
    image, weights = reading.evaluate("e => [[...e.image], e.weights]")
    followed = reading.get_attribute("data-followed")
    page.mouse.up()
    page.locator("[data-testid=stMetric]").nth(2).wait_for()
    settle(page)
    assert reading.get_attribute("data-followed") == followed  # what is drawn already is not computed again
    binary = as_prepared(drawn(pad))
    assert (np.array(image) == binary).all()
    model = load_checkpoint(checkpoints_folder() / FIGURE_2)[0]
    with torch.no_grad():
        of_server = model.posterior(torch.from_numpy(binary[None]).float()).weights
    assert of_server is not None
    np.testing.assert_allclose(weights, of_server[0].numpy(), atol=1e-3, rtol=0)
    no_barriers_while_it_moves(page)
    figures_are_those_of_the_drawing(page)
    for _ in range(3):
        page.get_by_role("button", name="Undo", exact=True).click()
    page.locator("[data-testid=stMetric]").first.wait_for(state="detached")
    until(page, lambda: "prior" in (page.locator(".weights .plot").get_attribute("aria-label") or ""))


@pytest.mark.parametrize("name", [FIGURE_2, "mnist-sb-vae"])
def test_the_stick_follows_the_pen_without_barriers(name: str, server: str, page: Page) -> None:
    left, top = open_pad(page, server, f"digit-checkpoint={name}&digit-view=Stick")
    put_down(page, left + 60, top + 50)
    page.mouse.move(left + 160, top + 50, steps=4)
    pieces = page.locator(".stick .piece")
    pieces.first.wait_for()
    widths = "all => all.map((each) => parseFloat(each.style.width) / 100)"
    half = pieces.evaluate_all(widths)
    page.mouse.move(left + 110, top + 180, steps=8)
    until(page, lambda: pieces.evaluate_all(widths) != half)
    page.wait_for_timeout(200)
    followed = pieces.evaluate_all(widths)
    page.mouse.up()
    page.get_by_role("button", name="Redraw", disabled=False).wait_for()
    settle(page)
    np.testing.assert_allclose(followed, pieces.evaluate_all(widths), atol=2e-3)
    put_down(page, left + 80, top + 50)  # once more along the same stroke, which changes nothing
    page.mouse.move(left + 120, top + 50, steps=4)
    page.get_by_role("button", name="Redraw", disabled=True).wait_for()
    page.mouse.up()
    touch_elsewhere(page)
    page.get_by_role("button", name="Redraw", disabled=False).wait_for()
    if name == FIGURE_2:
        no_barriers_while_it_moves(page)
