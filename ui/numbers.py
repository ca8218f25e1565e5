"""Numbers as they are printed on a page."""

from collections.abc import Iterable

import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

__all__ = ["printed", "right"]


def printed(value: float, spec: str = "g") -> str:
    """A number by Python's format specification, with a minus sign rather than a hyphen, and none before a zero."""
    return f"{value:z{spec}}".replace("-", "−")


def right(columns: Iterable[str]) -> dict[str, ColumnConfig]:
    """Configures columns of figures: numbers stand under each other, also where they are words with a ±."""
    return {name: st.column_config.Column(alignment="right") for name in columns}
