"""The same mixture trained under other priors: what changing the sliders alone cannot show."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from dlgmm_core.analysis.generation import centres, component_samples
from dlgmm_core.config import ModelConfig
from dlgmm_core.experiments import formatting
from dlgmm_core.runtime.files import StorageError
from dlgmm_core.store.checkpoints import Checkpoint
from ui import findings, loaders
from ui.exporting import recipes
from ui.exporting.exports import About, export, figure, pixel_table
from ui.images import fitting, tiled_picture
from ui.numbers import printed
from ui.visitors.limits import charged
from ui.visitors.shares import Refused

__all__ = ["show_siblings", "siblings"]

_PRIOR = ("prior_means", "prior_scales", "concentration")


def siblings(checkpoint: Checkpoint) -> list[Checkpoint]:
    """Checkpoints of the same architecture, data and recipe under another prior, by the spread of their means."""

    def architecture(config: ModelConfig) -> dict[str, object]:
        return {name: value for name, value in config.to_dict().items() if name not in _PRIOR}

    mine = checkpoint.model_config
    alike = [c for c in loaders.checkpoints() if c.train_config == checkpoint.train_config and c.model_config != mine]
    found = [c for c in alike if architecture(c.model_config) == architecture(mine)]
    return sorted(found, key=lambda c: (c.model_config.concentration, max(c.model_config.prior_means), c.name))


def show_siblings(checkpoint: Checkpoint, count: int, seed: int) -> None:
    """Samples of every component of every sibling, the same noise throughout, with −log p(x) where it is recorded."""
    others = siblings(checkpoint)
    if not others:
        return
    st.header("The same model, trained with other priors")
    st.caption(
        "The same network, trained from scratch with other priors. Each row is a component; all rows use the same"
        " noise as above."
        + (" Codes below the first layer are the means of their priors." if checkpoint.model_config.layers > 1 else "")
    )
    try:
        pictures = [_picture(other, count, seed) for other in others]
    except Refused as refusal:
        st.warning(str(refusal))
        return
    with figure("siblings"):
        for other, samples in zip(others, pictures, strict=True):
            config = other.model_config
            words, picture = st.columns([4, 7], vertical_alignment="center")
            means = ", ".join(printed(mean) for mean in config.prior_means)
            words.markdown(f"**Means {means}**, α = {config.concentration:g}  \n{_likelihood(other)}")
            picture.image(
                samples,
                width="stretch",
                alt=f"{count} digits of each of the {config.num_components} components of {other.name}",
            )
    about = About("samples of every component under other priors", others, seed=seed)
    export("siblings", about, partial(recipes.siblings, others, count, seed), lambda: _table(others, count, seed))


@st.cache_resource(show_spinner=False, max_entries=20, hash_funcs=loaders.BY_WEIGHTS)
def _samples(checkpoint: Checkpoint, count: int, seed: int) -> NDArray[np.float32]:
    """(K count, X) probabilities of ink, component after component."""
    model = loaders.model(checkpoint)
    with charged():
        samples = component_samples(model, *centres(model), count, seed)
    return samples.reshape(-1, samples.shape[-1])


@st.cache_resource(show_spinner=False, max_entries=20, hash_funcs=loaders.BY_WEIGHTS)
def _picture(checkpoint: Checkpoint, count: int, seed: int) -> str:
    samples = _samples(checkpoint, count, seed)
    shape = checkpoint.model_config.image_shape
    return tiled_picture(samples, count, fitting(2, shape), shape=shape)


def _table(checkpoints: Sequence[Checkpoint], count: int, seed: int) -> pd.DataFrame:
    tables = []
    for checkpoint in checkpoints:
        k = checkpoint.model_config.num_components
        rows = {"component": np.repeat(np.arange(1, k + 1), count), "sample": np.tile(np.arange(1, count + 1), k)}
        names = np.repeat(checkpoint.name, k * count)
        images = _samples(checkpoint, count, seed)
        tables.append(pixel_table(images, checkpoint=names, **rows))
    return pd.concat(tables)


def _likelihood(checkpoint: Checkpoint) -> str:
    try:
        rows = findings.results()
    except StorageError:
        return "−log p(x) cannot be read: the page **Likelihood** says why"
    for row in rows:
        if row.checkpoint != checkpoint.name or row.eval_dataset != checkpoint.train_config.dataset:
            continue
        if (known := formatting.nll(row, 5000)) != formatting.NONE:
            return f"−log p(x) {known} nats (S = 5000)"
    return "−log p(x) not recorded"
