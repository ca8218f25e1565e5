"""One digit through the models: its stick, its ELBO terms, its log p(x), its neighbours."""

import streamlit as st

from dlgmm_core.data.datasets import shape_of
from ui.digit.answer import FOLLOWED, VIEWS, answer_of_all, answer_of_one
from ui.digit.following import UNFOLLOWED, hide_what_is_of_before, show_before_drawing, show_reading
from ui.digit.preparation import show_preparation
from ui.digit.sources import choose_digit, is_drawing
from ui.glossary.terms import meaning
from ui.groups import amortised_first
from ui.images import SHAPE
from ui.link_report import bound_in_link
from ui.parts import show_part
from ui.presentation import AWAITED, page_title
from ui.sidebar import choice, choose_checkpoint, last_checkpoint, offering

MODEL = "digit-checkpoint"

page_title(
    "Your digit" if shape_of(choice().dataset) == SHAPE else "A test image",
    "The encoder turns an image into a distribution of codes and, in a mixture, of its weights. See what follows.",
)
chosen = offering()
models = amortised_first(chosen.offered)


def show_digit() -> None:
    """All below the title: a stroke of the pen changes most of it, and nothing else."""
    source, answer = st.columns([2, 3], gap="medium")
    with source:
        digit, is_drawn = choose_digit(chosen.dataset), is_drawing(chosen.dataset)
        if is_drawn:
            hide_what_is_of_before()
        below_pad = st.container()
    with answer:
        view = st.segmented_control(  # also without a digit, since a control that comes back forgets its choice
            "View",
            VIEWS,
            default=VIEWS[0],
            required=True,
            wrap=True,
            help=meaning("π", "p(k|x)", "α", "v", "a, b"),
            **bound_in_link("digit-view", VIEWS),
        )
    if st.session_state.get(AWAITED, False):
        with source:
            if digit is not None and not digit.steps:
                show_preparation(digit)
        answer.info("What the models make of the digit is shown as soon as you have answered.")
        return
    if digit is not None:
        with source:
            show_preparation(digit)
        with answer:
            last = last_checkpoint(models, MODEL)
            if answer_of_all(view, chosen.checkpoints, last, chosen.dataset, digit, is_picked=last != models[0]):
                return
    is_followed = is_drawn and view in FOLLOWED
    with answer:
        checkpoint = choose_checkpoint(models, MODEL, title="Model") if digit is not None or is_followed else None
        live = None
        if is_followed and checkpoint is not None:
            with below_pad:
                live = show_reading(checkpoint, digit, FOLLOWED[view])
        if digit is None:
            show_before_drawing(live, view == VIEWS[0])
        elif checkpoint is not None:
            with st.container(key=UNFOLLOWED if live is None else None):
                answer_of_one(view, checkpoint, digit, live, source, is_drawn=is_drawn)


show_part(show_digit)
