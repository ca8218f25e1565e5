"""Exports of the kNN page: its errors, a model's mistakes, and the neighbours that two models share."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd

from dlgmm_core.evaluate.knn import vote
from dlgmm_core.experiments.paper import paper_knn_errors
from dlgmm_core.experiments.rows import Row
from dlgmm_core.store.checkpoints import Checkpoint
from ui import loaders
from ui.exporting import recipes_test_set
from ui.exporting.exports import About, export
from ui.tables.knn_search import RECORDED, Errors, Search

__all__ = ["export_changes", "export_errors", "export_mistakes"]


def export_errors(
    key: str, found: Sequence[Errors], search: Search, sizes: Sequence[int], pixels: Row | None = None
) -> None:
    """The errors shown of models, at those of several k that are known, and those recorded of raw pixels."""
    checkpoints = [errors.checkpoint for errors in found]
    code = partial(recipes_test_set.errors, checkpoints, sizes, *_settings(search), with_pixels=pixels is not None)
    export(
        key,
        _about("kNN errors, % of test images", checkpoints, search),
        code,
        lambda: _errors(found, search, sizes, pixels),
    )


def _errors(found: Sequence[Errors], search: Search, sizes: Sequence[int], pixels: Row | None) -> pd.DataFrame:
    rows: list[tuple[str, int, float, float, float | None, str]] = []
    for errors in found:
        config = errors.checkpoint.model_config
        paper = paper_knn_errors(config, search.dataset_name) if search.is_papers else {}
        for k in (k for k in sizes if k in errors.by_k):
            rate = errors.by_k[k]
            rows.append((errors.checkpoint.name, k, rate.error, rate.ci95, paper.get(k), errors.source))
    if pixels is not None:
        recorded = pixels.figures.knn["mean"]
        rows += [("raw pixels", k, recorded[str(k)].error, recorded[str(k)].ci95, None, RECORDED) for k in sizes]
    return pd.DataFrame(rows, columns=["checkpoint", "k", "error", "ci95", "paper", "source"])


def export_mistakes(checkpoint: Checkpoint, k: int, search: Search) -> None:
    """All mistakes of a vote, not only those shown."""
    about = _about(f"mistakes of the vote of {k} neighbours", [checkpoint], search)
    code = partial(recipes_test_set.mistakes, checkpoint, k, *_settings(search))
    export("knn-mistakes", about, code, lambda: _mistakes(checkpoint, k, search))


def _mistakes(checkpoint: Checkpoint, k: int, search: Search) -> pd.DataFrame:
    dataset, nearest = loaders.dataset(search.dataset_name), search.nearest(checkpoint)[:, :k]
    names, predicted = np.array(dataset.class_names), vote(dataset.train.known_labels[nearest], k)
    wrong = np.flatnonzero(predicted != dataset.test.known_labels)
    columns = {
        "test image": wrong,
        "class": names[dataset.test.known_labels[wrong]],
        "taken for": names[predicted[wrong]],
    }
    return pd.DataFrame(columns | {f"neighbour {i + 1}": nearest[wrong, i] for i in range(k)})


def export_changes(first: Checkpoint, second: Checkpoint, search: Search, k: int) -> None:
    """How many of its k nearest neighbours two models agree on, for every test image."""
    about = _about(f"neighbours shared, of {k}", [first, second], search)
    code = partial(recipes_test_set.changes, (first, second), k, *_settings(search))
    export("knn-changes", about, code, lambda: _changes(first, second, search, k))


def _changes(first: Checkpoint, second: Checkpoint, search: Search, k: int) -> pd.DataFrame:
    one, other = (search.nearest(checkpoint)[:, :k] for checkpoint in (first, second))
    shared = (one[:, :, None] == other[:, None, :]).any(-1).sum(1)
    return pd.DataFrame({"test image": np.arange(len(shared)), "shared": shared})


def _settings(search: Search) -> tuple[str, str, int, str]:
    return search.dataset_name, search.representation, search.points, search.metric


def _about(what: str, checkpoints: Sequence[Checkpoint], search: Search) -> About:
    settings = {"code": search.representation, "distance": search.metric, "training points": search.points}
    seed = 0 if search.representation == "sample" else None
    return About(what, checkpoints, search.dataset_name, seed, settings)
