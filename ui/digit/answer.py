"""What the models say of one digit, by the view that the visitor has chosen."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dlgmm_core.analysis.image_report import ImageReport
from dlgmm_core.model.models import MODELS
from dlgmm_core.model.objectives import elbo_of
from dlgmm_core.store.checkpoints import Checkpoint
from ui.digit.convergence import show_convergence
from ui.digit.digit_input import DigitInput
from ui.digit.elbo_terms import show_elbo_terms
from ui.digit.following import UNFOLLOWED
from ui.digit.inspected import inspected
from ui.digit.nearest import show_neighbours, show_places
from ui.digit.percentile import show_percentile
from ui.digit.report import show_figures, show_reconstructions
from ui.digit.stick import show_stick
from ui.digit.still import HIDDEN, is_looked_at
from ui.digit.turned_weights import are_turned, show_turned_weights
from ui.digit.weights import show_weights
from ui.digit.weights_below import show_weights_below
from ui.exporting.take_away import take_away
from ui.few import MOST, choose_few
from ui.parts import fragment
from ui.presentation import end_of_picture

__all__ = ["FOLLOWED", "VIEWS", "answer_of_all", "answer_of_one"]

WEIGHTS, STICK, TERMS, LOG_P, NEIGHBOURS, MAP = VIEWS = (
    "Weights",
    "Stick",
    "ELBO terms",
    "log p(x)",
    "Neighbours",
    "Map",
)
FOLLOWED = {
    WEIGHTS: "Weights and reconstruction follow the pen; log p(x) and the ELBO come once it rests.",
    STICK: "Stick and reconstruction follow the pen.",
}
"""The views that follow the pen, and what of them does."""
_OF_ALL = (LOG_P, NEIGHBOURS, MAP)  # those of all chosen models
_STYLE = f"<style>.st-key-digit-figures [data-testid=stMetricValue] {{ font-size: 1.4rem; }} {HIDDEN}</style>"


def answer_of_all(
    view: str, chosen: Sequence[Checkpoint], last: Checkpoint, dataset: str, digit: DigitInput, *, is_picked: bool
) -> bool:
    """What the chosen models say of the digit; False, and nothing, where the view is of one model.

    Of more than four, the visitor is asked which.

    Args:
        view: of `VIEWS`.
        chosen: the models.
        last: that of the views of one model, whose percentile stands above.
        dataset: whose images are the digit's neighbours.
        digit: what the visitor has chosen or drawn.
        is_picked: whether the visitor has chosen the last model, which is then shown among the others; alone, where
            there are none.
    """
    if view not in _OF_ALL:
        return False
    if is_picked or not chosen:
        chosen = [last, *(each for each in chosen if each != last)]
    if len(chosen) > MOST:
        chosen = choose_few("Models", chosen, "digit-models", "digit-models")
    with st.container(key=UNFOLLOWED):
        if digit.index is None:
            show_percentile(last, digit)
        if view == LOG_P:
            show_convergence(chosen, digit)
        else:
            show = show_neighbours if view == NEIGHBOURS else show_places
            show(chosen, dataset, digit)
    return True


def answer_of_one(
    view: str,
    checkpoint: Checkpoint,
    digit: DigitInput,
    live: dict[str, Any] | None,
    beside: DeltaGenerator,
    *,
    is_drawn: bool,
) -> None:
    """What one model says of the digit.

    Args:
        view: of `VIEWS`.
        checkpoint: the model.
        digit: what the visitor has chosen or drawn.
        live: what widgets need to follow the pen (`show_reading`); None where none is followed.
        beside: where the reconstructions are drawn.
        is_drawn: whether the digit comes from the pad, so that the figures come after the weights, which follow it.
    """
    above = st.container()
    if view == WEIGHTS:
        show_turned_weights(checkpoint, digit)
    report = inspected(checkpoint, digit.binary, stays=view == TERMS)
    if view == STICK:
        if report.sticks is None:
            st.caption(f"{_label(checkpoint)} has no stick. Choose a model that breaks one to see it.")
        else:
            show_stick(checkpoint, digit, report.sticks, live)
        return
    if view == TERMS:  # the table first, which fills a projector's window
        show_elbo_terms(checkpoint, digit, report, elbo_of(checkpoint.train_config.bound))
        end_of_picture()
    else:
        with beside:
            show_reconstructions(checkpoint, digit, report)
            take_away(checkpoint)
        if are_turned(checkpoint) and not is_drawn:
            end_of_picture()
    st.html(_STYLE)
    follows_pen = is_drawn and view == WEIGHTS
    with above if follows_pen else st.container():
        _show_estimates(checkpoint, digit, report, live, with_weights=view == WEIGHTS, follows_pen=follows_pen)


@fragment
def _show_estimates(
    checkpoint: Checkpoint,
    digit: DigitInput,
    report: ImageReport,
    live: dict[str, Any] | None,
    *,
    with_weights: bool,
    follows_pen: bool,
) -> None:
    """Figures and weights: by few draws at once, and by many for a digit that rests.

    It is a fragment because nothing else on the page gains from more draws. What follows the pen comes first.
    """
    mark = f"{checkpoint.digest} {np.packbits(digit.binary).tobytes().hex()}"
    more_follow = report.is_first_look
    if more_follow and is_looked_at(mark):
        report, more_follow = inspected(checkpoint, digit.binary, stays=True), False
    if follows_pen:
        _show_weights(checkpoint, digit, report, live)
    with st.container(key="digit-figures"):
        show_figures(report, elbo_of(checkpoint.train_config.bound), more_follow=more_follow)
        if not (follows_pen and more_follow):
            show_percentile(checkpoint, digit)
    if with_weights and not follows_pen:
        _show_weights(checkpoint, digit, report, live)


def _show_weights(checkpoint: Checkpoint, digit: DigitInput, report: ImageReport, live: dict[str, Any] | None) -> None:
    if report.sticks is None:
        st.caption(f"{_label(checkpoint)} breaks no stick into weights. Choose a mixture to see some.")
    else:
        show_weights(checkpoint, digit, report, live)
        show_weights_below(checkpoint, digit, report)


def _label(checkpoint: Checkpoint) -> str:
    return MODELS[checkpoint.model_config.model].label
