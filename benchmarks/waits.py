"""Waiting times in a browser: frames while dragging, results after a stroke, pages and their pictures.

Real servers and headless Chromium; elapsed time is measured by the page's clock, so these figures need an idle machine.
"""

import math
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page

from benchmarks.browsers import PATIENCE, launched, pad_corner, settle
from benchmarks.measuring import Limit
from benchmarks.servers import APP, serve
from benchmarks.visits import BARE
from ui.components.live import SAMPLES

__all__ = ["measure"]

ROUNDS, STROKES, FRAMES = 5, 10, 120
REST = 3500  # milliseconds between two strokes, after which the server is told of the next at once
MAPS = ("mnist-gauss-vae-tuned", "mnist-sb-vae-tuned", "mnist-dlgmm-clusters10-seed1", "mnist-dldpmm-clusters30-seed1")
ROUND_TRIP = ("Components", "Your digit", "Latent space", "Likelihood", "Kumaraswamy bench", "Overview")

# Drags a slider, one step per frame; milliseconds between frames.
_DRAG = """(slider, frames) => new Promise((done) => {
  const times = [];
  const [low, high] = [Number(slider.min), Number(slider.max)];
  const step = (now) => {
    times.push(now);
    if (times.length > frames) return done(times.slice(1).map((t, i) => t - times[i]));
    slider.value = low + (high - low) * ((times.length % 60) / 60);
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
})"""

# Moves the pointer over a canvas, one step per frame; milliseconds between frames.
_HOVER = """(canvas, frames) => new Promise((done) => {
  const times = [], box = canvas.getBoundingClientRect();
  const step = (now) => {
    times.push(now);
    if (times.length > frames) return done(times.slice(1).map((t, i) => t - times[i]));
    const turn = times.length / 10, x = 0.5 + 0.3 * Math.cos(turn), y = 0.5 + 0.3 * Math.sin(turn);
    canvas.dispatchEvent(new PointerEvent("pointermove", {
      clientX: box.left + x * box.width, clientY: box.top + y * box.height, bubbles: true, composed: true }));
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
})"""

# Records the time of every frame from now on.
_CLOCK = """() => {
  window.dlgmmFrames = [];
  const tick = (now) => { window.dlgmmFrames.push(now); requestAnimationFrame(tick); };
  requestAnimationFrame(tick);
}"""

# Milliseconds from the next `pointerup` until the first figure on the page changes; null until then.
_WATCH = """() => {
  const figure = () => document.querySelector("[data-testid=stMetricValue]")?.textContent;
  const before = figure();
  window.dlgmmWait = null;
  addEventListener("pointerup", () => {
    const began = performance.now();
    const look = () => {
      if (figure() && figure() !== before) window.dlgmmWait = performance.now() - began;
      else requestAnimationFrame(look);
    };
    look();
  }, { capture: true, once: true });
}"""

# Milliseconds between two texts of the progress bar of the search; the last, until the bar disappears. Null until then.
_ROWS = """() => {
  const times = [performance.now()];
  let before = "";
  window.dlgmmRows = null;
  const look = () => {
    const now = document.querySelector("[data-testid=stProgress]")?.textContent ?? "";
    if (now !== before) { times.push(performance.now()); before = now; }
    if (!now && times.length > 2) window.dlgmmRows = times.slice(2).map((t, i) => t - times[i + 1]);
    else requestAnimationFrame(look);
  };
  look();
}"""


def measure() -> list[Limit]:
    """All waiting times: medians over rounds; of pages and rows, the slowest."""
    with launched() as browser:
        ours, bare = _first_visits(browser)
        with serve() as server, _visitor(browser) as page:
            rows = _rows(page, server.address)
            switches = _switches(page, server.address)
            frame = _frame(page, server.address)
            stroke = _stroke(page, server.address)
            pen = _pen(page, server.address)
            maps = statistics.median(_maps(browser, server.address) for _ in range(ROUNDS))
            hover, planes = _plane(browser, server.address)
    return [
        Limit("first visit, until a picture is shown", "s", ours, 1.5, against="a page with one title", theirs=bare),
        Limit("switching pages, from the click until the page is complete, slowest of six", "s", max(switches), 0.6),
        Limit(f"one frame while dragging a mean, {SAMPLES} digits decoded", "ms", frame, 20),
        Limit("from the end of a stroke after a pause to new figures", "ms", stroke, 150),
        Limit("one frame while drawing, weights and reconstruction of 30 components following", "ms", pen, 20),
        Limit("four maps of 10,000 points, from opening the page to the points", "s", maps, 2),
        Limit("one frame while the pointer moves over the plane, a digit decoded", "ms", hover, 20),
        Limit("the plane and two posteriors, from the page's title until they are drawn", "s", planes, 1),
        Limit(f"one row of the kNN table, slowest of {len(rows)}", "s", max(rows), 2),
    ]


@contextmanager
def _visitor(browser: Browser) -> Iterator[Page]:
    """A page of a browser without cache or cookies."""
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    context.set_default_timeout(PATIENCE)
    try:
        yield context.new_page()
    finally:
        context.close()


def _clock(page: Page) -> float:
    """Seconds since the page was requested."""
    return float(page.evaluate("performance.now()")) / 1000


