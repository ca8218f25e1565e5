"""Runs of pages take turns in the order of coming; no run waits for one that lasts too long."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.import_helpers import ROOT
from ui.turns import Turns

PATIENCE = 20.0  # seconds that a test waits for a thread


class Runs:
    """Threads that each take a turn, and keep it until they are told to end."""

    def __init__(self, turns: Turns) -> None:
        self._turns, self.begun = turns, list[int]()
        self._changed = threading.Condition()
        self._threads: dict[int, tuple[threading.Thread, threading.Event]] = {}

    def start(self, number: int) -> None:
        end = threading.Event()
        self._threads[number] = threading.Thread(target=self._run, args=(number, end), daemon=True), end
        self._threads[number][0].start()

    def end(self, number: int) -> None:
        thread, end = self._threads.pop(number)
        end.set()
        thread.join(PATIENCE)
        assert not thread.is_alive()

    def wait_for(self, *numbers: int) -> None:
        """Until exactly these have begun, in this order."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.begun == [*numbers], PATIENCE), self.begun

    def _run(self, number: int, end: threading.Event) -> None:
        with self._turns.take():
            with self._changed:
                self.begun.append(number)
                self._changed.notify_all()
            end.wait(PATIENCE)


@contextmanager
def waiting(turns: Turns, count: int) -> Iterator[None]:
    """Until so many wait for a turn after the block."""
    yield
    until = threading.Event()
    for _ in range(round(PATIENCE / 0.001)):
        if len(turns._waiting) == count:
            return
        until.wait(0.001)
    pytest.fail(f"{len(turns._waiting)} wait for a turn")


def test_turns_are_taken_in_the_order_of_coming_and_no_more_than_are_allowed_at_a_time() -> None:
    turns = Turns(total=2, longest=PATIENCE)
    runs = Runs(turns)
    for number in (1, 2):
        runs.start(number)
        runs.wait_for(*range(1, number + 1))
    for number in (3, 4, 5):
        with waiting(turns, number - 2):
            runs.start(number)
    runs.wait_for(1, 2)
    for ended, begun in ((2, 3), (1, 4), (4, 5)):
        runs.end(ended)
        runs.wait_for(*range(1, begun + 1))
    runs.end(3)
    runs.end(5)


def test_a_turn_that_lasts_too_long_is_over_for_the_others() -> None:
    turns = Turns(total=1, longest=0.02)
    runs = Runs(turns)
    for number in (1, 2, 3):
        runs.start(number)
        runs.wait_for(*range(1, number + 1))  # though none has ended
    for number in (2, 1, 3):
        runs.end(number)


def test_the_end_of_a_run_that_was_over_for_the_others_gives_no_turn_away_twice() -> None:
    now = [0.0]
    turns = Turns(total=1, longest=1.0, clock=lambda: now[0])
    runs = Runs(turns)
    runs.start(1)
    runs.wait_for(1)
    now[0] = 2.0  # the first is over
    runs.start(2)
    runs.wait_for(1, 2)
    runs.end(1)
    with waiting(turns, 1):
        runs.start(3)
    runs.wait_for(1, 2)
    runs.end(2)
    runs.wait_for(1, 2, 3)
    runs.end(3)


def test_a_run_that_fails_gives_its_turn_back_and_one_inside_another_takes_none() -> None:
    turns = Turns(total=1, longest=PATIENCE)
    with pytest.raises(ZeroDivisionError), turns.take(), turns.take():
        raise ZeroDivisionError
    runs = Runs(turns)
    runs.start(1)
    runs.wait_for(1)
    runs.end(1)


def test_a_run_leaves_its_turn_before_a_long_computation_once() -> None:
    turns = Turns(total=1, longest=PATIENCE)
    runs = Runs(turns)
    with turns.take():
        runs.start(1)
        with waiting(turns, 0):
            turns.leave()
        runs.wait_for(1)
        with waiting(turns, 1):
            runs.start(2)
        turns.leave()
        assert runs.begun == [1]
    assert runs.begun == [1]
    runs.end(1)
    runs.wait_for(1, 2)
    runs.end(2)
    turns.leave()


def test_every_part_of_a_page_that_runs_by_itself_takes_turns() -> None:
    scripts = [path for folder in ("ui", "pages") for path in (ROOT / folder).rglob("*.py")]
    assert [path for path in scripts if "st.fragment" in path.read_text("utf-8")] == [ROOT / Path("ui/parts.py")]
