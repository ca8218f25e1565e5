"""What was found about the checkpoints and recorded: figures, tables, maps and estimates for single images.

Read when a page first asks, and again only when its file has changed.
"""

import os
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dlgmm_core.analysis.plane_survey import PosteriorSurvey, read_survey
from dlgmm_core.experiments.results import RESULTS, read_results
from dlgmm_core.experiments.rows import Row
from dlgmm_core.store.checkpoints import HISTORY, METRICS, PER_IMAGE, POSTERIORS, TSNE, Checkpoint
from dlgmm_core.store.figures import Measurement, NegativeLogLikelihood
from dlgmm_core.store.history import read_history
from dlgmm_core.store.measurements import read_measurements
from dlgmm_core.store.per_image import PerImage, load_per_image
from dlgmm_core.store.tsne_map import ProjectionConfig, load_map
from ui import loaders
from ui.resting import kept_in_use
from ui.visitors.limits import computing
from ui.visitors.own_maps import own_map
from ui.visitors.visitor import asking

if TYPE_CHECKING:
    from dlgmm_core.analysis.tsne import AnchoredMap

__all__ = [
    "anchored_map",
    "best_nll",
    "context_rows",
    "epochs",
    "map_path",
    "measurements",
    "per_image",
    "posterior_survey",
    "results",
    "results_stamp",
    "tsne_map",
]


def measurements(checkpoint: Checkpoint) -> dict[str, Measurement]:
    """What `evaluate` measured, by test set; empty if it has not.

    Raises:
        CheckpointError: if the file is damaged.
    """
    stamp = loaders.changed(checkpoint.folder / METRICS)
    return {} if stamp is None else _measurements(checkpoint, stamp)


@lru_cache(maxsize=200)
def _measurements(checkpoint: Checkpoint, stamp: int) -> dict[str, Measurement]:
    return read_measurements(checkpoint)


def best_nll(checkpoint: Checkpoint, dataset_name: str) -> tuple[int, NegativeLogLikelihood] | None:
    """The largest S, and -log p(x) by it on the test set of a data set; None if it was not measured.

    Raises:
        CheckpointError: if the file is damaged.
    """
    measured = measurements(checkpoint).get(dataset_name)
    estimates = measured.figures.estimates if measured else {}
    return max(estimates.items(), key=lambda item: item[0], default=None)


def epochs(checkpoint: Checkpoint) -> int | None:
    """How many epochs the model was trained for, of which the best was kept; None without a history.

    Raises:
        CheckpointError: if the file is damaged.
    """
    stamp = loaders.changed(checkpoint.folder / HISTORY)
    return None if stamp is None else _epochs(checkpoint, stamp)


@lru_cache(maxsize=200)
def _epochs(checkpoint: Checkpoint, stamp: int) -> int:
    return len(read_history(checkpoint.folder))


def results_stamp() -> int | None:
    """When `results.json` was changed; None if there is none."""
    return loaders.changed(loaders.CHECKPOINTS / RESULTS)


def results() -> list[Row]:
    """Every row of `results.json` but those of amortised models; read again only when the file has changed.

    Raises:
        StorageError: if the file is damaged.
    """
    return _results()[0]


def context_rows() -> list[Row]:
    """The rows of `results.json` of amortised models, at every prior where they were measured.

    Raises:
        StorageError: if the file is damaged.
    """
    return _results()[1]


def _results() -> tuple[list[Row], list[Row]]:
    stamp = results_stamp()
    return ([], []) if stamp is None else _read_results(loaders.CHECKPOINTS, stamp)


@st.cache_resource(show_spinner=False, max_entries=2)
def _read_results(root: Path, stamp: int) -> tuple[list[Row], list[Row]]:
    rows = read_results(root)
    return [row for row in rows if row.context is None], [row for row in rows if row.context is not None]


def map_path(checkpoint: Checkpoint) -> Path:
    """Where the map lies that the visitor sees: the visitor's own if there is one, else that of the checkpoint."""
    own = own_map(checkpoint, asking())
    return own if os.path.exists(own) else checkpoint.folder / TSNE


def tsne_map(checkpoint: Checkpoint) -> tuple[NDArray[np.float32], ProjectionConfig] | None:
    """The map of the test set that the visitor sees; None if there is none of these weights.

    Raises:
        CheckpointError: if the file is damaged.
    """
    path = map_path(checkpoint)
    stamp = loaders.changed(path)
    return None if stamp is None else _tsne_map(checkpoint, path, stamp)


def per_image(checkpoint: Checkpoint) -> PerImage | None:
    """The stored estimates for every test image; None if there are none of these weights.

    Raises:
        CheckpointError: if the file is damaged.
    """
    stamp = loaders.changed(checkpoint.folder / PER_IMAGE)
    return None if stamp is None else _per_image(checkpoint, stamp)


def posterior_survey(checkpoint: Checkpoint) -> PosteriorSurvey | None:
    """The stored survey of true posteriors; None if there is none of these weights.

    Raises:
        CheckpointError: if the file is damaged.
    """
    stamp = loaders.changed(checkpoint.folder / POSTERIORS)
    return None if stamp is None else _posterior_survey(checkpoint, stamp)


def anchored_map(checkpoint: Checkpoint, dataset_name: str) -> "AnchoredMap | None":
    """The map that the visitor sees, ready for new codes to be placed on it.

    Raises:
        CheckpointError: if the file is damaged.
        Refused: as `codes`.
    """
    path = map_path(checkpoint)
    stamp = loaders.changed(path)
    return None if stamp is None else _anchored_map(checkpoint, path, stamp, dataset_name)


@lru_cache(maxsize=300)  # Streamlit's own caches take a tenth of a millisecond, and a page asks for every map
def _tsne_map(checkpoint: Checkpoint, path: Path, stamp: int) -> tuple[NDArray[np.float32], ProjectionConfig] | None:
    return load_map(checkpoint, len(loaders.dataset(checkpoint.train_config.dataset).test), path)


@kept_in_use
@st.cache_resource(show_spinner=False, max_entries=30, hash_funcs=loaders.BY_WEIGHTS)  # 1 MB each
def _per_image(checkpoint: Checkpoint, stamp: int) -> PerImage | None:
    return load_per_image(checkpoint, len(loaders.dataset(checkpoint.train_config.dataset).test))


@lru_cache(maxsize=60)
def _posterior_survey(checkpoint: Checkpoint, stamp: int) -> PosteriorSurvey | None:
    return read_survey(checkpoint)


@kept_in_use
@st.cache_resource(show_spinner=False, max_entries=6, hash_funcs=loaders.BY_WEIGHTS)  # 6 MB each
def _anchored_map(checkpoint: Checkpoint, path: Path, stamp: int, dataset_name: str) -> "AnchoredMap | None":
    stored = _tsne_map(checkpoint, path, stamp)
    if stored is None:
        return None
    from dlgmm_core.analysis.tsne import anchor  # half a second and 20 MB, which few visits need

    coordinates, settings = stored
    places = loaders.codes(checkpoint, dataset_name, "test", "mean")
    with computing():
        return anchor(coordinates, places, settings)
