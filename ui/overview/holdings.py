"""The table of the checkpoints that fit the chosen data set, largest codes first, with what was measured of each."""

import html
from collections.abc import Sequence
from functools import partial
from itertools import groupby

import streamlit as st

from dlgmm_core.data.datasets import label_of
from dlgmm_core.model.models import MODELS
from dlgmm_core.store.checkpoints import Checkpoint
from dlgmm_core.store.figures import Measurement
from ui import findings, loaders
from ui.glossary.terms import meaning
from ui.sidebar import Selection

__all__ = ["show_holdings"]

NONE = "–"
# each with the symbols of the glossary that explain it
_COLUMNS = {
    "Checkpoint": (),
    "Model": (),
    "Trained on": ("binarization",),
    "K": ("K",),
    "Bound": ("ELBO", "eq1", "mixture", "marginal", "iwae"),
    "Epochs, best / trained": (),
    "−log p(x), nats": ("−log p(x)", "nat"),
    "S": ("S",),
    "kNN error of samples, k = 5, %": ("kNN error",),
    "kNN error of means, k = 5, %": ("kNN error",),
}
_STYLE = """<style>
.holdings { overflow-x: auto; border: 1px solid #80808055; border-radius: 8px; }
.holdings table { border-collapse: collapse; width: 100%; font-size: .8em; font-variant-numeric: tabular-nums; }
.holdings :is(th, td) { padding: 3px 6px; text-align: right; white-space: nowrap; border: 0; font-weight: 400; }
.holdings thead th { font-weight: 600; white-space: normal; vertical-align: bottom; min-width: 2.2rem; }
.holdings tr + tr, .holdings tbody { border-top: 1px solid #80808055; }
.holdings abbr { text-decoration: underline dotted; cursor: help; }
.holdings .size { text-align: left; font-weight: 600; }
.holdings :is(th, td):is(:nth-child(-n + 3), :nth-child(5)) { text-align: left; }
</style>"""


def show_holdings(chosen: Selection) -> None:
    """Draws the table, as HTML: a grid that can be sorted takes a browser as long as all else of the first page."""
    head = "".join(f'<th scope="col">{_name(*column)}</th>' for column in _COLUMNS.items())
    body = "".join(f"<tbody>{_group(size, lines)}</tbody>" for size, lines in _by_size(chosen))
    table = f"<table><thead><tr>{head}</tr></thead>{body}</table>"
    st.html(f'{_STYLE}<div class="holdings" role="region" tabindex="0" aria-label="Trained models">{table}</div>')


def _name(column: str, symbols: tuple[str, ...]) -> str:
    """A column's name, which a tooltip explains where there are symbols."""
    words = html.escape(meaning(*symbols).replace("**", ""))
    return f'<abbr title="{words}">{column}</abbr>' if symbols else column


def _by_size(chosen: Selection) -> list[tuple[tuple[int, ...], list[list[str]]]]:
    """Code sizes of all layers, the largest first, each with its lines in the order of the groups."""

    def size(checkpoint: Checkpoint) -> tuple[int, ...]:
        return checkpoint.model_config.code_dims

    by_size = groupby(sorted(chosen.offered, key=size, reverse=True), size)  # which keeps the order of what is equal
    return [(each, [_line(c, chosen.dataset) for c in own]) for each, own in by_size]


def _group(size: Sequence[int], lines: list[list[str]]) -> str:
    words = " + ".join(map(str, size))
    head = f'<tr><th class="size" scope="rowgroup" colspan="{len(_COLUMNS)}">Codes of {words} numbers</th></tr>'
    return head + "".join(f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in line)}</tr>" for line in lines)


def _line(checkpoint: Checkpoint, dataset: str) -> list[str]:
    """The cells of one checkpoint, its figures where they have been measured."""
    config, recipe = checkpoint.model_config, checkpoint.train_config
    measured = (loaders.told(partial(findings.measurements, checkpoint)) or {}).get(dataset, Measurement())
    nll, knn = measured.figures.estimates, measured.figures.knn
    largest = max(nll, default=0)
    epochs = loaders.told(partial(findings.epochs, checkpoint))
    return [
        checkpoint.name,
        MODELS[config.model].label,
        f"{label_of(recipe.dataset)}, {recipe.binarization}",
        "×".join(map(str, config.components)) if MODELS[config.model].has_components else NONE,
        recipe.bound,
        f"{checkpoint.epoch} / {epochs or NONE}",
        f"{nll[largest].value:.2f} ± {nll[largest].ci95:.2f}" if largest else NONE,
        str(largest) if largest else NONE,
        *(f"{knn[of]['5'].error:.2f}" if of in knn else NONE for of in ("sample", "mean")),
    ]
