"""The Kumaraswamy distribution: its draw, the Beta matched to it, and the error of a truncated series."""

import streamlit as st

from ui.bench.density import show_densities
from ui.bench.export import export_series
from ui.bench.figures import series_figure
from ui.bench.shapes import choose_shape
from ui.exporting.exports import figure
from ui.glossary.terms import meaning
from ui.presentation import end_of_picture, is_presented, page_title

page_title(
    "Kumaraswamy bench",
    "A stick breaks at a fraction v. Its posterior is a Kumaraswamy distribution, because a uniform number u becomes a"
    " draw by a formula that can be differentiated, $v = (1 - u^{1/b})^{1/a}$, which a Beta does not allow. Move a, b"
    " and u, and watch the draw, the matched Beta, and the divergence from the prior.",
    help=meaning("a, b", "v", "KL"),
)

left, *beside = [st.container()] if is_presented() else st.columns(2, gap="large")
with left:
    of_a, of_b = st.columns(2)
    with of_a:
        a = choose_shape("a", "bench-a", 2.0)
    with of_b:
        b = choose_shape("b", "bench-b", 3.0)
    show_densities(a, b)
end_of_picture()

(right,) = beside
with right.expander("More: the prior Beta(α, β)"):
    st.caption(meaning("α"))
    alpha = choose_shape("α of the prior", "bench-alpha", 1.0)
    beta = choose_shape("β of the prior", "bench-beta", 5.0)
exact, by_ten, chart = series_figure(a, b, alpha, beta)
with right:
    with figure("bench-series"):
        st.plotly_chart(chart, key="bench-series", alt="The series against its number of terms, as below")
    st.caption(
        f"KL(Kumaraswamy(a, b) ‖ Beta({alpha:g}, {beta:g})) is {exact:.4f} nats by quadrature, {by_ten:.4f} with the"
        f" ten terms in common use, {abs(exact - by_ten):.4f} too {'small' if by_ten < exact else 'large'}. "
        + (
            "At β = 1 the series is not needed."
            if beta == 1
            else "A KL that is too small makes the bound invalid."
            if beta > 1
            else "Below β = 1 the truncated series errs in the other direction: the KL is too large."
        )
    )
    export_series(a, b, alpha, beta)
