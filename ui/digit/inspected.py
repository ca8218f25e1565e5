"""The report of one model on the visitor's digit: computed once, and charged to the visitor who asked first.

It is at first by few draws. A digit that stays has the report by many, which takes several times as long.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dlgmm_core.analysis.image_report import ImageReport
from dlgmm_core.analysis.inspection import first_look, inspect_image
from dlgmm_core.evaluate.likelihood import EvaluationError
from dlgmm_core.store.checkpoints import Checkpoint
from ui import loaders
from ui.visitors.limits import charged
from ui.visitors.shares import Refused

__all__ = ["SAMPLES", "inspected"]

SAMPLES = 1000  # draws from the posterior for log p(x) of a digit that stays, and as many again for all else
_MOST = 300  # reports that are kept


def inspected(checkpoint: Checkpoint, image: NDArray[np.uint8], *, stays: bool = False) -> ImageReport:
    """The report on a binary image (X,); stops the page with one sentence where there can be none.

    Args:
        checkpoint: the model.
        image: zeros and ones.
        stays: whether it is worth `SAMPLES` draws. It has as many, too, where somebody's digit has stayed before, and
            not where they are refused, or a weight of theirs is not finite.
    """
    first = loaders.or_stop(lambda: _first_look(checkpoint, image))
    known, key = _whole(), (checkpoint.digest, checkpoint.folder, image.tobytes())
    if stays and key not in known:
        try:
            with charged():
                found = inspect_image(loaders.model(checkpoint), image, SAMPLES)
        except (EvaluationError, Refused):
            return first
        known[key] = replace(found, image=first.image, reconstructions=first.reconstructions, sticks=first.sticks)
        if len(known) > _MOST:
            known.pop(next(iter(known)), None)
    return known.get(key, first)


@st.cache_resource(show_spinner=False, max_entries=200, hash_funcs=loaders.BY_WEIGHTS)
def _first_look(checkpoint: Checkpoint, image: NDArray[np.uint8]) -> ImageReport:
    model = loaders.model(checkpoint)
    with charged():
        return first_look(model, image)


@st.cache_resource(show_spinner=False)
def _whole() -> dict[Any, ImageReport]:
    """The kept reports by many draws, by weights and image, in order of insertion."""
    return {}
