"""`metrics.json`: the figures of exactly these weights, by test set, and those at further contexts."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from dlgmm_core.runtime.files import brief
from dlgmm_core.runtime.records import from_json, to_json
from dlgmm_core.store.checkpoints import MEASURE_AGAIN, METRICS, Checkpoint, read_metrics, save_metrics
from dlgmm_core.store.figures import ContextMeasurement, Measurement
from dlgmm_core.store.files import CheckpointError

__all__ = ["read_context_measurements", "read_measurements", "save_context_measurement", "save_measurements"]


def read_measurements(checkpoint: Checkpoint) -> dict[str, Measurement]:
    """The measurements in `metrics.json` of exactly these weights, by test set, at the model's own prior.

    Raises:
        CheckpointError: if the file is damaged.
    """
    with _sound(checkpoint):
        tests = read_metrics(checkpoint).get("test", {})
        return {dataset: from_json(Measurement, figures) for dataset, figures in tests.items()}


def read_context_measurements(checkpoint: Checkpoint) -> list[ContextMeasurement]:
    """The measurements in `metrics.json` of exactly these weights at further contexts; none, unless it is amortised.

    Raises:
        CheckpointError: if the file is damaged.
    """
    with _sound(checkpoint):
        found = read_metrics(checkpoint).get("contexts", [])
        if not isinstance(found, list):
            raise ValueError("contexts is not a list")
        return [from_json(ContextMeasurement, each) for each in found]


@contextmanager
def _sound(checkpoint: Checkpoint) -> Iterator[None]:
    """Turns a `ValueError` of its block, which reads `metrics.json`, into the error that the file is damaged."""
    try:
        yield
    except ValueError as error:
        path = checkpoint.folder / METRICS
        raise CheckpointError(f"{path} is damaged ({brief(error)}): {MEASURE_AGAIN}.") from error


def save_measurements(checkpoint: Checkpoint, measurements: dict[str, Measurement]) -> None:
    """Writes `metrics.json`, by test set; what was measured at further contexts is kept.

    Raises:
        StorageError: if it cannot be written.
    """
    _save(checkpoint, measurements, read_context_measurements(checkpoint))


def save_context_measurement(checkpoint: Checkpoint, new: ContextMeasurement) -> None:
    """Adds a measurement at one context to `metrics.json`, in place of an earlier one.

    Raises:
        StorageError: if it cannot be written.
    """
    known = read_context_measurements(checkpoint)
    others = [each for each in known if (each.context, each.dataset) != (new.context, new.dataset)]
    _save(checkpoint, read_measurements(checkpoint), [*others, new])


def _save(
    checkpoint: Checkpoint, measurements: dict[str, Measurement], at_contexts: Sequence[ContextMeasurement]
) -> None:
    found = {"contexts": [to_json(each) for each in at_contexts]} if at_contexts else {}
    save_metrics(checkpoint, {"test": to_json(measurements), **found})
