"""The recorded experiments as tables: `results.json`, with the paper's figures."""

from collections.abc import Callable, Sequence
from functools import partial

import pandas as pd
import streamlit as st

from dlgmm_core.evaluate.knn import KNN_SIZES
from dlgmm_core.experiments import formatting
from dlgmm_core.experiments.rows import Row
from ui import loaders
from ui.exporting import recipes_test_set
from ui.exporting.exports import About, export, figure
from ui.numbers import right

__all__ = ["knn_records", "likelihood_records", "show_records"]

_WORDS = ("Model", "Checkpoint", "Recipe", "Binarization")


def show_records(dataset: str, table_of: Callable[[Sequence[Row]], pd.DataFrame], caption: str) -> None:
    """The table of every experiment measured on one test set, where there are any."""
    rows = [row for row in (loaders.told(loaders.results) or []) if row.eval_dataset == dataset]
    if not rows:
        return
    table = table_of(rows)
    columns = {**right(table.columns.difference(_WORDS)), "Recipe": st.column_config.Column(width=105)}
    st.header("Every experiment recorded")
    with figure("records"):
        st.dataframe(table, hide_index=True, column_config=columns)
    st.caption(caption)
    about = About("every experiment recorded", dataset=dataset)
    export("records", about, partial(recipes_test_set.recorded, dataset), lambda: table)


def likelihood_records(rows: Sequence[Row]) -> pd.DataFrame:
    """−log p(x) of every experiment, with how it was trained and what it took."""
    return pd.DataFrame(
        [
            {
                "Model": formatting.label(row),
                "Checkpoint": row.checkpoint,
                "Recipe": formatting.recipe(row),
                "Code size": row.code_dim,
                "−log p(x), S = 50": formatting.nll(row, 50),
                "Paper, S = 50": formatting.papers_nll(row),
                "S = 5000": formatting.nll(row, 5000),
                "−ELBO": f"{formatting.minus_elbo(row)} ({elbo.bound})",
                "Effective samples of 5000": formatting.effective_samples(row, 5000),
                "Binarization": formatting.binarization(row),
                "Epochs": formatting.epochs(row),
                "Hours": formatting.hours(row),
            }
            for row in rows
            if (elbo := row.figures.elbo) is not None
        ]
    )


def knn_records(rows: Sequence[Row], representation: str) -> pd.DataFrame:
    """kNN errors of every experiment and baseline, the paper's, and McNemar's test against Gauss-VAE at k = 5."""
    found = []
    for row in rows:
        if not row.figures.knn:
            continue
        is_baseline = row.recipe == "baseline"
        measured = "mean" if is_baseline else representation
        papers = dict.fromkeys(KNN_SIZES, formatting.NONE) if is_baseline else formatting.papers_knn_errors(row)
        found.append(
            {
                "Model": formatting.label(row),
                "Checkpoint": formatting.NONE if is_baseline else row.checkpoint,
                "Recipe": formatting.recipe(row),
                "Code size": row.code_dim,
                **{f"k = {k}": formatting.knn_error(row, measured, k) for k in KNN_SIZES},
                "Against Gauss-VAE, k = 5": formatting.paired(row, representation, 5),
                **{f"paper, k = {k}": papers[k] for k in KNN_SIZES},
            }
        )
    return pd.DataFrame(found)
