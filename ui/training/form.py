"""The form of the Train page: the model and its training options."""

import math
from dataclasses import fields
from typing import Any

import streamlit as st

from dlgmm_core.config import TrainConfig
from dlgmm_core.data.datasets import DATASETS
from dlgmm_core.model.models import MODELS
from dlgmm_core.model.objectives import BOUNDS
from dlgmm_core.options import choices
from dlgmm_core.runtime.files import StorageError
from ui.training.runs import RunError, free_name, slots_of_others, start_run
from ui.visitors.visitor import visitor

__all__ = ["STARTED", "learning_rate_field", "training_form"]

STARTED = "train-started"  # in the session's state: the name of a run that has just been started
MOST_COMPONENTS = 50
_RATES = (1e-6, 1.0)  # learning rates that can be chosen


def _kept(name: str) -> dict[str, Any]:
    """Keeps a field's value through page switches and, by the address, through reloads."""
    return {"key": f"train-{name}", "bind": "query-params", "persist_state": "session"}


def learning_rate_field(label: str, value: float, **options: Any) -> float:
    """Asks for a learning rate, at first `value` or the nearest that can be chosen."""
    (field,) = (f for f in fields(TrainConfig) if f.name == "learning_rate")
    about = f"The learning rate {field.metadata['help']}."
    value = min(max(value, _RATES[0]), _RATES[1])
    rate: float = st.number_input(label, *_RATES, value, 1e-4, format="%g", help=about, **options)
    return rate


def training_form() -> None:
    """Asks for a model and a recipe, and starts the run."""
    model = st.selectbox("Model", list(MODELS), index=2, format_func=lambda name: MODELS[name].label, **_kept("model"))
    family = MODELS[model]
    means = "0"
    if family.has_components:
        means = st.text_input(
            "Prior means, one for each of K components",
            " ".join(["0"] * family.default_components),
            help="Numbers separated by spaces: the mixture has as many components as there are numbers.",
            **_kept(f"means-{model}"),
        )
    start = st.container()
    if busy := slots_of_others(visitor()):
        st.caption(f"Training slots in use by other visitors: {busy}.")
    with st.expander("More"):
        recipe = _recipe(model)
    if not start.button("Start training", type="primary"):
        return
    try:
        start_run(visitor(), recipe["--name"], [model, *_options(recipe), "--prior-means", *_numbers(means)])
    except (RunError, StorageError) as refusal:
        start.error(str(refusal))
        return
    st.session_state[STARTED] = recipe["--name"]
    st.rerun()


def _recipe(model: str) -> dict[str, Any]:
    """Options of `python -m dlgmm_core train`, as the visitor sets them."""
    bound = st.selectbox("Bound", list(BOUNDS), help="eq1 is the paper's; the other two are tighter.", **_kept("bound"))
    alpha = st.number_input(
        "Concentration α of the weights",
        0.01,
        100.0,
        MODELS[model].default_concentration,
        help="Of the prior over mixture weights or stick pieces; a model without them ignores it.",
        **_kept(f"alpha-{model}"),
    )
    epochs = st.number_input("Epochs, at most", 1, 1000, 20, **_kept("epochs"))
    free = free_name(f"my-{model}")
    name = st.text_input(
        "Name of the checkpoint", placeholder=free, help="Lower-case letters, digits and hyphens.", **_kept("name")
    )
    return {
        "--name": name or free,
        "--bound": bound,
        "--alpha": alpha,
        "--epochs": epochs,
        "--learning-rate": learning_rate_field("Learning rate", TrainConfig().learning_rate, **_kept("rate")),
        "--code-dim": st.number_input("Code size", 2, 200, 25, **_kept("code")),
        "--dataset": st.selectbox(
            "Data set", choices(TrainConfig, "dataset"), format_func=lambda name: DATASETS[name].label, **_kept("data")
        ),
        "--binarization": st.selectbox(
            "Binarization in training", choices(TrainConfig, "binarization"), **_kept("binarization")
        ),
        "--seed": st.number_input("Seed", 0, 10_000, 0, **_kept("seed")),
    }


def _options(recipe: dict[str, Any]) -> list[str]:
    return [str(part) for option in recipe.items() for part in option]


def _numbers(text: str) -> list[str]:
    """The numbers of a text, as words of the command line."""
    try:
        values = [float(word) for word in text.replace(",", " ").split()]
    except ValueError:
        values = []
    if not values or not all(map(math.isfinite, values)):
        raise RunError(f"Prior means must be numbers separated by spaces, not “{text}”.")
    if len(values) > MOST_COMPONENTS:
        raise RunError(f"These are {len(values)} prior means, and a run here has at most {MOST_COMPONENTS} components.")
    return [repr(value) for value in values]
