"""Probabilities of components for every test image: the encoder's weights, and responsibilities p(k|x).

What components have found by them is worked out once for all visitors.
"""

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dlgmm_core.analysis.clusters import Clusters, describe_clusters
from dlgmm_core.analysis.image_statistics import expected_weights, log_odds
from dlgmm_core.evaluate.clustering import scores
from dlgmm_core.store.checkpoints import PER_IMAGE, Checkpoint
from dlgmm_core.store.figures import ClusteringScores
from ui import loaders
from ui.estimates import estimates
from ui.resting import kept_in_use
from ui.visitors.limits import computing

__all__ = ["RESPONSIBILITIES", "WEIGHTS", "clusters", "own_scores", "probabilities", "stamp_of"]

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


def stamp_of(checkpoint: Checkpoint) -> int | None:
    """When the probabilities that are stored were changed; None if there are none."""
    return loaders.changed(checkpoint.folder / PER_IMAGE)


def clusters(checkpoint: Checkpoint, kind: str) -> Clusters:
    """What each component has found by these probabilities, which must be known.

    Test images of equal responsibilities are ordered by their log-odds; of weights no two are equal.

    Raises:
        Refused: if the visitor's share of computing is used up, or no slot is free.
    """
    return _clusters(checkpoint, kind, stamp_of(checkpoint))


def own_scores(checkpoint: Checkpoint, kind: str) -> ClusteringScores:
    """How well components find the classes, which there must be, by these probabilities, which must be known.

    Raises:
        Refused: if the visitor's share of computing is used up, or no slot is free.
    """
    return _scores(checkpoint, kind, stamp_of(checkpoint))


@kept_in_use
@st.cache_resource(show_spinner=False, max_entries=40, hash_funcs=loaders.BY_WEIGHTS)
def _clusters(checkpoint: Checkpoint, kind: str, stamp: int | None) -> Clusters:
    values, dataset = probabilities(checkpoint, kind), loaders.dataset(checkpoint.train_config.dataset)
    assert values is not None
    certainty = None if kind == WEIGHTS else _log_odds(checkpoint)
    return describe_clusters(values, dataset.test.labels, len(dataset.class_names), certainty=certainty)


@st.cache_resource(show_spinner=False, max_entries=200, hash_funcs=loaders.BY_WEIGHTS)
def _scores(checkpoint: Checkpoint, kind: str, stamp: int | None) -> ClusteringScores:
    values = probabilities(checkpoint, kind)
    assert values is not None
    return scores(values, loaders.dataset(checkpoint.train_config.dataset).test.known_labels)


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
