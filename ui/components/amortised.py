"""What the page of components says of a model that is amortised over its prior, and what is recorded of it."""

import math
from typing import Any

from dlgmm_core.runtime.files import StorageError
from dlgmm_core.store.checkpoints import Checkpoint
from ui import findings

__all__ = ["amortised_words", "opening_words", "recorded"]


def opening_words(checkpoint: Checkpoint | None) -> str:
    """What to do on the page."""
    if checkpoint is not None and checkpoint.model_config.contexts is not None:
        return (
            "Each row is one component; all rows use the same noise. Drag a mean or α: all rows follow, as if the model"
            " had been trained so."
        )
    return (
        "Each row is one component of the prior; all rows use the same noise. Drag a mean away from its trained value,"
        " which a tick marks, and watch the samples lose their variety."
    )


def recorded(checkpoint: Checkpoint) -> dict[str, Any] | None:
    """The bounds that `results.json` has of an amortised model, on the test images of its data set; None without any.

    `priors` are the means in ascending order, alpha and the bound in nats, one a measured prior. `alone` is how many
    models of the same architecture are recorded that were trained alike for one of these priors alone, and `within` by
    how many nats the bound is below theirs at most, 0 if it never is, rounded up to a tenth; None where there are none.
    """
    config, train = checkpoint.model_config, checkpoint.train_config
    try:
        found = [(row, row.figures.elbo) for row in findings.context_rows() if row.checkpoint == checkpoint.name]
        others = [row for row in findings.results() if row.code_dim == config.code_dim]
    except StorageError:  # a damaged file, which the page of results tells
        return None
    bounds = {r.context: elbo for r, elbo in found if r.context and elbo and r.eval_dataset == train.dataset}
    if not bounds:
        return None
    losses = []
    for other in others:
        model, elbo = other.model_config, other.figures.elbo
        if model is None or elbo is None or other.eval_dataset != train.dataset or other.train_config != train:
            continue
        own = bounds.get(model.context)
        if own is not None and own.bound == elbo.bound and config.at(model.context) == model:
            losses.append(elbo.value - own.value)
    return {
        "priors": [[sorted(c.prior_means), c.concentration, elbo.value] for c, elbo in bounds.items()],
        "bound": next(iter(bounds.values())).bound,
        "alone": len(losses),
        "within": math.ceil(10 * max(0.0, *losses) - 1e-6) / 10 if losses else None,
    }


def amortised_words(checkpoint: Checkpoint) -> str:
    """What its sliders do, and how far it is from other models; empty for a plain model."""
    known = checkpoint.model_config.contexts
    if known is None:
        return ""
    return (
        "This model is amortised over its prior: one training for all priors with means from"
        f" {-known.largest_mean:g} to {known.largest_mean:g} and α from {known.smallest_concentration:g} to"
        f" {known.largest_concentration:g}, and it is told the one that the sliders choose. Its rows approximate what a"
        " model trained with that prior alone would draw, and ticks mark its own prior."
        f" {_how_near(recorded(checkpoint))} Components are drawn equally often whatever α; it says how far the weights"
        " π of single images are from equal."
    ).replace("from -", "from −")


def _how_near(found: dict[str, Any] | None) -> str:
    if found is None or found["within"] is None:
        return "How near it comes to such models is not recorded for its size of code."
    count = found["alone"]
    models = f"{count} models that were trained alike, each" if count > 1 else "the model that was trained alike"
    if found["within"] == 0:
        bound = f"on the test images its bound {found['bound']}"
        return f"“No worse”: {bound} is not below that of {models} for one prior alone."
    return (
        f"“Within {found['within']:g} nats”: on the test images its bound {found['bound']} is at most so far below"
        f" that of {models} for one prior alone."
    )
