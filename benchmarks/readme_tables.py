"""Writes README's results from the checkpoints' metrics, so that nobody types a figure.

Run it as `python -m benchmarks.readme_tables`; a test fails when README differs from what it would write.
"""

from pathlib import Path
from typing import Any

from dlgmm_core.checkpoints import Checkpoint, list_checkpoints, read_metrics
from dlgmm_core.models import MODELS

ROOT = Path(__file__).resolve().parent.parent
PAPER_TEST_SET = "binarized-mnist"
BEGIN, END = "<!-- results -->\n", "<!-- /results -->"


def results_table(root: Path) -> str:
    """A Markdown table, a row for every measured checkpoint of the folder, in the order of the models."""
    lines = [
        "| model | checkpoint | epoch | −ELBO | −log p(x), S = 50 | S = 500 | on the paper's test set, S = 50"
        " | kNN error of samples | of means |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    checkpoints = [c for c in list_checkpoints(root) if isinstance(c, Checkpoint)]
    for checkpoint in sorted(checkpoints, key=lambda c: list(MODELS).index(c.model_config.model)):
        tests = read_metrics(checkpoint).get("test", {})
        if checkpoint.train_config.dataset in tests:
            lines.append(_row(checkpoint, tests))
    return "\n".join(lines) + "\n"


def _row(checkpoint: Checkpoint, tests: dict[str, Any]) -> str:
    figures = tests[checkpoint.train_config.dataset]
    errors = {
        representation: " / ".join(f"{entry['error']:.2f}" for entry in by_size.values())
        for representation, by_size in figures["knn"].items()
    }
    cells = [
        MODELS[checkpoint.model_config.model].label,
        f"`{checkpoint.name}`",
        str(checkpoint.epoch),
        f"{-figures['elbo']['value']:.2f}",
        _nll(figures, "50"),
        _nll(figures, "500"),
        _nll(tests.get(PAPER_TEST_SET, {}), "50"),
        f"{errors['sample']} %",
        f"{errors['mean']} %",
    ]
    return f"| {' | '.join(cells)} |"


def _nll(figures: dict[str, Any], size: str) -> str:
    entry = figures.get("nll", {}).get(size)
    return f"{entry['value']:.2f} ± {entry['ci95']:.2f}" if entry else "–"


def with_results(readme: str, table: str) -> str:
    """README's text with the table between its two marks."""
    before, rest = readme.split(BEGIN)
    return before + BEGIN + table + END + rest.split(END, 1)[1]


def main() -> None:
    """Rewrites README in place."""
    path = ROOT / "README.md"
    path.write_text(with_results(path.read_text(), results_table(ROOT / "checkpoints")))
    print(f"{path}: results written")


if __name__ == "__main__":
    main()
