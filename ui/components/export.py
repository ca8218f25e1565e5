"""Export of the components page: its rows of digits, decoded again at the sliders' values."""

from functools import partial

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from dlgmm_core.analysis.generation import ancestral_noise, codes_below, component_noise, noise_below, shapes
from dlgmm_core.store.checkpoints import Checkpoint
from ui.components.below import below_words
from ui.components.live import SAMPLES, Prior
from ui.exporting import recipes
from ui.exporting.exports import About, export, pixel_table
from ui.layers import browser_knows_layers
from ui.serving.amortised import model_at

__all__ = ["export_components"]

_Numbers = int | NDArray[np.int64]  # from 0


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
            "α": None if prior.alpha is None else f"{prior.alpha:g}",
            "noise": "the same in every row" if is_shared else "different in every row",
            "layers below the first": below_words(checkpoint.model_config) or None,
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
        branch=prior.branch,
        context=prior.context,
    )
    export("components", about, code, lambda: _table(checkpoint, prior))


def _table(checkpoint: Checkpoint, prior: Prior) -> pd.DataFrame:
    model, (is_shared, is_ink, _) = model_at(checkpoint, prior.context), prior.switches
    offsets, stretches = shapes(model)
    means = np.array(prior.means)[:, None] + offsets  # (K, D)
    scales = np.array(prior.scales)[:, None] * stretches

    def part(row: str, codes: NDArray[np.floating], component: _Numbers, below: _Numbers | None = None) -> pd.DataFrame:
        """One row of digits, of codes (SAMPLES, D)."""
        pixels: NDArray[np.float32] = model.likelihood(torch.from_numpy(codes.astype(np.float32))).probs.numpy()
        numbers = {"component": component} | ({} if below is None else {"below": below})
        columns = {name: np.broadcast_to(np.asarray(value) + 1, SAMPLES) for name, value in numbers.items()}
        pixels = (pixels > 0.5).astype(np.float32) if is_ink else pixels
        return pixel_table(pixels, row=[row] * SAMPLES, sample=np.arange(1, SAMPLES + 1), **columns)

    noise = component_noise(model, SAMPLES, prior.seed, is_shared)
    codes = means[:, None] + scales[:, None] * noise  # (K, SAMPLES, D)
    drawn, own = ancestral_noise(model, SAMPLES, prior.seed)
    ancestral = means[drawn] + scales[drawn] * own
    k = range(len(means))
    if not browser_knows_layers(model.config):
        parts = [*(part(f"component {i + 1}", codes[i], i) for i in k), part("ancestral", ancestral, drawn)]
        return pd.concat(parts)
    picked, below = noise_below(model, len(means) + 1, SAMPLES, prior.seed, is_shared)
    parts = [part(f"component {i + 1}", codes_below(model, codes[i], picked[i], below[i]), i, picked[i]) for i in k]
    if prior.branch:
        b = prior.branch - 1
        for j, leaf in enumerate(
            codes_below(model, codes[b], np.arange(model.config.components[1])[:, None], below[b])
        ):
            parts.append(part(f"component {b + 1}, below {j + 1}", leaf, b, j))
    parts.append(part("ancestral", codes_below(model, ancestral, picked[-1], below[-1]), drawn, picked[-1]))
    return pd.concat(parts)
