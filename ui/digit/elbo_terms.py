"""ELBO terms: a bound on log p(x) of one digit as a ledger, a table whose columns add up to it."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from dlgmm_core.analysis.elbo_terms import ElboTerms
from dlgmm_core.analysis.inspection import ImageReport
from dlgmm_core.model.objectives import BOUNDS
from dlgmm_core.store.checkpoints import Checkpoint
from ui.digit.digit_input import DigitInput
from ui.exporting import recipes
from ui.exporting.exports import About, export, figure
from ui.images import tiled_picture
from ui.numbers import printed
from ui.theme import component_colour

__all__ = ["show_elbo_terms"]

_GAUSSIAN = {
    "eq1": "E[π<sub>k</sub>] E log p<sub>k</sub>(z)",
    "mixture": "E[π<sub>k</sub> log p(z|π)/q(z|π, x)]",
    "marginal": "E[π<sub>k</sub>] E log p(z)/q(z|x)",
}
_STYLE = """<style>
.ledger { overflow-x: auto; }
.ledger table { border-collapse: collapse; font-size: .92em; font-variant-numeric: tabular-nums; }
.ledger th, .ledger td { text-align: right; padding: 4px 7px; border: 0; font-weight: 400; white-space: nowrap; }
.ledger th:first-child { text-align: left; position: sticky; left: 0; background: var(--st-background-color, Canvas); }
.ledger tr.sum td, .ledger tr.sum th { border-top: 1px solid currentColor; font-weight: 600; }
.ledger img { image-rendering: pixelated; display: inline-block; }
.ledger .bar { display: inline-block; height: 10px; vertical-align: middle;
  background: var(--st-primary-color, #2b6cb0); }
</style>"""


def show_elbo_terms(checkpoint: Checkpoint, digit: DigitInput, report: ImageReport, trained_on: str) -> None:
    """The table of the chosen bound, and the gaps of all three to the estimate of log p(x)."""
    names = list(BOUNDS)
    bound = st.segmented_control(
        "Bound", names, default=trained_on, required=True, key="ledger-bound", bind="query-params"
    )
    ledgers = report.elbo_terms
    ledger = ledgers[bound]
    with figure("ledger"):
        st.html(
            _scrolling(_table(ledger, bound, report, checkpoint.model_config.image_shape), "The ledger of this digit")
        )
        st.caption(
            f"Nats, averaged over {report.draws} draws of every component. Read down, then across: the sums of all"
            " columns, the entropy and the divergence of the sticks add up to the ELBO."
        )
        st.html(_scrolling(_gaps(report, bound), "The gap of every bound on this digit"))
        elbos = [ledgers[name].elbo for name in names]
        shrinks = " The gap shrinks from eq1 to marginal." if elbos == sorted(set(elbos)) else ""
        st.caption(
            f"log p(x) is itself estimated, with S = {report.num_samples} and an effective sample size of"
            f" {report.ess:.0f}: it is too low in expectation.{shrinks}"
        )
    settings = {
        "image": digit.origin,
        "draws of every component": report.draws,
        f"log p(x), S = {report.num_samples}": f"{report.log_p:.4f}",
    }
    about = About("terms of the bounds on log p(x), nats", [checkpoint], seed=0, settings=settings)
    export("ledger", about, partial(recipes.report, checkpoint, digit.code), lambda: _terms(ledgers))


def _terms(ledgers: dict[str, ElboTerms]) -> pd.DataFrame:
    """Every term of every bound; those that belong to no component have none."""
    rows: list[dict[str, object]] = []
    for bound, ledger in ledgers.items():
        columns = {
            "weight": ledger.weights,
            "log p(x|z)": ledger.log_likelihood,
            "weighted log p(x|z)": ledger.likelihood,
            "Gaussian term": ledger.components,
        }
        for term, values in columns.items():
            rows += [{"bound": bound, "term": term, "component": k + 1, "value": v} for k, v in enumerate(values)]
        whole = {"entropy": ledger.entropy, "sticks": ledger.weights_term, "ELBO": ledger.elbo}
        rows += [{"bound": bound, "term": term, "component": None, "value": value} for term, value in whole.items()]
    return pd.DataFrame(rows).astype({"component": "Int64"})


def _scrolling(table: str, name: str) -> str:
    """In a frame that can be focused and scrolled by the keyboard where the table is too wide."""
    return f'{_STYLE}<div class="ledger" role="region" tabindex="0" aria-label="{name}">{table}</div>'


def _table(ledger: ElboTerms, bound: str, report: ImageReport, shape: Sequence[int]) -> str:
    k = len(ledger.weights)
    heads = []
    for i, picture in enumerate(report.reconstructions):
        square = f'<span style="color:{component_colour(i)}">■</span>'
        heads.append(f"{square} {i + 1}<br/>{_picture(picture, i, shape)}")
    lines = [_line("component k" if k > 1 else "term", [*heads, "all"], "th")]
    mixture = k > 1
    if mixture:
        lines.append(_line("weight E[π<sub>k</sub>|x]", [*(f"{w:.3f}" for w in ledger.weights), "1"]))
    if report.component_posterior is not None:
        lines.append(_line("responsibility p(k|x)", [*(f"{p:.3f}" for p in report.component_posterior), "1"]))
    lines.append(_line("log p(x|z<sub>k</sub>), mean", [*(_nats(v) for v in ledger.log_likelihood), ""]))
    if mixture:
        shares = [*(_nats(v) for v in ledger.likelihood), _nats(ledger.likelihood.sum())]
        lines.append(_line("weighted: E[π<sub>k</sub>] log p(x|z<sub>k</sub>)", shares))
    lines.append(_line(_GAUSSIAN[bound], [*(_nats(v) for v in ledger.components), _nats(ledger.components.sum())]))
    blank = [""] * k
    if bound == "eq1":
        lines.append(_line("entropy −E log Σ π<sub>k</sub> q<sub>k</sub>(z)", [*blank, _nats(ledger.entropy)]))
    if bound != "marginal" and report.sticks is not None:
        lines.append(_line("sticks −KL(q(v|x) ‖ p(v))", [*blank, _nats(ledger.weights_term)]))
    columns = ledger.likelihood + ledger.components
    lines.append(_line(f"ELBO ({bound})", [*(_nats(v) for v in columns), _nats(ledger.elbo)], css="sum"))
    return f"<table>{''.join(lines)}</table>"


def _gaps(report: ImageReport, chosen: str) -> str:
    ledgers, log_p = report.elbo_terms, report.log_p
    widest = max(log_p - ledger.elbo for ledger in ledgers.values())
    lines = [_line("bound", ["ELBO", "log p(x) − ELBO", "the gap as a bar"], "th")]
    for name, ledger in ledgers.items():
        gap = log_p - ledger.elbo
        bar = f'<span class="bar" style="width:{max(1, round(240 * gap / widest))}px"></span>' if widest > 0 else ""
        label = f"<b>{name}</b>" if name == chosen else name
        cells = f'<td>{_nats(ledger.elbo)}</td><td>{gap:.2f}</td><td style="text-align:left">{bar}</td>'
        lines.append(f"<tr><th>{label}</th>{cells}</tr>")
    lines.append(_line(f"log p(x), S = {report.num_samples}", [_nats(log_p), "", ""]))
    return f"<table>{''.join(lines)}</table>"


def _line(name: str, cells: Sequence[str], tag: str = "td", css: str = "") -> str:
    body = "".join(f"<{tag}>{cell}</{tag}>" for cell in cells)
    return f'<tr class="{css}"><th scope="row">{name}</th>{body}</tr>'


def _nats(value: float) -> str:
    return printed(value, ".2f")


def _picture(probabilities: NDArray[np.float32], k: int, shape: Sequence[int]) -> str:
    height, width = (2 * length for length in shape)
    source = tiled_picture(probabilities[None], 1, zoom=2, shape=shape)
    alt = f"reconstruction of component {k + 1}"
    return f'<img width="{width}" height="{height}" alt="{alt}" src="{source}"/>'
