"""Our own widgets: each a style and scripts of this folder, put together."""

from pathlib import Path

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from dlgmm_core.takeaway.page import script_text

__all__ = ["scripts", "widget"]

_FOLDER = Path(__file__).parent
_OF_THE_CORE = ("model", "mixture", "pen", "prepare")


def widget(name: str, html: str, css: str, *parts: str) -> ComponentRenderer:
    """A component called `name`, of a style and of parts of its script, all named without their endings.

    Some scripts are the core's, which pages that are taken away contain, too.
    """
    return st.components.v2.component(name, html=html, css=_text(f"{css}.css"), js=scripts(*parts))


def scripts(*names: str) -> str:
    """Scripts one after the other, by their names without endings."""
    return "".join(script_text(name) if name in _OF_THE_CORE else _text(f"{name}.js") for name in names)


def _text(file: str) -> str:
    return (_FOLDER / file).read_text(encoding="utf-8")
