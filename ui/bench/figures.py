"""The figure of the divergence on the Kumaraswamy bench."""

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from ui.figures import chart
from ui.theme import CLASS_COLOURS, OUTLINE

__all__ = ["series_figure"]


def series_figure(series: NDArray[np.float64], exact: float) -> go.Figure:
    """The divergence by its series truncated after 1, 2, … terms, and by quadrature."""
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
    return chart(traces, "terms of the series", "KL, nats", 360)
