"""The recorded experiments as tables: `results.json` beside what the paper printed."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from dlgmm_core.config import ModelConfig
from dlgmm_core.knn import KNN_SIZES
from dlgmm_core.models import MODELS
from dlgmm_core.paper import paper_knn_errors, paper_nll

__all__ = ["knn_records", "likelihood_records", "rows_of"]

Row = dict[str, Any]
NONE = "–"
_BASELINES = {"raw-pixels": "raw pixels", "pca-25": "PCA, 25 components"}


def rows_of(rows: Sequence[Row], eval_dataset: str) -> list[Row]:
    """The rows measured on one test set."""
    return [row for row in rows if row["eval_dataset"] == eval_dataset]


def likelihood_records(rows: Sequence[Row]) -> pd.DataFrame:
    """−log p(x) of every experiment, with how it was trained and what it took."""
    return pd.DataFrame(
        [
            {
                "Model": MODELS[row["model"]].label,
                "Recipe": row["recipe"],
                "Seed": row["seed"],
                "Numbers a code": row["code_dim"],
                "−log p(x), S = 50": _nll(row, "50"),
                "Paper, S = 50": _paper_nll(row),
                "S = 5000": _nll(row, "5000"),
                "Effective samples of 5000": _effective(row),
                "−ELBO": f"{-row['elbo']['value']:.2f} ({row['elbo']['bound']})",
                "Binarization": row["training"]["binarization"],
                "Epochs": row["epochs"],
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
        # pixels and principal components are their own means, and know no draws
        errors = row["knn"].get(representation, row["knn"]["mean"] if row["recipe"] == "baseline" else None)
        if errors is None:
            continue
        paper = paper_knn_errors(_config(row), row["eval_dataset"]) if row["recipe"] == "paper" else {}
        line = {
            "Model": _BASELINES.get(row["model"]) or MODELS[row["model"]].label,
            "Recipe": row["recipe"],
            "Seed": str(row.get("seed", NONE)),
            "Numbers a code": row["code_dim"],
        }
        for k in KNN_SIZES:
            line[f"k = {k}"] = f"{errors[str(k)]['error']:.2f} ± {errors[str(k)]['ci95']:.2f}"
        for k in KNN_SIZES:
            line[f"paper, k = {k}"] = f"{paper[k]:.2f}" if paper else NONE
        found.append({**line, "Against Gauss-VAE, k = 5": _paired(row, representation)})
    return pd.DataFrame(found)


def _config(row: Row) -> ModelConfig:
    return ModelConfig.from_dict(row["architecture"])


def _nll(row: Row, size: str) -> str:
    entry = row["nll"].get(size)
    return f"{entry['value']:.2f} ± {entry['ci95']:.2f}" if entry else NONE


def _effective(row: Row) -> str:
    return f"{row['nll']['5000']['ess']:.0f}" if "5000" in row["nll"] else NONE


def _paper_nll(row: Row) -> str:
    printed = paper_nll(_config(row), row["eval_dataset"]) if row["recipe"] in ("paper", "replica") else None
    return NONE if printed is None else f"{printed:.2f}"


def _paired(row: Row, representation: str) -> str:
    """Images that only this model gets wrong : only Gauss-VAE, and the p value."""
    if "paired" not in row:
        return NONE
    test = row["paired"][representation]["5"]
    return f"{test['only_first_wrong']} : {test['only_second_wrong']}, p = {test['p_value']:.2g}"
