"""How everything here is timed: two things that do the same work, by turns, in one run.

Seconds say what the machine was doing; a ratio of medians over interleaved rounds says what the code
does. Processor time of one thread is counted, not the clock: other programs hardly touch it. What
has nothing to be compared with has a limit instead, in units.
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["Limit", "Measured", "compare", "in_words"]


@dataclass(frozen=True)
class Measured:
    """One line of the table.

    Attributes:
        name: what was measured.
        against: what with.
        ours, theirs: median seconds, of processor time unless the name says otherwise.
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


@dataclass(frozen=True)
class Limit:
    """A line of the table that is no ratio.

    Attributes:
        name: what was measured.
        unit: of all figures; empty for a count.
        ours: the figure.
        reach: what it may be at most, or, with a rival, what it may be above the rival's.
        against: the rival, if there is one.
        theirs: its figure.
    """

    name: str
    unit: str
    ours: float
    reach: float
    against: str = ""
    theirs: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON; `value` is what has to be at most `reach`."""
        value = self.ours - self.theirs
        return {**asdict(self), "value": value, "reached": value <= self.reach}


def in_words(line: dict[str, Any]) -> tuple[str, str]:
    """What a line of either kind found, and what it should have."""
    if "unit" in line:
        sign = "+" if line["against"] else ""
        figure = f"{line['value']:{sign},.0f}" if abs(line["value"]) >= 100 else f"{line['value']:{sign}.3g}"
        figure = figure.replace("-", "−")
        return f"{figure} {line['unit']}".rstrip(), f"≤ {line['reach']:g} {line['unit']}".rstrip()
    word, sign = ("×", "≤") if line["at_most"] else ("times faster", "≥")
    return f"{line['ratio']:.2f} {word}", f"{sign} {line['reach']}"


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
