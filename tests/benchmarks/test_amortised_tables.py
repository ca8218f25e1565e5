"""The tables of amortised models: each prior beside the model that was trained for it, and nothing unrecorded."""

from dataclasses import replace

from benchmarks.amortised_tables import NOTHING, contexts_table, sweep_table
from dlgmm_core.config import Context
from dlgmm_core.experiments.amortised_table import AMORTISED
from dlgmm_core.experiments.rows import Row
from dlgmm_core.experiments.table import EXPERIMENTS
from dlgmm_core.store.figures import Clustering, ClusteringScores, Elbo, Figures, NegativeLogLikelihood, WeightUsage


def row(name: str, bound: float, context: Context | None = None) -> Row:
    model = EXPERIMENTS[name].model
    scores = ClusteringScores(0, 0, 0, 0.25 - bound / 1000, 5)
    figures = Figures(
        Elbo("eq1", bound, 0.8),
        {"50": NegativeLogLikelihood(-bound - 5, 0.7)},
        weights=WeightUsage((1,), 1, (1,), 0.5),
        clustering=Clustering(weights=scores, responsibilities=scores),
    )
    return Row(
        model="dlgmm",
        dataset="mnist",
        eval_dataset="mnist",
        recipe=EXPERIMENTS[name].recipe,
        code_dim=model.code_dim,
        context=context,
        figures=figures,
        model_config=model,
        checkpoint=name,
    )


def test_each_prior_stands_beside_the_model_that_was_trained_for_it() -> None:
    experiment = EXPERIMENTS[AMORTISED]
    of_sibling, new = experiment.contexts[4], Context((0.0, 0.0, 0.0, 0.0, 1.0), 0.5)
    rows = [row("mnist-dlgmm-fig2", -124), row("mnist-dlgmm-spread2", -125)]
    assert contexts_table(rows) == sweep_table(rows) == NOTHING
    rows += [row(AMORTISED, -120 - n, c) for n, c in enumerate([of_sibling, new])]
    swept = replace(rows[-1].figures, nll={})
    rows += [replace(rows[-1], context=Context(new.prior_means, alpha), figures=swept) for alpha in (0.1, 0.2)]
    lines = contexts_table(rows).splitlines()[2:]
    assert [line.split(" | ")[:7] for line in lines] == [
        ["| 5", "-2, -1, 0, 1, 2", "1", "125.00", "120.00", "120.00 ± 0.70", "115.00 ± 0.70"],
        ["| 5", "0, 0, 0, 0, 1", "0.5", "–", "121.00", "–", "116.00 ± 0.70"],
    ]
    assert sweep_table(rows).splitlines()[2:] == ["| 5 | 2 | 121.00 | 121.00 to 121.00 | 0.50 to 0.50 |"]
