"""The server's memory over an afternoon, played in minutes: every page, every model, a photograph, a drawn digit,
a training run, and then nothing.

Resident memory (RSS) of the server's own process, of which the libraries' code is a quarter; the processes that it
starts for training are counted apart. Visitors without browsers open the pages; one in headless Chromium draws, uploads
and trains. Linux only.
"""

import asyncio
import io
import itertools
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

from benchmarks.browsers import PATIENCE, launched, pad_corner, settle
from benchmarks.clients import visitor
from benchmarks.measuring import Limit
from benchmarks.servers import Server, copy_app, serve
from benchmarks.visits import all_models, see_everything, shipped
from dlgmm_core.data.datasets import is_here, load_dataset
from dlgmm_core.evaluate.plane_grid import has_plane
from dlgmm_core.model.models import MODELS
from dlgmm_core.store.checkpoints import Checkpoint
from ui.resting import IDLE

__all__ = ["measure"]

SETTLED = 3.0  # seconds without a change of a megabyte after the start
STROKES, TEST_DIGITS = 3, 3
REST = 1.1 * IDLE + 10  # seconds until an idle server has certainly noticed it
_VIEWS = ("Weights", "Stick", "ELBO+terms", "Neighbours", "Map")  # of a digit
_TWO = "models=mnist-dlgmm-clusters10-seed1,mnist-gauss-vae-tuned"  # where a page takes seconds a model
_TRAINING = "train-preset=Everything+by+hand&train-model=DLGMM&train-max-epochs=1"


def measure() -> list[Limit]:
    """After the start, with every page seen, at the end of the afternoon and after an idle time; with the peaks."""
    with tempfile.TemporaryDirectory() as folder:
        root = copy_app(Path(folder))
        with serve(root=root) as server:
            started = _settled(server)
            asyncio.run(see_everything(server))
            seen = server.megabytes()
            asyncio.run(_see_models(server, shipped()))
            for does in (_photograph, _drawing, _rows):
                with _visitor() as page:  # another one each time: shares of computing are limited
                    does(page, server)
            with _visitor() as page:
                children = _training(page, server)
            after, peak = server.megabytes(), server.peak_megabytes()
            time.sleep(REST)
            idle = server.megabytes()
    what = "resident memory of the server"
    return [
        Limit(f"{what} after its start", "MB", started, 450),
        Limit(f"{what} with every page seen", "MB", seen, 500),
        Limit(f"{what} at the end of an afternoon", "MB", after, 700),
        Limit(f"{what}, the afternoon's peak", "MB", peak, 800),
        Limit(f"{what} after {REST:g} s without a visitor", "MB", idle, 600),
        Limit("resident memory of the processes that it starts for training, their peak", "MB", children, 600),
    ]


def _settled(server: Server) -> float:
    """Megabytes once the models and images that the server reads after its start are there."""
    before, since = 0.0, time.monotonic()
    while time.monotonic() < since + SETTLED:
        now = server.megabytes()
        if abs(now - before) > 1:
            before, since = now, time.monotonic()
        time.sleep(0.1)
    return before


async def _see_models(server: Server, checkpoints: list[Checkpoint]) -> None:
    """Every model on the pages that are about one, all on the others, of every data set that is here; test digits."""
    for dataset, group in itertools.groupby(checkpoints, lambda checkpoint: checkpoint.train_config.dataset):
        if not is_here(dataset):
            continue
        for checkpoint in group:
            pages = ["digit"]
            pages += ["components", "clusters"] if MODELS[checkpoint.model_config.model].has_components else []
            pages += ["plane"] if has_plane(checkpoint.model_config) else []
            await _see(server, {page: f"dataset={dataset}&{page}-checkpoint={checkpoint.name}" for page in pages})
        await _see(server, dict.fromkeys(("", "latent", "knn", "likelihood"), all_models(dataset)))
    for view, index in itertools.product(_VIEWS, range(TEST_DIGITS)):
        await _see(server, {"digit": f"{_TWO}&digit-view={view}&digit-index={index}"})


async def _see(server: Server, queries: dict[str, str]) -> None:
    """Pages with what their addresses ask for, which a session reads when it begins."""
    for page, query in queries.items():
        async with visitor(server.port) as someone:
            await someone.open(page, query)
            for problem in someone.problems:
                print(f"shown to a visitor of /{page}?{query}: {problem}")


@contextmanager
def _visitor() -> Iterator[Page]:
    with launched() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(PATIENCE)
        yield page


def _open(page: Page, server: Server, path: str) -> None:
    page.goto(f"{server.address}/{path}", wait_until="domcontentloaded")
    page.get_by_test_id("stSidebarNav").wait_for()
    settle(page)


def _photograph(page: Page, server: Server) -> None:
    """An upload."""
    _open(page, server, "digit")
    page.get_by_text("Upload", exact=True).first.click()
    field = page.locator("input[type=file]")
    field.wait_for(state="attached")
    settle(page)
    picture, file = Image.fromarray(load_dataset("mnist").test.grey[0].reshape(28, 28)), io.BytesIO()
    picture.resize((1120, 1120)).save(file, "PNG")
    field.set_input_files({"name": "digit.png", "mimeType": "image/png", "buffer": file.getvalue()})
    page.locator("[data-testid=stMetric]").first.wait_for()
    settle(page)


def _drawing(page: Page, server: Server) -> None:
    """A few strokes on the pad."""
    _open(page, server, "digit")
    page.get_by_text("Draw", exact=True).click()
    left, top = pad_corner(page)
    for stroke in range(STROKES):
        y = top + 40 + 20 * stroke
        page.mouse.move(left + 60, y)
        page.mouse.down()
        page.mouse.move(left + 160, y + 30, steps=6)
        page.mouse.up()
        page.locator("[data-testid=stMetric]").first.wait_for()
        settle(page)


def _rows(page: Page, server: Server) -> None:
    """Errors of nearest neighbours, computed live: the codes of all images under two models."""
    _open(page, server, f"knn?{_TWO}")
    page.get_by_role("button", name="Compute live").click()
    page.wait_for_timeout(1000)
    settle(page)


def _training(page: Page, server: Server) -> float:
    """A run of an epoch; returns the peak of the processes for it, megabytes."""
    name, peak = "afternoon", 0.0
    _open(page, server, f"train?{_TRAINING}&train-name={name}")
    page.get_by_role("button", name="Start training").click()
    ended = page.get_by_text(f"{name} has ended")
    while not ended.is_visible():
        peak = max(peak, server.children_megabytes())
        page.wait_for_timeout(200)
    settle(page)
    return peak
