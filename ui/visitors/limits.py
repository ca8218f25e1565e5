"""One visitor cannot stop the others: what each may ask of the server, and all together.

What takes half a second or more runs in one of a few slots, and a visitor has fewer of them than there
are. All computing is paid for from an allowance of processor time. What has been computed is kept for
everybody and costs nothing.
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

from ui.visitors.shares import Allowance, Rate, Refused, Slots, in_words
from ui.visitors.visitor import visitor

__all__ = [
    "MOST_MEGABYTES",
    "LimitError",
    "Limits",
    "charged",
    "charged_later",
    "computing",
    "count_upload",
    "exit_if_senseless",
    "read_limits",
    "shared",
]

T = TypeVar("T")

CORES = torch.get_num_threads()  # as OMP_NUM_THREADS says
MOST_MEGABYTES = 5  # of a picture, as `server.maxUploadSize`, which a drawing does not pass
PERIOD = 600.0  # seconds in which an allowance of computing is given
TRANSFERS = 3  # files that may be sent for one that a page takes, before the server closes its door


class LimitError(ValueError):
    """A limit in the environment that is none; the message says what it has to be."""


def _at_least(least: int, default: int) -> int:
    found: int = field(default=default, metadata={"least": least})
    return found


@dataclass(frozen=True)
class Limits:
    """What the environment says: each is the variable `DLGMM_…` of its name in capitals.

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
            f"{variable} must be a whole number from {least}, not “{text}”: whoever runs this server can mend it."
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


def exit_if_senseless() -> None:
    """Ends the program with one sentence where a limit in the environment is none."""
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
    """The one of this server, by the environment that it was started in."""
    return _Shared(read_limits())


def charged_later(work: Callable[[], T]) -> Callable[[], T]:
    """The work, to be done when Streamlit asks for it, at the expense of the visitor who is there now.

    Raises:
        Refused: as `charged`, now, or when it is to be done.
    """
    who = _who()
    _require_seconds(who)

    def do() -> T:
        with charged(who):
            return work()

    return do


@contextmanager
def charged(who: str | None = None) -> Iterator[None]:
    """Books the processor time of what is done within to a visitor, usually whose page asks; one core does it.

    Raises:
        Refused: if the visitor's allowance is used up.
    """
    who, seconds = _who() if who is None else who, shared().seconds
    _require_seconds(who)
    torch.set_num_threads(1)  # of this thread: beside other visitors two cores save no time, and cost twice
    began = time.thread_time()
    try:
        yield
    finally:
        seconds.spend(who, time.thread_time() - began)


@contextmanager
def computing() -> Iterator[None]:
    """The same for what takes half a second or more, or much memory: on all cores, once one of the slots is free.

    Nothing within it may wait for a slot itself, nor for what is cached and does.

    Raises:
        Refused: as `charged`; or if there is no slot for too long.
    """
    # a visitor who turns to something else while waiting is let go
    with charged(), shared().slots.hold(_who(), get_run_yield_check() or (lambda: None)):
        torch.set_num_threads(CORES)
        yield


def count_upload() -> None:
    """Books a picture that the visitor has sent.

    Raises:
        Refused: if the visitor, or all together, have sent too many within a minute.
    """
    shared().uploads.count(_who())


def _who() -> str:
    """The visitor whose page asks; nobody where the server asks by itself."""
    return visitor() if get_run_yield_check() is not None else ""


def _require_seconds(who: str) -> None:
    seconds = shared().seconds
    if seconds.wait(who):
        raise Refused(
            f"You have used up your share of computing ({seconds.most:g} s in ten minutes): try again in"
            f" {in_words(seconds.wait(who, seconds.most / 10))}."
        )
