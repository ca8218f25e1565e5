"""Two models compared on the kNN page: which test images change their neighbours from one to the other."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from dlgmm_core.evaluate.knn import vote
from dlgmm_core.store.checkpoints import Checkpoint
from ui import loaders
from ui.exporting.exports import figure
from ui.images import fitting, tiled_picture
from ui.literal import literal
from ui.sidebar import choose_checkpoint
from ui.tables.knn_export import export_changes
from ui.tables.knn_search import Search

__all__ = ["compare_two"]

K, SHOWN = 10, 4


def compare_two(checkpoints: Sequence[Checkpoint], search: Search) -> None:
    """Asks for two of the checkpoints, of which there are two or more, and shows where they disagree."""
    one, other = st.columns(2)
    with one:
        first = choose_checkpoint(list(checkpoints), "knn-first", title="Between")
    with other:
        rest = [c for c in checkpoints if c.name != first.name]
        second = choose_checkpoint(rest, "knn-second", title="and")
    with figure("knn-changes"), st.spinner(f"Searching the neighbours of {first.name} and {second.name} …"):
        loaders.or_stop(lambda: _show(first, second, search))
    export_changes(first, second, search, K)


def _show(first: Checkpoint, second: Checkpoint, search: Search) -> None:
    """How many of the k nearest neighbours two models share, and images whose vote differs, the fewest shared first."""
    dataset, (one, other) = loaders.dataset(search.dataset_name), (search.nearest(c)[:, :K] for c in (first, second))
    shared = (one[:, :, None] == other[:, None, :]).any(-1).sum(1)
    votes = [vote(dataset.train.known_labels[nearest], K) for nearest in (one, other)]
    changed = np.flatnonzero(votes[0] != votes[1])
    st.write(
        f"Of the {K} neighbours nearest to a test image, {first.name} and {second.name} share {shared.mean():.1f} on"
        f" average; for {100 * (shared == 0).mean():.1f} % of the test images they share none. For {len(changed):,}"
        f" images the votes of the {K} neighbours differ."
        + (f" Of these, the {min(SHOWN, len(changed))} that share the fewest neighbours:" if len(changed) else "")
    )
    names = dataset.class_names
    for image in changed[np.argsort(shared[changed], kind="stable")][:SHOWN]:
        truth = names[dataset.test.known_labels[image]]
        st.markdown(f"Test image {image}, class **{literal(truth)}**: {shared[image]} of {K} neighbours shared")
        for checkpoint, nearest, voted in ((first, one, votes[0]), (second, other, votes[1])):
            words, picture = st.columns([2, 5], vertical_alignment="center")
            words.markdown(f"{checkpoint.name}  \nvotes **{literal(names[voted[image]])}**")
            strip = np.concatenate([dataset.test.binary[image][None], dataset.train[nearest[image]].binary])
            alt = f"Test image {image} and its {K} nearest training images under {checkpoint.name}"
            picture.image(tiled_picture(strip, len(strip), fitting(2, dataset.shape), shape=dataset.shape), alt=alt)
