"""What visitors may ask of the server: read from the environment, charged, and refused in one sentence."""

import re
import time
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace

import pytest

from ui.visitors import limits
from ui.visitors.limits import (
    LimitError,
    Limits,
    charged,
    charged_later,
    computing,
    count_upload,
    exit_on_bad_limits,
    read_limits,
    shared,
)
from ui.visitors.shares import Refused

DEPLOYMENT = (Path(__file__).resolve().parents[2] / "docs" / "deployment.md").read_text(encoding="utf-8")


# --- the environment -----------------------------------------------------------------------------


def test_without_variables_the_limits_are_those_that_are_documented() -> None:
    documented = dict(re.findall(r"^\| `(DLGMM_\w+)` \|.*\| (\d+) \|$", DEPLOYMENT, re.MULTILINE))
    usual = read_limits({})
    assert usual == Limits()
    for each in fields(Limits):
        assert documented[f"DLGMM_{each.name.upper()}"] == str(getattr(usual, each.name)), each.name


def test_every_limit_comes_from_the_variable_of_its_name() -> None:
    names = [each.name for each in fields(Limits)]
    found = read_limits({f"DLGMM_{name.upper()}": str(11 + number) for number, name in enumerate(names)})
    assert [getattr(found, name) for name in names] == list(range(11, 11 + len(names)))
    assert read_limits({"DLGMM_MAPPING_SLOTS": " 0 ", "DLGMM_UPLOADS": ""}) == Limits(mapping_slots=0)


@pytest.mark.parametrize("text", ["two", "-1", "1.5", "0", "1e3", "٣", "9" * 30])
def test_an_invalid_limit_is_reported_before_the_server_starts(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sentence = f"DLGMM_UPLOADS must be a whole number from 1, not “{text}”: ask the server's administrator."
    with pytest.raises(LimitError) as refused:
        read_limits({"DLGMM_UPLOADS": text})
    assert str(refused.value) == sentence
    monkeypatch.setenv("DLGMM_UPLOADS", text)
    with pytest.raises(SystemExit) as ended:
        exit_on_bad_limits()
    assert ended.value.code == sentence


def test_a_server_with_valid_limits_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLGMM_COMPUTING_SLOTS", "8")
    exit_on_bad_limits()


# --- what is booked ------------------------------------------------------------------------------


@pytest.fixture
def processor(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A processor whose time a test spends."""
    spent = SimpleNamespace(seconds=0.0)
    monkeypatch.setattr(limits, "time", SimpleNamespace(thread_time=lambda: spent.seconds, monotonic=time.monotonic))
    return spent


@pytest.mark.parametrize("room", [charged, computing])
def test_processor_time_is_charged_also_of_what_fails_until_the_allowance_is_used_up(
    room: object, processor: SimpleNamespace
) -> None:
    assert callable(room)
    with room():
        processor.seconds += 200
    with suppress(ZeroDivisionError), room():
        processor.seconds += 101
        raise ZeroDivisionError
    with pytest.raises(Refused) as refused:
        room().__enter__()
    sentence = r"You have used up your share of computing \(300 s in ten minutes\): try again in 6\d seconds\."
    assert re.fullmatch(sentence, str(refused.value))


def test_what_is_done_later_is_charged_to_the_visitor_who_asked_for_it(
    processor: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work() -> str:
        processor.seconds += 301
        return "done"

    monkeypatch.setattr(limits, "asking", lambda: "alice")
    do = charged_later(work)
    monkeypatch.setattr(limits, "asking", lambda: "")
    assert do() == "done"
    with charged():
        pass  # nobody else has paid for it
    with pytest.raises(Refused, match="used up your share"):
        do()
    monkeypatch.setattr(limits, "asking", lambda: "alice")
    with pytest.raises(Refused, match="used up your share"):
        charged_later(work)


def test_waiting_for_a_slot_is_not_charged_and_a_refusal_leaves_the_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLGMM_COMPUTING_SLOTS", "1")
    monkeypatch.setattr("ui.visitors.shares.PATIENCE", 0.0)
    shared().seconds.spend("", 301)
    with pytest.raises(Refused):
        computing().__enter__()
    with shared().slots.hold("bob"):
        pass


def test_uploads_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLGMM_UPLOADS_PER_VISITOR", "1")
    count_upload()
    with pytest.raises(Refused, match="You have sent more files within a minute than one visitor may"):
        count_upload()


def test_memory_that_a_computation_needed_goes_back_to_the_system_also_when_it_failed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trimmed: list[bool] = []
    monkeypatch.setattr(limits, "trim_memory", lambda: trimmed.append(True))
    with computing():
        assert not trimmed
    with suppress(ValueError), computing():
        raise ValueError
    assert len(trimmed) == 2
