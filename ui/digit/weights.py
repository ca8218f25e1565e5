"""The mixture weights of a digit, the encoder's and the exact ones, and its responsibilities, as bars.

They are drawn by a widget of our own: they change with every stroke, and Plotly takes longer than the rest of the page.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dlgmm_core.analysis.image_report import ImageReport
from dlgmm_core.analysis.inspection import certain_weights
from dlgmm_core.evaluate.likelihood import NORMAL_95
from dlgmm_core.store.checkpoints import Checkpoint
from ui import loaders
from ui.digit.digit_input import DigitInput
from ui.digit.shown import prototype_pictures, shown_components, with_rest
from ui.exporting import recipes
from ui.exporting.exports import About, export, figure
from ui.identical import identical_by_prior
from ui.presentation import aside
from ui.theme import PAPER_COLOUR, component_colour
from ui.widgets import widget

__all__ = ["draw_bars", "show_prior_weights", "show_weights"]

_widget = widget(
    "weights",
    '<div class="weights"></div>',
    "weights",
    "model",
    "mixture",
    "decoder",
    "following",
    "encoder",
    "live_weights",
    "weights",
)


def draw_bars(
    key: str,
    *,
    words: str,
    kind: str,
    shown: list[int],
    mean: NDArray[np.float64],
    low: NDArray[np.float64] | None = None,
    high: NDArray[np.float64] | None = None,
    exact: NDArray[np.float64] | None = None,
    posterior: NDArray[np.float64] | None = None,
    error: NDArray[np.float64] | None = None,
    pictures: Sequence[str] = (),
    live: dict[str, Any] | None = None,
) -> None:
    """The chart: a bar for each component that is shown, and one for all the rest together.

    Args:
        key: of the figure and its widget.
        words: a description for screen readers.
        kind: what has a weight, "component" or "piece".
        shown: components, counted from 0, in order.
        mean: (K,) E[π|x].
        low: (K,) 5 % quantiles.
        high: (K,) 95 % quantiles likewise.
        exact: (K,) exact means; None where there are no components.
        posterior: (K,) p(k|x); None likewise.
        error: (K,) half the width of the 95 % interval of p(k|x).
        pictures: of the components that are shown.
        live: as for `show_weights`.
    """
    others = len(shown) < len(mean)
    sums = {"mean": mean, "exact": exact, "posterior": posterior}
    alone = {"low": low, "high": high, "error": error}  # not known of a sum
    with figure(key):
        _widget(
            key=key,
            data={
                "words": words,
                "kind": kind,
                "names": [*(str(k + 1) for k in shown), *(["rest"] if others else [])],
                "colours": [*(component_colour(k) for k in shown), *([PAPER_COLOUR] if others else [])],
                **{name: None if values is None else with_rest(values, shown) for name, values in sums.items()},
                **{name: [] if values is None else values[shown].tolist() for name, values in alone.items()},
                "pictures": pictures,
                "live": live,
            },
        )


def show_weights(
    checkpoint: Checkpoint, digit: DigitInput, report: ImageReport, live: dict[str, Any] | None = None
) -> None:
    """The posterior of the weights, and the responsibilities of a mixture; the report must have sticks.

    They follow the pen by `live`, of `ui.digit.following`, where it is not None.
    """
    assert report.sticks is not None
    sticks, shown = report.sticks, shown_components(report)
    posterior, error = report.component_posterior, report.component_posterior_error
    draw_bars(
        "weights",
        words=_in_words(report),
        kind=_kind(posterior is not None),
        shown=shown,
        mean=sticks.mean,
        low=sticks.low,
        high=sticks.high,
        exact=report.exact_weights,
        posterior=posterior,
        error=None if error is None else NORMAL_95 * error,
        pictures=[] if posterior is None else [prototype_pictures(checkpoint)[k] for k in shown],
        live=live,
    )
    if posterior is not None:
        aside(identical_by_prior(checkpoint.model_config) or _flatness(checkpoint, report))
    settings = {"image": digit.origin, "draws of every component": report.draws}
    about = About("weights π and responsibilities p(k|x)", [checkpoint], seed=0, settings=settings)
    export("weights", about, partial(recipes.report, checkpoint, digit.code, report), lambda: _table(report))


def show_prior_weights(live: dict[str, Any]) -> None:
    """The chart before anything is drawn: the prior's weights, which follow the pen."""
    weights, is_mixture = np.array(live["info"]["weights"]), live["info"]["kind"] == "real"
    means = ", ".join(f"{weight:.2f}" for weight in weights)
    draw_bars(
        "weights",
        words=f"Bars of the prior, {_kind(is_mixture)} 1 first: {means}",
        kind=_kind(is_mixture),
        shown=list(range(len(weights))),
        mean=weights,
        exact=weights if is_mixture else None,
        posterior=weights if is_mixture else None,
        pictures=live["pictures"],
        live=live,
    )
    aside("Before anything is drawn, the bars are the means of the prior; then they follow the pen.")


def _flatness(checkpoint: Checkpoint, report: ImageReport) -> str:
    """What p(k|x) is, how sure its estimate is, and why the weights are flatter."""
    assert report.component_posterior is not None
    words = (
        "Pictures: the decoded mean of each component, and below it p(k|x), the probability that this digit comes from"
        f" the component. It and the exact weight are estimates, by {report.draws} draws from each"
        " component; grey lines: 95 % intervals."
    )
    likeliest = int(report.component_posterior.argmax())
    certain = certain_weights(loaders.model(checkpoint))
    if certain is None:
        return words
    if np.ptp(certain) < 1e-6:  # a Dirichlet
        most = (
            f"if its component were certain, the exact mean of its weight would be (1 + α)/(1 + Kα) = {certain[0]:.2f}"
        )
    else:
        most = (
            f"if it came from component {likeliest + 1} for certain, the exact mean of its weight would be"
            f" {certain[likeliest]:.2f}"
        )
    return f"{words} Weights π are flatter, since one digit says little about them: {most}."


def _in_words(report: ImageReport) -> str:
    """A description of the chart for screen readers."""
    assert report.sticks is not None
    found = {
        "weights": report.sticks.mean,
        "exact weights": report.exact_weights,
        "responsibilities": report.component_posterior,
    }
    lists = (f"{name} {', '.join(f'{v:.2f}' for v in values)}" for name, values in found.items() if values is not None)
    return f"Bars, {_kind(report.component_posterior is not None)} 1 first: {'; '.join(lists)}"


def _kind(is_mixture: bool) -> str:
    """What has a weight: of an SB-VAE, whose code is the stick, the pieces of it."""
    return "component" if is_mixture else "piece"


def _table(report: ImageReport) -> pd.DataFrame:
    sticks = report.sticks
    assert sticks is not None
    columns = {"E[π|x]": sticks.mean, "5 % of π": sticks.low, "95 % of π": sticks.high}
    shares, error = report.component_posterior, report.component_posterior_error
    if shares is not None and error is not None and report.exact_weights is not None:
        columns |= {"p(k|x)": shares, "standard error of p(k|x)": error}
        columns |= {"exact E[π|x]": report.exact_weights}
    return pd.DataFrame({"component": np.arange(1, len(sticks.mean) + 1), **columns})
