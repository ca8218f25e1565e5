"""What a setting must be, and records of settings: checks, fields with help, and a JSON round trip.

A value that a check refuses is an error of one sentence, which names the field and says what it must be. Commands and
pages have names of their own for settings: see `SettingError`.
"""

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self

__all__ = [
    "COUNT",
    "COUNTS",
    "COUNT_OR_ALL",
    "HEIGHT_AND_WIDTH",
    "LARGEST_COUNT",
    "NAME",
    "NUMBERS",
    "POSITIVE",
    "POSITIVE_NUMBERS",
    "SEED",
    "YES_OR_NO",
    "Check",
    "ConfigError",
    "Record",
    "SettingError",
    "is_count",
    "one_of",
    "require",
    "setting",
]

LARGEST_COUNT = 1_000_000  # of any integer size
_LARGEST = 1e30  # of any number, well within the range of float32
_MARKED = re.compile(r"⟨(\w+)⟩")


class SettingError(Exception):
    """An error whose sentence may name settings, in the text given between angle brackets: "⟨seed⟩ must be ..."."""

    def __str__(self) -> str:
        """The sentence with the names as they are in Python."""
        return self.told(lambda name: name)

    def told(self, words: Callable[[str], str]) -> str:
        """The sentence with other words for the names of settings, such as those of options."""
        return _MARKED.sub(lambda found: words(found[1]), super().__str__())


class ConfigError(SettingError, ValueError):
    """A configuration is invalid; the message names the field and says what it must be."""


@dataclass(frozen=True)
class Check:
    """What a value must be.

    Attributes:
        words: the end of the sentence "it must be ...".
        holds: whether a value is valid.
        choices: the valid values, if there are few.
    """

    words: str
    holds: Callable[[Any], bool]
    choices: tuple[str, ...] = ()

    def require(self, name: str, value: object) -> None:
        """Checks a value.

        Raises:
            ConfigError: if it is invalid; the message begins with the name.
        """
        shown = " ".join(map(str, value)) if value and isinstance(value, tuple) else repr(value)
        require(self.holds(value), f"{name} must be {self.words}, not {shown}.")


def require(condition: bool, sentence: str) -> None:
    """Checks a condition.

    Raises:
        ConfigError: if it does not hold; the sentence says what must.
    """
    if not condition:
        raise ConfigError(sentence)


def one_of(*choices: str) -> Check:
    """One of a few names."""
    return Check(" or ".join(map(repr, choices)), lambda value: value in choices, choices)


def is_count(value: object) -> bool:
    """Whether a value is a whole number above 0, and not too large."""
    return type(value) is int and 1 <= value <= LARGEST_COUNT  # True is an int, too


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LARGEST  # nan is not


def _is_positive(value: object) -> bool:
    return _is_number(value) and value > 0  # type: ignore[operator]


def _all(holds: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda values: isinstance(values, tuple) and all(map(holds, values))


NAME = Check("a name", lambda value: isinstance(value, str))
YES_OR_NO = Check("true or false", lambda value: isinstance(value, bool))
COUNT = Check(f"a whole number from 1 to {LARGEST_COUNT:,}", is_count)
COUNT_OR_ALL = Check(
    f"a whole number from 0 to {LARGEST_COUNT:,}", lambda value: type(value) is int and 0 <= value <= LARGEST_COUNT
)
COUNTS = Check(f"whole numbers from 1 to {LARGEST_COUNT:,}", _all(is_count))
SEED = Check(f"a whole number from 0 to {2**32 - 1:,}", lambda value: type(value) is int and 0 <= value < 2**32)
POSITIVE = Check(f"a positive number below {_LARGEST:g}", _is_positive)
NUMBERS = Check(f"numbers between -{_LARGEST:g} and {_LARGEST:g}", _all(_is_number))
POSITIVE_NUMBERS = Check(f"positive numbers below {_LARGEST:g}", _all(_is_positive))
HEIGHT_AND_WIDTH = Check(
    "height and width, two whole numbers above 0", lambda value: _all(is_count)(value) and len(value) == 2
)


def setting(default: Any, check: Check, help: str, flag: str | None = "", metavar: str = "", usual: str = "") -> Any:
    """A field of a configuration.

    Args:
        default: its default; MISSING if there is none.
        check: what its value must be.
        help: its description.
        flag: its command line option, if that differs from the field's name; None if there is no option.
        metavar: name of the option's value in `--help`.
        usual: the command line's default in words, if it differs from `default`.
    """
    metadata = {"check": check, "help": help, "flag": flag, "metavar": metavar or None, "usual": usual}
    return field(default=default, metadata=metadata)


class Record:
    """JSON round trip for frozen dataclasses whose sequences are tuples, and the checks of their fields."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return asdict(self)  # type: ignore[call-overload]

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Inverse of `to_dict`.

        Raises:
            ConfigError: for a missing, unknown or invalid field.
        """
        if not isinstance(values, dict):
            raise ConfigError(f"{cls.__name__} must be fields with values, not {values!r}.")
        names = {f.name for f in fields(cls)}  # type: ignore[arg-type]
        if unknown := sorted(set(values) - names):
            raise ConfigError(f"{cls.__name__} has no field {unknown[0]!r}.")
        try:
            return cls(**{k: tuple(v) if isinstance(v, list) else v for k, v in values.items()})
        except TypeError as error:
            raise ConfigError(f"{cls.__name__} cannot be read: {error}.") from error

    def __post_init__(self) -> None:
        """Checks every field."""
        for f in fields(self):  # type: ignore[arg-type]
            if "check" in f.metadata:
                f.metadata["check"].require(f"⟨{f.name}⟩", getattr(self, f.name))
