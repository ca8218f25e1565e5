"""Plotly figures: data in, figure out; every axis has a title and, where it has one, a unit."""

from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go
from plotly.basedatatypes import BaseTraceType

from dlgmm_core.model.models import MODELS
from dlgmm_core.store.history import EpochMetrics
from ui.numbers import printed
from ui.theme import CLASS_COLOURS, DASHES, OUTLINE, PAPER_COLOUR, SYMBOLS, component_colour

__all__ = [
    "LEGEND_LINE",
    "chart",
    "history_figure",
    "lines_of",
    "nll_figure",
    "usage_figure",
]

LEGEND_LINE = 22  # pixels of an entry of the legend, where each has a line of its own, as on a phone
_MARGIN = {"l": 10, "r": 10, "t": 30, "b": 10}
# The legend makes itself room, however many lines it has, below an empty one where the bar of buttons is. It hangs from
# the chart's upper edge: one that stood on the plot would be left behind on the curves when the window changes.
_HANGING = {"yref": "container", "y": 1, "yanchor": "top"}
_LEGEND = {"orientation": "h", "x": 0, **_HANGING, "title": {"text": " ", "side": "top"}}
# Short, since it is always there where there is no pointer: "Export" has pictures, and dragging zooms.
_BAR = {"remove": ["toImage", "zoom2d", "pan2d", "zoomIn2d", "zoomOut2d", "autoScale2d", "select2d", "lasso2d"]}

_PAPERS_MARK = {"size": 11, "symbol": "x", "color": PAPER_COLOUR}
_HISTORY_HEIGHT = 270
_NLL_FRAME = 140  # pixels, around all groups
_NLL_NAME, _NLL_POINT, _NLL_BELOW = 20, 9, 5  # pixels of a row: of the name above its points, of each, below them
_NLL_GAP, _NLL_WIDE_GAP = 70, 110  # between two groups, and where letters are large


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


def lines_of(models: Sequence[str]) -> list[dict[str, dict[str, object]]]:
    """Line and marker for each checkpoint, given its model, in whose colour they are.

    The first four siblings differ in their dashes, the first seven in their symbols, and the first 28 in one of both.
    """
    ranks = [models[:at].count(model) for at, model in enumerate(models)]
    return [
        {
            "line": {"color": MODELS[model].colour, "dash": DASHES[rank % len(DASHES)]},
            "marker": {"color": MODELS[model].colour, "symbol": SYMBOLS[rank % len(SYMBOLS)], "size": 9},
        }
        for model, rank in zip(models, ranks, strict=True)
    ]


def nll_figure(rows: pd.DataFrame, *, is_presented: bool) -> go.Figure:
    """-log p(x) with 95 % intervals, a row for each checkpoint and in it one for each S; crosses are the paper's.

    Lines divide the checkpoints, so that a name belongs to the points below it.

    Checkpoints of each code size have an axis of their own, in the order of the rows: codes of few numbers lose tens of
    nats, beside which the others would look alike.

    Args:
        rows: columns model, name, code_size, samples, value, ci95 and paper (may be missing values).
        is_presented: whether letters are large.
    """
    sizes, gap = sorted(rows["samples"].unique()), _NLL_WIDE_GAP if is_presented else _NLL_GAP
    points = _NLL_POINT * len(sizes)
    row = _NLL_NAME + points + _NLL_BELOW
    above = (_NLL_NAME + points / 2) / row  # from the middle of a checkpoint's points, which is a whole number
    groups = [part for _, part in rows.groupby("code_size", sort=False)]
    counts = [part["name"].nunique() for part in groups]
    height = _NLL_FRAME + row * sum(counts) + gap * (len(groups) - 1)
    inner = height - _NLL_FRAME
    # The legend's mark of an S has no model's colour, so it is a trace of its own, without points.
    keys = {"mode": "markers", "x": [None], "y": [None]}
    traces = [
        go.Scatter(**keys, name=f"ours, S={s}", legendgroup=f"{s}", marker=_nll_mark(s == sizes[-1], OUTLINE))
        for s in sizes
    ]
    layout: dict[str, dict[str, object]] = {}
    written: list[dict[str, object]] = []  # names: beside the figure, a phone would leave no room for intervals
    top = float(inner)
    for place, (part, count) in enumerate(zip(groups, counts, strict=True), 1):
        names, suffix = list(dict.fromkeys(part["name"])), str(place) if place > 1 else ""
        traces += _nll_traces(part, names, sizes, _NLL_POINT / row, suffix)
        domain = [(top - row * count) / inner, top / inner]
        top -= row * count + gap
        layout[f"yaxis{suffix}"] = {
            "tickvals": [at - above for at in range(count + 1)],
            "showticklabels": False,
            "zeroline": False,
            "automargin": False,
            "range": [count - above, -above],  # from the top
            "domain": domain,
            "anchor": f"x{suffix}",
        }
        title = f"−log p(x), nats, code size {part['code_size'].iloc[0]}"
        axis = {"title": {"text": title}, "nticks": 6, "tickangle": 0}
        layout[f"xaxis{suffix}"] = {**axis, "anchor": f"y{suffix}"}
        left = {"xref": f"x{suffix} domain", "x": 0, "xanchor": "left", "yref": f"y{suffix}", "yanchor": "top"}
        written += [{"text": name, "y": at - above, "showarrow": False, **left} for at, name in enumerate(names)]
    paper = {"name": "paper, S=50", "legendgroup": "paper", "marker": _PAPERS_MARK}
    if rows["paper"].notna().any():
        traces.append(go.Scatter(**keys, **paper))
    return chart(traces, "", "", height, annotations=written, **layout)


