"""A card for each model: its prior, and what it draws from it."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dlgmm_core.analysis.generation import ancestral_samples, centres
from dlgmm_core.analysis.prior_density import coordinate_densities, means_and_scales
from dlgmm_core.data.datasets import label_of
from dlgmm_core.model.models import MODELS, is_stick
from dlgmm_core.store.checkpoints import Checkpoint
from ui import findings, loaders
from ui.exporting import recipes
from ui.exporting.exports import About, export, figure, pixel_table
from ui.groups import GROUPS, group
from ui.images import fitting, tiled_picture
from ui.overview.priors import POINTS, densities, in_pieces, show_prior
from ui.presentation import is_presented
from ui.sidebar import Selection

__all__ = ["show_cards"]

SAMPLES, SEED = 20, 1


@dataclass(frozen=True)
class _Card:
    """What is on a model's card.

    Attributes:
        prior: what the chart of the prior draws.
        words: a description of the chart for screen readers.
        numbers: the parameters behind the chart, by name; none where there are no components and no pieces.
        samples: (20, X) probabilities of ink.
        components: (20,) that they were drawn from.
        picture: of the samples.
    """

    prior: dict[str, object]
    words: str
    numbers: dict[str, tuple[float, ...]]
    samples: NDArray[np.float32]
    components: NDArray[np.int64]
    picture: str


# As many in a row as have room: on a wide screen all four can be compared at once.
_STYLE = """<style>
.st-key-cards > [data-testid=stLayoutWrapper] > [data-testid=stHorizontalBlock] { flex-wrap: wrap; }
.st-key-cards > [data-testid=stLayoutWrapper] > [data-testid=stHorizontalBlock] > [data-testid=stColumn]
{ flex: 1 1 200px; min-width: 200px; }
</style>"""


def show_cards(chosen: Selection) -> None:
    """Every model of the table, in one row: those without components left, mixtures right.

    Args:
        chosen: the sidebar's choice, of whose data set they are.
    """
    names = sorted(MODELS, key=lambda name: MODELS[name].has_components)
    # offered are those of the data set, by group: mixtures whose components differ come first
    shown = {name: next((c for c in chosen.offered if c.model_config.model == name), None) for name in names}
    st.html(_STYLE)
    with st.container(key="cards"):
        for column, name in zip(st.columns(len(names), gap="medium"), names, strict=True):
            with column:
                _show(name, shown[name], chosen)
    groups = sorted({group(c) for c in shown.values() if c is not None}, key=GROUPS.index)
    if len(groups) > 1 and not is_presented():
        listed = " and ".join(f"“{each}”" for each in groups)
        st.caption(
            f"These models are of the groups {listed}, which are trained differently. What a prior is worth in"
            " −log p(x) can be told within one group only: see **Likelihood**."
        )


def _show(name: str, checkpoint: Checkpoint | None, chosen: Selection) -> None:
    """One model's card: its prior, twenty ancestral samples, its sentence."""
    family = MODELS[name]
    st.header(family.label)
    if checkpoint is None:
        st.write(family.sentence)
        label = label_of(chosen.dataset)
        st.info(f"No {family.label} is trained on {label}: train one on the page **Train**.")
        return
    config, card = checkpoint.model_config, _card(checkpoint)
    with figure(f"card-{name}"):
        show_prior(card.prior, f"Prior of {family.label}: {card.words}", key=f"prior-{name}")
        words = f"Twenty samples drawn by {family.label}"
        st.image(card.picture, alt=words, width="stretch" if is_presented() else "content")
    st.write(family.sentence)
    if is_presented():
        return
    nll = loaders.told(partial(findings.best_nll, checkpoint, chosen.dataset))
    nats = f", −log p(x) = {nll[1].value:.1f} nats (S={nll[0]})" if nll else ""
    st.caption(f"Checkpoint {checkpoint.name} of “{group(checkpoint)}”: code size {config.code_size}{nats}.")
    rows = {"sample": np.arange(1, SAMPLES + 1), "component": card.components + 1}
    code = partial(recipes.prior, checkpoint, SAMPLES, SEED)
    export(f"card-{name}", _about(checkpoint, card), code, lambda: pixel_table(card.samples, **rows))


@st.cache_resource(show_spinner=False, max_entries=20, hash_funcs=loaders.BY_WEIGHTS)
def _card(checkpoint: Checkpoint) -> _Card:
    model, config = loaders.model(checkpoint), checkpoint.model_config
    family = MODELS[config.model]
    numbers: dict[str, tuple[float, ...]] = {}
    if family.code_kind == "simplex":
        whole = "stick" if is_stick(config) else "code"
        words = f"mean pieces of the {whole}"
        numbers[words] = pieces = tuple(model.prior().mean[0].tolist())
        chart = in_pieces(pieces, whole)
    else:
        means, scales = means_and_scales(model) if family.has_components else centres(model)
        if family.has_components:
            weights = tuple(model.prior().log_mean_weights.exp()[:, 0].tolist())
            numbers = {"mean weights": weights, "means": means, "scales": scales}
        reach = max(abs(m) + 3 * s for m, s in zip(means, scales, strict=True))
        learnt = config.prior_components != "fixed"
        axis = "z on the means' main axis" if learnt else "a coordinate of z"
        chart = densities(reach, coordinate_densities(model, np.linspace(-reach, reach, POINTS)), axis)
        words = f"density of {axis} under each component"
    samples, components = ancestral_samples(model, SAMPLES, SEED)
    picture = tiled_picture(samples, 5, fitting(2, config.image_shape), shape=config.image_shape)
    return _Card(chart, words, numbers, samples, components, picture)


def _about(checkpoint: Checkpoint, card: _Card) -> About:
    """The figure has two parts: of the prior, whose numbers are few, these are named; samples are the table."""
    numbers = {name: ", ".join(f"{value:.4g}" for value in values) for name, values in card.numbers.items()}
    return About("the prior, and samples drawn from it", [checkpoint], seed=SEED, settings=numbers)
