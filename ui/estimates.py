"""log p(x) and p(k|x) of every test image: as the checkpoint's file has them, or estimated on demand.

An estimate on demand is made in steps that are cached: if the visitor leaves the page it stops after the current step,
and continues from there the next time.
"""

from collections.abc import Sequence
from functools import partial

import numpy as np
import streamlit as st

from dlgmm_core.evaluate.per_image import DRAWS, IMAGES, per_image
from dlgmm_core.store.checkpoints import Checkpoint
from dlgmm_core.store.per_image import PerImage
from ui import findings, loaders
from ui.visitors.limits import computing
from ui.visitors.shares import Refused

__all__ = ["estimate", "estimates"]

STEP = 4 * IMAGES  # images: a third of a second
_SEED = 0


@st.cache_resource(show_spinner=False)
def _estimated() -> dict[Checkpoint, PerImage]:
    return {}


def estimates(checkpoint: Checkpoint) -> PerImage | None:
    """The estimates of the test set of the data that the checkpoint was trained on; None until they are made.

    Raises:
        CheckpointError: if the file is damaged.
    """
    stored = findings.per_image(checkpoint)
    return _estimated().get(checkpoint) if stored is None else stored


@st.cache_resource(show_spinner=False, max_entries=2000, hash_funcs=loaders.BY_WEIGHTS)
def _step(checkpoint: Checkpoint, first: int) -> PerImage:
    images = loaders.dataset(checkpoint.train_config.dataset).test.binary[first : first + STEP]
    with computing():
        return per_image(loaders.model(checkpoint), images, DRAWS, _SEED, first=first)


def estimate(checkpoints: Sequence[Checkpoint]) -> bool:
    """Makes what is missing, under a progress bar; returns whether there is anything new to show.

    Where a file is damaged, or the server refuses to continue, the page says so; finished estimates are kept.

    Raises:
        EvaluationError: if an importance weight is not finite.
    """
    missing = [c for c in checkpoints if loaders.told(partial(_is_missing, c))]
    place = st.empty()
    for number, checkpoint in enumerate(missing):
        count, found = len(loaders.dataset(checkpoint.train_config.dataset).test), []
        for first in range(0, count, STEP):
            place.progress(
                (number + first / count) / len(missing),
                f"Estimating log p(x) of every test image under {checkpoint.name}, S = {DRAWS} …",
            )
            try:
                found.append(_step(checkpoint, first))
            except Refused as refusal:
                place.warning(str(refusal))
                return number > 0
        _estimated()[checkpoint] = _joined(found)
    place.empty()
    return bool(missing)


def _is_missing(checkpoint: Checkpoint) -> bool:
    return estimates(checkpoint) is None


def _joined(parts: Sequence[PerImage]) -> PerImage:
    probabilities = [part.responsibilities for part in parts if part.responsibilities is not None]
    return PerImage(
        np.concatenate([part.log_likelihood for part in parts]),
        np.concatenate(probabilities) if probabilities else None,
        DRAWS,
        _SEED,
    )
