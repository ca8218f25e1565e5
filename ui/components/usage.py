"""How many test images each component takes, so that a mixture that has collapsed onto a few is seen as such.

An image is counted for the component of its largest weight E[pi|x], the encoder's own assignment. Rows of samples alone
cannot show this: a component that no image uses still decodes to digits.
"""

import numpy as np
import streamlit as st

from dlgmm_core.analysis.image_statistics import expected_weights
from dlgmm_core.data.datasets import is_here, label_of
from dlgmm_core.data.sources import DataError
from dlgmm_core.store.checkpoints import Checkpoint
from ui import loaders
from ui.visitors.limits import computing
from ui.visitors.shares import Refused

__all__ = ["UNUSED", "usage", "usage_caption"]

UNUSED = 0.01  # with a smaller share of the test images a component is hardly used


@st.cache_resource(show_spinner=False, max_entries=200, hash_funcs=loaders.BY_WEIGHTS)
def _shares(checkpoint: Checkpoint) -> list[float] | None:
    images = loaders.dataset(checkpoint.train_config.dataset).test.binary
    with computing():
        weights = expected_weights(loaders.model(checkpoint), images)
    if weights is None:
        return None
    counts: list[float] = (np.bincount(weights.argmax(1), minlength=weights.shape[1]) / len(weights)).tolist()
    return counts


def usage(checkpoint: Checkpoint) -> list[float] | None:
    """(K,) share of the test images of each component; None where there is none to show now.

    It never starts a download: the rows of samples need no images.
    """
    try:
        return _shares(checkpoint) if _has_images(checkpoint) else None
    except (DataError, Refused):  # the rows of samples need neither images nor a free slot
        return None


def _has_images(checkpoint: Checkpoint) -> bool:
    try:
        return is_here(checkpoint.train_config.dataset)
    except DataError:
        return False


def usage_caption(checkpoint: Checkpoint) -> str:
    """One sentence where components are hardly used, or where it cannot be known; empty where all are used."""
    if not _has_images(checkpoint):
        label = label_of(checkpoint.train_config.dataset)
        return f"How many test images each component has is not shown: {label} has not been downloaded yet."
    shares = usage(checkpoint)
    unused = sum(share < UNUSED for share in shares or ())
    if not shares or not unused:
        return ""
    most = max(range(len(shares)), key=shares.__getitem__)
    are, each = ("is", "") if unused == 1 else ("are", " each")
    return (
        f"At the model's own prior, component {most + 1} has {100 * shares[most]:.0f} % of the test images, counted by"
        f" their largest weight E[π|x]; {unused} of {len(shares)} components {are} hardly used, with less than"
        f" 1 %{each}."
    )
