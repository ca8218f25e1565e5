"""The tables of results in Markdown, from the rows of `checkpoints/results.json`."""

import math
import statistics
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from dlgmm_core.data.datasets import DATASETS
from dlgmm_core.evaluate.knn import KNN_SIZES
from dlgmm_core.experiments import formatting
from dlgmm_core.experiments.clustering_table import CLUSTERS_BY
from dlgmm_core.experiments.formatting import NONE
from dlgmm_core.experiments.rows import Row
from dlgmm_core.experiments.table import INGREDIENTS

__all__ = ["TABLES", "markdown_table"]

_LARGEST = 5  # shares that are written
_COMPARED = ("paper", "replica", "tuned", "clusters", "clusters-deep")  # recipes that compare models of MNIST


def summary_table(rows: list[Row]) -> str:
    """The paper's comparison on MNIST, with its recipe and ours, one line per model and recipe."""
    lines = [
        [
            formatting.label(row),
            formatting.recipe(row),
            formatting.nll(_find(rows, row.checkpoint, "binarized-mnist"), 50),
            formatting.papers_nll(row),
            formatting.nll(row, 5000),
            formatting.knn_error(row, "sample", 5),
            formatting.papers_knn_errors(row)[5],
        ]
        for row in _of(rows, dataset="mnist", eval_dataset="mnist", recipes=("paper", "tuned", "clusters", "layers"))
        if not row.seed
    ]
    head = (
        "model | recipe | −log p(x), S = 50 | paper reports | S = 5000 | kNN error of samples, k = 5, % | paper reports"
    )
    return markdown_table(head, lines)


def likelihood_table(rows: list[Row]) -> str:
    """−log p(x) on MNIST, one line per checkpoint of a recipe that compares models."""
    lines = [
        [
            formatting.label(row),
            formatting.recipe(row),
            formatting.minus_elbo(row),
            formatting.nll(_find(rows, row.checkpoint, "binarized-mnist"), 50),
            formatting.papers_nll(row),
            formatting.nll(row, 50),
            formatting.nll(row, 5000),
            formatting.effective_samples(row, 5000),
            formatting.epochs(row),
        ]
        for row in _of(rows, dataset="mnist", eval_dataset="mnist", recipes=_COMPARED)
    ]
    head = (
        "model | recipe | −ELBO | S = 50, paper's test set | paper reports | S = 50 | S = 5000"
        " | effective samples of 5000 | epochs trained"
    )
    return markdown_table(head, lines)


def omniglot_table(rows: list[Row]) -> str:
    """−log p(x) on Omniglot."""
    lines = [
        [
            formatting.label(row),
            formatting.recipe(row),
            formatting.binarization(row),
            formatting.minus_elbo(row),
            formatting.nll(row, 50),
            formatting.papers_nll(row),
            formatting.nll(row, 5000),
            formatting.epochs(row),
        ]
        for row in _of(rows, dataset="omniglot", eval_dataset="omniglot", recipes=("paper", "tuned"))
    ]
    return markdown_table(
        "model | recipe | binarization | −ELBO | S = 50 | paper reports | S = 5000 | epochs trained", lines
    )


def digits_table(rows: list[Row]) -> str:
    """All figures of the small models of digits of 8×8 pixels."""
    lines = [
        [
            formatting.label(row),
            str(row.num_components),
            formatting.minus_elbo(row),
            formatting.nll(row, 50),
            formatting.nll(row, 5000),
            *(formatting.knn_error(row, of, 5) for of in ("sample", "mean")),
            formatting.epochs(row),
        ]
        for row in _of(rows, dataset="digits", eval_dataset="digits", recipes=("digits",))
    ]
    head = "model | K | −ELBO | S = 50 | S = 5000 | kNN error of samples, k = 5, % | of means, % | epochs trained"
    return markdown_table(head, lines)


