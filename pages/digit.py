"""One digit through the models: its stick, its ledger, its log p(x), its neighbours."""

import streamlit as st

from dlgmm_core.evaluation import EvaluationError
from dlgmm_core.inspection import inspect_image
from dlgmm_core.models import MODELS
from dlgmm_core.objectives import elbo_of
from ui import loaders
from ui.digit_export import export_reconstructions, export_weights
from ui.digit_input import choose_digit, show_preparation
from ui.exports import figure
from ui.figures import weights_figure
from ui.images import tile
from ui.ledger import show_ledger
from ui.microscope import show_microscope
from ui.nearest import show_neighbours, show_places
from ui.sidebar import choose_checkpoint, selection
from ui.stick import show_stick

VIEWS = ("Weights and stick", "Ledger", "log p(x)", "Neighbours", "Map")

st.title("Your digit")
st.write(
    "The encoder turns a digit into fractions of a stick, and these into mixture weights. See what follows from them."
)
chosen = selection()
source, answer = st.columns([2, 5], gap="large")
with source:
    digit = choose_digit(chosen.dataset)
if digit is None:
    answer.info("The results appear here as soon as there is a digit.")
    st.stop()
with source:
    show_preparation(digit)
with answer:
    view = st.segmented_control(
        "View", VIEWS, default=VIEWS[0], required=True, key="digit-view", bind="query-params", persist_state="session"
    )
    if view in VIEWS[2:]:
        show = {"log p(x)": lambda: show_microscope(chosen.checkpoints, digit)}
        show["Neighbours"] = lambda: show_neighbours(chosen.checkpoints, chosen.dataset, digit)
        show["Map"] = lambda: show_places(chosen.checkpoints, chosen.dataset, digit)
        show[view]()
        st.stop()
    checkpoint = choose_checkpoint(chosen.checkpoints, "digit-checkpoint", preferred="mnist-dlgmm-fig2", title="Model")
    model, bound = loaders.model(checkpoint.folder, checkpoint.digest), elbo_of(checkpoint.train_config.bound)
    try:
        report = inspect_image(model, digit.binary, bound)
    except EvaluationError as error:
        st.error(str(error))
        st.stop()
    log_p, elbo, gap = st.columns(3)
    log_p.metric("log p(x), nats (S = 500)", f"{report.log_p:.1f}", help=f"Effective sample size {report.ess:.0f}.")
    elbo.metric(f"ELBO ({bound}), nats", f"{report.elbo:.1f}")
    gap.metric("gap, nats", f"{report.log_p - report.elbo:.1f}", help="What the bound loses on this digit.")
    if view == "Ledger":
        show_ledger(checkpoint, digit, report, bound)
        st.stop()
    is_code = not MODELS[checkpoint.model_config.model].is_mixture
    if report.sticks is None:
        st.caption("A Gauss-VAE has one bell and no stick: there are no weights to show. Choose a mixture to see them.")
    else:
        st.subheader("The stick is the code: drag a break" if is_code else "The stick behind the weights")
        show_stick(checkpoint, digit, report.sticks, bound)
        st.subheader("The pieces, and how sure of them the encoder is" if is_code else "Weights and responsibilities")
        with figure("weights"):
            st.plotly_chart(weights_figure(report.sticks, report.component_posterior), key="weights")
        export_weights(checkpoint, digit, report, bound)
        if not is_code:
            st.caption(
                "The weights π belong to the digit before its code is drawn; the responsibilities p(k|x) ask the code"
                " itself where it lies. They need not agree."
            )
    st.subheader("Reconstruction" if len(report.reconstructions) == 1 else "Each component's reconstruction")
    figure("reconstructions").image(
        tile(report.reconstructions, columns=min(9, len(report.reconstructions)), zoom=3, gap=6),
        output_format="PNG",
        alt="Reconstructions of the digit, component 1 first",
    )
    export_reconstructions(checkpoint, digit, report, bound)
