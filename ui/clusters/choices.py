"""What the page of clusters is about: a mixture, and the probabilities by which images go to its components."""

from functools import partial

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dlgmm_core.analysis.inspection import certain_weights
from dlgmm_core.data.datasets import label_of
from dlgmm_core.model.models import MODELS
from dlgmm_core.store.checkpoints import Checkpoint
from ui import loaders
from ui.clusters.probabilities import RESPONSIBILITIES, WEIGHTS, probabilities
from ui.estimates import estimate
from ui.glossary.terms import meaning
from ui.link_report import bound_in_link, end_page
from ui.numbers import wait_words
from ui.sidebar import Selection, choose_checkpoint

__all__ = ["choose_kind", "choose_mixture", "difference", "find_probabilities", "map_colour"]

_DIFFERENCE = {
    RESPONSIBILITIES: "p(k|x) is the probability that an image came from component k; unlike the weights, it is sharp"
    " wherever components explain different images. Images for which it is 1 are ordered by its log odds at their mean"
    " code.",
    WEIGHTS: "The weights E[π|x] are what the encoder predicts of π; they are flatter, since one image says little"
    " about π.",
}


def choose_mixture(chosen: Selection) -> Checkpoint:
    """Asks for a mixture trained on the chosen data; stops the page with one sentence where there is none."""
    offered = [c for c in chosen.offered if MODELS[c.model_config.model].has_components]
    mixtures = [c for c in offered if c.train_config.dataset == chosen.dataset]
    if not mixtures:
        labels = " or ".join(family.label for family in MODELS.values() if family.has_components)
        st.info(
            f"No mixture here is trained on {label_of(chosen.dataset)}: choose another data set, or train a"
            f" {labels} on the page **Train**."
        )
        end_page()
    return choose_checkpoint(mixtures, "clusters-checkpoint", title="Model")


def choose_kind() -> str:
    """Asks for the probabilities that assign images."""
    kind: str = st.segmented_control(
        "Images go to the component of the largest",
        [RESPONSIBILITIES, WEIGHTS],
        default=RESPONSIBILITIES,
        required=True,
        help=meaning("p(k|x)", "π", "log odds"),
        **bound_in_link("clusters-by", [RESPONSIBILITIES, WEIGHTS]),
    )
    return kind


def difference(checkpoint: Checkpoint, kind: str) -> str:
    """What these probabilities are, and how large weights of this model can be."""
    certain = None if kind == RESPONSIBILITIES else certain_weights(loaders.model(checkpoint))
    if certain is None:
        return _DIFFERENCE[kind]
    low, high = f"{certain.min():.2f}", f"{certain.max():.2f}"
    found = low if low == high else f"{low} to {high}, depending on the component"
    return f"{_DIFFERENCE[kind]} Here, if the component were certain, the exact mean of its weight would be {found}."


def find_probabilities(checkpoint: Checkpoint, kind: str) -> tuple[str, dict[str, NDArray[np.float32]]]:
    """The probabilities (N, K) that are known, by kind, and the kind to show: weights, as long as p(k|x) is not known.

    A button then estimates it.

    Raises:
        EvaluationError: as `estimate`.
        Refused: as `probabilities`.
    """
    found = {each: loaders.told(partial(probabilities, checkpoint, each)) for each in (RESPONSIBILITIES, WEIGHTS)}
    known = {each: values for each, values in found.items() if values is not None}
    if kind in known:
        return kind, known
    words, button = st.columns([4, 1], vertical_alignment="center")
    images = len(loaders.dataset(checkpoint.train_config.dataset).test)
    words.info(f"p(k|x) of {checkpoint.name} has not been estimated: until then, images go by their weights.")
    if button.button("Estimate p(k|x)", help=f"Takes {wait_words(images, 90)}.") and estimate([checkpoint]):
        st.rerun()
    return WEIGHTS, known


def map_colour(kind: str) -> str:
    """What the map is coloured by for these probabilities."""
    return "responsibility" if kind == RESPONSIBILITIES else "component"
