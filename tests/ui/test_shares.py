"""Slots, allowances and rates: shared out fairly, given back whatever happens, and nobody remembered for ever."""

import threading
import time
from collections.abc import Callable

import pytest

from ui.visitors.shares import Allowance, Rate, Refused, Slots, in_words


class Clock:
    """Tells the time that a test says it is."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


# --- allowances ----------------------------------------------------------------------------------


def test_what_was_spent_comes_back_evenly_and_never_more(clock: Clock) -> None:
    allowance = Allowance(30, 60, clock)
    assert allowance.wait("alice", 30) == 0
    allowance.spend("alice", 30)
    assert allowance.wait("alice") == 0 and allowance.wait("alice", 10) == pytest.approx(20)
    clock.now += 5
    assert allowance.wait("alice", 10) == pytest.approx(15)
    clock.now += 1000
    assert allowance.wait("alice", 30) == 0 and allowance.wait("alice", 31) > 0


def test_an_overdrawn_allowance_recovers_before_it_can_be_spent(clock: Clock) -> None:
    allowance = Allowance(30, 60, clock)
    allowance.spend("alice", 34)
    assert allowance.wait("alice") == pytest.approx(8)
    clock.now += 8.1
    assert allowance.wait("alice") == 0


def test_one_visitors_spending_does_not_affect_others(clock: Clock) -> None:
    allowance = Allowance(30, 60, clock)
    allowance.spend("alice", 100)
    assert allowance.wait("bob", 30) == 0


def test_a_visitor_whose_allowance_has_recovered_is_forgotten(clock: Clock) -> None:
    allowance = Allowance(30, 60, clock)
    for number in range(100):
        allowance.spend(f"visitor {number}", 1)
    assert len(allowance) == 100
    clock.now += 2.1
    allowance.spend("late", 1)
    assert len(allowance) == 1


# --- rates ---------------------------------------------------------------------------------------


def test_one_visitor_and_all_together_are_counted_and_a_refusal_counts_nothing(clock: Clock) -> None:
    rate = Rate(2, 3, clock)
    rate.count("alice"), rate.count("alice")
    with pytest.raises(Refused) as refused:
        rate.count("alice")
    assert str(refused.value) == (
        "You have sent more files within a minute than one visitor may (2): try again in 30 seconds."
    )
    rate.count("bob")
    with pytest.raises(Refused) as refused:
        rate.count("bob")
    assert str(refused.value) == (
        "All visitors together have sent more files within a minute than this server takes (3): try again in 20"
        " seconds."
    )
    clock.now += 20.1
    rate.count("bob")


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "a second"), (1.2, "2 seconds"), (60, "60 seconds"), (121, "3 minutes")]
)
def test_a_wait_is_shown_rounded_up(seconds: float, words: str) -> None:
    assert in_words(seconds) == words


# --- slots ---------------------------------------------------------------------------------------


class Stopped(Exception):  # noqa: N818 - as Streamlit stops a script
    pass


def until(condition: Callable[[], bool]) -> None:
    for _ in range(2000):
        if condition():
            return
        time.sleep(0.005)
    pytest.fail("ten seconds were not enough")


def test_slots_are_few_in_all_and_fewer_for_one_visitor() -> None:
    slots = Slots(3, 2, patience=0)
    with slots.hold("alice"), slots.hold("alice"):
        with pytest.raises(Refused, match="Another page of yours is computing: wait until it has finished"):
            slots.hold("alice").__enter__()
        with slots.hold("bob"), pytest.raises(Refused) as refused:
            slots.hold("carol").__enter__()
    assert str(refused.value) == (
        "This server is busy with the computations of 2 other visitors: try again in a few seconds."
    )
    with slots.hold("carol"), slots.hold("carol"), slots.hold("bob"):
        pass


def test_a_slot_comes_back_when_what_it_is_held_for_is_stopped() -> None:
    slots = Slots(1, 1, patience=0)
    with pytest.raises(Stopped), slots.hold("alice"):
        raise Stopped
    with slots.hold("alice"), pytest.raises(Refused, match="computations of another visitor:"):
        slots.hold("bob").__enter__()


def test_a_visitor_who_leaves_the_page_gives_up_the_place_in_the_queue() -> None:
    def turn_away() -> None:
        raise Stopped

    slots = Slots(1, 1)
    with slots.hold("alice"), pytest.raises(Stopped):
        slots.hold("bob", turn_away).__enter__()
    with slots.hold("carol"):
        pass


def test_who_comes_first_is_served_first_but_for_those_who_have_their_share() -> None:
    slots, served = Slots(2, 1), []
    leave = {name: threading.Event() for name in ("alice", "bob", "alice again", "carol", "dave")}
    waiting: list[str] = []

    def come(name: str) -> None:
        with slots.hold(name.split()[0], lambda: waiting.append(name)):
            served.append(name)
            leave[name].wait(60)

    threads = []
    for name in leave:  # each is served or waits before the next one comes
        threads.append(threading.Thread(target=come, args=(name,)))
        threads[-1].start()
        until(lambda name=name: name in served or name in waiting)  # type: ignore[misc]
    assert served == ["alice", "bob"]
    leave["bob"].set()
    until(lambda: len(served) == 3)
    leave["alice"].set()
    until(lambda: len(served) == 4)
    for event in leave.values():
        event.set()
    for thread in threads:
        thread.join(60)
    assert served == ["alice", "bob", "carol", "alice again", "dave"]


def test_many_threads_never_hold_more_than_there_are() -> None:
    slots, lock = Slots(2, 1), threading.Lock()
    holding: list[str] = []
    most, most_each, done = [0], [0], []

    def work(who: str) -> None:
        for _ in range(25):
            with slots.hold(who):
                with lock:
                    holding.append(who)
                    most[0] = max(most[0], len(holding))
                    most_each[0] = max(most_each[0], holding.count(who))
                time.sleep(0)
                with lock:
                    holding.remove(who)
        done.append(who)

    threads = [threading.Thread(target=work, args=(f"visitor {number // 2}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(done) == 8 and most[0] <= 2 and most_each[0] == 1
