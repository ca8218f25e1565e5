"""The picture of convergence: bands of estimates that narrow towards log p(x), in a frame that shows where they do.

One unlucky first draw may lie hundreds of nats below all others. The frame leaves it out, a mark at its lower edge
stands for it, and words say how low it is.
"""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from dlgmm_core.evaluate.convergence import Convergence
from dlgmm_core.store.checkpoints import Checkpoint
from ui.figures import LEGEND_LINE, chart, lines_of
from ui.numbers import printed

__all__ = ["Found", "convergence_figure", "frame", "words_below"]

Found = tuple[Checkpoint, Convergence, float]  # with the ELBO, nats
_DEEPEST = 3  # medians of the models' distances from ELBO to log p(x)
_LEAST = 5.0  # nats below the lowest log p(x) that are always shown
_HEIGHT = 400  # pixels, without the legend


def frame(found: Sequence[Found]) -> tuple[float, float]:
    """The lowest and the highest value that are shown, nats: all, unless they are far below a model's log p(x).

    The ELBO is what one draw gives on average, so its distance from log p(x) tells what is far.
    """
    ends = np.array([curves.log_p[:, -1].mean() for _, curves, _ in found])
    lowest = np.array([min(curves.log_p.min(), elbo) for _, curves, elbo in found])
    at_end = min(curves.log_p[:, -1].min() for _, curves, _ in found)
    far = max(_LEAST, _DEEPEST * float(np.median(ends - [elbo for _, _, elbo in found])))
    low = float(min(np.maximum(lowest, ends - far).min(), ends.min() - _LEAST, at_end))
    top = float(max(max(curves.log_p.max(), elbo) for _, curves, elbo in found))
    margin = 0.05 * (top - low)
    return low - margin, top + margin


def words_below(found: Sequence[Found]) -> str:
    """Which values lie below the frame, in a sentence; nothing where all are in it."""
    low, _ = frame(found)
    parts = []
    for checkpoint, curves, elbo in found:
        lowest = curves.log_p.min(0)
        if (outside := lowest < low).any():
            size = curves.sizes[outside].max()
            parts.append(
                f"{checkpoint.name} to {printed(lowest.min(), '.0f')} {'up to' if size > 1 else 'at'} S = {size}"
            )
        if elbo < low:
            parts.append(f"the ELBO of {checkpoint.name}, {printed(elbo, '.0f')}")
    return f"Below the frame, marked ▼: {'; '.join(parts)}." if parts else ""


def convergence_figure(found: Sequence[Found]) -> go.Figure:
    """Mean and range of the runs of every model against S, and its ELBO as a thin line; one model or more."""
    traces, styles = [], lines_of([checkpoint.model_config.model for checkpoint, _, _ in found])
    low, top = frame(found)
    for (checkpoint, curves, elbo), style in zip(found, styles, strict=True):
        line, sizes = style["line"], curves.sizes
        lowest, highest = curves.log_p.min(0), curves.log_p.max(0)
        common = {"legendgroup": checkpoint.name, "showlegend": False}
        band = go.Scatter(
            x=np.concatenate([sizes, sizes[::-1]]),
            y=np.concatenate([highest, lowest[::-1]]),
            fill="toself",
            fillcolor=line["color"],
            opacity=0.15,
            line={"width": 0},
            hoverinfo="skip",
            **common,
        )
        estimates = go.Scatter(
            x=sizes,
            y=curves.log_p.mean(0),
            name=checkpoint.name,
            line={**line, "width": 2.5},
            legendgroup=checkpoint.name,
            customdata=np.stack([curves.ess.mean(0), curves.log_p.std(0)], 1),
            hovertemplate="S = %{x}<br>log p(x) %{y:.2f}, spread %{customdata[1]:.2f} nats"
            "<br>effective samples %{customdata[0]:.1f}",
        )
        bound = go.Scatter(
            x=[1, int(sizes[-1])],
            y=[elbo, elbo],
            mode="lines",
            line={**line, "width": 1},
            hovertemplate=f"ELBO of {checkpoint.name}: %{{y:.2f}} nats<extra></extra>",
            **common,
        )
        traces += [band, estimates, bound]
        below = [(size, value) for size, value in zip(sizes, lowest, strict=True) if value < low]
        below += [(sizes[-1], elbo)] if elbo < low else []
        if below:
            at, values = zip(*below, strict=True)
            marks = go.Scatter(
                x=at,
                y=[low] * len(at),
                mode="markers",
                marker={"symbol": "triangle-down", "size": 9, "color": line["color"]},
                cliponaxis=False,
                customdata=values,
                hovertemplate=f"{checkpoint.name}: down to %{{customdata:.1f}} nats<extra></extra>",
                **common,
            )
            traces.append(marks)
    axes = {"type": "log"}, {"range": [low, top]}
    height = _HEIGHT + LEGEND_LINE * len(found)
    return chart(traces, "importance samples S", "estimate of log p(x), nats", height, *axes)
