"""Measuring the figures of a model on one test set.

Protocol: log-likelihood at each S; k-nearest-neighbour errors with codes of the training split; use of
the weights on the test set, and how well components find classes. Every figure of the first two has a 95 % interval.
A model of several layers also has figures of each. A data set without labels has neither kNN errors nor scores of
components.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from dlgmm_core.data.datasets import Dataset
from dlgmm_core.evaluate.clustering import clustering
from dlgmm_core.evaluate.knn import KNN_SIZES, REPRESENTATIONS, encode, error_rate, paired_test, vote
from dlgmm_core.evaluate.layers import active_units, layer_clustering, mean_divergences
from dlgmm_core.evaluate.likelihood import log_likelihood, mean_elbo, refined_interval, weight_usage
from dlgmm_core.evaluate.neighbours import neighbours
from dlgmm_core.evaluate.per_image import per_image
from dlgmm_core.evaluate.plane_grid import PlaneGrid, exact_log_likelihood
from dlgmm_core.model.models import MODELS, LatentVariableModel
from dlgmm_core.store.figures import (
    EXACT,
    Elbo,
    ErrorRate,
    Figures,
    LayerFigures,
    Measurement,
    NegativeLogLikelihood,
    PairedTest,
)
from dlgmm_core.store.per_image import PerImage

__all__ = ["compare", "measure", "measure_bound"]


def measure(
    model: LatentVariableModel,
    dataset: Dataset,
    bound: str,
    sample_sizes: Sequence[int],
    seed: int = 0,
    progress: Callable[[str, float], None] | None = None,
    images: int | None = None,
    found: PerImage | None = None,
    exact: bool = False,
) -> Measurement:
    """Figures of one model on `dataset.test`, except the comparison with a baseline.

    Args:
        model: trained.
        dataset: its test split is evaluated; its training split provides the neighbours.
        bound: a name in `BOUNDS`, for the ELBO.
        sample_sizes: every S at which log p(x) is estimated, the smallest on all test images.
        seed: of all draws.
        progress: called with what is being measured and the fraction done.
        images: number of test images, evenly spaced, for the estimates at larger S (see
            `refined_interval`); all by default.
        found: what `per_image` estimated for the test images; by default it is made where clustering needs it.
        exact: whether log p(x) is also summed over a grid, on the images of the larger S; of a model with a plane.

    Raises:
        EvaluationError: if an estimate is not finite.
        DataError: if the images do not have the model's shape.
    """
    dataset.require_shape(model.config.image_shape)
    test = dataset.test

    def report(what: str) -> Callable[[float], None]:
        return lambda fraction: progress(what, fraction) if progress is not None else None

    knn = _errors(model, dataset, seed, report)
    elbo = mean_elbo(model, test.binary, bound, seed)
    nll = _likelihoods(model, test.binary, sorted(sample_sizes), images, seed, exact, report)
    clusters = None
    if MODELS[model.config.model].has_components and test.labels is not None:
        found = found or per_image(model, test.binary, seed=seed, progress=report("p(k|x)"))
        clusters = clustering(model, test.binary, test.labels, found)
    usage = weight_usage(model, test.binary)
    layers = _layers(model, dataset, seed, report) if model.config.layers > 1 else ()
    figures = Figures(Elbo(bound, elbo.value, elbo.ci95), nll, knn, weights=usage, clustering=clusters, layers=layers)
    return Measurement(figures, seed)


def measure_bound(model: LatentVariableModel, dataset: Dataset, bound: str, seed: int = 0) -> Measurement:
    """The ELBO and the use of the weights on `dataset.test`, and nothing else; see `measure` for the arguments.

    Raises:
        DataError: if the images do not have the model's shape.
    """
    dataset.require_shape(model.config.image_shape)
    images = dataset.test.binary
    elbo = mean_elbo(model, images, bound, seed)
    return Measurement(Figures(Elbo(bound, elbo.value, elbo.ci95), weights=weight_usage(model, images)), seed)


def compare(
    model: LatentVariableModel, baseline: LatentVariableModel, dataset: Dataset, seed: int = 0
) -> dict[str, dict[str, PairedTest]]:
    """McNemar's tests of two models' predictions, by representation and by k, as text; the first is `model`."""
    labels, found = dataset.test.known_labels, {}
    for representation in REPRESENTATIONS:
        first, second = (_votes(each, dataset, representation, seed) for each in (model, baseline))
        found[representation] = {str(k): paired_test(first[k], second[k], labels) for k in KNN_SIZES}
    return found


Report = Callable[[str], Callable[[float], None]]
"""Takes the name of what is being measured, and returns a function that is told the fraction done."""


def _errors(
    model: LatentVariableModel, dataset: Dataset, seed: int, report: Report, layer: int = 0
) -> dict[str, dict[str, ErrorRate]]:
    """kNN errors with the codes of one layer, by representation and by k, as text; none without labels."""
    found: dict[str, dict[str, ErrorRate]] = {}
    if dataset.test.labels is None:
        return found
    for representation in REPRESENTATIONS:
        report(f"kNN, {representation} codes")(0.0)
        votes = _votes(model, dataset, representation, seed, layer)
        errors = {k: error_rate(predicted, dataset.test.known_labels) for k, predicted in votes.items()}
        found[representation] = {str(k): ErrorRate(e.value, e.ci95) for k, e in errors.items()}
    return found


def _layers(model: LatentVariableModel, dataset: Dataset, seed: int, report: Report) -> tuple[LayerFigures, ...]:
    """Figures of every layer."""
    images, labels = dataset.test.binary, dataset.test.labels
    report("KL of each layer")(0.0)
    divergences = mean_divergences(model, images, seed)
    return tuple(
        LayerFigures(
            divergence=float(divergence),
            active=active_units(model, images, layer),
            knn=_errors(model, dataset, seed, report, layer),
            clustering=None if labels is None else layer_clustering(model, images, labels, layer, seed),
        )
        for layer, divergence in enumerate(divergences)
    )


def _votes(
    model: LatentVariableModel, dataset: Dataset, representation: str, seed: int, layer: int = 0
) -> dict[int, NDArray[np.int64]]:
    """(N,) predicted labels of the test images, by k."""
    train_codes = encode(model, dataset.train.binary, representation, seed, layer)
    test_codes = encode(model, dataset.test.binary, representation, seed, layer)
    labels = dataset.train.known_labels[neighbours(train_codes, test_codes, max(KNN_SIZES))]
    return {k: vote(labels, k) for k in KNN_SIZES}


def _likelihoods(
    model: LatentVariableModel,
    test: NDArray[np.uint8],
    sample_sizes: Sequence[int],
    images: int | None,
    seed: int,
    exact: bool,
    report: Report,
) -> dict[str, NegativeLogLikelihood]:
    """-log p(x) by S, ascending: the first on all images (N, X), the others and `EXACT` on evenly spaced ones."""
    first, *larger = sample_sizes
    rough = log_likelihood(model, test, first, seed, report(f"log p(x), S={first}"))
    found = {str(first): NegativeLogLikelihood(rough.nll.value, rough.nll.ci95, float(rough.ess.mean()), len(test))}
    count = min(images or len(test), len(test))
    chosen = np.arange(count) * len(test) // count
    for size in larger:
        precise = log_likelihood(model, test[chosen], size, seed, report(f"log p(x), S={size}"))
        nll = refined_interval(-rough.log_p, -precise.log_p, chosen)
        found[str(size)] = NegativeLogLikelihood(nll.value, nll.ci95, float(precise.ess.mean()), count)
    if exact:
        report("log p(x) on a grid")(0.0)
        on_grid = exact_log_likelihood(PlaneGrid.of(model, test[chosen]), test[chosen])
        nll = refined_interval(-rough.log_p, -on_grid, chosen)
        found[EXACT] = NegativeLogLikelihood(nll.value, nll.ci95, images=count)
    return found
