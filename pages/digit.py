"""One digit through the models: its stick, its ELBO terms, its log p(x), its neighbours."""

import streamlit as st

from dlgmm_core.data.datasets import shape_of
from dlgmm_core.model.models import MODELS
from dlgmm_core.model.objectives import elbo_of
from ui.digit.convergence import show_convergence
from ui.digit.elbo_terms import show_elbo_terms
from ui.digit.following import show_before_drawing, show_reading
from ui.digit.inspected import inspected
from ui.digit.nearest import show_neighbours, show_places
from ui.digit.percentile import show_percentile
from ui.digit.preparation import show_preparation
from ui.digit.report import show_figures, show_reconstructions
from ui.digit.sources import choose_digit, is_drawing
from ui.digit.stick import show_stick
from ui.digit.turned_weights import show_turned_weights
from ui.digit.weights import show_weights
from ui.digit.weights_below import show_weights_below
from ui.exporting.take_away import take_away
from ui.glossary.terms import meaning
from ui.groups import amortised_first
from ui.images import SHAPE
from ui.presentation import page_title
from ui.sidebar import choice, choose_checkpoint, last_checkpoint, selection

VIEWS = ("Weights", "Stick", "ELBO terms", "log p(x)", "Neighbours", "Map")

page_title(
    "Your digit" if shape_of(choice().dataset) == SHAPE else "A test image",
    "The encoder turns an image into fractions of a stick, and these into mixture weights. See what follows from them.",
)
chosen = selection()
models = amortised_first(chosen.offered)
source, answer = st.columns([2, 3], gap="medium")
with source:
    digit, is_drawn = choose_digit(chosen.dataset), is_drawing(chosen.dataset)
    below_pad = st.container()
with answer:
    view = st.segmented_control(  # also without a digit, since a control that comes back forgets its choice
        "View",
        VIEWS,
        default=VIEWS[0],
        required=True,
        key="digit-view",
        wrap=True,
        bind="query-params",
        persist_state="session",
        help=meaning("π", "p(k|x)", "α", "v", "a, b"),
    )
    if digit is None:
        live = None
        if is_drawn and view in VIEWS[:2]:
            checkpoint = choose_checkpoint(models, "digit-checkpoint", title="Model")
            with below_pad:
                live = show_reading(checkpoint, digit)
        show_before_drawing(live, view == VIEWS[0])
        st.stop()
with source:
    show_preparation(digit)
with answer:
    if view in VIEWS[3:]:  # of all chosen models
        if digit.index is None:
            show_percentile(last_checkpoint(models, "digit-checkpoint"), digit.binary)
        if view == "log p(x)":
            show_convergence(chosen.checkpoints, digit)
        else:
            show = show_neighbours if view == "Neighbours" else show_places
            show(chosen.checkpoints, chosen.dataset, digit)
        st.stop()
    checkpoint, live = choose_checkpoint(models, "digit-checkpoint", title="Model"), None
    if is_drawn and view in VIEWS[:2]:
        with below_pad:
            live = show_reading(checkpoint, digit)
    above = st.container()  # the figures, which come only once the pen rests
    if view == VIEWS[0]:
        show_turned_weights(checkpoint, digit)
    report, family = inspected(checkpoint, digit.binary), MODELS[checkpoint.model_config.model]
    if view == "Stick":
        if report.sticks is None:
            st.caption(f"{family.label} has no stick. Choose a mixture or an SB-VAE to see one.")
        else:
            show_stick(checkpoint, digit, report.sticks, live)
        st.stop()
    bound = elbo_of(checkpoint.train_config.bound)
    if view == "ELBO terms":  # the table first, which fills a projector's window
        show_elbo_terms(checkpoint, digit, report, bound)
    show_figures(report, bound)
    show_percentile(checkpoint, digit.binary)
    if view == "ELBO terms":
        st.stop()
    with above if is_drawn else st.container():
        if report.sticks is None:
            st.caption(f"{family.label} has no stick and no mixture weights. Choose a mixture to see them.")
        else:
            show_weights(checkpoint, digit, report, live)
            show_weights_below(checkpoint, digit, report)
with source:
    show_reconstructions(checkpoint, digit, report)
    take_away(checkpoint)
