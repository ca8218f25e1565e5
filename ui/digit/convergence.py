"""Convergence of log p(x): the estimates of every chosen model on one digit, against the number of samples."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from dlgmm_core.analysis.inspection import inspect_image
from dlgmm_core.evaluate.convergence import Convergence, estimate_convergence
from dlgmm_core.model.objectives import elbo_of
from dlgmm_core.store.checkpoints import Checkpoint
from ui import loaders
from ui.digit.convergence_figure import Found, convergence_figure, words_below
from ui.digit.digit_input import DigitInput
from ui.digit.inspected import SAMPLES
from ui.exporting import recipes
from ui.exporting.exports import About, export, figure
from ui.presentation import aside
from ui.visitors.limits import computing
from ui.visitors.shares import Refused

__all__ = ["show_convergence"]

LARGEST, REPEATS = 5000, 8


def show_convergence(checkpoints: Sequence[Checkpoint], digit: DigitInput) -> None:
    """Draws the curves one model after the other, with progress; they are cached."""
    chart, progress, found = figure("convergence").empty(), st.progress(0.0), []
    for number, checkpoint in enumerate(checkpoints):
        progress.progress(number / len(checkpoints), f"Drawing {LARGEST:,} samples from {checkpoint.name} …")
        try:
            found.append((checkpoint, *_convergence(checkpoint, digit.binary)))
        except Refused as refusal:
            st.warning(str(refusal))
            break
        words = ", ".join(f"{c.name} {s.log_p[:, -1].mean():.1f}" for c, s, _ in found)
        alt = f"Estimates of log p(x) that rise with S; at S = {LARGEST:,}, in nats: {words}"
        chart.plotly_chart(convergence_figure(found), key=f"convergence-{number}", alt=alt)
    progress.empty()
    if not found:
        return
    effective = ", ".join(f"{c.name} {s.ess[:, -1].mean():.0f}" for c, s, _ in found)
    aside(
        f"Estimates of log p(x) against S, the samples used. Line: the mean of {REPEATS} independent runs. Band: their"
        " range. Thin lines: ELBOs, each by the bound that its model was trained on. An estimate is too low in"
        " expectation and rises to log p(x); while a curve still rises, S is too small. Effective samples of"
        f" {LARGEST:,}: {effective}. {words_below(found)}"
    )
    settings = {"image": digit.origin, "independent runs": REPEATS}
    shown = [checkpoint for checkpoint, _, _ in found]
    about = About("estimates of log p(x) against the samples used, nats", shown, seed=0, settings=settings)
    export(
        "convergence",
        about,
        partial(recipes.convergence, shown, digit.code, LARGEST, REPEATS, SAMPLES),
        lambda: _table(found),
    )


def _table(found: Sequence[Found]) -> pd.DataFrame:
    """One row a model, run and S."""
    tables = []
    for checkpoint, curves, elbo in found:
        runs, sizes = curves.log_p.shape
        tables.append(
            pd.DataFrame(
                {
                    "checkpoint": checkpoint.name,
                    "run": np.repeat(np.arange(1, runs + 1), sizes),
                    "S": np.tile(curves.sizes, runs),
                    "log p(x)": curves.log_p.ravel(),
                    "effective samples": curves.ess.ravel(),
                    "ELBO": elbo,
                }
            )
        )
    return pd.concat(tables)


@st.cache_data(show_spinner=False, max_entries=200, hash_funcs=loaders.BY_WEIGHTS)
def _convergence(checkpoint: Checkpoint, image: NDArray[np.uint8]) -> tuple[Convergence, float]:
    """The curves of one digit, and the ELBO of the bound that the model was trained on."""
    model = loaders.model(checkpoint)
    with computing():
        curves = next(found for _, found in estimate_convergence(model, image, LARGEST, REPEATS) if found is not None)
        terms = inspect_image(model, image, SAMPLES).elbo_terms  # as the views of one model have them
        return curves, terms[elbo_of(checkpoint.train_config.bound)].elbo
