"""log p(x) of a digit among those of the test images, so that what is no digit is told as such."""

import math

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dlgmm_core.evaluate.likelihood import EvaluationError
from dlgmm_core.evaluate.per_image import per_image
from dlgmm_core.store.checkpoints import Checkpoint
from ui import loaders
from ui.visitors.limits import charged
from ui.visitors.shares import Refused

__all__ = ["show_percentile"]

UNLIKELY = 0.01  # of the test images have a lower log p(x)


def show_percentile(checkpoint: Checkpoint, image: NDArray[np.uint8]) -> None:
    """How many test images are more probable; nothing where their log p(x) is not stored.

    Args:
        checkpoint: the model.
        image: (X,) zeros and ones, whose log p(x) is estimated with as many draws as those of the test images.
    """
    stored = loaders.told(lambda: loaders.per_image(checkpoint))
    if stored is None:
        return
    try:
        own = _log_likelihood(checkpoint, image, stored.num_samples, stored.seed)
    except (EvaluationError, Refused):  # the page has its report, and can do without
        return
    share = float((stored.log_likelihood > own).mean())
    if share >= 1 - UNLIKELY:
        st.warning(
            f"This is unlike the images that the model was trained on: it is less probable than {_percent(share)} of"
            " the test images. What follows says little of it."
        )
    else:
        st.caption(
            f"By log p(x) this image is less probable than {_percent(share)} of the test images, all estimated with"
            f" S = {stored.num_samples}."
        )


@st.cache_data(show_spinner=False, max_entries=200, hash_funcs=loaders.BY_WEIGHTS)
def _log_likelihood(checkpoint: Checkpoint, image: NDArray[np.uint8], num_samples: int, seed: int) -> float:
    model = loaders.model(checkpoint)
    with charged():
        return float(per_image(model, image[None], num_samples, seed).log_likelihood[0])


def _percent(share: float) -> str:
    """Rounded down, since as many are surely more probable; tenths where they are nearly all."""
    return f"{math.floor(1000 * share) / 10:g} %" if share >= 1 - UNLIKELY else f"{math.floor(100 * share)} %"
