"""What the models say of one digit, by the view that the visitor has chosen."""

from collections.abc import Sequence
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

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
from ui.digit.turned_weights import are_turned, show_turned_weights
from ui.digit.weights import show_weights
from ui.digit.weights_below import show_weights_below
from ui.exporting.take_away import take_away
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
FOLLOWED = (WEIGHTS, STICK)  # the views that follow the pen
_OF_ALL = (LOG_P, NEIGHBOURS, MAP)  # those of all chosen models


def answer_of_all(view: str, chosen: Sequence[Checkpoint], last: Checkpoint, dataset: str, digit: DigitInput) -> bool:
    """What all chosen models say of the digit; False, and nothing, where the view is of one model.

    Args:
        view: of `VIEWS`.
        chosen: the models.
        last: that of the views of one model, whose percentile stands above.
        dataset: whose images are the digit's neighbours.
        digit: what the visitor has chosen or drawn.
    """
    if view not in _OF_ALL:
        return False
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
    above = st.container()  # the figures, which come only once the pen rests
    if view == WEIGHTS:
        show_turned_weights(checkpoint, digit)
    report, family = inspected(checkpoint, digit.binary, stays=view == TERMS), MODELS[checkpoint.model_config.model]
    if view == STICK:
        if report.sticks is None:
            st.caption(f"{family.label} has no stick. Choose a model that breaks one to see it.")
        else:
            show_stick(checkpoint, digit, report.sticks, live)
        return
    bound = elbo_of(checkpoint.train_config.bound)
    if view == WEIGHTS:
        with beside:
            show_reconstructions(checkpoint, digit, report)
            take_away(checkpoint)
        if are_turned(checkpoint) and not is_drawn:
            end_of_picture()
    if view == TERMS:  # the table first, which fills a projector's window
        show_elbo_terms(checkpoint, digit, report, bound)
        end_of_picture()
    is_last = is_drawn and view == WEIGHTS
    show_figures(checkpoint, digit, bound, stays=view == TERMS, is_last=is_last)
    if not is_last:
        show_percentile(checkpoint, digit)
    if view == TERMS:
        return
    with above if is_drawn else st.container():
        if report.sticks is None:
            st.caption(f"{family.label} breaks no stick into weights. Choose a mixture to see some.")
        else:
            show_weights(checkpoint, digit, report, live)
            show_weights_below(checkpoint, digit, report)
