"""The app as visitors have it: a real server, a real browser, and what only the two together can show."""

import io
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from dlgmm_core.checkpoints import WEIGHTS, read_checkpoint
from dlgmm_core.models import MODELS
from dlgmm_core.projection import load_map

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
TITLES = {
    "": "Deep latent Gaussian mixtures",
    "components": "Components",
    "digit": "Your digit",
    "latent": "Latent space",
    "knn?knn-points=1000": "kNN",
    "likelihood": "Likelihood",
    "train": "Train",
}
PATIENCE = 60_000  # milliseconds; waits end as soon as what they wait for is there


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the app with checkpoints of its own, so that a visitor's training leaves the repository alone."""
    root = tmp_path_factory.mktemp("tree")
    unwanted = shutil.ignore_patterns("__pycache__", "training.safetensors", "*.log", ".*.safetensors*")
    shutil.copy(ROOT / "app.py", root)
    for folder in (".streamlit", "ui", "pages", "dlgmm_core", "checkpoints"):
        shutil.copytree(ROOT / folder, root / folder, ignore=unwanted)
    return root


@contextmanager
def serve(tree: Path) -> Iterator[str]:
    """The address of a server that is up and has had no visitor yet."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless", "true"]
    command += ["--server.address", "127.0.0.1", "--server.port", str(port)]
    with (tree / f"server-{port}.log").open("w") as log:
        # One thread a pool: beside a browser, on few cores, threads that wait for each other are slower.
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        process = subprocess.Popen(command, cwd=tree, env=environment, stdout=log, stderr=log)
    try:
        for _ in range(600):
            assert process.poll() is None, (tree / f"server-{port}.log").read_text()
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=5).close()
                break
            except OSError:
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def server(tree: Path) -> Iterator[str]:
    with serve(tree) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("chromium is not on the path, and CI may not go without these tests")
        pytest.skip("chromium is not on the path")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS, headless=True)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A visitor; whatever the browser complains of fails the test."""
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []


def settle(page: Page) -> None:
    """Waits for the end of the script, and fails where it ended in an exception."""
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    assert page.locator("[data-testid=stException]").all_inner_texts() == []


def visit(page: Page, address: str, title: str) -> None:
    page.goto(address, wait_until="domcontentloaded")
    page.wait_for_selector("h1")
    settle(page)
    assert page.locator("h1").all_inner_texts() == [title]


def pictures(page: Page) -> list[str]:
    """Addresses of the pictures on the page, made of their content."""
    return [image.get_attribute("src") or "" for image in page.locator("[data-testid=stImage] img").all()]


def wait_for_metrics(page: Page) -> None:
    page.locator("[data-testid=stMetric]").nth(2).wait_for()
    settle(page)


def png() -> bytes:
    """A seven, dark on light, off the middle."""
    paper = np.full((120, 90), 230, np.uint8)
    paper[20:32, 20:70] = paper[20:100, 58:70] = 30
    file = io.BytesIO()
    Image.fromarray(paper).save(file, "PNG")
    return file.getvalue()


# --- opening -------------------------------------------------------------------------------------


def test_the_first_visitor_of_a_fresh_server_may_come_by_a_deep_link(tree: Path, page: Page) -> None:
    with serve(tree) as address:
        visit(page, f"{address}/components", "Components")
        assert page.locator("[data-testid=stSidebarNav] a").count() == len(TITLES)
        page.close()


@pytest.mark.parametrize("path", TITLES)
def test_a_page_opens_with_titled_axes_and_fits_a_phone(path: str, server: str, page: Page) -> None:
    visit(page, f"{server}/{path}", TITLES[path])
    charts = page.locator(".js-plotly-plot")
    for chart in charts.all():
        for axis in (".xtitle", ".ytitle"):
            chart.locator(axis).first.wait_for()
            assert chart.locator(axis).first.text_content()
    page.set_viewport_size({"width": 375, "height": 800})
    page.wait_for_timeout(700)  # charts follow the width after a pause
    excess = "e => e.scrollWidth - e.clientWidth"
    assert page.locator("[data-testid=stMain]").evaluate(excess) <= 0
    assert page.locator("html").evaluate(excess) <= 0


# --- components ----------------------------------------------------------------------------------


def test_dragging_a_slider_changes_the_picture_of_its_component_alone(server: str, page: Page) -> None:
    visit(page, f"{server}/components", TITLES["components"])
    page.locator("[data-testid=stImage] img").nth(1).wait_for()
    before = pictures(page)
    slider = page.locator("[data-testid=stSlider]", has_text="mean m, component 1").first
    thumb = slider.locator("input[type=range]").locator("xpath=../..")
    thumb.scroll_into_view_if_needed()
    box = thumb.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 40, y, steps=4)
    page.mouse.up()
    page.get_by_text("Not retrained").wait_for()
    settle(page)
    after = pictures(page)
    assert [a != b for a, b in zip(after, before, strict=True)] == [True] + [False] * (len(before) - 1)
    page.get_by_role("button", name="Reset to trained").click()
    page.get_by_text("Not retrained").wait_for(state="detached")
    settle(page)
    assert pictures(page) == before


