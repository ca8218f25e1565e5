"""A choice of a few among the models that pages compare, for pictures that have room for four."""

from collections.abc import Sequence

import streamlit as st

from dlgmm_core.model.models import MODELS
from dlgmm_core.store.checkpoints import Checkpoint
from ui.links import put_words_in_link, words_in_link

__all__ = ["MOST", "choose_few", "chosen_few", "show_only"]

MOST = 4


def choose_few(title: str, checkpoints: Sequence[Checkpoint], key: str, link: str) -> list[Checkpoint]:
    """Asks which of the checkpoints are shown, `MOST` of them at most.

    At first there are two, the first mixture and the first other model, which one row has room for. An emptied choice
    is the last one again, and the page says why.

    Args:
        title: above the field.
        checkpoints: to choose from, one or more.
        key: of the field, beside which the choice is kept while the visitor is on other pages.
        link: the name of the choice in the address.
    """
    by_name, usual = {c.name: c for c in checkpoints}, _usual(checkpoints)
    is_emptied = st.session_state.get(key) == []
    known = st.session_state.get(key) or st.session_state.get(_kept(key))  # a widget's own is lost on other pages
    asked = known or words_in_link(link, by_name)
    st.session_state[key] = [name for name in asked if name in by_name][:MOST] or usual
    picked = st.multiselect(f"{title}, four at most", list(by_name), key=key, max_selections=MOST) or usual
    if is_emptied:
        st.caption("One model at least is shown: choose others first, and then take these away.")
    st.session_state[_kept(key)] = picked
    put_words_in_link(link, picked if picked != usual else [])
    return [by_name[name] for name in picked]


def chosen_few(names: Sequence[str], key: str) -> dict[str, object]:
    """The session's values that make these checkpoints the choice of the field with that key."""
    return {key: list(names), _kept(key): list(names)}


def show_only(name: str, key: str) -> None:
    """Makes one checkpoint the choice of the field with that key."""
    st.session_state.pop(key, None)
    st.session_state[_kept(key)] = [name]


def _kept(key: str) -> str:
    return f"{key}-kept"


def _usual(checkpoints: Sequence[Checkpoint]) -> list[str]:
    """The first model without components and the first with."""
    first: dict[bool, str] = {}
    for checkpoint in checkpoints:
        first.setdefault(MODELS[checkpoint.model_config.model].has_components, checkpoint.name)
    return [first[has_components] for has_components in sorted(first)]
