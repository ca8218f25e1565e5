"""Numbers as they are printed on a page, and as a widget sends them."""

from collections.abc import Iterable, Mapping
from typing import Any

import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

__all__ = ["finite_number", "finite_numbers", "printed", "right", "wait_words", "whole_number"]

_START_SECONDS = 10.0  # until a process has loaded PyTorch and the images
_MANY = 10_000  # images


def printed(value: float, spec: str = "g") -> str:
    """A number by Python's format specification, with a minus sign rather than a hyphen, and none before a zero."""
    return f"{value:z{spec}}".replace("-", "−")


def wait_words(images: int, seconds: float) -> str:
    """How long a job on so many images takes, in words, from about how long it takes on 10,000."""
    found = _START_SECONDS + seconds * images / _MANY
    limits = {20: "some seconds", 45: "about half a minute", 120: "a minute or two"}
    return next((words for most, words in limits.items() if found < most), "a few minutes")


def finite_number(value: Any, low: float, high: float) -> float | None:
    """What a widget sent as a number from `low` to `high`; None if it is anything else: browsers are not trusted."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and low <= value <= high else None


def whole_number(value: Any, low: int, high: int) -> int | None:
    """What a widget sent as a whole number from `low` to `high`; None if it is anything else."""
    number = finite_number(value, low, high)
    return int(number) if number is not None and number.is_integer() else None


def finite_numbers(values: Any, count: int, low: float, high: float) -> tuple[float, ...] | None:
    """What a widget sent as `count` numbers from `low` to `high`; None if it is anything else."""
    if not isinstance(values, list | tuple) or len(values) != count:
        return None
    numbers = [number for value in values if (number := finite_number(value, low, high)) is not None]
    return tuple(numbers) if len(numbers) == count else None


def right(columns: Iterable[str], explained: Mapping[str, str] | None = None) -> dict[str, ColumnConfig]:
    """Configures columns of figures: numbers stand under each other, also where they are words with a ±.

    Args:
        columns: their names.
        explained: the tooltips of some.
    """
    words = explained or {}
    return {name: st.column_config.Column(alignment="right", help=words.get(name)) for name in columns}
