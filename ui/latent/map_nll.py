"""-log p(x) of every test image: estimated once for each model, on demand, in steps that are cached.

If the visitor leaves the page it stops after the current step, and continues from there the next time.
"""

from collections.abc import Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dlgmm_core.analysis.image_statistics import NLL_BLOCK, block_nll
from dlgmm_core.store.checkpoints import Checkpoint
from ui import loaders
from ui.visitors.limits import computing
from ui.visitors.shares import Refused

__all__ = ["NLL_SAMPLES", "estimate_nll", "finished_nll"]

NLL_SAMPLES = 50  # as in the paper's figures


@st.cache_resource(show_spinner=False)
def _finished() -> dict[Checkpoint, NDArray[np.float64]]:
    return {}


def finished_nll(checkpoint: Checkpoint) -> NDArray[np.float64] | None:
    """(N,) nats, of the test set of the data that the checkpoint was trained on; None until it is estimated."""
    return _finished().get(checkpoint)


@st.cache_resource(show_spinner=False, max_entries=2000, hash_funcs=loaders.BY_WEIGHTS)
def _step(checkpoint: Checkpoint, dataset: str, block: int) -> NDArray[np.float64]:
    images, model = loaders.dataset(dataset).test.binary, loaders.model(checkpoint)
    with computing():
        return block_nll(model, images, block, NLL_SAMPLES)


def estimate_nll(checkpoints: Sequence[Checkpoint]) -> bool:
    """Estimates what is missing, under a progress bar; returns whether there is anything new to show.

    If the server refuses to continue, the page says so, and finished estimates are kept.
    """
    missing = [c for c in checkpoints if finished_nll(c) is None]
    place = st.empty()
    for number, checkpoint in enumerate(missing):
        dataset = checkpoint.train_config.dataset
        steps = -(-len(loaders.dataset(dataset).test) // NLL_BLOCK)
        found = []
        for step in range(steps):
            place.progress(
                (number + step / steps) / len(missing),
                f"Estimating −log p(x) of every image under {checkpoint.name}, S = {NLL_SAMPLES} …",
            )
            try:
                found.append(_step(checkpoint, dataset, step))
            except Refused as refusal:
                place.warning(str(refusal))
                return number > 0
        _finished()[checkpoint] = np.concatenate(found)
    place.caption(
        f"Importance sampling with S = {NLL_SAMPLES} draws per image; the scale ends at the first and the last"
        " percentile of the images."
    )
    return bool(missing)
