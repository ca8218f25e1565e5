"""Probabilities of components for every test image: the encoder's weights, and responsibilities p(k|x).

Responsibilities come from the checkpoint's file. Where there is none they are estimated on demand, in steps that are
kept: a visitor who leaves the page stops the estimate, which goes on from there the next time.
"""

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dlgmm_core.analysis.image_statistics import expected_weights
from dlgmm_core.evaluate.per_image import DRAWS, IMAGES, per_image
from dlgmm_core.store.checkpoints import Checkpoint
from ui import loaders
from ui.visitors.limits import computing

__all__ = ["RESPONSIBILITIES", "WEIGHTS", "estimate", "probabilities"]

RESPONSIBILITIES, WEIGHTS = "p(k|x)", "weights"
STEP = 10 * IMAGES  # images: about a second

Probabilities = NDArray[np.float32]


def probabilities(checkpoint: Checkpoint, kind: str) -> Probabilities | None:
    """(N, K) for the test images of the checkpoint's data; None where responsibilities are not known yet.

    Raises:
        CheckpointError: if the file is damaged.
        Refused: if the visitor's share of computing is used up, or no slot is free.
    """
    if kind == WEIGHTS:
        return _weights(checkpoint)
    stored = loaders.per_image(checkpoint)
    return _estimated().get(checkpoint) if stored is None else stored.responsibilities


@st.cache_resource(show_spinner=False, max_entries=30, hash_funcs=loaders.BY_WEIGHTS)
def _weights(checkpoint: Checkpoint) -> Probabilities:
    images = loaders.dataset(checkpoint.train_config.dataset).test.binary
    with computing():
        found = expected_weights(loaders.model(checkpoint), images)
    assert found is not None
    return found


@st.cache_resource(show_spinner=False)
def _estimated() -> dict[Checkpoint, Probabilities]:
    return {}


@st.cache_resource(show_spinner=False, max_entries=600, hash_funcs=loaders.BY_WEIGHTS)
def _step(checkpoint: Checkpoint, first: int) -> Probabilities:
    images = loaders.dataset(checkpoint.train_config.dataset).test.binary[first : first + STEP]
    with computing():
        found = per_image(loaders.model(checkpoint), images, first=first).responsibilities
    assert found is not None
    return found


def estimate(checkpoint: Checkpoint) -> None:
    """Estimates responsibilities under a progress bar.

    Raises:
        EvaluationError: if an importance weight is not finite.
        Refused: as `probabilities`; finished steps are kept.
    """
    place, count = st.empty(), len(loaders.dataset(checkpoint.train_config.dataset).test)
    found = []
    for first in range(0, count, STEP):
        place.progress(first / count, f"Estimating p(k|x) of every test image, S = {DRAWS} …")
        found.append(_step(checkpoint, first))
    _estimated()[checkpoint] = np.concatenate(found)
    place.empty()
