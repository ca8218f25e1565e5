"""Waiting times of the app's visitors, and the server's memory.

Real servers, each in a process of its own, and simulated visitors without browsers. Elapsed time is
measured, so these figures need an idle machine.
"""

import asyncio
import itertools
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from websockets.exceptions import ConnectionClosed

from benchmarks.clients import Value, visitor
from benchmarks.measuring import Limit, Measured
from benchmarks.servers import APP, Server, serve
from dlgmm_core.model.models import MODELS
from dlgmm_core.store.checkpoints import Checkpoint, list_checkpoints
from ui.bench.shapes import SHAPES
from ui.sidebar import label

__all__ = ["measure_first_visit", "measure_slider", "measure_visitors"]

VISITORS, PAUSE, PATIENCE = 20, 1.0, 60.0  # seconds between two interactions; longest wait
UNLIKE = "less probable than"  # a warning that is true of some test images
PAGES = ("", "components", "clusters", "digit", "latent", "plane", "knn", "likelihood", "kumaraswamy", "train")
BARE = 'import streamlit as st\n\nst.title("x")\n'
ROUNDS, DIGITS = 5, 40


def measure_visitors(seconds: float = 300) -> list[Limit]:
    """20 visitors, each with one interaction per second."""
    with serve(APP) as server:
        waits, problems, grown = asyncio.run(_crowd(server, seconds))
    what = f"{VISITORS} visitors, one interaction per second each, {seconds:g} s"
    found = [
        Limit(f"{what}: median wait", "ms", 1000 * statistics.median(waits), 60),
        Limit(f"{what}: 95th percentile of waits", "ms", 1000 * statistics.quantiles(waits, n=20)[-1], 250),
        Limit(f"{what}: errors and warnings of {len(waits):,} runs", "", len(problems), 0),
        Limit(f"{what}: growth of the server's memory", "MB", grown, 50),
    ]
    for problem in sorted(set(problems)):
        print(f"shown to a visitor: {problem}")
    return found


def measure_first_visit() -> list[Limit]:
    """The first page of a new server, alternately of the app and of a minimal script; then memory after all pages."""
    with tempfile.TemporaryDirectory() as folder:
        bare = Path(folder) / "bare.py"
        bare.write_text(BARE, encoding="utf-8")
        waits: dict[Path, list[float]] = {APP: [], bare: []}
        for script, _ in itertools.product(waits, range(ROUNDS)):
            with serve(script) as server:
                waits[script].append(asyncio.run(_first(server)))
    with serve(APP) as server:
        asyncio.run(_see_everything(server))
        memory = server.megabytes()
    ours, theirs = (statistics.median(taken) for taken in waits.values())
    return [
        Limit("first page of a fresh server", "s", ours, 1.0, against="a page with one title", theirs=theirs),
        Limit("memory of the server after every page with all checkpoints", "MB", memory, 700),
    ]


def measure_slider() -> list[Measured | Limit]:
    """Two pages with a new test digit every time, alternately with one whose results are cached.

    Sliders for images decode in the browser; this number field is the closest input for which the server decodes.
    """
    with serve(APP) as server:
        fresh, seen = asyncio.run(_digits(server, "digit"))
        new, old = (1000 * seconds for seconds in asyncio.run(_digits(server, "plane")))
    cached = "a digit with cached results"
    return [
        Measured("another test digit, decoded on the server", cached, fresh, seen, 1.5),
        Limit("another test digit's true posteriors under two models", "ms", new, 100, cached, old),
    ]


async def _first(server: Server) -> float:
    async with visitor(server.port) as someone:
        return await someone.open("")


async def _see_everything(server: Server) -> None:
    """Every page, with all checkpoints that fit the data set."""
    query = "models=" + ",".join(checkpoint.name for checkpoint in _checkpoints())
    for page in PAGES:
        async with visitor(server.port) as someone:
            await someone.open(page, query)
            for problem in someone.problems:
                print(f"shown to the first visitor: {problem}")


async def _digits(server: Server, page: str) -> tuple[float, float]:
    """Median seconds of a run of a page with a new digit, and of one with a digit whose results are cached."""
    fresh, seen = [], []
    async with visitor(server.port) as someone:
        await someone.open(page)
        for index in range(1, DIGITS + 1):
            fresh.append(await someone.move("digit-index", index))
            seen.append(await someone.move("digit-index", 0))
    return statistics.median(fresh), statistics.median(seen)


async def _crowd(server: Server, seconds: float) -> tuple[list[float], list[str], float]:
    """All waits, all problems, and the growth of the server's memory after all pages were opened once, megabytes."""
    await _see_everything(server)
    waits: list[float] = []
    problems: list[str] = []
    before = server.megabytes()
    walks = [_walk(server, number, seconds, waits, problems) for number in range(VISITORS)]
    await asyncio.gather(*walks)
    return waits, problems, server.megabytes() - before


async def _walk(server: Server, number: int, seconds: float, waits: list[float], problems: list[str]) -> None:
    """One visitor, who stays on one page and changes one of its widgets."""
    clock = asyncio.get_running_loop().time
    page, key, values = _habits(number)
    try:
        async with visitor(server.port) as someone:
            await someone.open(page)
            tick = clock() + PAUSE * number / VISITORS
            until = clock() + seconds
            while tick < until:
                await asyncio.sleep(tick - clock())
                waits.append(await asyncio.wait_for(someone.move(key, next(values)), PATIENCE))
                problems += [each for each in someone.problems if UNLIKE not in each]
                tick = max(tick + PAUSE, clock())
    except (TimeoutError, ConnectionClosed) as error:  # this visitor leaves
        waits.append(PATIENCE)
        problems.append(f"{page}: {type(error).__name__} {error}")


def _habits(number: int) -> tuple[str, str, Iterator[Value]]:
    """A page, the key of a widget on it, and the values that this visitor gives it."""
    fitting = [c.name for c in _checkpoints() if c.train_config.dataset == "mnist"]
    mixtures = [label(c) for c in _checkpoints() if c.name in fitting and MODELS[c.model_config.model].has_components]
    pairs = list(itertools.pairwise(fitting))
    habits: list[tuple[str, str, Sequence[Value]]] = [
        ("kumaraswamy", "bench-a", [[str(shape)] for shape in SHAPES]),
        ("digit", "digit-index", range(500 * number, 500 * number + 500)),
        ("components", "components-checkpoint", mixtures),
        *((page, "checkpoints-mnist-1", pairs) for page in ("", "latent", "knn", "likelihood")),
    ]
    page, key, values = habits[number % len(habits)]
    return page, key, itertools.cycle(values)


def _checkpoints() -> list[Checkpoint]:
    return [entry for entry in list_checkpoints(APP.parent / "checkpoints") if isinstance(entry, Checkpoint)]
