"""Limits: how much of the server one visitor, and all visitors together, may use.

What takes half a second or more runs in one of a few slots, of which one visitor cannot hold all. All computing is
charged to an allowance of processor time. Cached results are shared and cost nothing.
"""

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from functools import cache
from typing import TypeVar

import torch
from streamlit.runtime.scriptrunner_utils.script_run_context import get_run_yield_check

from dlgmm_core.runtime.memory import trim_memory
from ui.resting import in_use
from ui.turns import leave_turn
from ui.visitors.shares import Allowance, Rate, Refused, Slots, in_words
from ui.visitors.visitor import asking, on_behalf_of

__all__ = [
    "MOST_MEGABYTES",
    "LimitError",
    "Limits",
    "charged",
    "charged_later",
    "computing",
    "count_upload",
    "exit_on_bad_limits",
    "read_limits",
    "shared",
]

T = TypeVar("T")

CORES = torch.get_num_threads()  # as OMP_NUM_THREADS says
MOST_MEGABYTES = 5  # of a picture, as `server.maxUploadSize`, which a drawing does not pass
PERIOD = 600.0  # seconds in which an allowance of computing is given
TRANSFERS = 3  # files that may be sent for one that a page takes, before the server refuses them unread


class LimitError(ValueError):
    """An invalid limit in the environment; the message says which values are allowed."""


def _at_least(least: int, default: int) -> int:
    found: int = field(default=default, metadata={"least": least})
    return found


@dataclass(frozen=True)
class Limits:
    """Each is read from the environment variable `DLGMM_…` with its name in capitals.

    Attributes:
        computing_slots: computations at a time, of all visitors.
        computing_slots_per_visitor: of one visitor.
        computing_seconds_per_visitor: seconds of processor time in ten minutes.
        training_slots: training runs at a time, of all visitors; 0 for none ever.
        training_slots_per_visitor: of one visitor.
        mapping_slots: maps and measurements at a time, of all visitors; 0 for none ever.
        mapping_slots_per_visitor: of one visitor.
        uploads: pictures a minute, from all visitors.
        uploads_per_visitor: from one visitor.
    """

    computing_slots: int = _at_least(1, 2)
    computing_slots_per_visitor: int = _at_least(1, 1)
    computing_seconds_per_visitor: int = _at_least(1, 300)
    training_slots: int = _at_least(0, 2)
    training_slots_per_visitor: int = _at_least(0, 1)
    mapping_slots: int = _at_least(0, 1)
    mapping_slots_per_visitor: int = _at_least(0, 1)
    uploads: int = _at_least(1, 120)
    uploads_per_visitor: int = _at_least(1, 20)


def _whole_number(variable: str, default: int, least: int, environment: Mapping[str, str]) -> int:
    """A variable of the environment; the default where it is unset or blank.

    Raises:
        LimitError: if it is no whole number from `least`.
    """
    text = environment.get(variable, "").strip() or str(default)
    if not (text.isascii() and text.isdecimal() and len(text) <= 9 and int(text) >= least):
        raise LimitError(
            f"{variable} must be a whole number from {least}, not “{text}”: ask the server's administrator."
        )
    return int(text)


def read_limits(environment: Mapping[str, str] = os.environ) -> Limits:
    """The limits of this server.

    Raises:
        LimitError: for the first that is no whole number, or too small.
    """
    return Limits(
        **{
            each.name: _whole_number(
                f"DLGMM_{each.name.upper()}", getattr(Limits, each.name), each.metadata["least"], environment
            )
            for each in fields(Limits)
        }
    )


def exit_on_bad_limits() -> None:
    """Ends the program with one sentence if a limit in the environment is invalid."""
    try:
        read_limits()
    except LimitError as error:
        sys.exit(str(error))


class _Shared:
    """What all visitors share."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.slots = Slots(limits.computing_slots, limits.computing_slots_per_visitor)
        self.seconds = Allowance(limits.computing_seconds_per_visitor, PERIOD)
        self.uploads = Rate(limits.uploads_per_visitor, limits.uploads)
        self.transfers = Rate(TRANSFERS * limits.uploads_per_visitor, TRANSFERS * limits.uploads)


@cache
def shared() -> _Shared:
    """What visitors share on this server, by the environment that it was started in."""
    return _Shared(read_limits())


def charged_later(work: Callable[[], T]) -> Callable[[], T]:
    """The work, to be done when Streamlit asks for it, charged to the visitor whose page is running now.

    Raises:
        Refused: as `charged`, now, or when it is to be done.
    """
    who = asking()
    _require_seconds(who)

    def do() -> T:
        with on_behalf_of(who), charged(who):
            return work()

    return do


@contextmanager
def charged(who: str | None = None) -> Iterator[None]:
    """Charges the processor time of the block to a visitor, by default the one whose page is running; it uses one core.

    Raises:
        Refused: if the visitor's allowance is used up.
    """
    who, seconds = asking() if who is None else who, shared().seconds
    _require_seconds(who)
    torch.set_num_threads(1)  # of this thread: with other visitors, two cores save no time and cost twice as much
    began = time.thread_time()
    try:
        with in_use():
            yield
    finally:
        seconds.spend(who, time.thread_time() - began)


@contextmanager
def computing() -> Iterator[None]:
    """The same for what takes half a second or more, or much memory: on all cores, once a slot is free.

    Nothing within it may wait for another slot, directly or through a cached function.

    Raises:
        Refused: as `charged`; or if there is no slot for too long.
    """
    leave_turn()
    # a visitor who leaves the page while waiting gives up the place
    with charged(), shared().slots.hold(asking(), get_run_yield_check() or (lambda: None)):
        torch.set_num_threads(CORES)
        try:
            yield
        finally:
            trim_memory()


def count_upload() -> None:
    """Counts a picture that the visitor has uploaded.

    Raises:
        Refused: if the visitor, or all together, have sent too many within a minute.
    """
    shared().uploads.count(asking())


def _require_seconds(who: str) -> None:
    seconds = shared().seconds
    if seconds.wait(who):
        raise Refused(
            f"You have used up your share of computing ({seconds.most:g} s in ten minutes): try again in"
            f" {in_words(seconds.wait(who, seconds.most / 10))}."
        )
