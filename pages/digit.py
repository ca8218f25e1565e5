"""One digit through one model: weights, sticks, reconstructions, log p(x)."""

import streamlit as st

from dlgmm_core.evaluation import EvaluationError
from dlgmm_core.inspection import inspect_image
from dlgmm_core.models import MODELS
from ui import loaders
from ui.digit_input import choose_digit
from ui.figures import density_figure, weights_figure
from ui.images import tile
from ui.sidebar import choose_checkpoint, selection

st.title("Your digit")
st.write(
    "The encoder turns the digit into fractions of a stick, and these into mixture weights; the bars show their spread."
    " Compare the weights with the responsibilities p(k|x), which ask the code itself where it lies: they need not"
    " agree."
)
chosen = selection()
source, answer = st.columns([2, 5], gap="large")
with source:
    checkpoint = choose_checkpoint(chosen.checkpoints, "digit-checkpoint", preferred="mnist-dlgmm-fig2", title="Model")
    digit = choose_digit(chosen.dataset)
if digit is None:
    answer.info("The results appear here as soon as there is a digit.")
    st.stop()
with source:
    st.image(tile(digit.binary[None], 1, zoom=6), output_format="PNG", alt="The binarized digit, 28 by 28 pixels")
    st.caption(f"What the model sees: 28×28 zeros and ones. From {digit.origin}.")

model = loaders.model(checkpoint.folder, checkpoint.digest)
bound = checkpoint.train_config.bound
try:
    with answer, st.spinner("Estimating log p(x) …"):
        report = inspect_image(model, digit.binary, bound)
except EvaluationError as error:
    answer.error(str(error))
    st.stop()

with answer:
    log_p, elbo, gap = st.columns(3)
    log_p.metric("log p(x), nats (S = 500)", f"{report.log_p:.1f}", help=f"Effective sample size {report.ess:.0f}.")
    elbo.metric(f"ELBO ({bound}), nats", f"{report.elbo:.1f}")
    gap.metric("gap, nats", f"{report.log_p - report.elbo:.1f}", help="What the bound loses on this digit.")
    if report.sticks is not None:
        is_code = not MODELS[checkpoint.model_config.model].is_mixture
        st.subheader("The code: pieces of the stick" if is_code else "Mixture weights")
        st.plotly_chart(weights_figure(report.sticks, report.component_posterior), key="weights")
    st.subheader("Reconstruction" if len(report.reconstructions) == 1 else "Each component's reconstruction")
    st.image(
        tile(report.reconstructions, columns=min(9, len(report.reconstructions)), zoom=3, gap=6),
        output_format="PNG",
        caption="Decoded from each component's mean code, component 1 first."
        if len(report.reconstructions) > 1
        else "Decoded from the mean code.",
        alt="Reconstructions of the digit",
    )
    if report.sticks is not None:
        st.subheader("The fractions behind the weights")
        st.plotly_chart(density_figure(report.sticks), key="densities")
    else:
        st.caption("A Gauss-VAE has one bell and no stick: there are no weights to show. Choose a mixture to see them.")
