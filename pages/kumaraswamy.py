"""The distribution behind every break: its draw, its nearest Beta, and what a cut series costs."""

import numpy as np
import streamlit as st

from dlgmm_core.kumaraswamy import fraction, kl_by_quadrature, kl_by_series, matched_beta
from ui.bench.export import export_densities, export_series
from ui.bench.figures import densities_figure, series_figure
from ui.exporting.exports import figure

st.title("Kumaraswamy bench")
st.write(
    "A stick breaks at a fraction v. Its posterior is a Kumaraswamy distribution, because a uniform number u becomes a"
    " draw by a formula that can be differentiated, $v = (1 - u^{1/b})^{1/a}$, which a Beta does not allow. Move a, b"
    " and u, and watch the draw, the Beta it resembles, and the divergence from the prior."
)


def shape(column: st.delta_generator.DeltaGenerator, name: str, key: str, default: float) -> float:
    """A slider over a shape parameter, on a logarithmic scale."""
    choices = [float(f"{v:.2g}") for v in np.geomspace(0.1, 20, 47)]
    start = min(choices, key=lambda v: abs(v - default))
    slider = column.select_slider(name, choices, start, key=key, bind="query-params", persist_state="session")
    return float(slider)


left, right = st.columns(2, gap="large")
a, b = shape(left, "a", "bench-a", 2.0), shape(left, "b", "bench-b", 3.0)
u = left.slider("u", 0.01, 0.99, 0.5, 0.01, key="bench-u", bind="query-params", persist_state="session")
v = fraction(u, a, b)
with left:
    with figure("bench-densities"):
        st.plotly_chart(densities_figure(a, b, u, v), key="bench-densities", alt="Densities of v, as told below")
    alpha_match, beta_match = matched_beta(a, b)
    st.caption(
        f"u = {u:.2f} becomes v = {v:.3f}: the area right of v is u. The Beta with the same mean and variance has"
        f" α = {alpha_match:.2f}, β = {beta_match:.2f}; at a = 1 or b = 1 the two are one."
    )
    export_densities(a, b, u)
prior = right.expander("More: the prior Beta(α, β)")
alpha, beta = shape(prior, "α of the prior", "bench-alpha", 1.0), shape(prior, "β of the prior", "bench-beta", 5.0)
exact, series = kl_by_quadrature(a, b, alpha, beta), kl_by_series(a, b, alpha, beta)
with right:
    with figure("bench-series"):
        st.plotly_chart(
            series_figure(series, exact), key="bench-series", alt="The series against its terms, as told below"
        )
    st.caption(
        f"KL from Beta({alpha:g}, {beta:g}): {exact:.4f} nats by quadrature, {series[9]:.4f} with the ten terms"
        f" in common use, {exact - series[9]:+.4f} apart. "
        + (
            "At β = 1 the series has no part in it."
            if beta == 1
            else "A KL that is too small makes a bound that is none."
            if beta > 1
            else "Below β = 1 the cut series errs the other way: the KL is too large."
        )
    )
    export_series(a, b, alpha, beta)