def ingredients_table(rows: list[Row]) -> str:
    """The gain of every step from the paper's recipe to the tuned one, on DLGMM."""
    found = {row.checkpoint: row for row in _of(rows, eval_dataset="mnist", recipes=("ingredient",))}
    lines, before = [], None
    for name, step in INGREDIENTS.items():
        if (row := found.get(f"ingredient-{name}")) is None:
            continue
        value = row.figures.nll["50"].value
        gained = NONE if before is None else f"{before - value:+.2f}".replace("-", "−")
        changed = _settings(step)
        lines.append(
            [name, changed, formatting.minus_elbo(row), formatting.nll(row, 50), gained, formatting.nll(row, 5000)]
        )
        before = value
    return markdown_table("step | what it changes | −ELBO | S = 50 | nats gained | S = 5000", lines)


def seeds_table(rows: list[Row]) -> str:
    """Mean and standard deviation over seeds, for models trained with several."""
    runs: dict[tuple[Any, ...], list[Row]] = {}
    for row in _of(rows, recipes=("paper", "tuned", "clusters", "clusters-deep", "code-size")):
        if row.dataset == row.eval_dataset:
            bound = None if row.train_config is None else row.train_config.bound
            run = (row.recipe, bound, row.dataset, row.code_dim, row.model, row.num_components)
            runs.setdefault(run, []).append(row)
    figures: list[Callable[[Row], float]] = [
        lambda row: math.nan if row.figures.elbo is None else -row.figures.elbo.value,
        lambda row: row.figures.nll["50"].value,
        lambda row: row.figures.nll["5000"].value,
        lambda row: row.figures.knn["sample"]["5"].error,
        lambda row: row.figures.knn["mean"]["5"].error,
    ]
    lines = [
        [
            DATASETS[same[0].dataset].label,
            formatting.label(same[0]),
            formatting.recipe(same[0]),
            ", ".join(str(row.seed) for row in same),
            *(_spread([figure(row) for row in same]) for figure in figures),
        ]
        for same in runs.values()
        if len(same) > 1
    ]
    head = (
        "data set | model | recipe | seeds | −ELBO | S = 50 | S = 5000 | kNN error of samples, k = 5, % | of means, %"
    )
    return markdown_table(head, lines)


def knn_table(rows: list[Row]) -> str:
    """kNN errors on MNIST, with the paper's values and McNemar's test against Gauss-VAE."""
    recipes = ("baseline", *_COMPARED, "code-size")
    lines = []
    for row in _of(rows, dataset="mnist", eval_dataset="mnist", recipes=recipes):
        if not row.figures.knn:
            continue
        papers = [] if row.recipe == "baseline" else list(formatting.papers_knn_errors(row).values())
        lines.append(
            [
                formatting.label(row),
                formatting.recipe(row),
                str(row.code_dim),
                _errors(row, "sample"),
                NONE if set(papers) <= {NONE} else " / ".join(papers),
                _errors(row, "mean"),
                formatting.paired(row, "sample", 5),
            ]
        )
    head = (
        "model | recipe | code size | error of samples, % | paper reports | error of means, %"
        " | against Gauss-VAE, samples, k = 5"
    )
    return markdown_table(head, lines)


def weights_table(rows: list[Row]) -> str:
    """How the mixtures use their components."""
    lines = [
        [
            row.checkpoint or NONE,
            str(row.num_components),
            f"{used.perplexity:.2f}",
            _top([100 * w for w in used.mean]),
            _top([100 * w for w in used.share]),
        ]
        for row in _of(rows, recipes=(*_COMPARED, "figure-2"))
        if (used := row.figures.weights) is not None
        and len(used.mean) > 1
        and row.dataset == row.eval_dataset
        and not row.seed
    ]
    return markdown_table(
        "checkpoint | K | perplexity of mean π | mean π, %, largest first | share of images, %", lines
    )


def clusters_table(rows: list[Row]) -> str:
    """How well components find classes on MNIST: of mixtures with more than one component in use, and of baselines."""
    recipes = ("clusters", "clusters-deep", "tuned", "paper", "replica", "figure-2", "baseline")
    lines = [
        [row.checkpoint or _baseline(row), str(row.num_components), *_clustering_cells(row)]
        for row in _of(rows, recipes, dataset="mnist", eval_dataset="mnist")
        if row.figures.clustering is not None
    ]
    return markdown_table(f"checkpoint or baseline | K | {_CLUSTERING_HEAD}", lines)


