"""What a digit's weights and reconstructions are taken away as."""

import numpy as np
import pandas as pd

from dlgmm_core.checkpoints import Checkpoint
from dlgmm_core.inspection import ImageReport
from ui import recipes
from ui.digit_input import DigitInput
from ui.exports import About, export, pixel_table

__all__ = ["export_reconstructions", "export_weights"]


def export_weights(checkpoint: Checkpoint, digit: DigitInput, report: ImageReport, bound: str) -> None:
    """The posterior of the weights, and the responsibilities of a mixture; the report must have sticks."""
    settings = {"image": digit.origin, "samples of log p(x)": 500}
    about = About("weights π and responsibilities p(k|x)", [checkpoint], seed=0, settings=settings)
    export("weights", about, recipes.report(checkpoint, digit, bound), lambda: _weights(report))


def _weights(report: ImageReport) -> pd.DataFrame:
    sticks = report.sticks
    assert sticks is not None
    columns = {"E[π|x]": sticks.mean, "5 % of π": sticks.low, "95 % of π": sticks.high}
    if report.component_posterior is not None:
        columns["p(k|x)"] = report.component_posterior
    return pd.DataFrame({"component": np.arange(1, len(sticks.mean) + 1), **columns})


def export_reconstructions(checkpoint: Checkpoint, digit: DigitInput, report: ImageReport, bound: str) -> None:
    """What each component's mean code is decoded to."""
    about = About("reconstructions, component 1 first", [checkpoint], settings={"image": digit.origin})
    images, code = report.reconstructions, recipes.report(checkpoint, digit, bound)
    rows = {"component": np.arange(1, len(images) + 1)}
    export("reconstructions", about, code, lambda: pixel_table(images, **rows))
