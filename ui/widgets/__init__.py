"""Our own widgets: each a style and scripts of this folder, put together, and how numbers reach them."""

import base64
from pathlib import Path

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.components.v2.types import ComponentRenderer

from dlgmm_core.takeaway.page import script_text

__all__ = ["base64_floats", "widget"]

_FOLDER = Path(__file__).parent


def widget(name: str, html: str, css: str, *scripts: str) -> ComponentRenderer:
    """A component called `name`, of a style and of scripts one after the other, all named without their endings.

    The script "model" is the core's, which pages that are taken away contain, too.
    """
    js = "".join(script_text("model") if script == "model" else _text(f"{script}.js") for script in scripts)
    return st.components.v2.component(name, html=html, css=_text(f"{css}.css"), js=js)


def _text(file: str) -> str:
    return (_FOLDER / file).read_text(encoding="utf-8")


def base64_floats(values: NDArray[np.floating]) -> str:
    """Little-endian float32 in base64: what `floats` of the widgets' scripts reads."""
    return base64.b64encode(np.ascontiguousarray(values, "<f4").tobytes()).decode()