def clusters_by_table(rows: list[Row]) -> str:
    """What the clusters recipe owes to each of its settings."""
    found = {row.checkpoint: row for row in _of(rows, ("clusters-by",), eval_dataset="mnist")}
    lines = [
        [name, _settings(change) or NONE, *_clustering_cells(found[f"clusters-by-{name}"])]
        for name, change in CLUSTERS_BY.items()
        if f"clusters-by-{name}" in found
    ]
    return markdown_table(f"run | what it changes | {_CLUSTERING_HEAD}", lines)


_CLUSTERING_HEAD = (
    "−validation bound | −log p(x), S = 5000 | weights: ACC / purity, % | NMI | mean largest"
    " | responsibilities: ACC / purity, % | NMI | components in use"
)


def _baseline(row: Row) -> str:
    return formatting.label(row) + (f", seed {row.seed}" if row.seed else "")


def _clustering_cells(row: Row) -> list[str]:
    clustering = row.figures.clustering
    assert clustering is not None
    weights, responsibilities = (formatting.clustering(s) for s in (clustering.weights, clustering.responsibilities))
    return [
        NONE if row.valid_bound is None else f"{-row.valid_bound:.2f}",
        formatting.nll(row, 5000),
        f"{weights[0]} / {weights[1]}",
        *weights[2:4],
        f"{responsibilities[0]} / {responsibilities[1]}",
        responsibilities[2],
        responsibilities[4],
    ]


TABLES: dict[str, Callable[[list[Row]], str]] = {
    "summary": summary_table,
    "likelihood": likelihood_table,
    "omniglot": omniglot_table,
    "digits": digits_table,
    "ingredients": ingredients_table,
    "seeds": seeds_table,
    "knn": knn_table,
    "weights": weights_table,
    "clusters": clusters_table,
    "clusters-by": clusters_by_table,
}
"""Tables of results, by the name in their markers."""


def _of(
    rows: Iterable[Row], recipes: Sequence[str], dataset: str | None = None, eval_dataset: str | None = None
) -> list[Row]:
    chosen = [
        row
        for row in rows
        if row.recipe in recipes and dataset in (None, row.dataset) and eval_dataset in (None, row.eval_dataset)
    ]
    return sorted(chosen, key=lambda row: recipes.index(row.recipe))


def _settings(change: dict[str, Any]) -> str:
    return ", ".join(f"{field} = {setting or 'none'}" for field, setting in change.items())


def _find(rows: Iterable[Row], checkpoint: str | None, eval_dataset: str) -> Row | None:
    return next((r for r in rows if r.checkpoint == checkpoint and r.eval_dataset == eval_dataset), None)


def _errors(row: Row, representation: str) -> str:
    entries = row.figures.knn.get(representation)
    if entries is None:
        return NONE
    values = " / ".join(f"{entries[str(k)].error:.2f}" for k in KNN_SIZES)
    return f"{values} (± {max(entries[str(k)].ci95 for k in KNN_SIZES):.2f})"


def _spread(values: Sequence[float]) -> str:
    return f"{statistics.mean(values):.2f} ± {statistics.stdev(values):.2f}"


def _top(percentages: Sequence[float]) -> str:
    largest = sorted(percentages, reverse=True)[:_LARGEST]
    return ", ".join(f"{p:.0f}" for p in largest) + (" …" if len(percentages) > _LARGEST else "")


def markdown_table(head: str, lines: Sequence[Sequence[str]]) -> str:
    """A table whose columns `head` names, separated by bars."""
    columns = head.count("|") + 1
    rows = [f"| {head} |", "|" + "---|" * columns, *(f"| {' | '.join(cells)} |" for cells in lines)]
    return "\n".join(rows) + "\n"
