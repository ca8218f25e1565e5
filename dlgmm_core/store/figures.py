"""The figures of a model on one test set, as stored in `metrics.json` and `results.json`.

Nats per image and errors in percent, each with the half width of its 95 % interval over test images. Figures that
were not measured are None or an empty dictionary; a further figure is one more field of `Figures`. A model that is
amortised over its prior has figures at several contexts.
"""

from dataclasses import dataclass, field, fields, replace

from dlgmm_core.config import Context

__all__ = [
    "EXACT",
    "Clustering",
    "ClusteringScores",
    "Comparison",
    "ContextMeasurement",
    "Elbo",
    "ErrorRate",
    "Figures",
    "LayerFigures",
    "Measurement",
    "NegativeLogLikelihood",
    "PairedTest",
    "WeightUsage",
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
class PairedTest:
    """McNemar's exact test of two classifiers on the same images.

    Attributes:
        only_first_wrong: images that the first gets wrong and the second right.
        only_second_wrong: the other way round.
        p_value: two-sided, of the hypothesis that both are equally likely.
    """

    only_first_wrong: int
    only_second_wrong: int
    p_value: float


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


@dataclass(frozen=True)
class WeightUsage:
    """How a model's mixture weights are used over a set of images.

    Attributes:
        mean: (K,) average of E[pi|x] over images.
        perplexity: exp of the entropy of `mean`: the effective number of components, between 1 and K.
        share: (K,) share of images whose largest E[pi_k|x] is component k's.
        mean_max: mean over images of the largest E[pi_k|x], between 1/K and 1; None in the first records.
    """

    mean: tuple[float, ...]
    perplexity: float
    share: tuple[float, ...]
    mean_max: float | None = None


@dataclass(frozen=True)
class ClusteringScores:
    """Components against classes, over test images.

    Attributes:
        acc: accuracy of the best one-to-one assignment of components to classes, percent.
        purity: share of images whose class is the most frequent one of their component, percent.
        nmi: normalised mutual information of component and class, between 0 and 1.
        mean_max: mean of the largest probability of an image, between 1/K and 1.
        used: components that have at least one image in a thousand.
    """

    acc: float
    purity: float
    nmi: float
    mean_max: float
    used: int


@dataclass(frozen=True, kw_only=True)
class Clustering:
    """Scores by the weights E_q[pi|x], which baselines do not have, and by the responsibilities p(k|x)."""

    weights: ClusteringScores | None = None
    responsibilities: ClusteringScores


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
