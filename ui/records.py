"""The recorded experiments as tables: `results.json` beside what the paper printed."""

from collections.abc import Sequence

import pandas as pd

from dlgmm_core import records
from dlgmm_core.knn import KNN_SIZES
from dlgmm_core.results import Row

__all__ = ["knn_records", "likelihood_records", "rows_of"]


def rows_of(rows: Sequence[Row], eval_dataset: str) -> list[Row]:
    """The rows measured on one test set."""
    return [row for row in rows if row["eval_dataset"] == eval_dataset]


def likelihood_records(rows: Sequence[Row]) -> pd.DataFrame:
    """−log p(x) of every experiment, with how it was trained and what it took."""
    return pd.DataFrame(
        [
            {
                "Model": records.label(row),
                "Recipe": records.recipe(row),
                "Numbers a code": row["code_dim"],
                "−log p(x), S = 50": records.nll(row, 50),
                "Paper, S = 50": records.papers_nll(row),
                "S = 5000": records.nll(row, 5000),
                "Effective samples of 5000": records.effective_samples(row, 5000),
                "−ELBO": f"{records.minus_elbo(row)} ({row['elbo']['bound']})",
                "Binarization": row["training"]["binarization"],
                "Epochs": records.epochs(row),
                "Hours": round(row["seconds"] / 3600, 2),
                "Checkpoint": row["checkpoint"],
            }
            for row in rows
            if "nll" in row
        ]
    )


def knn_records(rows: Sequence[Row], representation: str) -> pd.DataFrame:
    """kNN errors of every experiment and baseline, the paper's, and McNemar's test against Gauss-VAE at k = 5."""
    found = []
    for row in rows:
        is_baseline = row["recipe"] == "baseline"
        measured = "mean" if is_baseline else representation
        papers = dict.fromkeys(KNN_SIZES, records.NONE) if is_baseline else records.papers_knn_errors(row)
        found.append(
            {
                "Model": records.label(row),
                "Recipe": records.recipe(row),
                "Numbers a code": row["code_dim"],
                **{f"k = {k}": records.knn_error(row, measured, k) for k in KNN_SIZES},
                **{f"paper, k = {k}": papers[k] for k in KNN_SIZES},
                "Against Gauss-VAE, k = 5": records.paired(row, representation, 5),
            }
        )
    return pd.DataFrame(found)
