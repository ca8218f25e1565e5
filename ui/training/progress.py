"""How far a run is, from what its process prints, and how long it will take."""

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from dlgmm_core.runtime.wording import counted
from dlgmm_core.store.history import EpochMetrics
from ui.training.expected import duration

__all__ = ["Part", "Plan", "fitted_share", "parts_of", "progress_words", "seconds_left", "share_done", "starting_bound"]

RECENT = 5  # epochs, by whose median duration those to come are estimated
LEAST_SECONDS = 3  # of a first epoch, which are known as a whole number only

_LINE = re.compile(r"epoch (\d+): +(\d+\.\d) %, (?:(\d+):)?(\d+):(\d\d) passed(?:[^\r\n]*, train (-?[\d.]+) nats)?")

_STARTS = re.compile(r"start (\d+) of (\d+) …")
_STARTING = re.compile(r"whose bound on training images is (-?[\d.]+) nats")


@dataclass(frozen=True)
class Part:
    """An epoch that is not over.

    Attributes:
        epoch: counted from 1.
        share: of its steps that are done, 0 to 1.
        seconds: that it has taken so far.
        bound: mean training bound of the newest twentieth of its images, nats per image; None before that.
    """

    epoch: int
    share: float
    seconds: float
    bound: float | None


@dataclass(frozen=True)
class Plan:
    """When a run ends: after so many epochs, or so many without a better validation bound."""

    epochs: int
    patience: int

    @classmethod
    def of(cls, arguments: Sequence[str], epochs: int, patience: int) -> "Plan":
        """The plan of a run with these options of `train`; `epochs` and `patience` where they are missing."""
        given = dict(itertools.pairwise(arguments))

        def number(option: str, usual: int) -> int:
            text = given.get(option, "")
            return int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else usual

        return cls(number("--epochs", epochs), number("--patience", patience))

    @property
    def may_stop_early(self) -> bool:
        """Whether the validation bound decides when it ends."""
        return self.patience < self.epochs


def parts_of(output: str) -> list[Part]:
    """The progress that a process of training printed, oldest first, one for each part of an epoch."""
    found: dict[tuple[int, str], Part] = {}
    for epoch, percent, hours, minutes, seconds, bound in _LINE.findall(output):
        elapsed = 3600 * int(hours or 0) + 60 * int(minutes) + int(seconds)
        share = float(percent) / 100
        found[int(epoch), bound] = Part(int(epoch), share, elapsed, float(bound) if bound else None)
    return list(found.values())


def starting_bound(output: str) -> float | None:
    """The bound, nats per image, of the model that a run starts from; None where it starts from random weights."""
    found = _STARTING.search(output)
    return float(found[1]) if found else None


def fitted_share(output: str) -> float:
    """The share of the fits of a Gaussian mixture to codes, before the first epoch, that are done; 0 to 1."""
    done = [(int(start) - 1) / max(1, int(starts)) for start, starts in _STARTS.findall(output)]
    return min(1.0, done[-1]) if done else 0.0


def seconds_left(history: Sequence[EpochMetrics], plan: Plan, part: Part | None) -> float | None:
    """Time until the last epoch of the plan ends, by the newest epochs of this run; None while that is not known."""
    done = len(history)
    share = part.share if part is not None and part.epoch == done + 1 else 0.0
    if history:
        each = median(entry.seconds for entry in history[-RECENT:])
    elif part is not None and share > 0 and part.seconds >= LEAST_SECONDS:
        each = part.seconds / share
    else:
        return None
    return max(0.0, each * (plan.epochs - done - share))


def share_done(done: int, plan: Plan, part: Part | None) -> float:
    """The part of the run that is over or, where it may stop early, of the current epoch; 0 to 1."""
    share = part.share if part is not None and part.epoch == done + 1 else 0.0
    return share if plan.may_stop_early else min(1.0, (done + share) / plan.epochs)


def progress_words(history: Sequence[EpochMetrics], plan: Plan, part: Part | None) -> str:
    """The same in words, such as "epoch 2 of 20, 40 s left"."""
    left, at_most = seconds_left(history, plan, part), "at most " if plan.may_stop_early else ""
    words = f"epoch {len(history) + 1} of {at_most}{plan.epochs:,}"
    if left is not None:
        words += f", {at_most}{duration(left)} left"
    if plan.may_stop_early:
        words += f"; it ends after {counted(plan.patience, 'epoch')} without a better validation bound"
    return words
