"""How everything here is timed: two implementations of the same work, alternately, in one run.

Seconds depend on the machine's load; the ratio of medians over alternating rounds depends mainly on the
code. Processor time of one thread is measured, since other programs hardly affect it. A measurement
without a reference has an absolute limit instead.
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["Limit", "Measured", "compare", "in_words"]


@dataclass(frozen=True)
class Measured:
    """A line of the table: a ratio.

    Attributes:
        name: what was measured.
        against: the reference.
        ours, theirs: median seconds, of processor time unless the name says otherwise.
        reach: the aim for the ratio.
        at_most: whether the ratio is ours / theirs and should be at most `reach`; else theirs / ours, at least.
    """

    name: str
    against: str
    ours: float
    theirs: float
    reach: float
    at_most: bool = True

    @property
    def ratio(self) -> float:
        """Ours / theirs, or how many times faster ours is."""
        return self.ours / self.theirs if self.at_most else self.theirs / self.ours

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {**asdict(self), "ratio": self.ratio, "reached": (self.ratio <= self.reach) == self.at_most}


@dataclass(frozen=True)
class Limit:
    """A line of the table: a figure with an absolute limit.

    Attributes:
        name: what was measured.
        unit: of all figures; empty for a count.
        ours: the figure.
        reach: the limit of the figure or, with a reference, of its difference from the reference's.
        against: the reference, if there is one.
        theirs: its figure.
    """

    name: str
    unit: str
    ours: float
    reach: float
    against: str = ""
    theirs: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON; `value` should be at most `reach`."""
        value = self.ours - self.theirs
        return {**asdict(self), "value": value, "reached": value <= self.reach}


def in_words(line: dict[str, Any]) -> tuple[str, str]:
    """The result and the aim of a line of either kind, as texts."""
    if "unit" in line:
        sign = "+" if line["against"] else ""
        figure = f"{line['value']:{sign},.0f}" if abs(line["value"]) >= 100 else f"{line['value']:{sign}.3g}"
        figure = figure.replace("-", "−")
        return f"{figure} {line['unit']}".rstrip(), f"≤ {line['reach']:g} {line['unit']}".rstrip()
    word, sign = ("×", "≤") if line["at_most"] else ("times faster", "≥")
    return f"{line['ratio']:.2f} {word}", f"{sign} {line['reach']}"


def compare(*works: Callable[[], object], rounds: int) -> list[float]:
    """Median seconds of processor time of each work, after one round that is not counted."""
    seconds: list[list[float]] = [[] for _ in works]
    for number in range(rounds + 1):
        for work, taken in zip(works, seconds, strict=True):
            started = time.process_time()
            work()
            if number:
                taken.append(time.process_time() - started)
    return [statistics.median(taken) for taken in seconds]
