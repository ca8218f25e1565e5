"""The mixture weights of a digit in the layers below the first, as bars like those of the first."""

from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from dlgmm_core.analysis.image_report import ImageReport, WeightReport
from dlgmm_core.store.checkpoints import Checkpoint
from ui.digit.digit_input import DigitInput
from ui.digit.shown import largest
from ui.digit.weights import draw_bars
from ui.exporting import recipes
from ui.exporting.exports import About, export
from ui.glossary.terms import meaning
from ui.presentation import aside

__all__ = ["show_weights_below"]


def show_weights_below(checkpoint: Checkpoint, digit: DigitInput, report: ImageReport) -> None:
    """A chart for each layer below the first that is a mixture; none where there is one layer."""
    for layer, found in enumerate(report.weights_below, 2):
        if len(found.mean) == 1:
            continue
        st.header(f"Weights of layer {layer}", help=meaning("π", "path"))
        _draw(layer, found)
        aside(
            f"The posterior of layer {layer} depends on the codes above it: these weights are averaged over all paths"
            " through the components above, by the weights of the paths."
        )
        about = About(f"weights π of layer {layer}", [checkpoint], seed=0, settings={"image": digit.origin})
        code = partial(recipes.report, checkpoint, digit.code, report)
        export(f"weights-{layer}", about, code, partial(_table, found))


def _draw(layer: int, found: WeightReport) -> None:
    draw_bars(
        f"weights-{layer}",
        words=f"Bars, component 1 first: weights {', '.join(f'{weight:.2f}' for weight in found.mean)}",
        kind="component",
        shown=largest(found.mean),
        mean=found.mean,
        low=found.low,
        high=found.high,
    )


def _table(found: WeightReport) -> pd.DataFrame:
    columns = {"E[π|x]": found.mean, "5 % of π": found.low, "95 % of π": found.high}
    return pd.DataFrame({"component": np.arange(1, len(found.mean) + 1), **columns})
