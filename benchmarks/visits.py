"""Waiting times of the app's visitors.

Real servers, each in a process of its own, and simulated visitors without browsers. Elapsed time is
measured, so these figures need an idle machine.
"""

import asyncio
import itertools
import statistics
import tempfile
from pathlib import Path

from benchmarks.clients import visitor
from benchmarks.measuring import Limit, Measured
from benchmarks.servers import APP, Server, serve
from dlgmm_core.store.checkpoints import Checkpoint
from dlgmm_core.store.listing import list_checkpoints

__all__ = ["PAGES", "all_models", "measure_first_visit", "measure_slider", "see_everything", "shipped"]

PAGES = ("", "components", "clusters", "digit", "latent", "plane", "knn", "likelihood", "kumaraswamy", "train")
BARE = 'import streamlit as st\n\nst.title("x")\n'
ROUNDS, DIGITS = 5, 40


def measure_first_visit() -> list[Limit]:
    """The first page of a new server, alternately of the app and of a minimal script."""
    with tempfile.TemporaryDirectory() as folder:
        bare = Path(folder) / "bare.py"
        bare.write_text(BARE, encoding="utf-8")
        waits: dict[Path, list[float]] = {APP: [], bare: []}
        for script, _ in itertools.product(waits, range(ROUNDS)):
            with serve(script) as server:
                waits[script].append(asyncio.run(_first(server)))
    ours, theirs = (statistics.median(taken) for taken in waits.values())
    return [Limit("first page of a fresh server", "s", ours, 1.0, against="a page with one title", theirs=theirs)]


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


async def see_everything(server: Server) -> None:
    """Every page, with all checkpoints of MNIST."""
    for page in PAGES:
        async with visitor(server.port) as someone:
            await someone.open(page, all_models("mnist"))
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


def all_models(dataset: str) -> str:
    """What an address asks for so that pages compare all shipped models of a data set."""
    names = (checkpoint.name for checkpoint in shipped() if checkpoint.train_config.dataset == dataset)
    return f"dataset={dataset}&models={','.join(names)}"


def shipped() -> list[Checkpoint]:
    """The checkpoints of this repository that can be read, by name."""
    return [entry for entry in list_checkpoints(APP.parent / "checkpoints") if isinstance(entry, Checkpoint)]
