"""Runs of pages take turns, first come, first served.

Python executes one thread at a time and changes between them every few milliseconds. A dozen runs at once would all end
late, and cost a tenth to a quarter more processor time than one after the other.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["Turns", "in_turn", "leave_turn"]

TOTAL = 2  # so that one can run while another computes outside of Python
LONGEST = 0.2  # seconds


class _OfThread(threading.local):
    turn: threading.Event | None = None


class Turns:
    """A few turns at a time. One that lasts too long is over for the others, and goes on beside them.

    No run therefore waits long for another, whatever that computes or waits for.

    Args:
        total: turns at a time.
        longest: seconds after which a turn is over for the others.
        clock: that tells seconds.
    """

    def __init__(self, total: int, longest: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._total, self._longest, self._clock = total, longest, clock
        self._waiting: deque[threading.Event] = deque()
        self._begun: dict[threading.Event, float] = {}
        self._lock, self._mine = threading.Lock(), _OfThread()

    @contextmanager
    def take(self) -> Iterator[None]:
        """Waits for a turn, which ends with the block; within a turn of the same thread, nothing."""
        if self._mine.turn is not None:
            yield
            return
        turn = threading.Event()
        with self._lock:
            self._waiting.append(turn)
            self._pass_on()
        while not turn.wait(self._longest):
            with self._lock:
                self._pass_on()  # of those that last too long, nobody tells
        self._mine.turn = turn
        try:
            yield
        finally:
            self.leave()
            self._mine.turn = None

    def leave(self) -> None:
        """Ends the turn of this thread, if it has one, at once: the rest of its block goes on beside the others."""
        if self._mine.turn is not None:
            with self._lock:
                self._begun.pop(self._mine.turn, None)
                self._pass_on()

    def _pass_on(self) -> None:
        now = self._clock()
        self._begun = {turn: begun for turn, begun in self._begun.items() if now - begun < self._longest}
        while self._waiting and len(self._begun) < self._total:
            turn = self._waiting.popleft()
            self._begun[turn] = now
            turn.set()


_of_server = Turns(TOTAL, LONGEST)
in_turn, leave_turn = _of_server.take, _of_server.leave
