"""Records as JSON: they come back equal, what is absent stays absent, and senseless parts are named."""

import json
import math
from dataclasses import dataclass, field
from typing import Any

import pytest

from dlgmm_core.config import TrainConfig
from dlgmm_core.runtime.records import from_json, to_json


@dataclass(frozen=True)
class Point:
    x: float
    label: str | None = None


@dataclass(frozen=True)
class Parts:
    points: dict[str, Point] = field(default_factory=dict)
    origin: Point | None = None
    shares: tuple[float, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Whole:
    name: str
    count: int | None = None
    parts: Parts = field(metadata={"inline": True})
    settings: TrainConfig | None = None
    ended: bool = field(default=False, metadata={"json": "has-ended"})


FULL = Whole(
    name="all",
    count=0,
    parts=Parts({"a": Point(1.5, "one"), "b": Point(2)}, Point(0.1 + 0.2), (0.25, 0.75)),
    settings=TrainConfig(seed=3),
    ended=True,
)
SPARSE = Whole(name="few", parts=Parts())


@pytest.mark.parametrize("record", [FULL, SPARSE], ids=["full", "sparse"])
def test_a_record_comes_back_equal_and_is_written_as_it_was_read(record: Whole) -> None:
    text = json.dumps(to_json(record))
    again = from_json(Whole, json.loads(text))
    assert again == record and json.dumps(to_json(again)) == text


def test_fields_stand_in_their_order_under_their_names_and_defaults_are_left_out() -> None:
    assert list(to_json(FULL)) == ["name", "count", "points", "origin", "shares", "settings", "has-ended"]
    assert to_json(FULL)["points"] == {"a": {"x": 1.5, "label": "one"}, "b": {"x": 2}}
    assert to_json(SPARSE) == {"name": "few"}


def test_a_configuration_has_all_its_fields_and_an_older_one_reads_with_the_defaults_of_today() -> None:
    assert to_json(FULL)["settings"] == TrainConfig(seed=3).to_dict()
    assert from_json(Whole, {"name": "few", "settings": {"seed": 3}}).settings == TrainConfig(seed=3)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": 3}, "name must be a text, not 3"),
        ({"count": True}, "count must be a whole number, not True"),
        ({"count": 1.0}, "count must be a whole number, not 1.0"),
        ({"has-ended": None}, "has-ended must be true or false, not None"),
        ({"ended": True}, "ended is unknown"),
        ({"origin": {}}, "origin.x is missing"),
        ({"origin": []}, "origin must be an object, not []"),
        ({"points": {"a": {"x": math.nan}}}, "points.a.x must be a finite number, not nan"),
        ({"points": {"a": {"x": 10**400}}}, f"points.a.x must be a finite number, not {'1' + 49 * '0'}"),
        ({"points": {"a": {"x": 1, "z": 1}}}, "points.a.z is unknown"),
        ({"points": [1]}, "points must be an object, not [1]"),
        ({"shares": 1}, "shares must be a list, not 1"),
        ({"shares": ["1"]}, "shares must be a finite number, not '1'"),
        ({"settings": 1}, "settings makes no sense: TrainConfig must be fields with values, not 1"),
        (
            {"settings": {"seed": -1}},
            "settings makes no sense: seed must be a whole number from 0 to 4,294,967,295, not -1",
        ),
        ({"settings": {"sed": 1}}, "settings makes no sense: TrainConfig has no field 'sed'"),
    ],
)
def test_an_invalid_field_is_named(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - compared as a whole
        from_json(Whole, {**to_json(SPARSE), **changes})
    assert str(refused.value) == sentence


@pytest.mark.parametrize("value", [None, 3, [], "text"])
def test_what_is_no_object_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="a record must be an object"):
        from_json(Whole, value)