def _first_visits(browser: Browser) -> tuple[float, float]:
    """Seconds for the first visitor of a server: until our first picture, and until the minimal page's title."""
    with tempfile.TemporaryDirectory() as folder:
        bare = Path(folder) / "bare.py"
        bare.write_text(BARE, encoding="utf-8")
        waits: dict[Path, list[float]] = {APP: [], bare: []}
        for script in [*waits] * ROUNDS:
            with serve(script) as server, _visitor(browser) as page:
                page.goto(server.address, wait_until="commit")
                if script == APP:
                    page.wait_for_function("document.querySelector('[data-testid=stImage] img')?.naturalWidth > 0")
                else:
                    page.wait_for_selector("h1")
                waits[script].append(_clock(page))
    ours, theirs = (statistics.median(taken) for taken in waits.values())
    return ours, theirs


def _rows(page: Page, address: str) -> list[float]:
    """Seconds of each live row of the table on a server without cached results."""
    page.goto(f"{address}/knn", wait_until="domcontentloaded")
    live = page.get_by_role("button", name="Compute live")
    live.wait_for()
    settle(page)
    page.evaluate(_ROWS)
    live.click()
    found: list[float] = page.wait_for_function("window.dlgmmRows").json_value()
    settle(page)
    return [milliseconds / 1000 for milliseconds in found]


def _switches(page: Page, address: str) -> list[float]:
    """Seconds from the click on a page's name until the page is complete, for each page after one earlier visit."""
    page.goto(address, wait_until="domcontentloaded")
    settle(page)
    waits: dict[str, float] = {}
    for name in ROUND_TRIP * 2:
        link = page.get_by_test_id("stSidebarNav").get_by_role("link", name=name)
        began = _clock(page)
        link.click()
        page.wait_for_function(
            "name => document.querySelector('h1')?.textContent.includes(name)",
            arg={"Overview": "Deep latent"}.get(name, name),
        )
        settle(page)
        waits[name] = _clock(page) - began
    return list(waits.values())


def _frame(page: Page, address: str) -> float:
    page.goto(f"{address}/components", wait_until="domcontentloaded")
    page.locator(".live[data-ready=yes]").wait_for()
    settle(page)
    slider = page.get_by_role("slider", name="mean of component 1", exact=True)
    found: list[float] = slider.evaluate(_DRAG, FRAMES)
    return statistics.median(found)


def _stroke(page: Page, address: str) -> float:
    """Milliseconds from the end of a stroke, a new digit each time, until the figures on the page change."""
    page.goto(f"{address}/digit", wait_until="domcontentloaded")
    page.get_by_text("Draw", exact=True).click()
    left, top = pad_corner(page)
    waits = []
    for number in range(STROKES):
        page.wait_for_timeout(REST)
        page.evaluate(_WATCH)
        y = top + 40 + 12 * number
        page.mouse.move(left + 60, y)
        page.mouse.down()
        page.mouse.move(left + 160, y + 10, steps=6)
        page.mouse.up()
        waits.append(float(page.wait_for_function("window.dlgmmWait").json_value()))
        settle(page)
    return statistics.median(waits[1:])  # before the first stroke there are no figures


def _pen(page: Page, address: str) -> float:
    """Milliseconds between frames, in the mean over a stroke of some seconds; the largest model has most to follow."""
    page.goto(f"{address}/digit?digit-checkpoint={MAPS[-1]}", wait_until="domcontentloaded")
    page.get_by_text("Draw", exact=True).click()
    reading = page.locator(".reading[data-follows]")
    reading.wait_for()
    page.locator(".weights[data-follows]").wait_for()
    left, top = pad_corner(page)
    page.mouse.move(left + 60, top + 60)
    page.mouse.down()
    before = int(reading.get_attribute("data-followed") or 0)
    page.evaluate(_CLOCK)
    for number in range(FRAMES):
        turn = number / 10
        page.mouse.move(left + 112 + 60 * math.cos(turn), top + 112 + 60 * math.sin(turn))
    times: list[float] = page.evaluate("window.dlgmmFrames")
    followed = int(reading.get_attribute("data-followed") or 0) - before
    page.mouse.up()
    assert followed > FRAMES / 4, "the reading does not follow the pen"
    return (times[-1] - times[0]) / (len(times) - 1)


def _maps(browser: Browser, address: str) -> float:
    with _visitor(browser) as page:
        page.goto(f"{address}/latent?maps={','.join(MAPS)}", wait_until="commit")
        page.locator(".maps[data-ready=yes]").wait_for()
        return _clock(page)


def _plane(browser: Browser, address: str) -> tuple[float, float]:
    """Milliseconds between frames, and seconds from the title to the pictures; grids are there from a first visit."""
    waits = []
    for number in range(1 + ROUNDS):
        with _visitor(browser) as page:
            page.goto(f"{address}/plane?digit-index={number}", wait_until="commit")
            page.wait_for_selector("h1")
            began = _clock(page)
            page.locator(".plane[data-ready=yes]").nth(2).wait_for()
            waits.append(_clock(page) - began)
            settle(page)
            frames: list[float] = page.locator(".plane canvas").first.evaluate(_HOVER, FRAMES)
    return statistics.median(frames), statistics.median(waits[1:])
