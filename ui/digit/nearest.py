"""A digit among the others: its nearest training digits, their vote, and its place on the map."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from dlgmm_core.data.datasets import Dataset
from dlgmm_core.evaluate.knn import KNN_SIZES, encode, vote
from dlgmm_core.evaluate.neighbours import neighbours
from dlgmm_core.runtime.html import png_address
from dlgmm_core.store.checkpoints import Checkpoint
from ui import findings, loaders
from ui.digit.digit_input import DigitInput
from ui.exporting import recipes
from ui.exporting.exports import About, export, figure
from ui.exporting.own_maps import own_settings
from ui.images import fitting, tiled_picture
from ui.layers import first_layer_words
from ui.literal import literal
from ui.scatter import draw_map
from ui.visitors.limits import computing
from ui.visitors.shares import Refused

__all__ = ["show_neighbours", "show_places"]

NEAREST, MAP_SIDE = 10, 420
Coordinates = NDArray[np.float32]


def show_neighbours(checkpoints: Sequence[Checkpoint], dataset_name: str, digit: DigitInput) -> None:
    """The ten nearest training digits under each model, and the votes of the first three, five and ten."""
    dataset, shown, rows = loaders.dataset(dataset_name), [], []
    progress, place_of_rows = st.progress(0.0), figure("neighbours")
    for number, checkpoint in enumerate(checkpoints):
        progress.progress(number / len(checkpoints), f"Searching the neighbours under {checkpoint.name} …")
        try:
            codes = loaders.codes(checkpoint, dataset_name, "train", "mean")
        except Refused as refusal:
            st.warning(str(refusal))
            break
        code = encode(loaders.model(checkpoint), digit.binary[None], "mean")
        nearest = neighbours(codes, code, NEAREST)
        names, votes = _classes_of(nearest, dataset)
        classes = f", of classes {', '.join(names)}" if names else ""
        place_of_rows.markdown(f"**{checkpoint.name}**, {votes}")
        place_of_rows.image(
            tiled_picture(dataset.train[nearest[0]].binary, NEAREST, fitting(2, dataset.shape), shape=dataset.shape),
            alt=f"The ten nearest training images under {checkpoint.name}{classes}",
        )
        for rank, index in enumerate(nearest[0], 1):
            rows.append((checkpoint.name, rank, index, names[rank - 1] if names else None))
        shown.append(checkpoint)
    progress.empty()
    if not shown:
        return
    layer = first_layer_words(checkpoint.model_config for checkpoint in shown)
    st.caption(" ".join(["Euclidean distance between posterior means, nearest first.", layer]))
    about = About("the nearest training images", shown, dataset_name, settings={"image": digit.origin})
    lines = partial(
        recipes.nearest, shown, digit.code, dataset_name, NEAREST, labelled=dataset.train.labels is not None
    )
    columns = ["checkpoint", "rank", "training image", "class"]
    export("neighbours", about, lines, lambda: pd.DataFrame(rows, columns=columns))


def _classes_of(nearest: NDArray[np.int64], dataset: Dataset) -> tuple[list[str], str]:
    """Classes of one image's neighbours (1, k), and their votes; without labels none, and why."""
    if dataset.train.labels is None:
        return [], "no vote, since the images have no labels"
    labels = dataset.train.labels[nearest]
    votes = ", ".join(f"{literal(dataset.class_names[vote(labels, k)[0]])} (k = {k})" for k in KNN_SIZES)
    return [dataset.class_names[label] for label in labels[0]], f"vote: {votes}"


def show_places(checkpoints: Sequence[Checkpoint], dataset_name: str, digit: DigitInput) -> None:
    """The digit ringed on every stored t-SNE map of the data set's test images."""
    dataset = loaders.dataset(dataset_name)
    own = [c for c in checkpoints if c.train_config.dataset == dataset_name]
    stored = [(c, loaders.told(partial(findings.tsne_map, c))) for c in own]
    mapped = [(checkpoint, found[0]) for checkpoint, found in stored if found is not None]
    if not mapped:
        st.info("None of the chosen checkpoints has a map of this data set: measure one on the page **Latent space**.")
        return
    place, placed = figure("places"), []
    for number, (checkpoint, coordinates) in enumerate(mapped):
        if number % 2 == 0:  # row by row, so that the order stands where a phone puts columns below each other
            columns = place.columns(min(2, len(mapped)), gap="medium")
        with columns[number % 2], st.spinner(f"Placing it on the map of {checkpoint.name} …"):
            try:
                anchored = findings.anchored_map(checkpoint, dataset_name)
                if anchored is None:  # deleted since
                    continue
                code = encode(loaders.model(checkpoint), digit.binary[None], "mean")
                with computing():
                    (point,) = anchored.place(code)
            except Refused as refusal:
                st.warning(str(refusal))
                break
            classes = dataset.test.labels, dataset.class_names
            theme = st.context.theme.type or "light"
            drawn = draw_map(coordinates, *classes, MAP_SIDE, point, paper=None, theme=theme)
            words = f"t-SNE map of {checkpoint.name}, a ring around the digit's place"
            st.image(png_address(drawn), caption=checkpoint.name, alt=words)
            placed.append((checkpoint, coordinates, point))
    if not placed:
        return
    st.caption("The ring is where this digit's mean code belongs among those of the test images.")
    shown = [checkpoint for checkpoint, _, _ in placed]
    about = About("the digit's place on t-SNE maps", shown, dataset_name, settings={"image": digit.origin})
    lines = partial(recipes.places, shown, digit.code, dataset_name, own_settings(shown))
    export("places", about, lines, lambda: _table(placed, dataset))


def _table(placed: Sequence[tuple[Checkpoint, Coordinates, Coordinates]], dataset: Dataset) -> pd.DataFrame:
    """One row a test image and map, and the digit's own, which has no number and no class."""
    tables = []
    for checkpoint, coordinates, point in placed:
        names = dataset.classes_of(dataset.test) or None
        count = range(len(dataset.test))
        table = pd.DataFrame({"checkpoint": checkpoint.name, "test image": count, "class": names})
        table[["x", "y"]] = coordinates
        digit = pd.DataFrame({"checkpoint": [checkpoint.name], "x": point[0], "y": point[1]})
        tables.append(pd.concat([table, digit]))
    return pd.concat(tables).astype({"test image": "Int64"})
