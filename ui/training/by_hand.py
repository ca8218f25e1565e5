"""Everything by hand: a field for every setting of the model and its training."""

from dataclasses import fields
from typing import Any

import streamlit as st

from dlgmm_core.config import ModelConfig, TrainConfig
from dlgmm_core.data.datasets import shape_of
from dlgmm_core.experiments.experiment import paper_model
from dlgmm_core.model.models import MODELS
from dlgmm_core.train.mixture_start import is_start
from ui import loaders
from ui.training.fields import ask, kept, numbers, titled, whole_numbers
from ui.training.presets import Recipe

__all__ = ["ask_recipe"]

MOST_COMPONENTS = 50
EPOCHS = 20  # at first
_OF_COMPONENTS = ("prior_means", "prior_scales", "prior_components")
_BELOW = ("components_below", "code_dims_below", "hidden_below")
_OF_LAYERS = ("layers", "skip", *_BELOW)
_AMORTISED = ("contexts", "gate_units")  # a model of one prior is trained here
_ELSEWHERE = (
    *("model", "num_components", "image_shape", "dataset", "start_from"),
    *_OF_COMPONENTS,
    *_OF_LAYERS,
    *_AMORTISED,
)
_FIRST = ("code_dim", "bound", "learning_rate", "schedule", "max_epochs")
_RANDOM = "random weights"


def ask_recipe(dataset: str) -> Recipe:
    """Asks for all settings; those that are seldom changed are under "More".

    Raises:
        ConfigError: if they make no sense together.
        RunError: if what should be numbers is not.
    """
    labels = {name: family.label for name, family in MODELS.items()}
    first_mixture = [family.has_components for family in MODELS.values()].index(True)
    name = st.selectbox(
        "Model", list(labels), first_mixture, format_func=labels.__getitem__, **kept("model", labels.values())
    )
    changes = _ask_components(name) if MODELS[name].has_components else {}
    found = {kind: {f.name: _ask(kind, f.name, name) for f in fields(kind) if f.name in _FIRST} for kind in _KINDS}
    with st.expander("More"):
        for kind, values in found.items():
            values |= {f.name: _ask(kind, f.name, name) for f in fields(kind) if f.name not in (*_FIRST, *_ELSEWHERE)}
        layers = _ask_layers(name)
        start = _ask_start(dataset) if MODELS[name].has_components else ""
    if changes:
        changes["prior_means"] = numbers(changes["prior_means"], "Prior means", MOST_COMPONENTS)
        k = len(changes["prior_means"])
        scales = changes["prior_scales"].strip()
        changes["prior_scales"] = numbers(scales, "Prior scales", MOST_COMPONENTS) if scales else (1.0,) * k
    for field, text in layers.items():
        if field in _BELOW:
            layers[field] = whole_numbers(ModelConfig, field, text)
    model = paper_model(name, **found[ModelConfig], **changes, **layers, image_shape=shape_of(dataset))
    return model, TrainConfig(**found[TrainConfig], dataset=dataset, start_from=start)


_KINDS: tuple[type[ModelConfig] | type[TrainConfig], ...] = (ModelConfig, TrainConfig)


def _ask_components(model: str) -> dict[str, Any]:
    """The settings of the components, means and scales as text."""
    usual = {
        "prior_means": " ".join(["0"] * MODELS[model].default_components),
        "prior_scales": "",
        "prior_components": "fixed",
    }
    return {name: ask(ModelConfig, name, value, model) for name, value in usual.items()}


def _ask_layers(model: str) -> dict[str, Any]:
    """The settings of several layers, sizes below the first as text; empty for one layer."""
    family = MODELS[model]
    if family.build_below is None or (layers := ask(ModelConfig, "layers", 1)) == 1:
        return {}
    asked = [field for field in _BELOW if field != "components_below" or family.has_components]
    below = {field: ask(ModelConfig, field, "") for field in asked}
    return {"layers": layers, **below, "skip": ask(ModelConfig, "skip", False)}


def _ask(kind: type[ModelConfig] | type[TrainConfig], name: str, model: str) -> Any:
    if name == "concentration":
        return ask(kind, name, MODELS[model].default_concentration, model)
    usual = EPOCHS if name == "max_epochs" else next(f.default for f in fields(kind) if f.name == name)
    return ask(kind, name, usual)


def _ask_start(dataset: str) -> str:
    """The Gauss-VAE of the data set that a mixture starts from; empty for random weights."""
    starts = [c.name for c in loaders.checkpoints() if c.train_config.dataset == dataset and is_start(c.model_config)]
    label, about = titled(TrainConfig, "start_from")
    chosen: str = st.selectbox(label, [_RANDOM, *starts], help=about, **kept("start-from", [_RANDOM, *starts]))
    return "" if chosen == _RANDOM else chosen