# --- your digit ----------------------------------------------------------------------------------


def test_a_digit_drawn_on_the_pad_yields_weights(server: str, page: Page) -> None:
    visit(page, f"{server}/digit", TITLES["digit"])
    page.get_by_text("Draw", exact=True).click()
    pad = page.get_by_label("Drawing pad: draw one digit")
    pad.wait_for()
    settle(page)
    page.locator("[data-testid=stMetric]").first.wait_for(state="detached")
    box = pad.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 60, box["y"] + 50)
    page.mouse.down()
    for x, y in ((160, 50), (110, 180)):
        page.mouse.move(box["x"] + x, box["y"] + y, steps=5)
    page.mouse.up()
    wait_for_metrics(page)
    assert page.get_by_text("light ink on dark paper").count() == 1
    kinds = [MODELS[read_checkpoint(p.parent).model_config.model] for p in ROOT.glob(f"checkpoints/*/{WEIGHTS}")]
    if any(kind.is_mixture for kind in kinds):
        page.locator(".js-plotly-plot .bars").first.wait_for()


def test_an_uploaded_picture_gives_figures_and_a_false_one_a_sentence(server: str, page: Page) -> None:
    visit(page, f"{server}/digit", TITLES["digit"])
    page.get_by_text("Upload", exact=True).first.click()
    field = page.locator("input[type=file]")
    field.wait_for(state="attached")
    settle(page)
    field.set_input_files({"name": "seven.png", "mimeType": "image/png", "buffer": png()})
    wait_for_metrics(page)
    assert page.get_by_text("dark ink on light paper, inverted").count() == 1
    field = page.locator("input[type=file]")
    field.set_input_files({"name": "letter.png", "mimeType": "image/png", "buffer": b"Dear model, I am a letter."})
    page.get_by_text("This file is not a picture that can be read: choose a PNG or a JPEG.").wait_for()
    settle(page)
    assert page.locator("[data-testid=stMetric]").count() == 0


# --- latent space --------------------------------------------------------------------------------


def test_a_click_on_a_map_shows_the_image_on_both_sides(server: str, tree: Path, page: Page) -> None:
    found = [read_checkpoint(path.parent) for path in tree.glob(f"checkpoints/*/{WEIGHTS}")]
    if not any(load_map(checkpoint) for checkpoint in found):
        pytest.skip("no checkpoint of the repository has a map")
    visit(page, f"{server}/latent", TITLES["latent"])
    chart = page.locator(".js-plotly-plot").first
    chart.locator(".xtitle").first.wait_for()
    # Where Plotly draws the first image of the first class, in pixels of the page.
    where = """g => {
        const {xaxis, yaxis} = g._fullLayout, trace = g._fullData[0], box = g.getBoundingClientRect();
        return [box.left + xaxis._offset + xaxis.d2p(trace.x[0]), box.top + yaxis._offset + yaxis.d2p(trace.y[0])];
    }"""
    chart.scroll_into_view_if_needed()
    page.wait_for_timeout(1500)  # a map answers clicks once its points are drawn
    x, y = chart.evaluate(where)
    page.mouse.move(x - 3, y - 3)
    page.mouse.move(x, y, steps=3)
    page.mouse.click(x, y)
    page.locator("[data-testid=stImage] img").nth(1).wait_for()
    settle(page)
    captions = page.get_by_text("its reconstruction from the mean code (right)").all_inner_texts()
    assert len(captions) == 2 and len(set(captions)) == 1


# --- train ---------------------------------------------------------------------------------------


def test_a_cancelled_run_leaves_its_checkpoint_in_the_sidebar(server: str, tree: Path, page: Page) -> None:
    visit(page, f"{server}/train", TITLES["train"])
    page.get_by_role("combobox", name="Model", exact=True).click()
    page.get_by_role("option", name="Gauss-VAE").click()
    page.locator("[data-testid=stMain] input[value=my-gauss-vae]").wait_for()
    page.get_by_role("textbox", name="Name of the checkpoint").fill("from-a-visitor")
    page.get_by_role("button", name="Start training").click()
    page.get_by_text("from-a-visitor is training").wait_for()
    page.locator(".js-plotly-plot .xtitle").first.wait_for()  # the first epoch is over
    page.get_by_role("button", name="Cancel").click()
    page.get_by_text("from-a-visitor has ended").wait_for()
    page.locator("[data-testid=stSidebar]").get_by_text("from-a-visitor").first.wait_for()
    settle(page)
    read_checkpoint(tree / "checkpoints" / "from-a-visitor")
    assert not (ROOT / "checkpoints" / "from-a-visitor").exists()
