"""Fields of a form for the settings of the core: labels, choices and help come from its own descriptions of them."""

import math
from collections.abc import Collection
from dataclasses import Field, fields
from typing import Any, get_args, get_type_hints

import streamlit as st

from dlgmm_core.checks import SettingError
from dlgmm_core.config import ModelConfig, TrainConfig
from dlgmm_core.options import choices
from ui.link_report import bound_in_link
from ui.training.runs import RunError

__all__ = ["SIZE", "ask", "in_fields", "kept", "learning_rate_field", "numbers", "titled", "whole_numbers"]

_MOST_QUOTED = 60  # characters of what a visitor has written
_RATES = (1e-6, 1.0)  # learning rates that can be chosen
_MOST = {
    "code_dim": 200,
    "depth": 4,
    "num_samples": 20,
    "layers": 10,
    "components": 50,
    "seed": 10_000,
}  # of whole numbers; of others 1000
_LABELS = {
    "code_dim": "Code size",
    "concentration": "Concentration α of the weights",
    "max_epochs": "Epochs, at most",
    "layers": "Stochastic layers",
    "components_below": "Components of each layer below the first",
    "code_dims_below": "Code size of each layer below the first",
    "hidden_below": "Hidden units of each layer below the first",
    "skip": "Skip connections: the decoder reads the codes of all layers",
    "decoded": "Decoded components M of each layer, 0 for all",
    "prior_means": "Prior means, one for each of K components",
    "prior_scales": "Prior scales, one for each component",
}

SIZE = "Side of the scaled images, pixels"
_WORDS = {"data": "“Your data”", "num_components": "number of components", "size": f"“{SIZE}”"}


def in_fields(error: SettingError) -> str:
    """The sentence of an error, in which settings are called as their fields are."""
    kinds = {f.name: kind for kind in (ModelConfig, TrainConfig) for f in fields(kind)}

    def words(name: str) -> str:
        return _WORDS.get(name) or (f"“{titled(kinds[name], name)[0]}”" if name in kinds else name.replace("_", " "))

    return error.told(words)


def kept(name: str, words: Collection[str] = ()) -> dict[str, Any]:
    """Keeps a field's value through page switches and reloads; `words` are what the address calls its choices."""
    return bound_in_link(f"train-{name}", words)


def titled(kind: type[ModelConfig] | type[TrainConfig], name: str) -> tuple[str, str]:
    """The label of a setting, and its help."""
    text: str = _field(kind, name).metadata["help"]
    words = name.replace("_", " ").capitalize()
    return _LABELS.get(name, words), f"{words}: {text}."


def ask(kind: type[ModelConfig] | type[TrainConfig], name: str, value: Any, of: str = "") -> Any:
    """Asks for a setting by the widget that suits it, at first `value`.

    Args:
        kind: whose field it is.
        name: of the field.
        value: its usual value; of several numbers, the text.
        of: what the usual value depends on, so that each has a widget of its own.
    """
    label, about = titled(kind, name)
    hint, names = get_type_hints(kind)[name], choices(kind, name)
    state = kept("-".join([name.replace("_", "-"), *([of] if of else [])]), names or ())
    if names:
        return st.selectbox(label, names, names.index(value), help=about, **state)
    if hint is bool:
        return st.checkbox(label, value, help=about, **state)
    if get_args(hint):
        return st.text_input(label, value, help=f"{about} Numbers separated by spaces or commas.", **state)
    if name == "learning_rate":
        return learning_rate_field(label, value, **state)
    if hint is int:
        least = 0 if name in ("seed", "decoded") else 1
        return st.number_input(label, least, _most(name), value, help=about, **state)
    return st.number_input(label, 0.001, 1000.0, value, format="%g", help=about, **state)


def learning_rate_field(label: str, value: float, **options: Any) -> float:
    """Asks for a learning rate, at first `value` or the nearest that can be chosen."""
    _, about = titled(TrainConfig, "learning_rate")
    value = min(max(value, _RATES[0]), _RATES[1])
    rate: float = st.number_input(label, *_RATES, value, 1e-4, format="%g", help=about, **options)
    return rate


def numbers(text: str, what: str, most: int) -> tuple[float, ...]:
    """The numbers of a text.

    Raises:
        RunError: if they are none, not finite, or too many.
    """
    try:
        values = [float(word) for word in _words(text)]
    except ValueError:
        values = []
    if not values or not all(map(math.isfinite, values)):
        raise RunError(f"{what} must be numbers separated by spaces or commas, not {_quoted(text)}.")
    if len(values) > most:
        raise RunError(f"These are {len(values)} {what.lower()}, and a run here has at most {most} components.")
    return tuple(values)


def whole_numbers(kind: type[ModelConfig] | type[TrainConfig], name: str, text: str) -> tuple[int, ...]:
    """The whole numbers in the text of a setting that has several; none where it is empty.

    Raises:
        RunError: if they are not whole, or out of range.
    """
    most = _most(name)
    words = _words(text)
    found = [int(word) if word.isascii() and word.isdecimal() and len(word) <= len(str(most)) else 0 for word in words]
    if not all(1 <= value <= most for value in found):
        label, _ = titled(kind, name)
        raise RunError(
            f"{label} must be whole numbers from 1 to {most}, separated by spaces or commas, not {_quoted(text)}."
        )
    return tuple(found)


def _words(text: str) -> list[str]:
    """The numbers of a text as Python writes them: this app's own captions have typographic minus signs."""
    return text.replace(",", " ").replace("−", "-").split()


def _quoted(text: str) -> str:
    return f"“{text}”" if len(text) <= _MOST_QUOTED else f"“{text[:_MOST_QUOTED]}…”"


def _most(name: str) -> int:
    """The largest value of a whole number."""
    return _MOST.get(name.replace("dims", "dim").removesuffix("_below"), 1000)


def _field(kind: type[ModelConfig] | type[TrainConfig], name: str) -> Field[Any]:
    return next(f for f in fields(kind) if f.name == name)
