"""Frozen dataclasses as JSON: one object per record, with its fields by name, validated by their types when read.

A field with its default value is omitted, and an omitted field reads as its default. A record can thus get a new
optional field, and older files can still be read.

A field may have another name in JSON, `field(metadata={"json": "rival"})`, or be a record whose fields are written
among those of the enclosing record, `field(metadata={"inline": True})`. A configuration (`dlgmm_core.checks.Record`)
reads and writes itself: it has all its fields, as defaults may change, and knows its former names.
"""

import math
from collections.abc import Callable
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import cache, partial
from types import NoneType, UnionType
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

from dlgmm_core.checks import ConfigError, Record

__all__ = ["from_json", "to_json"]

Kind = TypeVar("Kind")

_TYPE_NAMES = {int: "a whole number", str: "a text", bool: "true or false"}


def to_json(value: Any) -> Any:
    """A record, or the value of a field, as plain values that `json` can write."""
    if isinstance(value, Record):
        return value.to_dict()
    if is_dataclass(value):
        found: dict[str, Any] = {}
        for f in fields(value):
            part = getattr(value, f.name)
            if f.metadata.get("inline"):
                found |= to_json(part)
            elif part != _default(f):
                found[_name(f)] = to_json(part)
        return found
    if isinstance(value, dict):
        return {key: to_json(part) for key, part in value.items()}
    return [to_json(part) for part in value] if isinstance(value, tuple) else value


def from_json(kind: type[Kind], value: object) -> Kind:
    """Inverse of `to_json`, for a dataclass of numbers, texts, records, tuples and dictionaries of these.

    Raises:
        ValueError: for a missing, unknown or invalid field; the message names it, as the end of a sentence.
    """
    return cast(Kind, _read_record(kind, value, ""))


@cache
def _reader(kind: Any) -> Callable[[Any, str], Any]:
    """What reads a value of a type, given where it stands: found once, as a file holds 100,000 values of few types."""
    if isinstance(kind, type) and issubclass(kind, Record):
        return partial(_read_config, kind)
    if is_dataclass(kind):
        return partial(_read_record, kind)
    if get_origin(kind) is UnionType:  # X | None
        (other,) = (_reader(each) for each in get_args(kind) if each is not NoneType)
        return lambda value, where: None if value is None else other(value, where)
    if get_origin(kind) is dict:
        return partial(_read_dict, _reader(get_args(kind)[1]))
    if get_origin(kind) is tuple:
        return partial(_read_list, _reader(get_args(kind)[0]))
    return _read_number if kind is float else partial(_read_plain, kind)


def _read_dict(read: Callable[[Any, str], Any], value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{where} must be an object, not {value!r:.50}")
    return {key: read(part, f"{where}.{key}") for key, part in value.items()}


def _read_list(read: Callable[[Any, str], Any], value: Any, where: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise ValueError(f"{where} must be a list, not {value!r:.50}")
    return tuple([read(part, where) for part in value])


def _read_number(value: Any, where: str) -> float:
    if not _is_finite(value):
        raise ValueError(f"{where} must be a finite number, not {value!r:.50}")
    return cast(float, value)


def _read_plain(kind: type, value: Any, where: str) -> Any:
    if type(value) is not kind:  # True is an int, too
        raise ValueError(f"{where} must be {_TYPE_NAMES[kind]}, not {value!r:.50}")
    return value


def _is_finite(value: Any) -> bool:
    try:
        return type(value) in (int, float) and math.isfinite(value)
    except OverflowError:  # a whole number beyond the range of a float
        return False


def _read_config(kind: type[Record], value: Any, where: str) -> Record:
    try:
        return kind.from_dict(value)
    except ConfigError as error:
        raise ValueError(f"{where} makes no sense: {str(error).removesuffix('.')}") from error


def _read_record(kind: Any, value: Any, where: str) -> Any:
    if not isinstance(value, dict):
        raise ValueError(f"{where or 'a record'} must be an object, not {value!r:.50}")
    if unknown := sorted(value.keys() - _names(kind)):
        raise ValueError(f"{_below(where, unknown[0]):.50} is unknown")
    found = {}
    for f, name, hint in _parts(kind):
        if f.metadata.get("inline"):
            found[f.name] = _read_record(hint, {name: value[name] for name in value.keys() & _names(hint)}, where)
        elif name in value:
            found[f.name] = _reader(hint)(value[name], _below(where, name))
        elif _default(f) is MISSING:
            raise ValueError(f"{_below(where, name)} is missing")
    return kind(**found)


def _below(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


def _name(field: Field[Any]) -> str:
    return str(field.metadata.get("json", field.name))


def _default(field: Field[Any]) -> Any:
    return field.default if field.default_factory is MISSING else field.default_factory()


@cache
def _parts(kind: Any) -> tuple[tuple[Field[Any], str, Any], ...]:
    """The fields of a record, their names in JSON and their types."""
    hints = get_type_hints(kind)
    return tuple((f, _name(f), hints[f.name]) for f in fields(kind))


@cache
def _names(kind: Any) -> set[str]:
    """The names that the object of a record may have."""
    own = {name for f, name, _ in _parts(kind) if not f.metadata.get("inline")}
    return own.union(*(_names(hint) for f, _, hint in _parts(kind) if f.metadata.get("inline")))
