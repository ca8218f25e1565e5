"""Probabilities of components for every test image: the encoder's weights, and responsibilities p(k|x)."""

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dlgmm_core.analysis.image_statistics import expected_weights, log_odds
from dlgmm_core.store.checkpoints import Checkpoint
from ui import loaders
from ui.estimates import estimates
from ui.resting import kept_in_use
from ui.visitors.limits import computing

__all__ = ["RESPONSIBILITIES", "WEIGHTS", "certainty", "probabilities"]

RESPONSIBILITIES, WEIGHTS = "p(k|x)", "weights"

Probabilities = NDArray[np.float32]


def probabilities(checkpoint: Checkpoint, kind: str) -> Probabilities | None:
    """(N, K) for the test images of the checkpoint's data; None where responsibilities are not estimated yet.

    Raises:
        CheckpointError: if the file is damaged.
        Refused: if the visitor's share of computing is used up, or no slot is free.
    """
    if kind == WEIGHTS:
        return _weights(checkpoint)
    found = estimates(checkpoint)
    return None if found is None else found.responsibilities


def certainty(checkpoint: Checkpoint, kind: str) -> NDArray[np.float64] | None:
    """(N, K) what orders test images of equal probability; None for weights, of which no two are equal.

    Raises:
        Refused: if the visitor's share of computing is used up, or no slot is free.
    """
    return None if kind == WEIGHTS else _log_odds(checkpoint)


@kept_in_use
@st.cache_resource(show_spinner=False, max_entries=12, hash_funcs=loaders.BY_WEIGHTS)
def _log_odds(checkpoint: Checkpoint) -> NDArray[np.float64]:
    with computing():
        found = log_odds(loaders.model(checkpoint), loaders.dataset(checkpoint.train_config.dataset).test.binary)
    assert found is not None
    return found


@kept_in_use
@st.cache_resource(show_spinner=False, max_entries=12, hash_funcs=loaders.BY_WEIGHTS)
def _weights(checkpoint: Checkpoint) -> Probabilities:
    images = loaders.dataset(checkpoint.train_config.dataset).test.binary
    with computing():
        found = expected_weights(loaders.model(checkpoint), images)
    assert found is not None
    return found
