"""log p(x) of a digit among those of the test images, so that what is no digit is recognised."""

import math

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dlgmm_core.evaluate.likelihood import EvaluationError
from dlgmm_core.evaluate.per_image import per_image
from dlgmm_core.store.checkpoints import Checkpoint
from ui import findings, loaders
from ui.digit.digit_input import DigitInput
from ui.literal import sentence
from ui.visitors.limits import charged
from ui.visitors.shares import Refused

__all__ = ["show_percentile"]

UNLIKELY = 0.01  # of the test images have a lower log p(x)


def show_percentile(checkpoint: Checkpoint, digit: DigitInput) -> None:
    """How many test images are more probable, in one sentence, or why that is not known.

    Args:
        checkpoint: the model.
        digit: whose log p(x) is estimated with as many draws as those of the test images, unless it is one of them.
    """
    stored = loaders.told(lambda: findings.per_image(checkpoint))
    if stored is None:
        st.caption(
            "It is not known whether this image is like a test image: no log p(x) of the test images is stored for"
            f" {checkpoint.name}. Measure it on the page **Likelihood**."
        )
        return
    try:
        if digit.index is not None and digit.dataset == checkpoint.train_config.dataset:
            own = float(stored.log_likelihood[digit.index])
        else:
            own = _log_likelihood(checkpoint, digit.binary, stored.num_samples, stored.seed)
    except (EvaluationError, Refused) as reason:  # the page has its report, and can do without
        st.caption(f"It is not known whether this image is like a test image. {sentence(reason)}")
        return
    share = float((stored.log_likelihood > own).mean())
    if share >= 1 - UNLIKELY:
        st.warning(
            f"This is unlike the images that {checkpoint.name} was trained on: by log p(x) it is less probable than"
            f" {_percent(share)} test images. What this page shows for it says little."
        )
    else:
        lower = float((stored.log_likelihood < own).mean())
        compared = f"more probable than {_percent(lower)}" if lower > share else f"less probable than {_percent(share)}"
        st.caption(f"By log p(x), S = {stored.num_samples}, under {checkpoint.name}: {compared} test images.")


@st.cache_data(show_spinner=False, max_entries=200, hash_funcs=loaders.BY_WEIGHTS)
def _log_likelihood(checkpoint: Checkpoint, image: NDArray[np.uint8], num_samples: int, seed: int) -> float:
    model = loaders.model(checkpoint)
    with charged():
        return float(per_image(model, image[None], num_samples, seed).log_likelihood[0])


def _percent(share: float) -> str:
    """How many, rounded down, since as many surely are; tenths where they are nearly all."""
    if share == 1:
        return "all"
    whole = 1000 if share >= 1 - UNLIKELY else 100
    return f"{math.floor(whole * share) * 100 / whole:g}\N{NO-BREAK SPACE}% of the"
