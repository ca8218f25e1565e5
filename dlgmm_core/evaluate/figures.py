"""The figures of a model on one test set, as stored in `metrics.json` and `results.json`.

Nats per image and errors in percent, each with the half width of its 95 % interval over test images. Figures that
were not measured are None or an empty dictionary; a further figure is one more field of `Figures`. A model that is
amortised over its prior has figures at several contexts.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace

from dlgmm_core.config import Context
from dlgmm_core.evaluate.clustering import Clustering
from dlgmm_core.evaluate.knn import PairedTest
from dlgmm_core.evaluate.likelihood import WeightUsage
from dlgmm_core.runtime.files import brief
from dlgmm_core.runtime.records import from_json, to_json
from dlgmm_core.store.checkpoints import MEASURE_AGAIN, METRICS, Checkpoint, read_metrics, save_metrics
from dlgmm_core.store.files import CheckpointError

__all__ = [
    "EXACT",
    "Comparison",
    "ContextMeasurement",
    "Elbo",
    "ErrorRate",
    "Figures",
    "LayerFigures",
    "Measurement",
    "NegativeLogLikelihood",
    "read_context_measurements",
    "read_measurements",
    "save_context_measurement",
    "save_measurements",
]


EXACT = "exact"


@dataclass(frozen=True)
class Elbo:
    """Mean ELBO, and the name of its bound in `BOUNDS`."""

    bound: str
    value: float
    ci95: float


@dataclass(frozen=True)
class NegativeLogLikelihood:
    """-log p(x), the mean effective sample size of its estimates, and the number of images that they are from."""

    value: float
    ci95: float
    ess: float | None = None
    images: int | None = None


@dataclass(frozen=True)
class ErrorRate:
    """kNN error, percent of the test images."""

    error: float
    ci95: float


@dataclass(frozen=True)
class Comparison:
    """McNemar's tests of a model's kNN votes against a baseline's, on the same test images; the first is the model.

    Attributes:
        baseline: name of its checkpoint.
        baseline_weights: digest of the weights that voted.
        sample, mean: the test by k, as text, for each representation of an image.
    """

    baseline: str = field(metadata={"json": "rival"})
    baseline_weights: str = field(metadata={"json": "rival_weights"})
    sample: dict[str, PairedTest]
    mean: dict[str, PairedTest]

    def tests(self, representation: str) -> dict[str, PairedTest]:
        """The tests by k for one representation."""
        return {"sample": self.sample, "mean": self.mean}[representation]


@dataclass(frozen=True, kw_only=True)
class LayerFigures:
    """Figures of one stochastic layer; of a model with several.

    Attributes:
        divergence: what it takes from the marginal bound, nats per image: its KL divergence.
        active: coordinates of its code whose posterior mean differs between images.
        knn: with its codes, by representation and k.
        clustering: its components against classes; of mixtures.
    """

    divergence: float
    active: int
    knn: dict[str, dict[str, ErrorRate]]
    clustering: Clustering | None = None


@dataclass(frozen=True)
class Figures:
    """Figures of one model on one test set.

    Attributes:
        elbo: of the bound that the model was trained on, or of the closest one.
        nll: by S, as text; under `EXACT`, of a model whose codes have two numbers, as a sum over a grid of them.
        knn: by representation, "sample" or "mean", and by k, as text.
        paired: against the baseline.
        weights: use of the mixture weights.
        clustering: components against classes; of mixtures.
        layers: of each layer, if there are several; `knn`, `weights` and `clustering` are the first's.
    """

    elbo: Elbo | None = None
    nll: dict[str, NegativeLogLikelihood] = field(default_factory=dict)
    knn: dict[str, dict[str, ErrorRate]] = field(default_factory=dict)
    paired: Comparison | None = None
    weights: WeightUsage | None = None
    clustering: Clustering | None = None
    layers: tuple[LayerFigures, ...] = ()

    @property
    def estimates(self) -> dict[int, NegativeLogLikelihood]:
        """-log p(x) by S, the smallest first."""
        return {size: self.nll[str(size)] for size in sorted(int(key) for key in self.nll if key != EXACT)}

    def updated(self, new: "Figures") -> "Figures":
        """The new figures, completed with these where they are missing; -log p(x) at every S of either."""
        lacking = {f.name: getattr(self, f.name) for f in fields(new) if not getattr(new, f.name)}
        return replace(new, **lacking | {"nll": {**self.nll, **new.nll}})


@dataclass(frozen=True)
class Measurement:
    """Figures, and the seed of their random draws."""

    figures: Figures = field(default_factory=Figures, metadata={"inline": True})
    seed: int | None = None


@dataclass(frozen=True, kw_only=True)
class ContextMeasurement(Measurement):
    """Figures of an amortised model at one context, on one test set."""

    context: Context
    dataset: str


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
    """What a block reads of `metrics.json` and finds to make no sense is damaged."""
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
