"""One digit through the models: its stick, its ELBO terms, its log p(x), its neighbours."""

import streamlit as st

from dlgmm_core.model.models import MODELS
from dlgmm_core.model.objectives import elbo_of
from ui.digit.convergence import show_convergence
from ui.digit.elbo_terms import show_elbo_terms
from ui.digit.inspected import inspected
from ui.digit.nearest import show_neighbours, show_places
from ui.digit.percentile import show_percentile
from ui.digit.preparation import show_image, show_steps
from ui.digit.report import show_figures, show_reconstructions
from ui.digit.sources import choose_digit
from ui.digit.stick import show_stick
from ui.digit.weights import show_weights
from ui.glossary.terms import meaning
from ui.presentation import page_title
from ui.sidebar import choose_checkpoint, last_checkpoint, selection

VIEWS = ("Weights and stick", "ELBO terms", "log p(x)", "Neighbours", "Map")

page_title(
    "Your digit",
    "The encoder turns a digit into fractions of a stick, and these into mixture weights. See what follows from them.",
)
chosen = selection()
source, answer = st.columns([2, 3], gap="medium")
with source:
    digit = choose_digit(chosen.dataset)
with answer:
    steps = st.container()
    view = st.segmented_control(  # also without a digit, since a control that comes back forgets its choice
        "View",
        VIEWS,
        default=VIEWS[0],
        required=True,
        key="digit-view",
        wrap=True,
        bind="query-params",
        persist_state="session",
    )
if digit is None:
    answer.info("The results appear here as soon as there is a digit.")
    st.stop()
if digit.steps:
    with steps:
        show_steps(digit)
else:
    with source:
        show_image(digit)
with answer:
    if view in VIEWS[2:]:
        if digit.index is None:
            show_percentile(last_checkpoint(chosen.offered, "digit-checkpoint"), digit.binary)
        if view == "log p(x)":
            show_convergence(chosen.checkpoints, digit)
        else:
            show = show_neighbours if view == "Neighbours" else show_places
            show(chosen.checkpoints, chosen.dataset, digit)
        st.stop()
    checkpoint = choose_checkpoint(chosen.offered, "digit-checkpoint", title="Model")
    bound = elbo_of(checkpoint.train_config.bound)
    report = inspected(checkpoint, digit.binary)
    show_figures(report, bound)
    with source:
        show_percentile(checkpoint, digit.binary)
    if view == "ELBO terms":
        show_elbo_terms(checkpoint, digit, report, bound)
        st.stop()
    family = MODELS[checkpoint.model_config.model]
    is_code = family.code_kind == "simplex"
    if report.sticks is None:
        st.caption(f"{family.label} has no stick and no mixture weights. Choose a mixture to see them.")
    elif is_code:
        st.header("The stick is the code: drag a break", help=meaning("v", "π", "a, b"))
        show_stick(checkpoint, digit, report.sticks)
        st.header("The pieces, and the encoder's uncertainty", help=meaning("π"))
        show_weights(checkpoint, digit, report)
    else:
        st.header("Weights and responsibilities", help=meaning("π", "p(k|x)", "α"))
        show_weights(checkpoint, digit, report)
    show_reconstructions(checkpoint, digit, report)
    if report.sticks is not None and not is_code:
        st.header("The stick behind the weights", help=meaning("v", "π", "a, b"))
        show_stick(checkpoint, digit, report.sticks)
