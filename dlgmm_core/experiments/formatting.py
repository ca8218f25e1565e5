"""Cells of the tables of results as text, for the documentation and the app.

Nats per image and errors in percent, ± the half width of a 95 % interval over test images. A dash stands for figures
that were not measured. A mean whose interval is as large as itself is made up by few images: it is written to two
digits, with its interval.
"""

import math

from dlgmm_core.evaluate.knn import KNN_SIZES
from dlgmm_core.experiments.baselines import RAW_PIXELS
from dlgmm_core.experiments.layers_table import EPOCHS
from dlgmm_core.experiments.paper import paper_knn_errors, paper_nll
from dlgmm_core.experiments.rows import Row
from dlgmm_core.model.models import MODELS
from dlgmm_core.store.figures import ClusteringScores

__all__ = [
    "MOST",
    "NONE",
    "binarization",
    "clustering",
    "code_size",
    "divergences",
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
MOST = "most of the −ELBO"
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_BASELINES = {
    RAW_PIXELS: "raw pixels",
    "pca-25": "PCA",
    "k-means-on-pixels": "k-means of pixels",
    "k-means-on-pca-25": "k-means of 25 principal components",
    "k-means-on-codes": "k-means of Gauss-VAE codes",
    "gmm-on-pixels": "Gaussian mixture of pixels",
    "gmm-on-pca-25": "Gaussian mixture of 25 principal components",
    "gmm-on-codes": "Gaussian mixture of Gauss-VAE codes",
}
_OF_THE_PAPER = ("paper", "replica")  # recipes that are comparable with the paper's figures


def label(row: Row) -> str:
    """The model's name in the paper, or the baseline's."""
    return _BASELINES.get(row.model) or MODELS[row.model].label


def recipe(row: Row) -> str:
    """The training recipe, with K, M and the bound where its models differ in them, and the seed unless it is 0."""
    words = [row.recipe]
    if row.recipe == "clusters":
        words.append(f"K = {row.num_components}")
        if row.train_config is not None and row.train_config.bound != "eq1":
            words.append(row.train_config.bound)
    if row.recipe == "strata" and row.train_config is not None:
        words.append(f"M = {row.train_config.decoded or row.num_components}")
    if row.recipe == "layers" and row.model_config is not None:
        words.append("K = " + " and ".join(map(str, row.model_config.components)))
        if row.train_config is not None and row.train_config.max_epochs != EPOCHS:
            words.append(f"{row.train_config.max_epochs} epochs")
    if row.seed:
        words.append(f"seed {row.seed}")
    return ", ".join(words)


def code_size(row: Row) -> str:
    """The size of the code, of each layer where there are several."""
    return str(row.code_dim) if row.model_config is None else row.model_config.code_size


def epochs(row: Row) -> str:
    """The number of training epochs, and whether training ended before early stopping."""
    whole = row.stopped == "patience" or (row.train_config is not None and row.train_config.schedule != "constant")
    return NONE if row.epochs is None else str(row.epochs) if whole else f"{row.epochs}, cut off"


def hours(row: Row) -> str:
    """How long the training took."""
    return NONE if row.seconds is None else f"{row.seconds / 3600:.2f}"


def binarization(row: Row) -> str:
    """The binarization of the training images."""
    return NONE if row.train_config is None else row.train_config.binarization


def minus_elbo(row: Row) -> str:
    """-ELBO, with its interval where that is as large."""
    elbo = row.figures.elbo
    if elbo is None:
        return NONE
    return f"{-elbo.value:,.2f}" if _elbo_is_known(row) else _of_an_order(-elbo.value, elbo.ci95)


def _elbo_is_known(row: Row) -> bool:
    """Whether the ELBO's interval is smaller than its value; else few images make it up."""
    return row.figures.elbo is not None and row.figures.elbo.ci95 < abs(row.figures.elbo.value)


def _of_an_order(value: float, ci95: float) -> str:
    power = math.floor(math.log10(max(abs(value), ci95, 1.0)))
    text = f"{value / 10**power:.1f} ± {ci95 / 10**power:.1f}".replace("-", "−")
    return text if power == 0 else f"({text})·10{str(power).translate(_RAISED)}"


def divergences(row: Row) -> str:
    """The KL divergence of each layer; in words, of a layer that makes up most of an ELBO that is not known."""
    elbo = row.figures.elbo
    unknown = math.inf if elbo is None or _elbo_is_known(row) else abs(elbo.value) / 2
    taken = [layer.divergence for layer in row.figures.layers]
    return " / ".join(MOST if each > unknown else f"{each:,.1f}" for each in taken) or NONE


def nll(row: Row | None, size: int | str) -> str:
    """-log p(x), estimated from `size` samples, or `EXACT`."""
    found = None if row is None else row.figures.nll.get(str(size))
    return NONE if found is None else f"{found.value:.2f} ± {found.ci95:.2f}"


def effective_samples(row: Row, size: int) -> str:
    """The mean effective sample size of `size` samples."""
    found = row.figures.nll.get(str(size))
    return NONE if found is None or found.ess is None else f"{found.ess:.0f}"


def papers_nll(row: Row) -> str:
    """-log p(x) in the paper for this architecture, data and recipe."""
    config = row.model_config if row.recipe in _OF_THE_PAPER else None
    printed = None if config is None else paper_nll(config, row.eval_dataset)
    return NONE if printed is None else f"{printed:.2f}"


def clustering(scores: ClusteringScores | None) -> list[str]:
    """ACC and purity in percent, NMI, the mean largest probability, and the number of components in use."""
    if scores is None:
        return [NONE] * 5
    return [
        f"{scores.acc:.1f}",
        f"{scores.purity:.1f}",
        f"{scores.nmi:.3f}",
        f"{scores.mean_max:.2f}",
        str(scores.used),
    ]


def knn_error(row: Row, representation: str, k: int) -> str:
    """The kNN error; of pixels and principal components, which have no draws, it is that of "mean"."""
    found = row.figures.knn.get(representation, {}).get(str(k))
    return NONE if found is None else f"{found.error:.2f} ± {found.ci95:.2f}"


def papers_knn_errors(row: Row) -> dict[int, str]:
    """The kNN errors in the paper, by k, for this architecture, data and recipe."""
    config = row.model_config if row.recipe in _OF_THE_PAPER else None
    known = {} if config is None else paper_knn_errors(config, row.eval_dataset)
    return {k: f"{known[k]:.2f}" if known else NONE for k in KNN_SIZES}


def paired(row: Row, representation: str, k: int) -> str:
    """Test images that only this model gets wrong : only its baseline gets wrong, and McNemar's exact p-value."""
    if row.figures.paired is None:
        return NONE
    test = row.figures.paired.tests(representation)[str(k)]
    p = f"p = {test.p_value:.2g}" if test.p_value >= 1e-4 else "p < 0.0001"
    return f"{test.only_first_wrong} : {test.only_second_wrong}, {p}"
