"""Figures of the Kumaraswamy bench."""

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from dlgmm_core.kumaraswamy import kumaraswamy_density, matched_density
from ui.figures import layout
from ui.theme import CLASS_COLOURS, OUTLINE, PAPER_COLOUR

__all__ = ["FRACTIONS", "densities_figure", "series_figure"]

FRACTIONS = np.linspace(0.002, 0.998, 499)


def densities_figure(a: float, b: float, u: float, v: float) -> go.Figure:
    """Kumaraswamy(a, b) with the area u right of the draw v, and the matched Beta."""
    at = FRACTIONS
    density, matched = kumaraswamy_density(at, a, b), matched_density(at, a, b)
    right = at >= v
    figure = go.Figure()
    figure.add_scatter(
        x=at[right],
        y=density[right],
        fill="tozeroy",
        line={"width": 0},
        fillcolor="rgba(63, 144, 218, 0.25)",
        name=f"u = {u:.2f}",
        hoverinfo="skip",
    )
    figure.add_scatter(x=at, y=density, name="Kumaraswamy", line={"color": CLASS_COLOURS[0], "width": 2.5})
    figure.add_scatter(x=at, y=matched, name="Beta", line={"color": PAPER_COLOUR, "dash": "dot"})
    figure.add_vline(x=v, line={"color": PAPER_COLOUR, "dash": "dash"})
    figure.update_xaxes(range=[0, 1], tickvals=[0, 0.25, 0.5, 0.75, 1])
    figure.update_yaxes(range=[0, 1.1 * float(max(density[10:-10].max(), matched[10:-10].max()))])
    return layout(figure, "fraction v", "density, per unit of v", 360)


def series_figure(series: NDArray[np.float64], exact: float) -> go.Figure:
    """The divergence with its series cut off after 1, 2, … terms, and by quadrature."""
    figure = go.Figure()
    terms = np.arange(1, len(series) + 1)
    figure.add_scatter(x=terms, y=series, mode="lines+markers", name="series", line_color=CLASS_COLOURS[6])
    figure.add_scatter(x=[1, len(series)], y=[exact, exact], name="quadrature", line={"color": CLASS_COLOURS[0]})
    figure.add_scatter(
        x=[10],
        y=[series[9]],
        mode="markers",
        name="ten terms",
        marker={"size": 12, "color": CLASS_COLOURS[2], "line": {"width": 1, "color": OUTLINE}},
    )
    return layout(figure, "terms of the series", "KL, nats", 360)
