"""The sliders over shape parameters of the Kumaraswamy bench."""

import numpy as np
import streamlit as st

from ui.link_report import bound_in_link

__all__ = ["SHAPES", "choose_shape"]

SHAPES = tuple(float(f"{value:.2g}") for value in np.geomspace(0.1, 20, 47))  # even steps of the logarithm


def choose_shape(name: str, key: str, default: float) -> float:
    """A slider that starts at the choice nearest to `default`, bound to the link."""
    start = min(SHAPES, key=lambda value: abs(value - default))
    return float(st.select_slider(name, SHAPES, start, **bound_in_link(key)))
