"""Exports of the page of clusters: every image's component, the classes of each, and the scores."""

from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dlgmm_core.analysis.clusters import Clusters
from dlgmm_core.data.datasets import Dataset
from dlgmm_core.store.checkpoints import Checkpoint
from ui.clusters.probabilities import RESPONSIBILITIES
from ui.exporting import recipes_test_set
from ui.exporting.exports import About, export

__all__ = ["export_classes", "export_clusters", "export_scores"]


def _about(figure: str, checkpoint: Checkpoint, kind: str) -> About:
    dataset = checkpoint.train_config.dataset
    return About(figure, [checkpoint], dataset, 0, {"images go to the component of the largest": kind})


def export_clusters(
    checkpoint: Checkpoint, kind: str, found: Clusters, probabilities: NDArray[np.float32], dataset: Dataset
) -> None:
    """The component of every test image, with its probability."""

    def table() -> pd.DataFrame:
        images = np.arange(len(found.assigned))
        columns = {
            "test image": images,
            "component": found.assigned + 1,
            "probability": probabilities[images, found.assigned],
        }
        if names := dataset.classes_of(dataset.test):
            columns["class"] = np.array(names)
        return pd.DataFrame(columns)

    about = _about("what each component has found", checkpoint, kind)
    export("clusters", about, partial(_code, checkpoint, kind), table)


def export_classes(checkpoint: Checkpoint, kind: str, found: Clusters, dataset: Dataset) -> None:
    """The table of components by classes; there must be classes."""

    def table() -> pd.DataFrame:
        counts = pd.DataFrame(found.table, columns=list(dataset.class_names))
        counts.insert(0, "component", np.arange(1, len(counts) + 1), allow_duplicates=True)  # a class of that name
        return counts

    about = _about("images of each component and class", checkpoint, kind)
    export("clusters-classes", about, partial(_code, checkpoint, kind), table)


def export_scores(checkpoint: Checkpoint, kind: str, scores: pd.DataFrame) -> None:
    """The scores, with those of the baselines."""
    about = _about("how well components find the classes", checkpoint, kind)
    export("clusters-scores", about, partial(_code, checkpoint, kind), lambda: scores)


def _code(checkpoint: Checkpoint, kind: str) -> str:
    return recipes_test_set.clusters(
        checkpoint, checkpoint.train_config.dataset, by_responsibilities=kind == RESPONSIBILITIES
    )
