"""Our own widgets: each a style and scripts of this folder, put together."""

from pathlib import Path

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

__all__ = ["widget"]

_FOLDER = Path(__file__).parent


def widget(name: str, html: str, css: str, *scripts: str) -> ComponentRenderer:
    """A component called `name`, of a style and of scripts one after the other, all named without their endings."""
    js = "".join((_FOLDER / f"{script}.js").read_text() for script in scripts)
    return st.components.v2.component(name, html=html, css=(_FOLDER / f"{css}.css").read_text(), js=js)