def _nll_mark(is_largest: bool, colour: str | list[str]) -> dict[str, object]:
    return {"size": 11, "color": colour, "symbol": "circle" if is_largest else "circle-open"}


def _nll_traces(
    rows: pd.DataFrame, names: list[str], sizes: Sequence[int], apart: float, axes: str
) -> list[BaseTraceType]:
    """The points of checkpoints of one code size, those of one checkpoint so far apart, as a share of a row."""
    common = {"mode": "markers", "showlegend": False, "xaxis": f"x{axes}", "yaxis": f"y{axes}"}
    traces = []
    for rank, samples in enumerate(sizes):
        part = rows[rows["samples"] == samples]
        shift = apart * (rank - (len(sizes) - 1) / 2)  # intervals of one checkpoint lie below each other
        ours = go.Scatter(
            x=part["value"],
            y=[names.index(name) + shift for name in part["name"]],
            name=f"ours, S={samples}",
            legendgroup=f"{samples}",
            error_x={"type": "data", "array": part["ci95"], "color": OUTLINE},
            marker=_nll_mark(samples == sizes[-1], [MODELS[m].colour for m in part["model"]]),
            customdata=part["name"],
            hovertemplate="%{customdata}<br>%{x:.2f} nats<extra></extra>",
            **common,
        )
        traces.append(ours)
    paper = rows.dropna(subset=["paper"]).drop_duplicates("name")
    if paper.empty:
        return traces
    printed_ones = go.Scatter(
        x=paper["paper"],
        y=[names.index(name) for name in paper["name"]],
        name="paper, S=50",
        legendgroup="paper",
        marker=_PAPERS_MARK,
        hovertemplate="paper: %{x:.2f} nats<extra></extra>",
        **common,
    )
    return [*traces, printed_ones]


def history_figure(
    history: Sequence[EpochMetrics],
    level: float | None = None,
    parts: Sequence[tuple[float, float]] = (),
) -> go.Figure:
    """Training and validation bound against epochs; the first epochs, whose bounds are far lower, are cut off.

    Args:
        history: one entry or more, unless there are parts.
        level: the best validation bound of the authors' run, if it is known.
        parts: epochs that are over, with a fraction, and the training bound of the images just before.
    """
    epochs = [e.epoch for e in history]
    grey, blue = {"color": PAPER_COLOUR}, {"color": CLASS_COLOURS[0]}
    traces = []
    if parts:
        x, y = zip(*parts, strict=True)
        traces.append(
            go.Scatter(x=x, y=y, name="training, parts of an epoch", line={**grey, "width": 1, "dash": "dot"})
        )
    values = sorted(e.valid_bound for e in history)
    reach: dict[str, object] = {}
    drawn: dict[str, object] = {} if level is None else _level_line(level, f"the authors' run: {printed(level, '.2f')}")
    if history:
        last = history[-1]
        traces += [
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
        low = min(history[0].train_bound, values[0]) if len(history) < 3 else values[len(values) // 10]
        top = max(*(e.train_bound for e in history), values[-1], *(bound for _, bound in parts))
        if level is not None:
            low, top = min(low, level), max(top, level)
        reach = {"range": [low - 0.1 * (top - low) - 1, top + 0.1 * (top - low) + 1]}
    counted = _counted(epochs) if history else {"range": [-0.03, 1], "dtick": 1}
    return chart(traces, "epoch", "bound in training, nats per image", _HISTORY_HEIGHT, counted, reach, **drawn)


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
