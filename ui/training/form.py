"""The form of the Train page: a recipe, or every setting by hand, and the button that starts the run."""

import streamlit as st

from dlgmm_core.checks import ConfigError
from dlgmm_core.config import require_step_size
from dlgmm_core.model.bodies import body_of
from dlgmm_core.model.models import family_of
from dlgmm_core.options import as_options
from dlgmm_core.runtime.files import StorageError
from dlgmm_core.train.mixture_start import require_start
from ui import loaders
from ui.glossary.terms import meaning
from ui.literal import sentence
from ui.training.by_hand import ask_recipe
from ui.training.expected import expected_words
from ui.training.fields import in_fields, kept
from ui.training.presets import BY_HAND, Preset, Recipe, offered, recipe_words
from ui.training.runs import RunError, free_name, slots_of_others, start_run
from ui.visitors.visitor import visitor

__all__ = ["STARTED", "training_form"]

STARTED = "train-started"  # in the session's state: the name of a run that has just been started


def training_form(dataset: str) -> None:
    """Asks for a recipe, by presets or by hand, and starts the run on a data set."""
    presets = offered(dataset)
    labels = {name: preset.label for name, preset in presets.items()} | {BY_HAND: "Everything by hand"}
    choice = st.radio(
        "What to train",
        list(labels),
        format_func=labels.__getitem__,
        help=meaning("recipe"),
        captions=[_caption(preset, dataset) for preset in presets.values()] + ["Choose every setting yourself."],
        **kept("preset", labels.values()),
    )
    recipe, refusal = None, ""
    if choice in presets:
        recipe, refusal = presets[choice].recipe(dataset), presets[choice].refusal(dataset)
        st.caption(refusal or recipe_words(recipe))
    else:
        try:
            recipe = ask_recipe(dataset)
            _require(recipe)
            words = " ".join([recipe_words(recipe), _sentence(expected_words(recipe))])
        except ConfigError as error:
            words = refusal = in_fields(error)
        except RunError as error:
            words = refusal = str(error)
        # An error comes from the button alone: a visitor may not have finished.
        st.caption(sentence(words) if refusal else words)
    free = free_name("my-" + (recipe[0].model if recipe is not None else "run"))
    name = st.text_input(
        "Name of the checkpoint", placeholder=free, help="Lower-case letters, digits and hyphens.", **kept("name")
    )
    if busy := slots_of_others(visitor()):
        st.caption(f"Training slots in use by other visitors: {busy}.")
    is_refused = choice in presets and bool(refusal)
    if not st.button("Start training", type="primary", disabled=is_refused) or is_refused:
        return
    try:
        if recipe is None or refusal:
            raise RunError(refusal)
        model, train = recipe
        start_run(visitor(), name or free, [*as_options(model), "--name", name or free, *as_options(train)])
    except (RunError, StorageError) as error:
        st.error(sentence(error))
        return
    st.session_state[STARTED] = name or free
    st.rerun()


def _caption(preset: Preset, dataset: str) -> str:
    """What a recipe is, and how long it takes."""
    time = "" if preset.refusal(dataset) else expected_words(preset.recipe(dataset))
    return " ".join([preset.about(dataset), _sentence(time)])


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}." if words else ""


def _require(recipe: Recipe) -> None:
    """Checks what the core would refuse once the run has begun.

    Raises:
        ConfigError: if the settings make no sense together.
    """
    model, train = recipe
    require_step_size(model, train)
    family_of(model)
    body_of(model)
    if train.start_from:
        starts = {c.name: c.model_config for c in loaders.checkpoints()}
        require_start(model, starts[train.start_from])
