"""What `evaluate` measures of one checkpoint on one test set: the content of `metrics.json`.

Protocol: log-likelihood over the whole test set at each S; k-nearest-neighbour errors with codes of
the training split; use of the weights on the test set. Every figure carries its 95 % interval.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from dlgmm_core.data import Dataset
from dlgmm_core.evaluation import (
    REPRESENTATIONS,
    encode,
    error_rate,
    log_likelihood,
    mean_elbo,
    neighbours,
    vote,
    weight_usage,
)
from dlgmm_core.models import LatentVariableModel

__all__ = ["KNN_SIZES", "measure"]

KNN_SIZES = (3, 5, 10)


def measure(
    model: LatentVariableModel,
    dataset: Dataset,
    bound: str,
    sample_sizes: Sequence[int],
    seed: int = 0,
    progress: Callable[[str, float], None] | None = None,
) -> dict[str, Any]:
    """Figures of one model on `dataset.test`, ready for JSON.

    Args:
        model: trained.
        dataset: its test split is scored; its training split supplies neighbours.
        bound: a name in `BOUNDS`, for the ELBO.
        sample_sizes: every S at which log p(x) is estimated.
        seed: of all draws.
        progress: told what is being measured and the fraction of it done.

    Returns:
        elbo {bound, value, ci95}, nll {S: {value, ci95, ess}}, knn {representation: {k: {error,
        ci95}}} in percent, weights {mean, perplexity, share}, seed; nats per image.

    Raises:
        EvaluationError: if an estimate is not a finite number.
    """
    test = dataset.test

    def report(what: str) -> Callable[[float], None]:
        return lambda fraction: progress(what, fraction) if progress is not None else None

    knn: dict[str, dict[str, dict[str, float]]] = {}
    for representation in REPRESENTATIONS:
        report(f"kNN, {representation} codes")(0.0)
        train_codes = encode(model, dataset.train.binary, representation, seed)
        test_codes = encode(model, test.binary, representation, seed)
        labels = dataset.train.labels[neighbours(train_codes, test_codes, max(KNN_SIZES))]
        errors = {k: error_rate(vote(labels, k), test.labels) for k in KNN_SIZES}
        knn[representation] = {str(k): {"error": e.value, "ci95": e.ci95} for k, e in errors.items()}
    nll = {}
    for size in sample_sizes:
        estimate = log_likelihood(model, test.binary, size, seed, report(f"log p(x), S={size}"))
        nll[str(size)] = {**asdict(estimate.nll), "ess": float(estimate.ess.mean())}
    return {
        "elbo": {"bound": bound, **asdict(mean_elbo(model, test.binary, bound, seed))},
        "nll": nll,
        "knn": knn,
        "weights": asdict(weight_usage(model, test.binary)),
        "seed": seed,
    }
