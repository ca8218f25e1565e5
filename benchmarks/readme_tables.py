"""Writes README's results from the checkpoints' metrics, so that nobody types a figure.

Run it as `python -m benchmarks.readme_tables`; a test fails when README differs from what it would write.
"""

from pathlib import Path
from typing import Any

from dlgmm_core.checkpoints import Checkpoint, list_checkpoints, read_metrics
from dlgmm_core.models import MODELS

ROOT = Path(__file__).resolve().parent.parent
BEGIN, END = "<!-- results -->\n", "<!-- /results -->"


def results_table(root: Path) -> str:
    """A Markdown table, a row for every measured checkpoint of the folder, in the order of the models."""
    lines = [
        "| model | checkpoint | epoch | −ELBO | −log p(x), S = 50 | S = 500 | kNN error of samples | of means |",
        "|---|---|---|---|---|---|---|---|",
    ]
    checkpoints = [c for c in list_checkpoints(root) if isinstance(c, Checkpoint)]
    for checkpoint in sorted(checkpoints, key=lambda c: list(MODELS).index(c.model_config.model)):
        figures = read_metrics(checkpoint).get("test", {}).get(checkpoint.train_config.dataset)
        if figures:
            lines.append(_row(checkpoint, figures))
    return "\n".join(lines) + "\n"


def _row(checkpoint: Checkpoint, figures: dict[str, Any]) -> str:
    nll = {size: f"{entry['value']:.2f} ± {entry['ci95']:.2f}" for size, entry in figures["nll"].items()}
    errors = {
        representation: " / ".join(f"{entry['error']:.2f}" for entry in by_size.values())
        for representation, by_size in figures["knn"].items()
    }
    cells = [
        MODELS[checkpoint.model_config.model].label,
        f"`{checkpoint.name}`",
        str(checkpoint.epoch),
        f"{-figures['elbo']['value']:.2f}",
        nll["50"],
        nll["500"],
        f"{errors['sample']} %",
        f"{errors['mean']} %",
    ]
    return f"| {' | '.join(cells)} |"


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
