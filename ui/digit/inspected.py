"""The report of one model on the visitor's digit: computed once, and charged to the visitor who asked first.

log p(x) is at first estimated by the draws that the rest of the report needs anyway. Many more of its own follow for a
digit that stays: they cost more than the report.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dlgmm_core.analysis.inspection import FIRST_SAMPLES, ImageReport, first_look
from dlgmm_core.evaluate.likelihood import EvaluationError, LogLikelihood, log_likelihood
from dlgmm_core.store.checkpoints import Checkpoint
from ui import loaders
from ui.visitors.limits import charged
from ui.visitors.shares import Refused

__all__ = ["SAMPLES", "inspected"]

SAMPLES = 1000  # draws from the posterior for log p(x) of a digit that stays
_MOST = 500  # estimates that are kept


def inspected(checkpoint: Checkpoint, image: NDArray[np.uint8], *, stays: bool = False) -> ImageReport:
    """The report on a binary image (X,); stops the page with one sentence where there can be none.

    Args:
        checkpoint: the model.
        image: zeros and ones.
        stays: whether log p(x) is worth `SAMPLES` draws. It has as many, too, where somebody's digit has stayed
            before, and not where they are refused, or a weight of theirs is not finite.
    """
    report = loaders.or_stop(lambda: _first_look(checkpoint, image))
    if report.num_samples >= SAMPLES:
        return report
    known, key = _estimates(), (checkpoint.digest, checkpoint.folder, image.tobytes())
    if stays and key not in known:
        try:
            with charged():
                known[key] = log_likelihood(loaders.model(checkpoint), image[None], SAMPLES)
        except (EvaluationError, Refused):
            return report
        if len(known) > _MOST:
            known.pop(next(iter(known)), None)
    found = known.get(key)
    if found is None:
        return report
    return replace(report, log_p=float(found.log_p[0]), ess=float(found.ess[0]), num_samples=SAMPLES)


@st.cache_resource(show_spinner=False, max_entries=200, hash_funcs=loaders.BY_WEIGHTS)
def _first_look(checkpoint: Checkpoint, image: NDArray[np.uint8]) -> ImageReport:
    model = loaders.model(checkpoint)
    with charged():
        return first_look(model, image, FIRST_SAMPLES)


@st.cache_resource(show_spinner=False)
def _estimates() -> dict[Any, LogLikelihood]:
    """The kept estimates of log p(x), by weights and image, in order of insertion."""
    return {}
