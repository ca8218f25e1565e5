"""How a server's capacity is divided among its visitors: by slots, by allowances, and by rates.

All three are thread-safe, and remember only visitors who hold a slot or have an allowance to recover.
"""

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["Allowance", "Rate", "Refused", "Slots", "in_words"]

PATIENCE = 20.0  # seconds that one waits for a slot
_POLL = 0.1  # seconds between checks of whether the visitor has left the page

Clock = Callable[[], float]


class Refused(RuntimeError):  # noqa: N818 - nothing went wrong
    """A request that the server refuses for now; the message says why and what to do."""


class Slots:
    """A few computations at a time, first come, first served, up to a limit for each visitor.

    Args:
        total: slots.
        each: that one visitor may hold.
        patience: seconds that one waits for a slot.
    """

    def __init__(self, total: int, each: int, patience: float = PATIENCE) -> None:
        self._total, self._each, self._patience = total, each, patience
        self._held: list[str] = []  # by whom, slot by slot
        self._waiting: dict[object, str] = {}  # who, in the order of coming
        self._changed = threading.Condition()

    @contextmanager
    def hold(self, who: str, look_up: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Waits for a slot, and gives it back at the end.

        Args:
            who: the visitor.
            look_up: called while waiting; what it raises ends the wait.

        Raises:
            Refused: if there is none for too long.
        """
        self._enter(who, look_up)
        try:
            yield
        finally:
            with self._changed:
                self._held.remove(who)
                self._changed.notify_all()

    def _enter(self, who: str, look_up: Callable[[], None]) -> None:
        ticket, until = object(), time.monotonic() + self._patience
        with self._changed:
            self._waiting[ticket] = who
        try:
            while True:
                with self._changed:
                    if self._is_next(ticket):
                        self._held.append(who)
                        return
                    if time.monotonic() >= until:
                        raise Refused(self._reason(who))
                    self._changed.wait(_POLL)
                look_up()
        finally:
            with self._changed:
                del self._waiting[ticket]
                self._changed.notify_all()

    def _is_next(self, ticket: object) -> bool:
        """Whether there is a slot for it, after all who came before and may have one."""
        able = [each for each, who in self._waiting.items() if self._held.count(who) < self._each]
        return ticket in able[: max(0, self._total - len(self._held))]

    def _reason(self, who: str) -> str:
        if self._held.count(who) >= self._each:
            return "Another page of yours is computing: wait until it has finished, then try again."
        others = len({*self._held, *self._waiting.values()} - {who})
        visitors = "another visitor" if others == 1 else f"{others} other visitors"
        return f"This server is busy with the computations of {visitors}: try again in a few seconds."


class Allowance:
    """An amount for each visitor in a period: what was spent comes back at a constant rate.

    Costs are known only afterwards, so an allowance may be overdrawn; the visitor then waits until it has recovered.

    Args:
        most: that may be spent at once.
        period: seconds in which `most` comes back.
        clock: that tells seconds.
    """

    def __init__(self, most: float, period: float, clock: Clock = time.monotonic) -> None:
        self.most, self._rate, self._clock = most, most / period, clock
        self._spent: dict[str, tuple[float, float]] = {}  # what had not come back, and when that was
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """How many visitors had not recovered when a cost was last charged."""
        return len(self._spent)

    def spend(self, who: str, amount: float) -> None:
        """Charges a cost, and forgets all visitors whose allowance has recovered."""
        with self._lock:
            now = self._clock()
            owed = {name: self._owed(name, now) for name in self._spent}
            owed[who] = owed.get(who, 0.0) + amount
            self._spent = {name: (spent, now) for name, spent in owed.items() if spent > 0}

    def wait(self, who: str, amount: float = 0.0) -> float:
        """Seconds until the amount can be spent without overdrawing; 0.0 if it can now."""
        with self._lock:
            return max(0.0, (self._owed(who, self._clock()) + amount - self.most) / self._rate)

    def _owed(self, who: str, now: float) -> float:
        spent, then = self._spent.get(who, (0.0, now))
        return max(0.0, spent - (now - then) * self._rate)


class Rate:
    """How many files a minute are taken, from one visitor and from all together.

    Args:
        each: from one visitor.
        total: from all.
        clock: that tells seconds.
    """

    def __init__(self, each: int, total: int, clock: Clock = time.monotonic) -> None:
        self._each, self._total = Allowance(each, 60, clock), Allowance(total, 60, clock)

    def count(self, who: str) -> None:
        """Counts one more.

        Raises:
            Refused: if that is too many.
        """
        if wait := self._each.wait(who, 1):
            raise Refused(
                f"You have sent more files within a minute than one visitor may ({self._each.most:g}): try again in"
                f" {in_words(wait)}."
            )
        if wait := self._total.wait("", 1):
            raise Refused(
                "All visitors together have sent more files within a minute than this server takes"
                f" ({self._total.most:g}): try again in {in_words(wait)}."
            )
        self._each.spend(who, 1)
        self._total.spend("", 1)


def in_words(seconds: float) -> str:
    """A waiting time in words, rounded up."""
    if seconds > 100:
        return f"{math.ceil(seconds / 60)} minutes"
    return "a second" if seconds <= 1 else f"{math.ceil(seconds)} seconds"
