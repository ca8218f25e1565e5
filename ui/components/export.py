"""Export of the components page: its rows of digits, decoded again at the sliders' values."""

from functools import partial

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from dlgmm_core.analysis.generation import ancestral_noise, component_noise, shapes
from dlgmm_core.store.checkpoints import Checkpoint
from ui import loaders
from ui.components.live import SAMPLES, Prior
from ui.exporting import recipes
from ui.exporting.exports import About, export, pixel_table

__all__ = ["export_components"]


def export_components(checkpoint: Checkpoint, prior: Prior) -> None:
    """The rows of every component, and the ancestral samples, under the prior that the sliders are set to."""
    is_shared, is_ink, _ = prior.switches
    about = About(
        "samples of every component of the prior",
        [checkpoint],
        seed=prior.seed,
        settings={
            "means": ", ".join(f"{mean:g}" for mean in prior.means),
            "scales": ", ".join(f"{scale:g}" for scale in prior.scales),
            "noise": "the same in every row" if is_shared else "different in every row",
            "pixels": "ink where its probability exceeds one half" if is_ink else "probability of ink",
        },
    )
    code = partial(
        recipes.components,
        checkpoint,
        prior.means,
        prior.scales,
        SAMPLES,
        prior.seed,
        is_shared=is_shared,
        is_ink=is_ink,
    )
    export("components", about, code, lambda: _table(checkpoint, prior))


def _table(checkpoint: Checkpoint, prior: Prior) -> pd.DataFrame:
    model, (is_shared, is_ink, _) = loaders.model(checkpoint), prior.switches
    offsets, stretches = shapes(model)
    means = np.array(prior.means)[:, None] + offsets  # (K, D)
    scales = np.array(prior.scales)[:, None] * stretches

    def decode(codes: NDArray[np.float64]) -> NDArray[np.float32]:
        probabilities: NDArray[np.float32] = model.likelihood(torch.from_numpy(codes.astype(np.float32))).probs.numpy()
        return (probabilities > 0.5).astype(np.float32) if is_ink else probabilities

    noise = component_noise(model, SAMPLES, prior.seed, is_shared)
    rows = decode(means[:, None] + scales[:, None] * noise)
    drawn, own = ancestral_noise(model, SAMPLES, prior.seed)
    k = len(means)
    return pixel_table(
        np.concatenate([rows.reshape(k * SAMPLES, -1), decode(means[drawn] + scales[drawn] * own)]),
        row=np.repeat([*(f"component {i + 1}" for i in range(k)), "ancestral"], SAMPLES),
        sample=np.tile(np.arange(1, SAMPLES + 1), k + 1),
        component=np.concatenate([np.repeat(np.arange(1, k + 1), SAMPLES), drawn + 1]),
    )
