"""The server's lifespan and its socket: a warm start, quick answers, little memory, and jobs that end with it."""

import gc
import logging
import os
import socket
import stat
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from importlib import import_module
from typing import Any

from starlette.formparsers import MultiPartParser

from dlgmm_core.runtime.arithmetic import subnormals_as_zero
from dlgmm_core.runtime.files import StorageError
from dlgmm_core.runtime.memory import give_memory_back, trim_memory
from ui import findings, loaders
from ui.groups import usual
from ui.jobs.manager import job_manager
from ui.resting import rest
from ui.visitors.limits import MOST_MEGABYTES

__all__ = ["send_at_once", "warm_up"]

DATASET = "mnist"  # of the first page
TRIMMED_EVERY = 5.0  # seconds until memory that pages needed for a moment is returned, which takes 2 ms

# An upload stays in memory: what is longer than this would pass through a temporary file.
MultiPartParser.spool_max_size = 2 * MOST_MEGABYTES * 2**20


def send_at_once() -> None:
    """Turns Nagle's algorithm off for the sockets that this process listens on, and for those they will accept.

    Streamlit opens its socket without naming TCP, and asyncio then leaves the algorithm on: the second message of
    every answer waits for the visitor's acknowledgement of the first, which systems put off by 40 ms and more.
    """
    folder = "/dev/fd"  # not on Windows, where there is no such list
    for name in os.listdir(folder) if os.path.isdir(folder) else ():
        with suppress(OSError):  # closed since, or no TCP
            if not stat.S_ISSOCK(os.fstat(int(name)).st_mode):
                continue
            with socket.socket(fileno=os.dup(int(name))) as found:
                if found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                    found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _load() -> None:
    # Streamlit would warn that this thread does not run a page, which does not matter
    logging.getLogger("streamlit.runtime.scriptrunner_utils.script_run_context").setLevel(logging.ERROR)
    # models first: the first page shows no image of the data; and only those that it shows, as most are never asked for
    for checkpoint in usual([c for c in loaders.checkpoints() if c.train_config.dataset == DATASET]):
        with suppress(StorageError):  # pages say so
            loaders.model(checkpoint)
    loaders.dataset(DATASET)
    gc.collect()
    gc.freeze()  # what is loaded stays, and need not be looked through for garbage while visitors wait
    trim_memory()  # loading needed more for a moment


def _rest_until(ended: threading.Event) -> None:
    while not ended.wait(TRIMMED_EVERY):
        rest()
        trim_memory()  # of what pages needed for a moment


@asynccontextmanager
async def warm_up(app: Any) -> AsyncIterator[None]:
    """Lifespan of the server: loads models in a thread, so that pages are served at once; stops all jobs at its end.

    Another thread gives memory back while nobody uses the server.
    """
    ended = threading.Event()
    give_memory_back()
    send_at_once()
    # what the first page needs at once; while the thread loads models it would take twice as long, or be done twice
    for name in ("pandas", "scipy.ndimage"):
        import_module(name)
    with suppress(StorageError):  # pages say so
        loaders.checkpoints()
        findings.results()
    with subnormals_as_zero():  # the runs of pages are threads of this one
        threading.Thread(target=_load, daemon=True, name="warm-up").start()
        threading.Thread(target=_rest_until, args=(ended,), daemon=True, name="rest").start()
        yield
    ended.set()
    job_manager().stop_all()
