"""A server that nobody uses lets go of what it can have again, once, and keeps it while it is used."""

import sys
from collections.abc import Callable

import pytest
import streamlit as st

from ui.resting import IDLE, Use


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def use(clock: Clock) -> Use:
    return Use(clock)


def counted(use: Use) -> tuple[list[int], Callable[[int], int]]:
    """What was computed, and a function that keeps its results while the server is in use."""
    made: list[int] = []

    @use.keeps
    @st.cache_resource
    def large(number: int) -> int:
        made.append(number)
        return number

    large.clear()  # Streamlit keeps the results of an earlier test's function of the same name
    return made, large


def test_results_are_kept_while_the_server_is_used_and_made_again_after_a_rest(use: Use, clock: Clock) -> None:
    made, large = counted(use)
    for _ in range(20):
        with use.now():
            assert large(1) == 1
        clock.now += 0.9 * IDLE
        use.rest()
    assert made == [1]
    clock.now += 0.1 * IDLE
    use.rest()
    assert (large(1), made) == (1, [1, 1])


def test_a_computation_of_any_length_is_use_of_the_server_until_it_ends(use: Use, clock: Clock) -> None:
    made, large = counted(use)
    with use.now():
        large(1)
        with use.now():
            clock.now += 10 * IDLE
        use.rest()
    clock.now += 0.9 * IDLE
    use.rest()
    large(1)
    assert made == [1]


def test_a_failed_run_of_a_page_has_ended(use: Use, clock: Clock) -> None:
    made, large = counted(use)
    with pytest.raises(SystemExit), use.now():
        sys.exit(large(1))  # as Streamlit ends a run: by what is no Exception
    clock.now += IDLE
    use.rest()
    large(1)
    assert made == [1, 1]


def test_a_server_rests_once_until_it_is_used_again(use: Use, clock: Clock) -> None:
    made, large = counted(use)
    for _ in range(2):
        with use.now():
            large(1)
        clock.now += IDLE
        use.rest()
        large(1)  # by nobody: it stays
        clock.now += IDLE
        use.rest()
    assert made == [1, 1, 1]


def test_a_visitor_who_returns_while_results_are_let_go_of_has_them(use: Use, clock: Clock) -> None:
    made: list[int] = []

    @use.keeps
    @st.cache_resource
    def slow(number: int) -> int:
        if not made:
            clock.now += IDLE
            use.rest()  # as another thread does that found nobody before this run began
        made.append(number)
        return 10 * number

    with use.now():
        pass
    assert [slow(1), slow(1)] == [10, 10]
    assert made == [1], "what was being made meanwhile is kept"
