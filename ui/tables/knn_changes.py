"""Two models compared on the kNN page: which test images change their neighbours from one to the other."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from dlgmm_core.store.checkpoints import Checkpoint
from ui import loaders
from ui.exporting.exports import figure
from ui.images import tiled_picture
from ui.sidebar import choose_checkpoint
from ui.tables.knn_export import export_changes
from ui.tables.knn_table import Search

__all__ = ["compare_two"]


def compare_two(checkpoints: Sequence[Checkpoint], search: Search) -> None:
    """Asks for two of the checkpoints, of which there are two or more, and shows where they disagree."""
    one, other = st.columns(2)
    with one:
        first = choose_checkpoint(list(checkpoints), "knn-first", title="Between")
    with other:
        rest = [c for c in checkpoints if c.name != first.name]
        second = choose_checkpoint(rest, "knn-second", title="and")
    with figure("knn-changes"):
        _show(first, second, search)
    export_changes(first, second, search)


def _show(first: Checkpoint, second: Checkpoint, search: Search, k: int = 10) -> None:
    """The test images whose k nearest neighbours two models agree on least."""
    dataset, (one, other) = loaders.dataset(search.dataset_name), (search.nearest(c)[:, :k] for c in (first, second))
    shared = (one[:, :, None] == other[:, None, :]).any(-1).sum(1)
    st.write(
        f"Of ten neighbours, {first.name} and {second.name} share {shared.mean():.1f} on average;"
        f" {100 * (shared == 0).mean():.1f} % of the test images share none. The images that share the fewest:"
    )
    for image in np.argsort(shared, kind="stable")[:4]:
        for checkpoint, nearest in ((first, one), (second, other)):
            words, picture = st.columns([2, 5], vertical_alignment="center")
            words.markdown(f"test image {image}, {checkpoint.name}")
            strip = np.concatenate([dataset.test.binary[image][None], dataset.train.binary[nearest[image]]])
            alt = f"Test image {image} and its ten nearest training images under {checkpoint.name}"
            picture.image(tiled_picture(strip, len(strip), zoom=2, shape=dataset.shape), alt=alt)
