"""A card for each model: its prior, and what it draws from it."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dlgmm_core.analysis.generation import ancestral_samples
from dlgmm_core.model.latents import SticksLatent
from dlgmm_core.model.models import MODELS
from dlgmm_core.store.checkpoints import Checkpoint
from ui import loaders
from ui.exporting import recipes
from ui.exporting.exports import About, export, figure, pixel_table
from ui.images import tiled_picture
from ui.overview.priors import bells, show_prior, stick

__all__ = ["describe_model"]

SAMPLES, SEED = 20, 1

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


@dataclass(frozen=True)
class _Card:
    """What is on a model's card: its prior, and samples (20, 784) with their components (20,).

    `shares` are a stick's mean pieces, or the components' mean weights.
    """

    is_stick: bool
    shares: tuple[float, ...]
    prior: dict[str, object]
    samples: NDArray[np.float32]
    components: NDArray[np.int64]
    picture: str


@st.cache_resource(show_spinner=False, max_entries=20, hash_funcs=loaders.BY_WEIGHTS)
def _card(checkpoint: Checkpoint) -> _Card:
    model, config = loaders.model(checkpoint), checkpoint.model_config
    prior = model.prior()
    is_stick = isinstance(prior, SticksLatent)
    shares = tuple((prior.mean[0] if is_stick else prior.log_mean_weights.exp()[:, 0]).tolist())
    chart = stick(shares) if is_stick else bells(config.prior_means, config.prior_scales, shares)
    samples, components = ancestral_samples(model, SAMPLES, SEED)
    return _Card(is_stick, shares, chart, samples, components, tiled_picture(samples, columns=5, zoom=2))


def describe_model(name: str) -> None:
    """Draws one model's card: its sentence, its prior, twenty ancestral samples."""
    st.header(MODELS[name].label)
    st.write(_DESCRIPTIONS[name])
    checkpoint = _representative(name)
    if checkpoint is None:
        st.info("No trained checkpoint: train one on the page **Train**.")
        return
    config = checkpoint.model_config
    card = _card(checkpoint)
    with figure(f"card-{name}"):
        left, right = st.columns([1, 1], vertical_alignment="center")
        density = "density of a coordinate of the code under each component"
        words = "mean pieces of the stick" if card.is_stick else density
        with left:
            show_prior(card.prior, f"Prior of {MODELS[name].label}: {words}", key=f"prior-{name}")
        right.image(
            card.picture,
            alt=f"Twenty digits drawn by {MODELS[name].label}",
        )
    st.caption(
        f"Checkpoint {checkpoint.name}: {config.code_dim} numbers a code, bound {checkpoint.train_config.bound}."
    )
    rows = {"sample": np.arange(1, SAMPLES + 1), "component": card.components + 1}
    code = partial(recipes.prior, checkpoint, SAMPLES, SEED, is_stick=card.is_stick)
    export(f"card-{name}", _about(checkpoint, card), code, lambda: pixel_table(card.samples, **rows))


def _about(checkpoint: Checkpoint, card: _Card) -> About:
    """The figure has two parts: of the prior, whose numbers are few, these are named; samples are the table."""
    config = checkpoint.model_config
    columns = {"mean pieces of the stick" if card.is_stick else "mean weights": card.shares}
    if not card.is_stick:
        columns |= {"means": config.prior_means, "scales": config.prior_scales}
    numbers = {name: ", ".join(f"{value:.4g}" for value in values) for name, values in columns.items()}
    return About("the prior, and samples drawn from it", [checkpoint], seed=SEED, settings=numbers)
