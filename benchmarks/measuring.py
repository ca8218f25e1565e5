"""How everything here is timed: two things that do the same work, by turns, in one run.

Seconds say what the machine was doing; a ratio of medians over interleaved rounds says what the code
does. Processor time of one thread is counted, not the clock: other programs hardly touch it.
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["Measured", "compare"]


@dataclass(frozen=True)
class Measured:
    """One line of the table.

    Attributes:
        name: what was measured.
        against: what with.
        ours, theirs: median seconds of processor time.
        reach: what the ratio of the two should be.
        at_most: whether the ratio is ours to theirs, to be at most `reach`; otherwise theirs to ours, at least.
    """

    name: str
    against: str
    ours: float
    theirs: float
    reach: float
    at_most: bool = True

    @property
    def ratio(self) -> float:
        """Ours to theirs, or how many times faster ours is."""
        return self.ours / self.theirs if self.at_most else self.theirs / self.ours

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {**asdict(self), "ratio": self.ratio, "reached": (self.ratio <= self.reach) == self.at_most}


def compare(*works: Callable[[], object], rounds: int) -> list[float]:
    """Median seconds of processor time of each work, after one round that does not count."""
    seconds: list[list[float]] = [[] for _ in works]
    for number in range(rounds + 1):
        for work, taken in zip(works, seconds, strict=True):
            started = time.process_time()
            work()
            if number:
                taken.append(time.process_time() - started)
    return [statistics.median(taken) for taken in seconds]
