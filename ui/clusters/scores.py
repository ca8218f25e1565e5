"""How well components find the classes, beside baselines; and the table of components by classes."""

import html

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from dlgmm_core.analysis.clusters import Clusters
from dlgmm_core.data.datasets import Dataset
from dlgmm_core.evaluate.clustering import IN_USE
from dlgmm_core.experiments import formatting
from dlgmm_core.experiments.rows import Row
from dlgmm_core.store.figures import ClusteringScores
from ui import findings, loaders
from ui.numbers import right
from ui.theme import component_colour, ink_on

__all__ = ["score_table", "score_words", "show_scores", "show_table"]

_COLUMNS = ("ACC, %", "Purity, %", "NMI", "Mean largest", "In use")
_SHADE = "#2b6cb0"
_LONGEST_COLUMN = 3  # characters of a class that is a column
_MOST_SHADE = 60  # percent: words in the colour of either theme's text are read on it
_STYLE = """<style>
.classes-table { overflow-x: auto; }
.classes-table table { border-collapse: separate; border-spacing: 2px; font-variant-numeric: tabular-nums; }
.classes-table :is(td, th) { padding: 2px 8px; text-align: right; font-weight: 400; min-width: 2.5rem; }
.classes-table .number { text-align: center; border: 1px solid #808080; border-radius: 4px; font-weight: 600; }
.classes-table .unused { opacity: .6; }
</style>"""


def score_words(found: ClusteringScores | None, shares: NDArray[np.float64]) -> str:
    """The scores in one line; without labels, why there are none.

    Args:
        found: None without labels.
        shares: (K,) of the images that go to each component.
    """
    used = f"{(shares >= IN_USE).sum()} of {len(shares)} in use"
    if found is None:
        return f"These images have no labels, so there are no ACC, purity and NMI · {used}"
    return f"**ACC {found.acc:.1f} %** · NMI {found.nmi:.2f} · mean largest {found.mean_max:.2f} · {used}"


def score_table(name: str, own: dict[str, ClusteringScores], dataset: str, k: int) -> pd.DataFrame:
    """One row per way of assigning images: the model's own, then the recorded baselines, those of K groups if any are.

    Args:
        name: of the checkpoint.
        own: its scores, by what images are assigned by.
        dataset: of the test images.
        k: number of components.
    """
    lines = [[f"{name}, by {kind}", str(k), *formatting.clustering(each)] for kind, each in own.items()]
    for row in _baselines(dataset, k):
        found = row.figures.clustering
        assert found is not None
        seed = f", seed {row.seed}" if row.seed else ""
        lines.append(
            [f"{formatting.label(row)}{seed}", str(row.num_components), *formatting.clustering(found.responsibilities)]
        )
    return pd.DataFrame(lines, columns=["Assigned by", "Groups", *_COLUMNS])


def _baselines(dataset: str, k: int) -> list[Row]:
    rows = [
        row
        for row in loaders.told(findings.results) or []
        if row.recipe == "baseline" and row.eval_dataset == dataset and row.figures.clustering is not None
    ]
    return [row for row in rows if row.num_components == k] or rows


def show_scores(table: pd.DataFrame) -> None:
    """The table of `score_table`."""
    st.dataframe(table, hide_index=True, column_config=right(table.columns[1:]))


def show_table(found: Clusters, dataset: Dataset) -> None:
    """How many images of each class every component has, shaded by their share of the component; there are classes.

    Classes are columns, or rows where their names are long.
    """
    assert found.table is not None
    names = dataset.class_names
    turned = any(len(name) > _LONGEST_COLUMN for name in names)
    of_class, of_component = ("row", "col") if turned else ("col", "row")
    heads = [f'<th scope="{of_class}">{_breaking(name)}</th>' for name in (*names, "images")]
    lines = [["<th></th>", *heads]]
    for k, counts in enumerate(found.table):
        total, colour = int(counts.sum()), component_colour(k)
        kind = "used" if found.shares[k] >= IN_USE else "unused"
        style = f'class="number" style="background:{colour};color:{ink_on(colour)}"'
        cells = [_cell(total, count, kind) for count in counts.tolist()]
        lines.append([f'<th scope="{of_component}" {style}>{k + 1}</th>', *cells, f'<td class="{kind}">{total:,}</td>'])
    rows = zip(*lines, strict=True) if turned else lines
    table = f"<table>{''.join(f'<tr>{cells}</tr>' for cells in map(''.join, rows))}</table>"
    region = 'class="classes-table" role="region" tabindex="0" aria-label="Images of each component and class"'
    st.html(f"{_STYLE}<div {region}>{table}</div>")


def _breaking(name: str) -> str:
    """A name that may be broken after every underscore."""
    return html.escape(name).replace("_", "_<wbr>")


def _cell(total: int, count: int, kind: str) -> str:
    share = _MOST_SHADE * count / total if total else 0
    shade = f"color-mix(in srgb, {_SHADE} {share:.0f}%, transparent)"
    return f'<td class="{kind}" style="background:{shade}">{f"{count:,}" if count else "·"}</td>'
