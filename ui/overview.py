"""Pieces of the overview: a card for each model, and the table of what is there."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from dlgmm_core.checkpoints import Checkpoint
from dlgmm_core.data import DATASETS
from dlgmm_core.generation import ancestral_samples
from dlgmm_core.latents import SticksLatent
from dlgmm_core.models import MODELS
from ui import loaders
from ui.exporting import recipes
from ui.exporting.exports import About, export, figure, pixel_table
from ui.figures import prior_figure, stick_figure
from ui.images import tile

__all__ = ["FIGURES", "describe_model", "holdings"]

SAMPLES, SEED = 20, 1
FIGURES = ("Components", "NLL (nats)", "kNN error, k=5 (%)")  # columns of `holdings` that are figures in words

_DESCRIPTIONS = {
    "gauss-vae": "One bell: every code comes from the same standard normal distribution.",
    "dlgmm": "K bells: break a stick into K weights π, choose a component by them, draw the code from its bell.",
    "sb-vae": "A broken stick: the code itself is the list of its pieces, which sum to one.",
    "dldpmm": "As many bells as it takes: a stick broken on and on (a Dirichlet process, cut off at T pieces).",
}


def _representative(name: str) -> Checkpoint | None:
    """The checkpoint that shows a model best: among mixtures, one whose components differ."""
    fitting = [c for c in loaders.checkpoints() if c.model_config.model == name]
    return max(fitting, key=lambda c: len(set(c.model_config.prior_means)), default=None)


@st.cache_data(show_spinner=False)
def _samples(_checkpoint: Checkpoint, digest: str) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    return ancestral_samples(loaders.model(_checkpoint.folder, digest), SAMPLES, SEED)


def describe_model(name: str) -> None:
    """Draws one model's card: its sentence, its prior, twenty ancestral samples."""
    st.subheader(MODELS[name].label)
    st.write(_DESCRIPTIONS[name])
    checkpoint = _representative(name)
    if checkpoint is None:
        st.info("No trained checkpoint: train one on the page **Train**.")
        return
    config = checkpoint.model_config
    prior = loaders.model(checkpoint.folder, checkpoint.digest).prior()
    is_stick = isinstance(prior, SticksLatent)
    # a stick's mean pieces, or the components' mean weights
    shares = (prior.mean[0] if is_stick else prior.log_mean_weights.exp()[:, 0]).tolist()
    samples, components = _samples(checkpoint, checkpoint.digest)
    with figure(f"card-{name}"):
        left, right = st.columns([1, 1], vertical_alignment="center")
        chart = stick_figure(shares) if is_stick else prior_figure(config.prior_means, config.prior_scales, shares)
        words = "mean pieces of the stick" if is_stick else "density of a coordinate of the code under each component"
        left.plotly_chart(
            chart,
            key=f"prior-{name}",
            config={"displayModeBar": False},
            alt=f"Prior of {MODELS[name].label}: {words}",
        )
        right.image(
            tile(samples, columns=5, zoom=2),
            output_format="PNG",
            alt=f"Twenty digits drawn by {MODELS[name].label}",
        )
    st.caption(
        f"Checkpoint {checkpoint.name}: {config.code_dim} numbers a code, bound {checkpoint.train_config.bound}."
    )
    rows = {"sample": np.arange(1, SAMPLES + 1), "component": components + 1}
    code = recipes.prior(checkpoint, SAMPLES, SEED, is_stick=is_stick)
    export(f"card-{name}", _about(checkpoint, shares, is_stick), code, lambda: pixel_table(samples, **rows))


def _about(checkpoint: Checkpoint, shares: Sequence[float], is_stick: bool) -> About:
    """The figure has two parts: of the prior, whose numbers are few, these are named; samples are the table."""
    config = checkpoint.model_config
    columns = {"mean pieces of the stick" if is_stick else "mean weights": shares}
    if not is_stick:
        columns |= {"means": config.prior_means, "scales": config.prior_scales}
    numbers = {name: ", ".join(f"{value:.4g}" for value in values) for name, values in columns.items()}
    return About("the prior, and samples drawn from it", [checkpoint], seed=SEED, settings=numbers)


def holdings() -> pd.DataFrame:
    """One line a checkpoint, with its main figures where they have been measured."""
    rows = []
    for checkpoint in loaders.checkpoints():
        config, recipe = checkpoint.model_config, checkpoint.train_config
        figures = loaders.metrics(checkpoint).get(recipe.dataset, {})
        nll = figures.get("nll", {})
        largest = max(nll, key=int, default=None)
        rows.append(
            {
                "Model": MODELS[config.model].label,
                "Checkpoint": checkpoint.name,
                "Trained on": f"{DATASETS[recipe.dataset].label}, {recipe.binarization}",
                "Code size": config.code_dim,
                "Components": str(config.num_components) if MODELS[config.model].is_mixture else "–",
                "Bound": recipe.bound,
                "Epochs": checkpoint.epoch,
                "NLL (nats)": f"{nll[largest]['value']:.2f} ± {nll[largest]['ci95']:.2f} (S={largest})"
                if largest
                else "–",
                "kNN error, k=5 (%)": f"{figures['knn']['mean']['5']['error']:.2f}" if figures else "–",
            }
        )
    return pd.DataFrame(rows)
