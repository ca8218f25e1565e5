"""ELBO terms: a bound on log p(x) of one digit as a table whose columns add up to it."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from dlgmm_core.analysis.elbo_terms import ElboTerms
from dlgmm_core.analysis.image_report import ImageReport
from dlgmm_core.evaluate.likelihood import NORMAL_95
from dlgmm_core.model.objectives import BOUNDS, STICKS_FORMULA
from dlgmm_core.store.checkpoints import Checkpoint
from ui.digit.digit_input import DigitInput
from ui.exporting import recipes
from ui.exporting.exports import About, export, figure
from ui.glossary.terms import in_glossary, meaning
from ui.images import fitting, tiled_picture
from ui.link_report import bound_in_link
from ui.numbers import printed
from ui.presentation import aside
from ui.theme import component_colour

__all__ = ["show_elbo_terms"]

_PINNED = ' class="all"'
# Names and sums stay in sight while the components scroll below them; the bar is drawn wherever there is more to see.
_STYLE = """<style>
.elbo-terms { overflow-x: auto; margin-bottom: .5rem; }
.elbo-terms::-webkit-scrollbar { height: 10px; }
.elbo-terms::-webkit-scrollbar-thumb { background: #808080; border-radius: 5px; }
.elbo-terms::-webkit-scrollbar-track { background: #80808030; }
.elbo-terms table { border-collapse: separate; border-spacing: 0; font-size: .86em;
  font-variant-numeric: tabular-nums; }
.elbo-terms :is(th, td) { text-align: right; padding: 3px; border: 0; font-weight: 400; white-space: nowrap; }
.elbo-terms :is(tr > :first-child, .all) { position: sticky; background: var(--page); }
.elbo-terms .all { padding-left: 6px; }
.elbo-terms :has(+ .all) { padding-right: 6px; }
.elbo-terms tr > :first-child { text-align: left; left: 0; }
.elbo-terms .all { right: 0; border-left: 1px solid #808080; box-shadow: -6px 0 6px -6px #808080; }
.elbo-terms tr.sum > * { border-top: 1px solid currentColor; font-weight: 600; }
.elbo-terms img { image-rendering: pixelated; display: inline-block; }
.elbo-terms .bar { display: inline-block; height: 10px; vertical-align: middle;
  background: var(--st-primary-color, #2b6cb0); }
@media (max-width: 640px) { .elbo-terms tr > :first-child { white-space: normal; min-width: 7rem; } }
</style>"""


def show_elbo_terms(checkpoint: Checkpoint, digit: DigitInput, report: ImageReport, trained_on: str) -> None:
    """The table of the chosen bound, and the gaps of all bounds to the estimate of log p(x)."""
    names = list(BOUNDS)
    bound = st.segmented_control(
        "Bound",
        names,
        default=trained_on,
        required=True,
        help=meaning("ELBO", *in_glossary(names), "KL"),
        **bound_in_link("ledger-bound", names),
    )
    every = report.elbo_terms
    terms, shape = every[bound], checkpoint.model_config.image_shape
    with figure("elbo-terms"):
        st.html(_scrolling(_table(terms, bound, report, shape), "The ELBO terms of this digit"))
        aside(
            f"Nats, averaged over {report.draws} draws of every component, the largest weight first. Read down, then"
            f" across: {_parts(terms)} to the ELBO."
            + (
                f" Where there is no room for all {len(terms.weights)} components, the table scrolls sideways."
                if len(terms.weights) > 1
                else ""
            )
        )
        if len(terms.divergences) > 1:
            st.html(_scrolling(_layers(terms, bound), "What each layer takes from the bound on this digit"))
            aside(
                "The same bound by layer, in the mean over all paths. A layer that takes nearly nothing is not used:"
                " its posterior is its prior."
            )
        st.html(_scrolling(_gaps(report, bound), "The gap of every bound on this digit"))
        elbos = [every[name].elbo for name in names]
        shrinks = f" The gap shrinks from {names[0]} to {names[-1]}." if elbos == sorted(set(elbos)) else ""
        aside(
            f"log p(x) is itself estimated, with S = {report.num_samples:,} and an effective sample size of"
            f" {report.ess:.0f}: it is too low in expectation.{shrinks}"
        )
    settings = {
        "image": digit.origin,
        "draws of every component": report.draws,
        f"log p(x), S = {report.num_samples:,}": f"{report.log_p:.4f}",
    }
    about = About("terms of the bounds on log p(x), nats", [checkpoint], seed=0, settings=settings)
    code = partial(recipes.report, checkpoint, digit.code, report)
    export("elbo-terms", about, code, lambda: _terms(every))


def _parts(terms: ElboTerms) -> str:
    """What adds up to the bound, in words."""
    parts = ["the sums of all columns"]
    if terms.entropy is not None:
        parts.append("the entropy")
    if terms.weights_term is not None:
        parts.append("the divergence of the sticks")
    return f"{', '.join(parts[:-1])} and {parts[-1]} add up" if len(parts) > 1 else f"{parts[0]} add up"


def _terms(every: dict[str, ElboTerms]) -> pd.DataFrame:
    """Every term of every bound, zero where a bound lacks one; those that belong to no component have none."""
    rows: list[dict[str, object]] = []
    for bound, terms in every.items():
        columns = {
            "weight": terms.weights,
            "log p(x|z)": terms.log_likelihood,
            "weighted log p(x|z)": terms.likelihood,
            "Gaussian term": terms.components,
        }
        for term, values in columns.items():
            rows += [{"bound": bound, "term": term, "component": k + 1, "value": v} for k, v in enumerate(values)]
        whole = {"entropy": terms.entropy or 0.0, "sticks": terms.weights_term or 0.0, "ELBO": terms.elbo}
        if len(terms.divergences) > 1:
            whole |= {f"KL of layer {layer}": taken for layer, taken in enumerate(terms.divergences, 1)}
        rows += [{"bound": bound, "term": term, "component": None, "value": value} for term, value in whole.items()]
    return pd.DataFrame(rows).astype({"component": "Int64"})


def _scrolling(table: str, name: str) -> str:
    """In a frame that can be focused and scrolled by the keyboard where the table is too wide."""
    return f'{_STYLE}<div class="elbo-terms" role="region" tabindex="0" aria-label="{name}">{table}</div>'


def _table(terms: ElboTerms, bound: str, report: ImageReport, shape: Sequence[int]) -> str:
    k = len(terms.weights)
    order = np.argsort(-terms.weights, kind="stable")
    heads = []
    for i in order:
        square = f'<span style="color:{component_colour(i)}">■</span>'
        heads.append(f"{square} {i + 1}<br/>{_picture(report.reconstructions[i], i, shape)}")
    lines = [_line("component k" if k > 1 else "term", [*heads, "all"], "th")]
    mixture = k > 1
    if mixture:
        lines.append(_line("weight E[π<sub>k</sub>|x]", [*(f"{w:.3f}" for w in terms.weights[order]), "1"]))
    if report.component_posterior is not None and report.component_posterior_error is not None:
        ordered = report.component_posterior[order], NORMAL_95 * report.component_posterior_error[order]
        shares = [f"{share:.2f}±{error:.2f}".replace("0.", ".") for share, error in zip(*ordered, strict=True)]
        lines.append(_line("responsibility p(k|x)", [*shares, "1"]))
    whole = "" if mixture else _nats(terms.likelihood.sum())
    inner = "log p(x|z<sub>k</sub>)" if len(terms.divergences) == 1 else "bound below"
    lines.append(_line(f"{inner}, mean", [*(_nats(v) for v in terms.log_likelihood[order]), whole]))
    if mixture:
        shares = [*(_nats(v) for v in terms.likelihood[order]), _nats(terms.likelihood.sum())]
        lines.append(_line(f"weighted: E[π<sub>k</sub>] {inner}", shares))
    gaussian = [*(_nats(v) for v in terms.components[order]), _nats(terms.components.sum())]
    lines.append(_line(_formula(BOUNDS[bound].components), gaussian))
    blank = [""] * k
    if terms.entropy is not None:
        lines.append(_line(f"entropy {_formula(BOUNDS[bound].entropy)}", [*blank, _nats(terms.entropy)]))
    if terms.weights_term is not None:
        lines.append(_line(f"sticks {STICKS_FORMULA}", [*blank, _nats(terms.weights_term)]))
    columns = (terms.likelihood + terms.components)[order]
    lines.append(_line(f"ELBO ({bound})", [*(_nats(v) for v in columns), _nats(terms.elbo)], css="sum"))
    return f"<table>{''.join(lines)}</table>"


def _layers(terms: ElboTerms, bound: str) -> str:
    """The likelihood under all paths, and the divergence of each layer, which add up to the bound."""
    lines = [_line("term", ["nats"], "th", pinned=False)]
    lines.append(_line("E log p(x|z), over all paths", [_nats(terms.elbo + terms.divergences.sum())], pinned=False))
    for layer, taken in enumerate(terms.divergences, 1):
        lines.append(_line(f"−KL(q ‖ p) of layer {layer}", [_nats(-taken)], pinned=False))
    lines.append(_line(f"ELBO ({bound})", [_nats(terms.elbo)], css="sum", pinned=False))
    return f"<table>{''.join(lines)}</table>"


def _gaps(report: ImageReport, chosen: str) -> str:
    every, log_p = report.elbo_terms, report.log_p
    widest = max(log_p - terms.elbo for terms in every.values())
    lines = [_line("bound", ["ELBO", "log p(x) − ELBO", "gap"], "th", pinned=False)]
    for name, terms in every.items():
        gap = log_p - terms.elbo
        bar = f'<span class="bar" style="width:{max(1, round(120 * gap / widest))}px"></span>' if widest > 0 else ""
        label = f"<b>{name}</b>" if name == chosen else name
        cells = f'<td>{_nats(terms.elbo)}</td><td>{_nats(gap)}</td><td style="text-align:left">{bar}</td>'
        lines.append(f"<tr><th>{label}</th>{cells}</tr>")
    lines.append(_line(f"log p(x), S = {report.num_samples:,}", [_nats(log_p), "", ""], pinned=False))
    return f"<table>{''.join(lines)}</table>"


def _line(name: str, cells: Sequence[str], tag: str = "td", css: str = "", *, pinned: bool = True) -> str:
    """A row of the table, whose last cell stays in sight if it is pinned."""
    *others, last = (f">{cell}</{tag}>" for cell in cells)
    body = "".join(f"<{tag}{cell}" for cell in others)
    return f'<tr class="{css}"><th scope="row">{name}</th>{body}<{tag}{_PINNED if pinned else ""}{last}</tr>'


def _formula(text: str) -> str:
    """The formula of a bound in HTML, where there is no room for the index of a sum."""
    return text.replace("Σ_k", "Σ").replace("_k", "<sub>k</sub>")


def _nats(value: float) -> str:
    return printed(value, ".2f")


def _picture(probabilities: NDArray[np.float32], k: int, shape: Sequence[int]) -> str:
    zoom = fitting(2, shape)
    height, width = (zoom * length for length in shape)
    source = tiled_picture(probabilities[None], 1, zoom, shape=shape)
    alt = f"reconstruction of component {k + 1}"
    return f'<img width="{width}" height="{height}" alt="{alt}" src="{source}"/>'
