"""What is known of one image under a model, as numbers, and as a notebook shows them.

See `inspection` for how they are found.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dlgmm_core.analysis.elbo_terms import ElboTerms
from dlgmm_core.runtime.html import Markup, bar, picture, table

__all__ = ["ImageReport", "StickReport", "WeightReport"]


@dataclass(frozen=True)
class StickReport:
    """The posterior of the stick fractions of one image, and of the weights that they determine.

    Attributes:
        concentration1, concentration0: (T-1,) a and b of each fraction.
        mean: (T,) E[pi|x].
        low, high: (T,) the 5 % and 95 % quantiles of pi under q(pi|x).
        draws: (60, T-1) fractions v drawn from q(v|x).
    """

    concentration1: NDArray[np.float64]
    concentration0: NDArray[np.float64]
    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    draws: NDArray[np.float64]


@dataclass(frozen=True)
class WeightReport:
    """The mixture weights of one image in a layer below the first.

    Their posterior is conditioned on the codes above: here they are averaged over all paths, by the paths' weights.

    Attributes:
        mean: (K,) E[pi|x].
        low, high: (K,) the 5 % and 95 % quantiles of pi under q(pi|x).
    """

    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


@dataclass(frozen=True)
class ImageReport:
    """Everything that a model infers from one image.

    Attributes:
        image: (height, width) zeros and ones, the image itself.
        reconstructions: (K, X) probability of ink, decoded from each component's mean code.
        sticks: of the first layer; None if the model has no sticks.
        weights_below: those of each layer below the first, in the mean over all paths; empty if it has no sticks.
        component_posterior: (K,) responsibilities p(k|x); None if the model is not a mixture.
        component_posterior_error: (K,) their standard errors; None likewise.
        exact_weights: (K,) E[pi|x] under the model's own posterior, not the encoder's; None if the model is not a
            mixture, or its sticks have no such mean (see `inspection.exact_weights`).
        elbo_terms: every bound and its terms, by the names in `BOUNDS`.
        log_p: importance-sampling estimate of log p(x), nats.
        ess: effective sample size of that estimate.
        num_samples: S, draws of that estimate.
        draws: of each component, over which the ELBO terms and `component_posterior` are averaged.
        is_first_look: whether log p(x) is estimated by these as well, all S of them.
    """

    image: NDArray[np.uint8]
    reconstructions: NDArray[np.float32]
    sticks: StickReport | None
    weights_below: tuple[WeightReport, ...]
    component_posterior: NDArray[np.float64] | None
    component_posterior_error: NDArray[np.float64] | None
    exact_weights: NDArray[np.float64] | None
    elbo_terms: dict[str, ElboTerms]
    log_p: float
    ess: float
    num_samples: int
    draws: int
    is_first_look: bool = True

    @property
    def log_p_error(self) -> float:
        """Standard error of `log_p` in nats, to first order, without stratification.

        It is too small where `ess` is small: rare large weights are then missing.
        """
        return math.sqrt(max(0.0, 1 / self.ess - 1 / self.num_samples))

    def _repr_html_(self) -> str:
        """In a notebook: the image, the weights of its components or pieces, and the bounds under log p(x)."""
        tables = [table("Image", (), [("x", picture(self.image, "the image"))])]
        drawn = [picture(each.reshape(self.image.shape), "reconstruction") for each in self.reconstructions]
        if self.sticks is None or len(drawn) == 1:
            tables.append(table("Reconstruction", (), [("E[x|mean code]", *drawn)]))
        if self.sticks is not None:
            tables.append(self._weights_table(self.sticks, drawn))
        for layer, below in enumerate(self.weights_below, 2):
            rows = [(f"{k}", bar(w), _between(below, k - 1)) for k, w in enumerate(below.mean, 1)]
            tables.append(table(f"Mixture weights of layer {layer}", ("component k", "E[π_k|x]", "5 % to 95 %"), rows))
        return "".join([*tables, self._bounds_table()])

    def _weights_table(self, sticks: StickReport, drawn: list[Markup]) -> str:
        columns: dict[str, list[str]] = {
            "E[π_k|x]": [bar(weight) for weight in sticks.mean],
            "5 % to 95 %": [_between(sticks, k) for k in range(len(sticks.mean))],
            "Kumaraswamy a, b of v_k": [
                *(f"{a:.4g}, {b:.4g}" for a, b in zip(sticks.concentration1, sticks.concentration0, strict=True)),
                "the rest",
            ],
        }
        if self.component_posterior is not None and self.exact_weights is not None:
            columns |= {
                "exact E[π_k|x]": [f"{weight:.3f}" for weight in self.exact_weights],
                "p(k|x)": [bar(share) for share in self.component_posterior],
                "reconstruction": list(drawn),
            }
        rows = [(f"{k}", *cells) for k, cells in enumerate(zip(*columns.values(), strict=True), 1)]
        name = "piece k" if self.component_posterior is None else "component k"
        return table("Mixture weights", (name, *columns), rows)

    def _bounds_table(self) -> str:
        rows = [
            (name, f"{terms.elbo:.2f} ± {terms.error:.2f}", f"{self.log_p - terms.elbo:.2f}")
            for name, terms in self.elbo_terms.items()
        ]
        estimate = f"log p(x), S = {self.num_samples}, effective sample size {self.ess:.0f}"
        rows.append((estimate, f"{self.log_p:.2f} ± {self.log_p_error:.2f}", ""))
        return table("Bounds, nats, ± standard error", ("bound", "ELBO", "log p(x) − ELBO"), rows)


def _between(weights: StickReport | WeightReport, k: int) -> str:
    return f"{weights.low[k]:.3f} to {weights.high[k]:.3f}"
