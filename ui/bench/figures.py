"""The figure of the divergence on the Kumaraswamy bench."""

from functools import lru_cache

import numpy as np
import plotly.graph_objects as go

from dlgmm_core.analysis.kumaraswamy_series import kl_by_quadrature, kl_by_series
from ui.figures import chart
from ui.theme import CLASS_COLOURS, OUTLINE

__all__ = ["series_figure"]


@lru_cache(maxsize=100)  # plotly takes longer than the rest of the page
def series_figure(a: float, b: float, alpha: float, beta: float) -> tuple[float, float, go.Figure]:
    """The divergence of Kumaraswamy(a, b) from Beta(alpha, beta), in nats.

    Returns:
        By quadrature; by ten terms of its series; and the figure of the series truncated after 1, 2, … terms.
    """
    exact, series = kl_by_quadrature(a, b, alpha, beta), kl_by_series(a, b, alpha, beta)
    terms, red, blue = np.arange(1, len(series) + 1), {"color": CLASS_COLOURS[6]}, {"color": CLASS_COLOURS[0]}
    traces = [
        go.Scatter(x=terms, y=series, mode="lines+markers", name="series", line=red),
        go.Scatter(x=[1, len(series)], y=[exact, exact], name="quadrature", line=blue),
        go.Scatter(
            x=[10],
            y=[series[9]],
            mode="markers",
            name="ten terms",
            marker={"size": 12, "color": CLASS_COLOURS[2], "line": {"width": 1, "color": OUTLINE}},
        ),
    ]
    return exact, float(series[9]), chart(traces, "terms of the series", "KL, nats", 360)
