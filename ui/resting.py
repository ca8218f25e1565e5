"""Large results, which are kept while the server is in use and let go of once nobody has used it for a while."""

import gc
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from dlgmm_core.runtime.memory import trim_memory

__all__ = ["IDLE", "Use", "in_use", "kept_in_use", "rest"]

IDLE = 300.0  # seconds without a run of a page or a computation, after which results are let go of

Cached = TypeVar("Cached", bound=Callable[..., Any])


class Use:
    """Whether anybody uses the server, and what is kept only as long."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._kept: list[Callable[[], None]] = []
        self._users, self._last, self._is_resting = 0, clock(), True

    def keeps(self, cached: Cached) -> Cached:
        """A function with a cache of Streamlit's, whose results can be had again in seconds."""
        self._kept.append(cached.clear)  # type: ignore[attr-defined]
        return cached

    @contextmanager
    def now(self) -> Iterator[None]:
        """A context manager around a run of a page or a computation: the server is in use until it ends."""
        with self._lock:
            self._users += 1
            self._is_resting = False
        try:
            yield
        finally:
            with self._lock:
                self._users -= 1
                self._last = self._clock()

    def rest(self) -> None:
        """Lets go of what is kept if nobody has used the server for `IDLE` seconds, once until it is used again."""
        with self._lock:
            if self._is_resting or self._users or self._clock() < self._last + IDLE:
                return
            self._is_resting = True
        for clear in self._kept:  # somebody who comes back now has to wait for them as well
            clear()
        gc.collect()
        trim_memory()


_server = Use()
kept_in_use, in_use, rest = _server.keeps, _server.now, _server.rest
