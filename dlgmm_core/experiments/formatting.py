"""The cells of the tables of results, the same in the documentation and in the app: a row's fields as text.

Nats per image and errors in percent, ± the half width of a 95 % interval over test images. What was not measured is a
dash.
"""

from dlgmm_core.evaluate.knn import KNN_SIZES
from dlgmm_core.experiments.paper import paper_knn_errors, paper_nll
from dlgmm_core.experiments.rows import Row
from dlgmm_core.model.models import MODELS

__all__ = [
    "NONE",
    "binarization",
    "effective_samples",
    "epochs",
    "hours",
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
_OF_THE_PAPER = ("paper", "replica")  # recipes beside whose figures the paper's may stand


def label(row: Row) -> str:
    """The model's name in the paper, or the baseline's."""
    return _BASELINES.get(row.model) or MODELS[row.model].label


def recipe(row: Row) -> str:
    """How it was trained, with the seed unless that is 0."""
    return f"{row.recipe}, seed {row.seed}" if row.seed else row.recipe


def epochs(row: Row) -> str:
    """How many epochs it was trained, and whether it was cut off before its validation bound had stopped rising."""
    whole = row.stopped == "patience" or (row.train_config is not None and row.train_config.schedule == "cosine")
    return NONE if row.epochs is None else str(row.epochs) if whole else f"{row.epochs}, cut off"


def hours(row: Row) -> str:
    """How long the training took."""
    return NONE if row.seconds is None else f"{row.seconds / 3600:.2f}"


def binarization(row: Row) -> str:
    """Of the training images."""
    return NONE if row.train_config is None else row.train_config.binarization


def minus_elbo(row: Row) -> str:
    """-ELBO."""
    return NONE if row.figures.elbo is None else f"{-row.figures.elbo.value:.2f}"


def nll(row: Row | None, size: int) -> str:
    """-log p(x) estimated from so many samples."""
    found = None if row is None else row.figures.nll.get(str(size))
    return NONE if found is None else f"{found.value:.2f} ± {found.ci95:.2f}"


def effective_samples(row: Row, size: int) -> str:
    """The effective sample size of so many samples."""
    found = row.figures.nll.get(str(size))
    return NONE if found is None or found.ess is None else f"{found.ess:.0f}"


def papers_nll(row: Row) -> str:
    """-log p(x) that the paper printed for this architecture, data and recipe."""
    config = row.model_config if row.recipe in _OF_THE_PAPER else None
    printed = None if config is None else paper_nll(config, row.eval_dataset)
    return NONE if printed is None else f"{printed:.2f}"


def knn_error(row: Row, representation: str, k: int) -> str:
    """The kNN error. Pixels and principal components are their own means, and have no draws."""
    found = row.figures.knn.get(representation, {}).get(str(k))
    return NONE if found is None else f"{found.error:.2f} ± {found.ci95:.2f}"


def papers_knn_errors(row: Row) -> dict[int, str]:
    """By k, the kNN errors that the paper printed for this architecture, data and recipe."""
    config = row.model_config if row.recipe in _OF_THE_PAPER else None
    known = {} if config is None else paper_knn_errors(config, row.eval_dataset)
    return {k: f"{known[k]:.2f}" if known else NONE for k in KNN_SIZES}


def paired(row: Row, representation: str, k: int) -> str:
    """Test images that only this model gets wrong : only its baseline, and McNemar's exact p."""
    if row.figures.paired is None:
        return NONE
    test = row.figures.paired.tests(representation)[str(k)]
    p = f"p = {test.p_value:.2g}" if test.p_value >= 1e-4 else "p < 0.0001"
    return f"{test.only_first_wrong} : {test.only_second_wrong}, {p}"
