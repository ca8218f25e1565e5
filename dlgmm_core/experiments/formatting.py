"""A row of `results.json` in words: the cells that README's tables and the app's share.

Nats per image and errors in percent, ± the half width of a 95 % interval over test images. What a
row does not know is a dash.
"""

from dlgmm_core.config import ModelConfig
from dlgmm_core.evaluate.knn import KNN_SIZES
from dlgmm_core.experiments.paper import paper_knn_errors, paper_nll
from dlgmm_core.experiments.results import Row
from dlgmm_core.model.models import MODELS

__all__ = [
    "NONE",
    "effective_samples",
    "epochs",
    "knn_error",
    "label",
    "minus_elbo",
    "nll",
    "paired",
    "papers_knn_errors",
    "papers_nll",
    "recipe",
]

NONE = "–"
_BASELINES = {"raw-pixels": "raw pixels", "pca-25": "PCA"}
_OF_THE_PAPER = ("paper", "replica")  # recipes whose figures the paper's may stand beside


def label(row: Row) -> str:
    """The model's name in the paper, or the baseline's."""
    return _BASELINES.get(row["model"]) or MODELS[row["model"]].label


def recipe(row: Row) -> str:
    """How it was trained, with the seed unless that is 0."""
    return f"{row['recipe']}, seed {row['seed']}" if row.get("seed") else str(row["recipe"])


def epochs(row: Row) -> str:
    """How long it was trained, and whether that was its own end."""
    whole = row["stopped"] == "patience" or row["training"]["schedule"] == "cosine"
    return str(row["epochs"]) if whole else f"{row['epochs']}, cut off"


def minus_elbo(row: Row) -> str:
    """-ELBO."""
    return f"{-row['elbo']['value']:.2f}"


def nll(row: Row | None, size: int) -> str:
    """-log p(x) from that many samples."""
    entry = (row or {}).get("nll", {}).get(str(size))
    return f"{entry['value']:.2f} ± {entry['ci95']:.2f}" if entry else NONE


def effective_samples(row: Row, size: int) -> str:
    """The effective sample size of that many."""
    entry = row["nll"].get(str(size))
    return f"{entry['ess']:.0f}" if entry else NONE


def papers_nll(row: Row) -> str:
    """-log p(x) that the paper printed for this architecture, data and recipe."""
    printed = paper_nll(_config(row), row["eval_dataset"]) if row["recipe"] in _OF_THE_PAPER else None
    return NONE if printed is None else f"{printed:.2f}"


def knn_error(row: Row, representation: str, k: int) -> str:
    """The kNN error. Pixels and principal components are their own means, and know no draws."""
    entries = row["knn"].get(representation)
    return f"{entries[str(k)]['error']:.2f} ± {entries[str(k)]['ci95']:.2f}" if entries else NONE


def papers_knn_errors(row: Row) -> dict[int, str]:
    """By k, the kNN errors that the paper printed for this architecture, data and recipe."""
    known = paper_knn_errors(_config(row), row["eval_dataset"]) if row["recipe"] in _OF_THE_PAPER else {}
    return {k: f"{known[k]:.2f}" if known else NONE for k in KNN_SIZES}


def paired(row: Row, representation: str, k: int) -> str:
    """Test images that only this model gets wrong : only its baseline, and McNemar's exact p."""
    if "paired" not in row:
        return NONE
    test = row["paired"][representation][str(k)]
    p = f"p = {test['p_value']:.2g}" if test["p_value"] >= 1e-4 else "p < 0.0001"
    return f"{test['only_first_wrong']} : {test['only_second_wrong']}, {p}"


def _config(row: Row) -> ModelConfig:
    return ModelConfig.from_dict(row["architecture"])
