"""Plotly figures: data in, figure out; every axis has a title and, where it has one, a unit."""

from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go
from plotly.basedatatypes import BaseTraceType

from dlgmm_core.model.models import MODELS
from dlgmm_core.store.history import EpochMetrics
from ui.numbers import printed
from ui.theme import CLASS_COLOURS, DASHES, OUTLINE, PAPER_COLOUR, component_colour

__all__ = [
    "chart",
    "history_figure",
    "lines_of",
    "nll_figure",
    "usage_figure",
]

_MARGIN = {"l": 10, "r": 10, "t": 30, "b": 10}
# The legend makes itself room, however many lines it has, below an empty one where the bar of buttons is.
_LEGEND = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "title": {"text": " ", "side": "top"}}
# Short, since it is always there where there is no pointer: "Export" has pictures, and dragging zooms.
_BAR = {"remove": ["toImage", "zoom2d", "pan2d", "zoomIn2d", "zoomOut2d", "autoScale2d", "select2d", "lasso2d"]}


def chart(
    traces: Sequence[BaseTraceType],
    x: str,
    y: str,
    height: int,
    xaxis: Mapping[str, object] | None = None,
    yaxis: Mapping[str, object] | None = None,
    **layout: object,
) -> go.Figure:
    """The traces between titled axes, one margin for all charts, the legend above, `height` in pixels.

    Built at once: Plotly's `add_…` and `update_…` take ten times as long, and a page waits for them.
    """
    axes = {"xaxis": {"title": {"text": x}, **(xaxis or {})}, "yaxis": {"title": {"text": y}, **(yaxis or {})}}
    frame = {"height": height, "margin": _MARGIN, "legend": _LEGEND, "modebar": _BAR}
    return go.Figure(list(traces), {**frame, **axes, **layout})


def lines_of(models: Sequence[str]) -> list[dict[str, str]]:
    """A line for each checkpoint, given its model: the model's colour, and a dash that differs from its siblings'."""
    ranks = [models[:at].count(model) for at, model in enumerate(models)]
    return [
        {"color": MODELS[model].colour, "dash": DASHES[rank % len(DASHES)]}
        for model, rank in zip(models, ranks, strict=True)
    ]


def nll_figure(rows: pd.DataFrame) -> go.Figure:
    """-log p(x) with 95 % intervals, one row a checkpoint and S; crosses are the paper's.

    Args:
        rows: columns model, name, samples, value, ci95 and paper (may be missing values).
    """
    names = list(dict.fromkeys(rows["name"]))
    sizes, traces = sorted(rows["samples"].unique()), []
    for rank, samples in enumerate(sizes):
        part = rows[rows["samples"] == samples]
        name, symbol = f"ours, S={samples}", "circle" if samples == sizes[-1] else "circle-open"
        shift = 0.25 * (rank - (len(sizes) - 1) / 2)  # intervals of one checkpoint lie below each other
        ours = go.Scatter(
            x=part["value"],
            y=[names.index(name) + shift for name in part["name"]],
            mode="markers",
            name=name,
            legendgroup=name,
            showlegend=False,
            error_x={"type": "data", "array": part["ci95"], "color": OUTLINE},
            marker={"size": 11, "color": [MODELS[m].colour for m in part["model"]], "symbol": symbol},
            customdata=part["name"],
            hovertemplate="%{customdata}<br>%{x:.2f} nats<extra></extra>",
        )
        # the legend's mark of this S has no model's colour, so it is a trace of its own, without points
        grey = {"size": 11, "color": OUTLINE, "symbol": symbol}
        key = go.Scatter(x=[None], y=[None], mode="markers", name=name, legendgroup=name, marker=grey)
        traces += [ours, key]
    paper = rows.dropna(subset=["paper"]).drop_duplicates("name")
    printed_ones = go.Scatter(
        x=paper["paper"],
        y=[names.index(name) for name in paper["name"]],
        mode="markers",
        name="paper, S=50",
        marker={"size": 11, "symbol": "x", "color": PAPER_COLOUR},
        hovertemplate="paper: %{x:.2f} nats<extra></extra>",
    )
    rows_from_the_top = {
        "tickvals": list(range(len(names))),
        "ticktext": names,
        "range": [len(names) - 0.5, -0.5],
    }
    height = 140 + 50 * len(names)
    return chart([*traces, printed_ones], "−log p(x), nats per image", "checkpoint", height, yaxis=rows_from_the_top)


def history_figure(history: Sequence[EpochMetrics], level: float | None = None) -> go.Figure:
    """Training and validation bound against epochs; the first epochs, whose bounds are far lower, are cut off.

    Args:
        history: one entry or more.
        level: the best validation bound of the authors' run, if it is known.
    """
    epochs = [e.epoch for e in history]
    grey, blue = {"color": PAPER_COLOUR}, {"color": CLASS_COLOURS[0]}
    last = history[-1]
    traces = [
        go.Scatter(x=epochs, y=[e.train_bound for e in history], name="training", line=grey),
        go.Scatter(x=epochs, y=[e.valid_bound for e in history], name="validation", line=blue),
        go.Scatter(
            x=[last.best_epoch],
            y=[last.best_valid_bound],
            mode="markers",
            name="best, kept",
            marker={"size": 11, "color": CLASS_COLOURS[2], "line": {"width": 1, "color": OUTLINE}},
        ),
    ]
    values = sorted(e.valid_bound for e in history)
    low = values[len(values) // 10]
    top = max(max(e.train_bound for e in history), values[-1])
    drawn: dict[str, object] = {}
    if level is not None:
        drawn = _level_line(level, f"the authors' run: {printed(level, '.2f')}")
        low, top = min(low, level), max(top, level)
    reach = {"range": [low - 0.1 * (top - low) - 1, top + 0.1 * (top - low) + 1]}
    return chart(traces, "epoch", "bound in training, nats per image", 360, _counted(epochs), reach, **drawn)


def _level_line(level: float, words: str) -> dict[str, object]:
    """A dashed line across the chart, and what it is."""
    across = {"xref": "x domain", "x0": 0, "x1": 1, "y0": level, "y1": level}
    line = {"type": "line", **across, "line": {"dash": "dash", "width": 1.5, "color": CLASS_COLOURS[6]}}
    corner = {"xref": "x domain", "x": 0, "xanchor": "left", "y": level, "yanchor": "bottom", "yshift": 2}
    return {"shapes": [line], "annotations": [{"text": words, "showarrow": False, **corner}]}


def usage_figure(history: Sequence[EpochMetrics]) -> go.Figure:
    """The mean weight of every component against epochs, as bands that add up to one.

    Args:
        history: of a mixture, one entry or more; epochs without a measurement are left out.
    """
    measured = [e for e in history if e.usage]
    epochs = [e.epoch for e in measured]
    traces = [
        go.Scatter(
            x=epochs,
            y=[e.usage[k] for e in measured],
            name=f"component {k + 1}",
            mode="lines+markers" if len(measured) == 1 else "lines",
            line={"width": 1, "color": OUTLINE},
            fillcolor=component_colour(k),
            stackgroup="weights",
            hovertemplate="%{y:.3f}",
        )
        for k in range(len(measured[-1].usage))
    ]
    axes = _counted(epochs), {"range": [0, 1]}
    return chart(
        traces, "epoch", "mean weight on validation images", 360, *axes, showlegend=False, hovermode="x unified"
    )


def _counted(epochs: Sequence[int]) -> dict[str, object]:
    """Whole numbers on the axis of epochs, where few would get fractions between them."""
    return {"dtick": 1} if len(epochs) < 10 else {}
