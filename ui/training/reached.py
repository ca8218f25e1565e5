"""What a run has reached, in one line of numbers and words."""

from collections.abc import Sequence

import streamlit as st

from dlgmm_core.data.datasets import is_here
from dlgmm_core.data.sources import DataError
from dlgmm_core.evaluate.clustering import scores
from dlgmm_core.evaluate.likelihood import mean_weights
from dlgmm_core.experiments.paper import paper_bound
from dlgmm_core.store.checkpoints import Checkpoint
from dlgmm_core.store.history import EpochMetrics
from ui import loaders
from ui.numbers import printed
from ui.training.expected import duration
from ui.visitors.limits import computing
from ui.visitors.shares import Refused

__all__ = ["reached_words"]

LITTLE = 0.01  # of the mean weight


def reached_words(checkpoint: Checkpoint, history: Sequence[EpochMetrics]) -> str:
    """The best validation bound, how it compares with the authors' run, what the components found, and the time.

    Args:
        checkpoint: that the run has left.
        history: one entry or more.
    """
    best = history[-1].best_valid_bound
    parts = [
        f"**{printed(best, '.2f')} nats**, the best validation bound, in epoch {checkpoint.epoch} of {len(history)}"
    ]
    level = paper_bound(checkpoint.model_config, checkpoint.train_config)
    if level is not None:
        parts.append(f"**{abs(best - level):.2f} nats** {'above' if best > level else 'below'} the authors' run")
    if usage := history[checkpoint.epoch - 1].usage:
        heavy = sum(share >= LITTLE for share in usage)
        parts.append(f"**{heavy} of {len(usage)}** components have a mean weight of {100 * LITTLE:.0f} % or more")
    if (accuracy := _found_accuracy(checkpoint)) is not None:
        parts.append(f"**{accuracy:.1f} %** of the test images in the class of their component (ACC, by weights)")
    parts.append(f"trained in **{duration(sum(entry.seconds for entry in history))}**")
    return " · ".join(parts)


def _found_accuracy(checkpoint: Checkpoint) -> float | None:
    """ACC in percent; None without labels, with identical components or fewer than classes, or if unknown now."""
    config = checkpoint.model_config
    try:
        if config.has_identical_components or not is_here(checkpoint.train_config.dataset):
            return None
        classes = len(loaders.dataset(checkpoint.train_config.dataset).class_names)
        return _accuracy(checkpoint) if 0 < classes <= config.num_components else None
    except (DataError, Refused):
        return None


@st.cache_resource(show_spinner=False, max_entries=100, hash_funcs=loaders.BY_WEIGHTS)
def _accuracy(checkpoint: Checkpoint) -> float:
    test = loaders.dataset(checkpoint.train_config.dataset).test
    with computing():
        return scores(mean_weights(loaders.model(checkpoint), test.binary), test.known_labels).acc
