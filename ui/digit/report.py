"""One digit through one model: its figures, and its reconstructions."""

import math
from functools import partial

import numpy as np
import streamlit as st

from dlgmm_core.analysis.inspection import ImageReport
from dlgmm_core.store.checkpoints import Checkpoint
from ui.digit.digit_input import DigitInput
from ui.exporting import recipes
from ui.exporting.exports import About, export, figure, pixel_table
from ui.images import tiled_picture
from ui.numbers import printed

__all__ = ["show_figures", "show_reconstructions"]


def show_figures(report: ImageReport, bound: str) -> None:
    """log p(x), the bound, and the gap between them."""
    log_p, elbo, gap = st.columns(3)
    ledger = report.elbo_terms[bound]
    errors = report.log_p_error, ledger.error
    of_estimate, of_bound, of_both = (f" ± {1.96 * error:.1f}" for error in (*errors, math.hypot(*errors)))
    effective = f"S = {report.num_samples} samples, of which {report.ess:.0f} are effective."
    log_p.metric("log p(x), nats", printed(report.log_p, ".1f") + of_estimate, help=effective)
    drawn = f"Of {report.draws} draws of every component."
    elbo.metric(f"ELBO ({bound}), nats", printed(ledger.elbo, ".1f") + of_bound, help=drawn)
    lost = printed(report.log_p - ledger.elbo, ".1f") + of_both
    gap.metric("gap, nats", lost, help="log p(x) minus the bound, on this digit.")


def show_reconstructions(checkpoint: Checkpoint, digit: DigitInput, report: ImageReport) -> None:
    """The image decoded from each component's mean code."""
    images = report.reconstructions
    st.header("Reconstruction" if len(images) == 1 else "Each component's reconstruction")
    figure("reconstructions").image(
        tiled_picture(images, columns=min(9, len(images)), zoom=3, gap=6, shape=checkpoint.model_config.image_shape),
        alt="Reconstructions of the digit, component 1 first",
    )
    about = About("reconstructions, component 1 first", [checkpoint], settings={"image": digit.origin})
    rows = {"component": np.arange(1, len(images) + 1)}
    code = partial(recipes.report, checkpoint, digit.code)
    export("reconstructions", about, code, lambda: pixel_table(images, **rows))
