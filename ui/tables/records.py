"""The recorded experiments as tables, by code size: `results.json`, with the paper's figures."""

from collections.abc import Callable, Sequence
from functools import lru_cache, partial

import pandas as pd
import streamlit as st

from dlgmm_core.evaluate.knn import KNN_SIZES
from dlgmm_core.experiments import formatting
from dlgmm_core.experiments.rows import Row
from dlgmm_core.model.models import BASELINE, MODELS
from ui import findings, loaders
from ui.exporting import recipes_test_set
from ui.exporting.exports import About, export, figure
from ui.glossary.terms import meaning
from ui.groups import GROUPS, group_of_recipe
from ui.numbers import right
from ui.tables.knn_table import PAPERS
from ui.tables.likelihood_table import EXPLAINED

__all__ = ["knn_records", "likelihood_records", "show_records"]

_WORDS = ("Model", "Checkpoint", "Recipe", "Binarization")


def show_records(dataset: str, table_of: Callable[..., pd.DataFrame], caption: str, **settings: str | bool) -> None:
    """The table of every experiment measured on one test set, where there are any: `table_of(rows, **settings)`."""
    known = tuple(settings.items())
    table = loaders.told(lambda: _table(findings.results_stamp(), dataset, table_of, known))
    if table is None or table.empty:
        return
    columns = {
        **right(table.columns.difference(_WORDS), EXPLAINED),
        "Recipe": st.column_config.Column(width=220, help=meaning("recipe")),
        "Binarization": st.column_config.Column(help=meaning("binarization")),
    }
    st.header("Every experiment recorded")
    with figure("records"):
        st.dataframe(table, hide_index=True, column_config=columns)
    st.caption(caption)
    about = About("every experiment recorded", dataset=dataset)
    export("records", about, partial(recipes_test_set.recorded, dataset), lambda: table)


@lru_cache(maxsize=20)
def _table(
    stamp: int | None, dataset: str, table_of: Callable[..., pd.DataFrame], settings: tuple[tuple[str, str | bool], ...]
) -> pd.DataFrame:
    """The table of the records, by code size, largest first, and recipe; empty where nothing is recorded."""
    rows = [row for row in findings.results() if row.eval_dataset == dataset]
    rows.sort(key=lambda row: (-row.code_dim, GROUPS.index(group_of_recipe(row.recipe))))
    return table_of(rows, **dict(settings))


def likelihood_records(rows: Sequence[Row]) -> pd.DataFrame:
    """−log p(x) of every experiment, with how it was trained and what it took."""
    return pd.DataFrame(
        [
            {
                "D": formatting.code_size(row),
                "Model": formatting.label(row),
                "Recipe": formatting.recipe(row),
                "S = 50": formatting.nll(row, 50),
                "Paper": formatting.papers_nll(row),
                "S = 5000": formatting.nll(row, 5000),
                "−ELBO": f"{formatting.minus_elbo(row)} ({elbo.bound})",
                "Epochs trained": formatting.epochs(row),
                "Effective samples": formatting.effective_samples(row, 5000),
                "Binarization": formatting.binarization(row),
                "Hours": formatting.hours(row),
                "Checkpoint": row.checkpoint,
            }
            for row in rows
            if (elbo := row.figures.elbo) is not None
        ]
    )


def knn_records(rows: Sequence[Row], representation: str, *, with_papers: bool) -> pd.DataFrame:
    """kNN errors of every experiment and baseline, and McNemar's test against that of mixtures at k = 5.

    Args:
        rows: of one test set.
        representation: "sample" or "mean".
        with_papers: whether the paper's errors stand beside them, which are of samples.
    """
    found = []
    for row in rows:
        if not row.figures.knn:
            continue
        is_baseline = row.recipe == "baseline"
        measured = "mean" if is_baseline else representation
        papers = [formatting.NONE] if is_baseline else formatting.papers_knn_errors(row).values()
        found.append(
            {
                "D": row.code_dim,
                "Model": formatting.label(row),
                "Recipe": formatting.recipe(row),
                **{f"k = {k}": formatting.knn_error(row, measured, k) for k in KNN_SIZES},
                f"Against {MODELS[BASELINE].label}, k = 5": formatting.paired(row, representation, 5),
                **(
                    {PAPERS: formatting.NONE if set(papers) == {formatting.NONE} else " / ".join(papers)}
                    if with_papers
                    else {}
                ),
                "Checkpoint": formatting.NONE if is_baseline else row.checkpoint,
            }
        )
    return pd.DataFrame(found)
