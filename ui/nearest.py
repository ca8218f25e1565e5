"""Where a digit lies among the others: its nearest training digits, their vote, and its place on the map."""

from collections.abc import Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dlgmm_core.checkpoints import Checkpoint
from dlgmm_core.knn import KNN_SIZES, encode, neighbours, vote
from dlgmm_core.projection import place
from ui import loaders
from ui.images import tile
from ui.scatter import draw_map

__all__ = ["show_neighbours", "show_places"]

NEAREST, MAP_SIDE = 10, 420


def show_neighbours(checkpoints: Sequence[Checkpoint], dataset_name: str, image: NDArray[np.uint8]) -> None:
    """Ten training digits a model, nearest first, and what three, five and ten of them vote."""
    dataset = loaders.dataset(dataset_name)
    progress = st.progress(0.0)
    for number, checkpoint in enumerate(checkpoints):
        progress.progress(number / len(checkpoints), f"Searching the neighbours under {checkpoint.name} …")
        codes = loaders.codes(checkpoint.folder, checkpoint.digest, dataset_name, "train", "mean")
        code = encode(loaders.model(checkpoint.folder, checkpoint.digest), image[None], "mean")
        nearest = neighbours(codes, code, NEAREST)
        labels = dataset.train.labels[nearest]
        votes = ", ".join(f"{dataset.class_names[vote(labels, k)[0]]} (k = {k})" for k in KNN_SIZES)
        names = ", ".join(dataset.class_names[label] for label in labels[0])
        words, picture = st.columns([2, 5], vertical_alignment="center")
        words.markdown(f"**{checkpoint.name}**  \nvote: {votes}")
        picture.image(
            tile(dataset.train.binary[nearest[0]], NEAREST, zoom=2),
            output_format="PNG",
            alt=f"The ten nearest training digits under {checkpoint.name}, of classes {names}",
        )
    progress.empty()
    st.caption("Euclidean distance between posterior means, nearest first.")


def show_places(checkpoints: Sequence[Checkpoint], dataset_name: str, image: NDArray[np.uint8]) -> None:
    """The digit ringed on every stored t-SNE map of the data set's test images."""
    dataset = loaders.dataset(dataset_name)
    own = [c for c in checkpoints if c.train_config.dataset == dataset_name]
    mapped = [(c, stored[0]) for c in own if (stored := loaders.tsne_map(c)) is not None]
    if not mapped:
        st.info("None of the chosen checkpoints has a map of this data set: measure one on the page **Latent space**.")
        return
    columns = st.columns(min(2, len(mapped)), gap="large")
    for number, (checkpoint, coordinates) in enumerate(mapped):
        with columns[number % 2], st.spinner(f"Placing it on the map of {checkpoint.name} …"):
            anchored = loaders.anchored_map(checkpoint, dataset_name)
            if anchored is None:  # taken away since
                continue
            code = encode(loaders.model(checkpoint.folder, checkpoint.digest), image[None], "mean")
            (point,) = place(anchored, coordinates, code)
            picture = draw_map(coordinates, dataset.test.labels, dataset.class_names, MAP_SIDE, point, paper=None)
            words = f"t-SNE map of {checkpoint.name}, a ring around the digit's place"
            st.image(picture, output_format="PNG", caption=checkpoint.name, alt=words)
