"""What stands below the table of kNN errors: the mistakes behind a cell, and the errors against k."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from dlgmm_core.evaluate.knn import vote
from dlgmm_core.store.checkpoints import Checkpoint
from ui import loaders
from ui.figures import LEGEND_LINE, chart, lines_of
from ui.images import fitting, tiled_picture
from ui.literal import literal
from ui.tables.knn_search import Errors, Search

__all__ = ["error_curves", "show_mistakes"]

SHOWN = 8
_HEIGHT = 300  # pixels of the curves, without the legend


def show_mistakes(checkpoint: Checkpoint, k: int, search: Search) -> None:
    """Some of the test images that the vote gets wrong, each with its k nearest training images."""
    dataset, nearest = loaders.dataset(search.dataset_name), search.nearest(checkpoint)
    predicted = vote(dataset.train.known_labels[nearest], k)
    wrong = np.flatnonzero(predicted != dataset.test.known_labels)
    st.header(f"{len(wrong):,} mistakes of {checkpoint.name} at k = {k}")
    pages = max(1, -(-len(wrong) // SHOWN))
    page = int(st.number_input("Page of mistakes", 1, pages, 1, key="knn-mistakes-page")) - 1
    names = dataset.class_names
    for image in wrong[SHOWN * page : SHOWN * (page + 1)]:
        words, picture = st.columns([2, 5], vertical_alignment="center")
        truth, vote_ = names[dataset.test.known_labels[image]], names[predicted[image]]
        words.markdown(f"test image {image}, class **{literal(truth)}**, classified as **{literal(vote_)}**")
        strip = np.concatenate([dataset.test.binary[image][None], dataset.train[nearest[image, :k]].binary])
        classes = ", ".join(names[label] for label in dataset.train.known_labels[nearest[image, :k]])
        picture.image(
            tiled_picture(strip, len(strip), fitting(2, dataset.shape), shape=dataset.shape),
            alt=f"Test image {image} and its {k} nearest training images, of classes {classes}",
        )
    st.caption("The test image is the first of each row; its neighbours follow, nearest first.")


def error_curves(found: Sequence[Errors]) -> go.Figure:
    """Error against k: at ten k from 1 to 30 where errors are live, at three where they are recorded."""
    return _curves(
        tuple(errors.checkpoint for errors in found),
        tuple(errors.source for errors in found),
        tuple(tuple((k, rate.error) for k, rate in errors.by_k.items()) for errors in found),
    )


@lru_cache(maxsize=20)  # plotly takes longer than the rest of the page
def _curves(
    checkpoints: tuple[Checkpoint, ...], sources: tuple[str, ...], points: tuple[tuple[tuple[int, float], ...], ...]
) -> go.Figure:
    """One curve a checkpoint, through its points of k and percent."""
    styles = lines_of([checkpoint.model_config.model for checkpoint in checkpoints])
    traces = [
        go.Scatter(
            x=[k for k, _ in own],
            y=[error for _, error in own],
            name=checkpoint.name,
            **style,
            mode="lines+markers",
            hovertemplate=f"k = %{{x}}<br>error %{{y:.2f}} %, {source}",
        )
        for checkpoint, source, own, style in zip(checkpoints, sources, points, styles, strict=True)
    ]
    height = _HEIGHT + LEGEND_LINE * len(traces)
    return chart(traces, "neighbours k that vote", "error, % of test images", height)
