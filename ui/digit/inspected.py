"""The report of one model on the visitor's digit: computed once, and charged to the visitor who asked first."""

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dlgmm_core.analysis.inspection import ImageReport, inspect_image
from dlgmm_core.store.checkpoints import Checkpoint
from ui import loaders
from ui.visitors.limits import charged

__all__ = ["inspected"]


def inspected(checkpoint: Checkpoint, image: NDArray[np.uint8]) -> ImageReport:
    """The report on a binary image (784,); stops the page with one sentence where there can be none."""
    return loaders.or_stop(lambda: _inspect(checkpoint, image))


@st.cache_data(show_spinner=False, max_entries=200, hash_funcs=loaders.BY_WEIGHTS)
def _inspect(checkpoint: Checkpoint, image: NDArray[np.uint8]) -> ImageReport:
    model = loaders.model(checkpoint)
    with charged():
        return inspect_image(model, image)
