"""Writes README's results from `checkpoints/results.json`, so that nobody types a figure.

Run it as `python -m benchmarks.readme_tables`; a test fails when README differs from what it would write.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from dlgmm_core.config import ModelConfig
from dlgmm_core.knn import KNN_SIZES
from dlgmm_core.models import MODELS
from dlgmm_core.paper import paper_knn_errors, paper_nll
from dlgmm_core.results import read_results

ROOT = Path(__file__).resolve().parent.parent
Row = dict[str, Any]
NONE = "–"


def main() -> None:
    """Rewrites README in place."""
    path = ROOT / "README.md"
    path.write_text(with_results(path.read_text(), read_results(ROOT / "checkpoints")))
    print(f"{path}: results written")


def with_results(readme: str, rows: list[Row]) -> str:
    """README's text with every table between its two marks `<!-- name -->` and `<!-- /name -->`.

    Raises:
        ValueError: if a mark is missing.
    """
    for name, table in TABLES.items():
        begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        before, rest = readme.split(begin)
        readme = before + begin + table(rows) + end + rest.split(end, 1)[1]
    return readme


def likelihood_table(rows: list[Row]) -> str:
    """−log p(x) on MNIST, a line for every checkpoint of the architectures that the paper names."""
    lines = []
    for row in _of(rows, dataset="mnist", eval_dataset="mnist", recipes=("paper", "replica", "tuned")):
        theirs = _find(rows, row["checkpoint"], "binarized-mnist")
        lines.append(
            [
                _label(row),
                _recipe(row),
                _minus(row["elbo"]),
                _nll(theirs, "50"),
                _number(paper_nll(_config(row), "mnist")) if row["recipe"] != "tuned" else NONE,
                _nll(row, "50"),
                _nll(row, "5000"),
                _effective(row),
                _epochs(row),
            ]
        )
    head = (
        "model | recipe | −ELBO | S = 50, paper's test set | paper printed | S = 50 | S = 5000"
        " | effective samples of 5000 | epochs"
    )
    return _table(head, lines)


def omniglot_table(rows: list[Row]) -> str:
    """−log p(x) on Omniglot."""
    lines = [
        [
            _label(row),
            _recipe(row),
            row["training"]["binarization"],
            _minus(row["elbo"]),
            _nll(row, "50"),
            _number(paper_nll(_config(row), "omniglot")) if row["recipe"] != "tuned" else NONE,
            _nll(row, "5000"),
            _epochs(row),
        ]
        for row in _of(rows, dataset="omniglot", eval_dataset="omniglot", recipes=("paper", "tuned"))
    ]
    return _table("model | recipe | binarization | −ELBO | S = 50 | paper printed | S = 5000 | epochs", lines)


def knn_table(rows: list[Row]) -> str:
    """kNN errors on MNIST, with the paper's and with McNemar's test against Gauss-VAE."""
    recipes = ("baseline", "paper", "replica", "tuned", "code-size")
    lines = []
    for row in _of(rows, dataset="mnist", eval_dataset="mnist", recipes=recipes):
        baseline = row["recipe"] == "baseline"
        paper = {} if baseline or row["recipe"] != "paper" else paper_knn_errors(_config(row), "mnist")
        lines.append(
            [
                {"raw-pixels": "raw pixels", "pca-25": "PCA"}[row["model"]] if baseline else _label(row),
                row["recipe"] if baseline else _recipe(row),
                str(row["code_dim"]),
                _errors(row, "sample"),
                " / ".join(f"{paper[k]:.2f}" for k in KNN_SIZES) if paper else NONE,
                _errors(row, "mean"),
                _paired(row),
            ]
        )
    head = (
        "model | recipe | numbers a code | error of samples, % | paper printed | error of means, %"
        " | against Gauss-VAE, samples, k = 5"
    )
    return _table(head, lines)


def weights_table(rows: list[Row]) -> str:
    """How the mixtures use their components."""
    lines = [
        [
            _label(row),
            _recipe(row),
            row["dataset"],
            str(row["num_components"]),
            f"{row['weights']['perplexity']:.2f}",
            _top([100 * w for w in row["weights"]["mean"]]),
            _top([100 * w for w in row["weights"]["share"]]),
        ]
        for row in _of(rows, recipes=("paper", "replica", "tuned", "figure-2"))
        if row["num_components"] > 1 and row["dataset"] == row["eval_dataset"]
    ]
    head = "model | recipe | data | K | perplexity of mean π | mean π, %, largest first | share of images, %"
    return _table(head, lines)


TABLES: dict[str, Callable[[list[Row]], str]] = {
    "likelihood": likelihood_table,
    "omniglot": omniglot_table,
    "knn": knn_table,
    "weights": weights_table,
}
"""README's tables by the name in their marks."""


def _of(
    rows: Iterable[Row], recipes: Sequence[str], dataset: str | None = None, eval_dataset: str | None = None
) -> list[Row]:
    chosen = [
        row
        for row in rows
        if row["recipe"] in recipes
        and dataset in (None, row["dataset"])
        and eval_dataset in (None, row["eval_dataset"])
    ]
    return sorted(chosen, key=lambda row: recipes.index(row["recipe"]))


def _find(rows: Iterable[Row], checkpoint: str, eval_dataset: str) -> Row | None:
    return next((r for r in rows if r.get("checkpoint") == checkpoint and r["eval_dataset"] == eval_dataset), None)


def _config(row: Row) -> ModelConfig:
    return ModelConfig.from_dict(row["architecture"])


def _label(row: Row) -> str:
    return MODELS[row["model"]].label


def _recipe(row: Row) -> str:
    return f"{row['recipe']}, seed {row['seed']}" if row["seed"] else str(row["recipe"])


def _minus(entry: dict[str, Any]) -> str:
    return f"{-entry['value']:.2f}"


def _number(value: float | None) -> str:
    return NONE if value is None else f"{value:.2f}"


def _nll(row: Row | None, size: str) -> str:
    entry = (row or {}).get("nll", {}).get(size)
    return f"{entry['value']:.2f} ± {entry['ci95']:.2f}" if entry else NONE


def _effective(row: Row) -> str:
    entry = row["nll"].get("5000")
    return f"{entry['ess']:.0f}" if entry else NONE


def _epochs(row: Row) -> str:
    cosine = row["training"]["schedule"] == "cosine"
    return str(row["epochs"]) if row["stopped"] == "patience" or cosine else f"{row['epochs']}, cut off"


def _errors(row: Row, representation: str) -> str:
    entries = row["knn"].get(representation)
    if entries is None:
        return NONE
    values = " / ".join(f"{entries[str(k)]['error']:.2f}" for k in KNN_SIZES)
    return f"{values} (± {max(entries[str(k)]['ci95'] for k in KNN_SIZES):.2f})"


def _paired(row: Row) -> str:
    if "paired" not in row:
        return NONE
    test = row["paired"]["sample"]["5"]
    p_value = test["p_value"]
    p_text = f"p = {p_value:.2g}" if p_value >= 1e-4 else "p < 0.0001"
    return f"{test['only_first_wrong']} : {test['only_second_wrong']}, {p_text}"


def _top(percentages: Sequence[float], count: int = 5) -> str:
    largest = sorted(percentages, reverse=True)[:count]
    return ", ".join(f"{p:.0f}" for p in largest) + (" …" if len(percentages) > count else "")


def _table(head: str, lines: Sequence[Sequence[str]]) -> str:
    columns = head.count("|") + 1
    rows = [f"| {head} |", "|" + "---|" * columns, *(f"| {' | '.join(cells)} |" for cells in lines)]
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    main()
