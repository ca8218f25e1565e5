"""What the page of components says of a model that is amortised over its prior, and what is recorded of it."""

import math
from functools import lru_cache
from typing import Any

from dlgmm_core.config import Context
from dlgmm_core.runtime.files import StorageError
from dlgmm_core.runtime.wording import counted
from dlgmm_core.store.checkpoints import Checkpoint
from dlgmm_core.store.figures import Elbo
from ui import findings

__all__ = ["amortised_words", "opening_words", "recorded"]


def opening_words(checkpoint: Checkpoint | None) -> str:
    """What to do on the page."""
    if checkpoint is not None and checkpoint.model_config.contexts is not None:
        return (
            "Each row is one component; all use the same noise. Drag a mean, and all rows follow; α is about weights"
            " (see Your digit)."
        )
    return (
        "Each row is one component of the prior; all rows use the same noise. Drag a mean away from its trained value,"
        " which a tick marks, and watch the samples lose their variety."
    )


def recorded(checkpoint: Checkpoint) -> dict[str, Any] | None:
    """The bounds that `results.json` has of an amortised model, on the test images of its data set; None without any.

    `priors` are the means in ascending order, alpha and the bound in nats, one a measured prior.
    """
    bounds = _bounds(checkpoint)
    if not bounds:
        return None
    return {
        "priors": [[sorted(c.prior_means), c.concentration, elbo.value] for c, elbo in bounds.items()],
        "bound": next(iter(bounds.values())).bound,
    }


def _bounds(checkpoint: Checkpoint) -> dict[Context, Elbo]:
    """Its bound at each prior where that is recorded."""
    dataset = checkpoint.train_config.dataset
    try:
        found = [row for row in findings.context_rows() if row.checkpoint == checkpoint.name]
    except StorageError:  # a damaged file, which the page of results tells
        return {}
    known = [(row.context, row.figures.elbo) for row in found if row.eval_dataset == dataset]
    return {context: elbo for context, elbo in known if context and elbo}


def _shortfalls(checkpoint: Checkpoint, bounds: dict[Context, Elbo]) -> dict[Context, float]:
    """The nats by which its bound is below that of a model trained in the same way for one prior, where recorded."""
    config, train = checkpoint.model_config, checkpoint.train_config
    found: dict[Context, float] = {}
    for row in findings.results() if bounds else ():
        model, elbo = row.model_config, row.figures.elbo
        if model is None or elbo is None or row.eval_dataset != train.dataset or row.train_config != train:
            continue
        own = bounds.get(model.context)
        if own is not None and own.bound == elbo.bound and config.at(model.context) == model:
            found[model.context] = max(elbo.value - own.value, found.get(model.context, -math.inf))
    return found


def amortised_words(checkpoint: Checkpoint) -> str:
    """What its sliders do, and how far it is from other models; empty for a plain model."""
    known = checkpoint.model_config.contexts
    if known is None:
        return ""
    return (
        "This model is amortised over its prior: one training for all priors with means from"
        f" {-known.largest_mean:g} to {known.largest_mean:g} and α from {known.smallest_concentration:g} to"
        f" {known.largest_concentration:g}, and the sliders choose which of them it is given. Its rows are close to"
        " those of a model trained with that prior alone, and the ticks on the sliders mark its own prior."
        f" {_how_near(checkpoint, findings.results_stamp())} Whatever α is, every component has the same mean weight; α"
        " says how far the weights π of a single image are from equal."
    ).replace("from -", "from −")


@lru_cache(maxsize=20)  # the settings of every row recorded are compared with its own
def _how_near(checkpoint: Checkpoint, stamp: int | None) -> str:
    """What was measured of it, and where: of priors in between nothing is claimed.

    Args:
        checkpoint: amortised over its prior.
        stamp: when the results were changed.
    """
    bounds = _bounds(checkpoint)
    shortfalls = _shortfalls(checkpoint, bounds)
    if not shortfalls:
        return "How close it comes to such models has not been measured for its code size."
    *first, last = (f"{alpha:.2g}" for alpha in sorted(context.concentration for context in shortfalls))
    alphas = f"{', '.join(first)} and {last}" if first else last
    most = math.ceil(10 * max(0.0, *shortfalls.values()) - 1e-6) / 10
    below = f"at most {most:g} nats below" if most else "not below"
    bound = next(iter(bounds.values())).bound
    return (
        f"How close it comes was measured at {counted(len(shortfalls), 'prior')}, of α {alphas}: there, its bound"
        f" {bound} on the test images is {below} that of the model trained in the same way for that prior alone."
    )
