"""A drawing pad: strokes of a pointer or of the arrow keys in the browser, a small grey picture in Python.

The pad tells other widgets of every frame (`ui.digit.following`), and sends its picture when a stroke ends or, of
several in a row, once the pen rests: white ink on black, as a PNG in a data URL. It is treated like an upload:
`ui.digit.uploads` checks it first.
"""

import base64
from typing import Any

import streamlit as st

from dlgmm_core.data.datasets import binarization_levels
from ui.images import SHAPE
from ui.widgets import widget

__all__ = ["drawing_pad"]

_HTML = """<div class="pad">
<div class="paper">
  <canvas width="224" height="224" tabindex="0" role="application" aria-label="Drawing pad: draw one digit"
    aria-describedby="keys"></canvas>
  <div class="pen"></div>
  <p class="hint">Draw one digit here, with a mouse, a finger, a pen or keys.</p>
</div>
<p class="spoken" role="status"></p>
<div class="bar">
  <button type="button" class="undo">Undo</button>
  <button type="button" class="clear">Clear</button>
  <label class="width">Pen <input type="range" min="6" max="34" step="4" value="18"></label>
</div>
<p class="keys" id="keys">Arrow keys move the pen; the space bar sets it down and lifts it; Ctrl-Z undoes a stroke.</p>
</div>"""

_pad = widget("digit_pad", _HTML, "pad", "pen", "prepare", "following", "rest", "answer", "pad")
_PREFIX = "data:image/png;base64,"
_SIZES = {
    "shape": {"height": SHAPE[0], "width": SHAPE[1]},
    "levels": base64.b64encode(binarization_levels(SHAPE[0] * SHAPE[1], 0).tobytes()).decode(),
}


def drawing_pad(key: str) -> bytes | None:
    """The drawing as PNG bytes; None while the pad is empty."""
    _keep(key)  # so that the pad hears what this run knows of
    picture = st.session_state.get(_kept(key))
    _pad(key=key, data={"picture": picture, **_SIZES}, on_picture_change=lambda: None)
    _keep(key)  # a session that begins with a drawing, as after a restart of the server, has its state only now
    return _content(st.session_state.get(_kept(key)))


def _kept(key: str) -> str:
    """Where the picture is kept: a component's own state is lost when the visitor changes the page."""
    return f"{key}-picture"


def _keep(key: str) -> None:
    told = st.session_state.get(key)
    if told is not None and "picture" in told and (told["picture"] is None or _content(told["picture"]) is not None):
        st.session_state[_kept(key)] = told["picture"]


def _content(picture: Any) -> bytes | None:
    """The bytes in what the widget sent as a PNG; None if it is anything else."""
    if not isinstance(picture, str) or not picture.startswith(_PREFIX):
        return None
    try:
        return base64.b64decode(picture.removeprefix(_PREFIX), validate=True)
    except ValueError:  # also where it is not ASCII
        return None
