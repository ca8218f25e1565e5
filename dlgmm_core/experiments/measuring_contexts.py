"""Measures an amortised model at the contexts of its experiment."""

from collections.abc import Sequence

from dlgmm_core.data.datasets import load_dataset
from dlgmm_core.evaluate.metrics import measure, measure_bound
from dlgmm_core.experiments.experiment import Experiment
from dlgmm_core.experiments.results import missing_contexts
from dlgmm_core.model.models import LatentVariableModel
from dlgmm_core.model.objectives import elbo_of
from dlgmm_core.store.checkpoints import Checkpoint
from dlgmm_core.store.figures import ContextMeasurement
from dlgmm_core.store.measurements import read_context_measurements, save_context_measurement

__all__ = ["measure_contexts"]


def measure_contexts(
    model: LatentVariableModel,
    checkpoint: Checkpoint,
    experiment: Experiment,
    sample_sizes: Sequence[int],
    seed: int,
    images: int,
) -> None:
    """Measures what is missing, and keeps it, context after context.

    Args:
        model: trained by the experiment; any model, but only an amortised one has contexts.
        checkpoint: its description.
        experiment: which names the contexts.
        sample_sizes: every S of -log p(x).
        seed: of all draws.
        images: number of test images for all S but the smallest.

    Raises:
        EvaluationError: if an estimate is not finite.
        StorageError: if a measurement cannot be written.
    """
    known = [(each.context, each.figures) for each in read_context_measurements(checkpoint)]
    dataset, bound = load_dataset(experiment.train.dataset), elbo_of(experiment.train.bound)
    for context in missing_contexts(known, experiment, sample_sizes):
        plain = model.at(context)
        if context in experiment.contexts:
            found = measure(plain, dataset, bound, sample_sizes, seed, images=images)
        else:
            found = measure_bound(plain, dataset, bound, seed)
        save_context_measurement(
            checkpoint,
            ContextMeasurement(figures=found.figures, seed=found.seed, context=context, dataset=dataset.name),
        )
