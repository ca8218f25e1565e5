"""The answer about retraining with another prior, by a model that is amortised over its prior."""

import numpy as np
import streamlit as st

from dlgmm_core.analysis.generation import component_samples
from dlgmm_core.analysis.image_statistics import pixel_entropy
from dlgmm_core.config import Context
from dlgmm_core.store.checkpoints import Checkpoint
from ui import loaders
from ui.components.live import compared_prior
from ui.groups import amortised_first
from ui.lesson.outcomes import DATASET, DRAWS, Missing, Outcome
from ui.serving.amortised import model_at

__all__ = ["MOVED", "has_amortised", "open_both", "retrained_component"]

MOVED = 2.0  # the middle mean
LESS, MORE = "less certain", "more certain"


def _amortised() -> Checkpoint | None:
    """The one that the page of components shows first, if it knows the mean."""
    known = [c for c in loaders.checkpoints() if c.train_config.dataset == DATASET]
    first = next(iter(amortised_first(known)), None)
    if first is None or first.model_config.contexts is None:
        return None
    return first if first.model_config.contexts.largest_mean >= MOVED else None


def has_amortised() -> bool:
    """Whether there is such a model."""
    return _amortised() is not None


def open_both() -> dict[str, object]:
    """Makes the page Components show the model at the moved mean, beside the decoder that is not retrained."""
    checkpoint = _amortised()
    return {} if checkpoint is None else compared_prior(checkpoint, _moved(checkpoint).prior_means)


def _moved(checkpoint: Checkpoint) -> Context:
    own = checkpoint.model_config.context
    means = list(own.prior_means)
    means[len(means) // 2] = MOVED
    return Context(tuple(means), own.concentration)


def retrained_component() -> Outcome:
    """Whether the middle component's digits are more certain if the model is trained with its mean moved."""
    checkpoint = _amortised()
    if checkpoint is None:
        raise Missing(f"There is no amortised model: run `{loaders.command('reproduce', '--only', 'amortised')}`.")
    return _retrained_component(checkpoint)


@st.cache_data(show_spinner=False, hash_funcs=loaders.BY_WEIGHTS)
def _retrained_component(checkpoint: Checkpoint) -> Outcome:
    config, there = checkpoint.model_config, _moved(checkpoint)
    middle = config.num_components // 2

    def samples(decoded_at: Context, means: tuple[float, ...]) -> np.ndarray:
        return component_samples(model_at(checkpoint, decoded_at), means, config.prior_scales, DRAWS)[middle]

    pictures = [
        samples(config.context, config.prior_means),
        samples(config.context, there.prior_means),
        samples(there, there.prior_means),
    ]
    before, frozen, retrained = (float(pixel_entropy(each).mean()) for each in pictures)
    return Outcome(
        MORE if retrained < frozen else LESS,
        f"The mean entropy of {DRAWS} digits of this component: {before:.0f} nats at its old mean, {frozen:.0f} at"
        f" {MOVED:g} without retraining, and {retrained:.0f} with it. Without retraining these codes are decoded as"
        " before. Training with the new prior assigns codes to images anew, so what a component draws depends on all"
        " means.",
        (MORE, LESS),
        rf"{retrained:.0f} - {frozen:.0f} \text{{ nats}}",
    )
