"""The tables of models amortised over their prior in Markdown, from the rows of `checkpoints/results.json`."""

from collections.abc import Callable

from benchmarks.result_tables import markdown_table
from dlgmm_core.experiments import formatting
from dlgmm_core.experiments.formatting import NONE
from dlgmm_core.experiments.rows import Row

__all__ = ["AMORTISED_TABLES", "NOTHING"]

NOTHING = "Nothing is recorded yet.\n"


def contexts_table(rows: list[Row]) -> str:
    """Every prior at which an amortised model has all figures, beside the model that was trained for it alone."""
    lines = []
    for row in rows:
        if row.context is None or not row.figures.nll or row.model_config is None:
            continue
        prior = row.model_config.at(row.context)
        alone = next((r for r in rows if r.model_config == prior and r.eval_dataset == row.eval_dataset), None)
        columns: list[Callable[[Row], str]] = [
            formatting.minus_elbo,
            lambda r: formatting.nll(r, 50),
            lambda r: formatting.nll(r, 5000),
            _mean_largest_weight,
            lambda r: formatting.knn_error(r, "sample", 5),
        ]
        means = ", ".join(f"{mean + 0.0:g}" for mean in row.context.prior_means)
        pairs = [cell for column in columns for cell in (NONE if alone is None else column(alone), column(row))]
        lines.append([str(row.code_dim), means, f"{row.context.concentration:g}", *pairs])
    figures = ("−eq1", "−log p(x), S = 50", "S = 5000", "mean largest weight", "kNN error of samples, k = 5, %")
    head = " | ".join(f"{figure}, alone | amortised" for figure in figures)
    return markdown_table(f"D | means | α | {head}", lines) if lines else NOTHING


def sweep_table(rows: list[Row]) -> str:
    """Where only bounds and weights are measured: their range over random priors, one line per amortised model."""
    lines = []
    for name in sorted({row.checkpoint for row in rows if row.context is not None and row.checkpoint is not None}):
        swept = [row for row in rows if row.checkpoint == name and not row.figures.nll]
        elbos = [-row.figures.elbo.value for row in swept if row.figures.elbo is not None]
        weights = [row.figures.weights.mean_max or 0.0 for row in swept if row.figures.weights is not None]
        if elbos and weights:
            ranges = [f"{min(each):.2f} to {max(each):.2f}" for each in (elbos, weights)]
            lines.append([str(swept[0].code_dim), str(len(swept)), f"{sum(elbos) / len(elbos):.2f}", *ranges])
    head = "D | random priors | mean −eq1 | smallest to largest −eq1 | mean largest weight"
    return markdown_table(head, lines) if lines else NOTHING


def _mean_largest_weight(row: Row) -> str:
    found = row.figures.clustering
    return NONE if found is None or found.weights is None else f"{found.weights.mean_max:.2f}"


AMORTISED_TABLES: dict[str, Callable[[list[Row]], str]] = {
    "amortised": contexts_table,
    "amortised-sweep": sweep_table,
}
"""Tables of amortised models, by the name in their markers."""
