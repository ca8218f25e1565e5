"""The posterior of a digit under one model: its picture, its numbers, and what keeps the encoder from it."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from dlgmm_core.analysis.plane_pictures import is_triangle
from dlgmm_core.store.checkpoints import Checkpoint
from ui import loaders
from ui.digit.digit_input import DigitInput
from ui.exporting import recipes_plane
from ui.exporting.exports import About, export, figure
from ui.link_report import bound_in_link
from ui.numbers import printed
from ui.plane.live import live_posterior
from ui.plane.posteriors import Means, Posterior, gap, grid, in_percent, posterior, resolved

__all__ = ["explain", "offer_gaps", "show_posterior"]

_HEAT = (
    "Heat maps: the true posterior p(z|x), by the square root of its density; white lines: q, one and two standard"
    " deviations, and the weights of its components; where several lie in one place, the largest."
)
_TRIANGLE = (
    " A stick of three pieces lies in a triangle: at its corner π₁ the first piece is the whole stick, and on its edge"
    " π₃ = 0, a thin line, the third is missing."
)


def show_posterior(checkpoint: Checkpoint, digit: DigitInput, place: str, means: Means = None) -> None:
    """The true posterior of a digit and q, with their numbers and the export.

    Args:
        checkpoint: the model.
        digit: the digit.
        place: tells several apart.
        means: of the prior's components.
    """
    found = loaders.or_stop(lambda: posterior(checkpoint, digit.binary, means))
    with figure(f"posterior-{place}"):
        st.markdown(f"**{checkpoint.name}**{'' if means is None else ', its prior moved'}")
        live_posterior(checkpoint, found, place)
        st.markdown(_numbers(found))
        if means is not None:
            before = loaders.or_stop(lambda: posterior(checkpoint, digit.binary))
            st.caption(
                f"Under the trained prior: log p(x) {printed(before.log_p, '.2f')}, KL(q‖p)"
                f" {printed(before.kl_q_p, '.2f')}, modes {_modes(before)}."
            )
    if found.is_cut:
        st.caption("Part of this posterior lies outside the plane that the grid covers: the numbers are bounds.")
    about = About("the true posterior p(z|x)", [checkpoint], settings={"image": digit.origin})
    code = partial(recipes_plane.posterior, checkpoint, digit.code, means)
    export(f"posterior-{place}", about, code, lambda: _table(checkpoint, digit.binary, means))


def explain(checkpoints: Sequence[Checkpoint]) -> None:
    """What the heat maps of these models show."""
    st.caption(_HEAT + (_TRIANGLE if any(is_triangle(c.model_config) for c in checkpoints) else ""))


def offer_gaps(checkpoints: Sequence[Checkpoint], digit: DigitInput, means: Means) -> None:
    """A switch that splits the gaps of the ELBO; `means` are those of the first model's prior."""
    if st.toggle(
        "Split the gaps into approximation and amortisation",
        help="Finds the best q for this image alone, which takes seconds.",
        **bound_in_link("plane-gaps"),
    ):
        for place, (column, checkpoint) in enumerate(zip(st.columns(len(checkpoints)), checkpoints, strict=True)):
            with column:
                _show_gap(checkpoint, digit, None if place else means)


def _show_gap(checkpoint: Checkpoint, digit: DigitInput, means: Means) -> None:
    """The gap of the ELBO, split into what the family cannot hold and what the encoder misses: seconds, at first."""
    found = loaders.or_stop(lambda: posterior(checkpoint, digit.binary, means))
    with st.spinner("Finding the best q for this digit …"):
        best = loaders.or_stop(lambda: gap(checkpoint, digit.binary, means)).best
    *_, own = best.values()
    listed = "; ".join(f"{label}: {printed(value, '.2f')}" for label, value in best.items())
    st.caption(
        f"{checkpoint.name}: gap {printed(found.kl_q_p, '.2f')} = approximation {printed(own, '.2f')}"
        f" + amortisation {printed(found.kl_q_p - own, '.2f')} nats."
        f" Least KL(q‖p) for this digit alone, by optimisation. {listed}."
    )


def _numbers(found: Posterior) -> str:
    rows = {
        "KL(q‖p)": printed(found.kl_q_p, ".2f"),
        "log p(x)": printed(found.log_p, ".2f"),
        "ELBO": printed(found.log_p - found.kl_q_p, ".2f"),
        "KL(p‖q)": printed(found.kl_p_q, ".2f"),
        "Modes": _modes(found),
    }
    return " · ".join(f"{name}\N{NO-BREAK SPACE}**{value}**" for name, value in rows.items())


def _modes(found: Posterior) -> str:
    """How many there are, and the share of each."""
    return f"{len(found.shares)}: {in_percent(found.shares)}" if len(found.shares) > 1 else "1"


def _table(checkpoint: Checkpoint, image: NDArray[np.uint8], means: Means) -> pd.DataFrame:
    """One row a cell with mass: its centre, and log p(x, z) there."""
    field, _ = resolved(grid(checkpoint, means), image, means)
    cells = np.argwhere(np.isfinite(field.values))
    centres = field.low + field.step * cells
    values = field.values[tuple(cells.T)]
    return pd.DataFrame({"first": centres[:, 0], "second": centres[:, 1], "log p(x, z)": values})
