"""A search for neighbours, and the errors by it: recorded beside the weights, or computed live where that is asked for.

`evaluate` records the errors of samples and of means by Euclidean distance with all training images; every other search
is live.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dlgmm_core.evaluate.knn import KNN_SIZES, REPRESENTATIONS, error_rate, vote
from dlgmm_core.experiments.baselines import RAW_PIXELS
from dlgmm_core.experiments.rows import Row
from dlgmm_core.model.models import BASELINE, MODELS
from dlgmm_core.runtime.files import StorageError
from dlgmm_core.store.checkpoints import Checkpoint
from dlgmm_core.store.figures import ErrorRate
from ui import findings, loaders

__all__ = [
    "CURVE",
    "LIVE",
    "RECORDED",
    "Errors",
    "Search",
    "ask_for",
    "is_asked_for",
    "live_errors",
    "protocol_words",
    "recorded_errors",
    "why_means_err_more",
]

LARGEST_K = 30
CURVE = (1, 2, 3, 4, 5, 7, 10, 14, 20, 30)
RECORDED, LIVE = "recorded", "live"
_ASKED = "knn-asked-for"


@dataclass(frozen=True)
class Search:
    """What is compared: the code, the number of training images, the distance."""

    dataset_name: str
    representation: str
    points: int
    metric: str

    def nearest(self, checkpoint: Checkpoint) -> NDArray[np.unsignedinteger]:
        """(N, k) training images nearest to each test image, where k is 30, or all of fewer.

        Raises:
            Refused: if the visitor's share of computing is used up, or no slot is free.
        """
        settings = (self.dataset_name, self.representation, self.points, self.metric)
        return loaders.neighbour_indices(checkpoint, *settings, min(LARGEST_K, self.points))

    @property
    def is_papers(self) -> bool:
        """Whether the paper searched in the same way, so that its errors can be compared with these."""
        return self.is_recorded and (self.dataset_name, self.representation) == ("mnist", "sample")

    @cached_property
    def is_recorded(self) -> bool:
        """Whether errors are recorded by this search."""
        return self.metric == "euclidean" and self.points == len(loaders.dataset(self.dataset_name).train)

    @property
    def pixels(self) -> Row | None:
        """The recorded errors of raw pixels; None unless they are recorded, and of this search."""
        if not self.is_recorded:
            return None
        with suppress(StorageError):  # which the records below the table tell
            rows = (row for row in findings.results() if row.eval_dataset == self.dataset_name)
            return next((row for row in rows if row.model == RAW_PIXELS), None)
        return None


@dataclass(frozen=True)
class Errors:
    """The errors of one checkpoint.

    Attributes:
        checkpoint: whose.
        by_k: in percent, each with its interval.
        source: `RECORDED` or `LIVE`.
    """

    checkpoint: Checkpoint
    by_k: dict[int, ErrorRate]
    source: str


def recorded_errors(checkpoint: Checkpoint, search: Search) -> Errors | None:
    """What `evaluate` measured of these weights by this very search; None if it did not."""
    if not search.is_recorded:
        return None
    found: dict[str, ErrorRate] = {}
    with suppress(StorageError):  # a damaged file, which Overview and Likelihood tell
        if measured := findings.measurements(checkpoint).get(search.dataset_name):
            found = measured.figures.knn.get(search.representation, {})
    if not all(str(k) in found for k in KNN_SIZES):
        return None
    return Errors(checkpoint, {k: found[str(k)] for k in KNN_SIZES}, RECORDED)


def protocol_words(search: Search, images: int) -> str:
    """What the errors of a search are, and when the paper's stand beside them.

    Args:
        search: its settings.
        images: how many test images there are.
    """
    papers = (
        "The paper's errors are those of its own recipe, and the models here may be trained by another recipe; the"
        f" paper's {MODELS[BASELINE].label} probably had another code size."
        if search.is_papers
        else "The paper's errors are shown only for samples of all MNIST training digits under Euclidean distance."
    )
    return (
        f"Errors in percent of {images:,} test images, ± the half width of a 95 % bootstrap interval over images;"
        f" {search.points:,} training codes; ties go to the nearest. {papers} Click an error to see the mistakes."
    )


def why_means_err_more(checkpoints: Sequence[Checkpoint], search: Search) -> str:
    """Why the means of some mixtures err more than their samples, by what is recorded; empty where none do.

    Measured for `mnist-dlgmm-fig2`: the mean of the component of the largest weight errs less than a sample of it.
    """
    if search.representation != "mean":
        return ""
    worse = []
    for checkpoint in checkpoints:
        of_samples, of_means = (
            recorded_errors(checkpoint, replace(search, representation=each)) for each in REPRESENTATIONS
        )
        if of_means and of_samples and all(of_means.by_k[k].error > of_samples.by_k[k].error for k in KNN_SIZES):
            worse.append(checkpoint.name)
    if not worse:
        return ""
    return (
        f"Means err more than samples for {', '.join(worse)}: the mean of a mixture averages all its components by"
        " their weights and lies between them, while a sample comes from the component of the largest weight alone."
    )


def live_errors(checkpoint: Checkpoint, search: Search) -> Errors:
    """The errors at every k of the curve.

    Raises:
        Refused: as `Search.nearest`.
    """
    return Errors(checkpoint, _errors(checkpoint, search), LIVE)


@st.cache_data(show_spinner=False, max_entries=200, hash_funcs=loaders.BY_WEIGHTS)
def _errors(checkpoint: Checkpoint, search: Search) -> dict[int, ErrorRate]:
    dataset = loaders.dataset(search.dataset_name)
    labels = dataset.train.known_labels[search.nearest(checkpoint)]
    found = {k: error_rate(vote(labels, k), dataset.test.known_labels) for k in CURVE if k <= search.points}
    return {k: ErrorRate(each.value, each.ci95) for k, each in found.items()}


def ask_for(checkpoint: Checkpoint, search: Search) -> None:
    """Makes the page compute the errors of a checkpoint by this search live, for this visitor and from now on."""
    st.session_state.setdefault(_ASKED, set()).add((checkpoint.name, checkpoint.digest, search))


def is_asked_for(checkpoint: Checkpoint, search: Search) -> bool:
    """Whether the visitor has asked for these errors live."""
    return (checkpoint.name, checkpoint.digest, search) in st.session_state.get(_ASKED, ())
