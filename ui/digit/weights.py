"""The mixture weights of a digit and its responsibilities, as bars.

They are drawn by a widget of our own: they change with every stroke, and Plotly takes longer than the rest of the page.
"""

from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from dlgmm_core.analysis.inspection import ImageReport
from dlgmm_core.store.checkpoints import Checkpoint
from ui.digit.digit_input import DigitInput
from ui.exporting import recipes
from ui.exporting.exports import About, export, figure
from ui.theme import PAPER_COLOUR, component_colour
from ui.widgets import widget

__all__ = ["show_weights"]

_widget = widget("weights", '<div class="weights"></div>', "weights", "weights")


def show_weights(checkpoint: Checkpoint, digit: DigitInput, report: ImageReport) -> None:
    """The posterior of the weights, and the responsibilities of a mixture; the report must have sticks."""
    assert report.sticks is not None
    sticks, posterior = report.sticks, report.component_posterior
    with figure("weights"):
        _widget(
            key="weights",
            data={
                "words": _in_words(report),
                "mean": sticks.mean.tolist(),
                "low": sticks.low.tolist(),
                "high": sticks.high.tolist(),
                "posterior": None if posterior is None else posterior.tolist(),
                "colours": [component_colour(k) for k in range(len(sticks.mean))],
                "grey": PAPER_COLOUR,
            },
        )
    if posterior is not None:
        st.caption(
            "The weights π are those of the digit before its code is drawn; the responsibilities p(k|x) follow from the"
            " code itself. They need not agree."
        )
    settings = {"image": digit.origin, "draws of every component": report.draws}
    about = About("weights π and responsibilities p(k|x)", [checkpoint], seed=0, settings=settings)
    export("weights", about, partial(recipes.report, checkpoint, digit.code), lambda: _table(report))


def _in_words(report: ImageReport) -> str:
    """A description of the chart for screen readers."""
    assert report.sticks is not None
    found = {"weights": report.sticks.mean, "responsibilities": report.component_posterior}
    lists = (f"{name} {', '.join(f'{v:.2f}' for v in values)}" for name, values in found.items() if values is not None)
    return f"Bars, component 1 first: {'; '.join(lists)}"


def _table(report: ImageReport) -> pd.DataFrame:
    sticks = report.sticks
    assert sticks is not None
    columns = {"E[π|x]": sticks.mean, "5 % of π": sticks.low, "95 % of π": sticks.high}
    if report.component_posterior is not None:
        columns["p(k|x)"] = report.component_posterior
    return pd.DataFrame({"component": np.arange(1, len(sticks.mean) + 1), **columns})
