"""The live table of kNN errors: rows fill in one by one, and a click on a cell shows its mistakes."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st
from numpy.typing import NDArray

from dlgmm_core.evaluate.knn import KNN_SIZES, error_rate, vote
from dlgmm_core.evaluate.likelihood import Interval
from dlgmm_core.experiments import formatting
from dlgmm_core.experiments.paper import paper_knn_errors
from dlgmm_core.experiments.rows import Row
from dlgmm_core.model.models import MODELS
from dlgmm_core.runtime.files import StorageError
from dlgmm_core.store.checkpoints import Checkpoint
from ui import loaders
from ui.figures import chart, lines_of
from ui.images import tiled_picture
from ui.numbers import right
from ui.visitors.shares import Refused

__all__ = ["CURVE", "Search", "error_curves", "live_table", "show_mistakes"]

LARGEST_K, SHOWN = 30, 8
CURVE = (1, 2, 3, 4, 5, 7, 10, 14, 20, 30)
_RIGHT = right([*(f"k = {k}" for k in KNN_SIZES), *(f"paper, k = {k}" for k in KNN_SIZES)])


@dataclass(frozen=True)
class Search:
    """What is compared: the code, the number of training images, the distance."""

    dataset_name: str
    representation: str
    points: int
    metric: str

    def nearest(self, checkpoint: Checkpoint) -> NDArray[np.unsignedinteger]:
        """(N, 30) training images nearest to each test image."""
        settings = (self.dataset_name, self.representation, self.points, self.metric)
        return loaders.neighbour_indices(checkpoint, *settings, LARGEST_K)

    @property
    def is_papers(self) -> bool:
        """Whether the paper searched in the same way, so that its errors can be compared with these."""
        everything = len(loaders.dataset(self.dataset_name).train)
        return self == Search("mnist", "sample", everything, "euclidean")

    @property
    def pixels(self) -> Row | None:
        """What is recorded of raw pixels, where this is the search that it was recorded by."""
        if self.metric != "euclidean" or self.points < len(loaders.dataset(self.dataset_name).train):
            return None
        with suppress(StorageError):  # which the records below the table tell
            rows = (row for row in loaders.results() if row.eval_dataset == self.dataset_name)
            return next((row for row in rows if row.model == "raw-pixels"), None)
        return None


def live_table(
    checkpoints: Sequence[Checkpoint], search: Search
) -> tuple[list[Checkpoint], tuple[Checkpoint, int] | None]:
    """The table, row by row; returns the checkpoints in it, and that and the k of the cell selected, if one is.

    Raw pixels are its last row where they are recorded; no mistakes can be shown behind its cells. If the server
    refuses to continue, the page says so, and the table ends there; the page ends, if there is no row.
    """
    rows, found = [], []
    table, progress = st.empty(), st.progress(0.0)
    for number, checkpoint in enumerate(checkpoints):
        progress.progress(number / len(checkpoints), f"Searching the neighbours of {checkpoint.name} …")
        try:
            rows.append(_row(checkpoint, search))
        except Refused as refusal:
            st.warning(str(refusal))
            break
        found.append(checkpoint)
        if number + 1 < len(checkpoints):
            table.dataframe(pd.DataFrame(rows), hide_index=True, column_config=_RIGHT)
    progress.empty()
    if not found:
        st.stop()
    if (pixels := search.pixels) is not None:
        rows.append(_recorded(pixels, search))
    event = table.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        key="knn-table",
        on_select="rerun",
        selection_mode="single-cell",
        column_config=_RIGHT,
    )
    if pixels is not None:
        st.caption(
            "The last row was recorded earlier: it uses the pixels themselves as the code. That search"
            " takes too long for this page, so the mistakes behind its errors cannot be shown."
        )
    cells = event["selection"]["cells"]
    if not cells or not str(cells[0][1]).startswith("k = ") or cells[0][0] >= len(found):
        return found, None
    return found, (found[cells[0][0]], int(str(cells[0][1]).removeprefix("k = ")))


def _row(checkpoint: Checkpoint, search: Search) -> dict[str, str]:
    errors = _errors(checkpoint, search)
    row = {"Model": MODELS[checkpoint.model_config.model].label, "Checkpoint": checkpoint.name}
    for k in KNN_SIZES:
        row[f"k = {k}"] = f"{errors[k].value:.2f} ± {errors[k].ci95:.2f}"
    return row | _paper_columns(paper_knn_errors(checkpoint.model_config, search.dataset_name), search)


def _recorded(row: Row, search: Search) -> dict[str, str]:
    named = {"Model": formatting.label(row), "Checkpoint": f"{formatting.NONE} (recorded)"}
    errors = {f"k = {k}": formatting.knn_error(row, "mean", k) for k in KNN_SIZES}
    return named | errors | _paper_columns({}, search)


def _paper_columns(errors: dict[int, float], search: Search) -> dict[str, str]:
    """The paper's errors by k, or dashes; no columns beside a search that is not the paper's."""
    if not search.is_papers:
        return {}
    return {f"paper, k = {k}": f"{errors[k]:.2f}" if errors else formatting.NONE for k in KNN_SIZES}


@st.cache_data(show_spinner=False, max_entries=200, hash_funcs=loaders.BY_WEIGHTS)
def _errors(checkpoint: Checkpoint, search: Search) -> dict[int, Interval]:
    """By every k of the curve, which include those of the table."""
    dataset = loaders.dataset(search.dataset_name)
    labels = dataset.train.labels[search.nearest(checkpoint)]
    return {k: error_rate(vote(labels, k), dataset.test.labels) for k in CURVE}


def show_mistakes(checkpoint: Checkpoint, k: int, search: Search) -> None:
    """Some of the test images that the vote gets wrong, each with its k nearest training images."""
    dataset, nearest = loaders.dataset(search.dataset_name), search.nearest(checkpoint)
    predicted = vote(dataset.train.labels[nearest], k)
    wrong = np.flatnonzero(predicted != dataset.test.labels)
    st.header(f"{len(wrong):,} mistakes of {checkpoint.name} at k = {k}")
    pages = max(1, -(-len(wrong) // SHOWN))
    page = int(st.number_input("Page of mistakes", 1, pages, 1, key="knn-mistakes-page")) - 1
    names = dataset.class_names
    for image in wrong[SHOWN * page : SHOWN * (page + 1)]:
        words, picture = st.columns([2, 5], vertical_alignment="center")
        truth, vote_ = names[dataset.test.labels[image]], names[predicted[image]]
        words.markdown(f"test image {image}, class **{truth}**, classified as **{vote_}**")
        strip = np.concatenate([dataset.test.binary[image][None], dataset.train.binary[nearest[image, :k]]])
        classes = ", ".join(names[label] for label in dataset.train.labels[nearest[image, :k]])
        picture.image(
            tiled_picture(strip, len(strip), zoom=2, shape=dataset.shape),
            alt=f"Test image {image} and its {k} nearest training images, of classes {classes}",
        )
    st.caption("The test image is the first of each row; its neighbours follow, nearest first.")


def error_curves(checkpoints: Sequence[Checkpoint], search: Search) -> go.Figure:
    """Error against k, from 1 to 30."""
    traces, lines = [], lines_of([checkpoint.model_config.model for checkpoint in checkpoints])
    for checkpoint, line in zip(checkpoints, lines, strict=True):
        errors = _errors(checkpoint, search)
        curve = go.Scatter(
            x=CURVE,
            y=[errors[k].value for k in CURVE],
            name=checkpoint.name,
            line=line,
            hovertemplate="k = %{x}<br>error %{y:.2f} %",
        )
        traces.append(curve)
    return chart(traces, "neighbours k that vote", "error, % of test images", 360)
