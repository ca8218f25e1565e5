"""Numbers as they are printed on a page, and as a widget sends them."""

from collections.abc import Iterable
from typing import Any

import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

__all__ = ["finite_numbers", "printed", "right"]


def printed(value: float, spec: str = "g") -> str:
    """A number by Python's format specification, with a minus sign rather than a hyphen, and none before a zero."""
    return f"{value:z{spec}}".replace("-", "−")


def finite_numbers(values: Any, count: int, low: float, high: float) -> tuple[float, ...] | None:
    """What a widget sent as `count` numbers from `low` to `high`, or None: browsers are not trusted."""
    if not isinstance(values, list | tuple) or len(values) != count:
        return None
    numbers = [value for value in values if isinstance(value, int | float) and low <= value <= high]
    return tuple(map(float, numbers)) if len(numbers) == count else None


def right(columns: Iterable[str]) -> dict[str, ColumnConfig]:
    """Configures columns of figures: numbers stand under each other, also where they are words with a ±."""
    return {name: st.column_config.Column(alignment="right") for name in columns}
