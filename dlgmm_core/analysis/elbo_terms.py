r"""The terms of every bound for one image, by component, which sum to its ELBO.

.. math:: L = \sum_k E[\pi_k] \log p(x|z_k) + \sum_k g_k + H - KL(q(v|x) \| p(v))

with g_k the Gaussian term of component k and H the entropy, depending on the bound; a bound may lack the last two:

    eq1       g_k = E[pi_k] E_{q_k}[log p_k(z)],  H = -E[log sum_k pi_k q_k(z_k)]
    mixture   g_k = E[pi_k log(p(z_k|pi) / q(z_k|pi, x))],  no H: the ratio contains it
    marginal  g_k = E[pi_k] E[log(p(z_k) / q(z_k|x))],  no H and no KL: pi is integrated out

In a model of several layers these are the terms of the first, and the bound of the layers below takes the place of
log p(x|z_k). What each layer takes is given besides.

Reference: Nalisnick, Hertel & Smyth (2016), eq. 1; the terms are those of `dlgmm_core.model.objectives`.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from dlgmm_core.model.latents import LatentDistribution, Latents
from dlgmm_core.model.objectives import BOUNDS, STICKS_FORMULA, path_terms
from dlgmm_core.model.paths import LayerDraws, Paths
from dlgmm_core.runtime.html import table

__all__ = ["ElboTerms", "elbo_terms", "elbo_terms_of_paths"]


@dataclass(frozen=True)
class ElboTerms:
    """The terms of one bound on log p(x) of one image, in nats, averaged over draws.

    Attributes:
        bound: its name in `BOUNDS`.
        weights: (K,) E[pi_k|x].
        log_likelihood: (K,) mean of log p(x|z_k), or of the bound of the layers below, unweighted.
        likelihood: (K,) E[pi_k] times `log_likelihood`, the contribution to the bound.
        components: (K,) g_k, the Gaussian term of each component, weighted.
        entropy: H; None if the bound has none of its own.
        weights_term: -KL(q(v|x) || p(v)), at most zero; None if the bound has no such term, or the model no sticks.
        error: standard error of the sum over draws.
        divergences: (L,) what each layer takes from the bound, an estimate of its KL divergence; the bound is
            E[log p(x|z)] minus their sum.
    """

    bound: str
    weights: NDArray[np.float64]
    log_likelihood: NDArray[np.float64]
    likelihood: NDArray[np.float64]
    components: NDArray[np.float64]
    entropy: float | None
    weights_term: float | None
    error: float
    divergences: NDArray[np.float64]

    @property
    def elbo(self) -> float:
        """The sum of all terms."""
        whole = (term for term in (self.entropy, self.weights_term) if term is not None)
        return float(sum(whole, start=self.likelihood.sum() + self.components.sum()))

    def _repr_html_(self) -> str:
        """In a notebook: a row for each component, and below them what belongs to none."""
        inner = "log p(x|z_k)" if len(self.divergences) == 1 else "bound below"
        bound = BOUNDS[self.bound]
        head = ("component k", "E[π_k|x]", f"{inner}, mean", f"E[π_k] {inner}", bound.components, "sum")
        rows = [
            (f"{k}", f"{weight:.3f}", *(f"{nats:.2f}" for nats in (alone, likelihood, term, likelihood + term)))
            for k, (weight, alone, likelihood, term) in enumerate(
                zip(self.weights, self.log_likelihood, self.likelihood, self.components, strict=True), 1
            )
        ]
        columns = (self.likelihood.sum(), self.components.sum(), self.likelihood.sum() + self.components.sum())
        rows.append(("all", "1", "", *(f"{nats:.2f}" for nats in columns)))
        if self.entropy is not None:
            rows.append((f"entropy, {bound.entropy}", "", "", "", "", f"{self.entropy:.2f}"))
        if self.weights_term is not None:
            rows.append((f"sticks, {STICKS_FORMULA}", "", "", "", "", f"{self.weights_term:.2f}"))
        rows.append((f"ELBO ({self.bound})", "", "", "", "", f"{self.elbo:.2f} ± {self.error:.2f}"))
        return table("Terms of the ELBO, nats", head, rows)


def elbo_terms(
    q: LatentDistribution, p: LatentDistribution, latents: Latents, log_likelihood: Tensor
) -> dict[str, ElboTerms]:
    """The terms of every bound in `BOUNDS`, from the same draws.

    Args:
        q: posterior of one image, B = 1.
        p: prior.
        latents: S > 1 stratified draws of q.
        log_likelihood: (K, S, 1) log p(x|z) of their codes.
    """
    return elbo_terms_of_paths(Paths((LayerDraws(q, p, latents),), latents.code), log_likelihood)


def elbo_terms_of_paths(paths: Paths, log_likelihood: Tensor) -> dict[str, ElboTerms]:
    """As `elbo_terms`, for a model of any number of layers.

    Args:
        paths: `every_path` of S > 1 draws for one image.
        log_likelihood: (P, S, 1), log p(x|z) of each.
    """
    weights = paths.layers[0].q.log_mean_weights[:, 0].double().exp().cpu().numpy()
    return {name: _terms(name, paths, log_likelihood, weights) for name in BOUNDS}


def _terms(name: str, paths: Paths, log_likelihood: Tensor, weights: NDArray[np.float64]) -> ElboTerms:
    found = path_terms(paths, log_likelihood, name)
    first = found.first
    elbo_per_draw = first.total[:, 0].double()  # (S,)
    return ElboTerms(
        bound=name,
        weights=weights,
        log_likelihood=_mean_of_draws(found.below),
        likelihood=_mean_of_draws(first.likelihood),
        components=_mean_of_draws(first.components),
        entropy=None if first.entropy is None else float(first.entropy.double().mean()),
        weights_term=None if first.weights is None or paths.layers[0].q.sticks is None else 0.0 + float(first.weights),
        error=float(elbo_per_draw.std()) / math.sqrt(len(elbo_per_draw)),
        divergences=found.divergences.double().mean((1, 2)).cpu().numpy(),
    )


def _mean_of_draws(values: Tensor) -> NDArray[np.float64]:
    """(K,), from (K, S, 1) or (K, 1, 1)."""
    mean: NDArray[np.float64] = values[..., 0].double().mean(1).cpu().numpy()
    return mean
