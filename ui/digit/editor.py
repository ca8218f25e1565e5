"""A photograph with a box around each digit that was found, to be turned, cropped, and one of its digits chosen.

The widget turns and crops on its own while a control is moved, and tells Python when it is released.
"""

import base64
import io
from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from ui.digit.edits import Box, Edit, read_edit
from ui.widgets import widget

__all__ = ["edit_of", "show_editor"]

SIDE = 640  # pixels of the longer side that the browser gets
_KEPT = "digit-edit"

_EDGES = "".join(
    f'<span class="edge" data-edge="{which}" role="slider" tabindex="0" aria-valuemin="0" aria-valuemax="100"'
    f' aria-label="{name} edge, percent"></span>'
    for which, name in enumerate(("left", "top", "right", "bottom"))
)
_HTML = f"""<div class="photograph">
<div class="bar">
  <button type="button" data-turn="-1" aria-label="Turn left by 90 degrees">↺ 90°</button>
  <button type="button" data-turn="1" aria-label="Turn right by 90 degrees">↻ 90°</button>
  <button type="button" class="crop" aria-pressed="false">Crop</button>
  <button type="button" class="whole" hidden>Whole picture</button>
</div>
<label class="tilt">Tilt <input type="range" min="-45" max="45" step="1"><output></output></label>
<p class="words" role="status"></p>
<div class="stage">
  <canvas role="img" aria-label="The photograph"></canvas>
  <div class="shade"><div class="frame"></div></div>
  <div class="boxes"></div>
  {_EDGES}
</div>
</div>"""

_widget = widget("digit_photograph", _HTML, "photograph", "pointer", "photograph")


def edit_of(mark: str) -> Edit:
    """What the visitor has done to the photograph with this mark, also before another page was opened."""
    kept, edit = st.session_state.get(_KEPT, ("", Edit()))
    if kept != mark:
        edit = Edit()
    edit = read_edit((st.session_state.get(_key(mark)) or {}).get("now")) or edit
    st.session_state[_KEPT] = mark, edit
    return edit


def show_editor(mark: str, picture: NDArray[np.uint8], edit: Edit, boxes: Sequence[Box]) -> None:
    """The widget.

    Args:
        mark: of the photograph.
        picture: (height, width) or (height, width, 3), as it came.
        edit: what the boxes were found in.
        boxes: of the digits, in the turned picture.
    """
    _widget(
        key=_key(mark),
        data={"picture": _jpeg(picture), "now": asdict(edit), "boxes": boxes},
        on_now_change=lambda: None,
    )


def _key(mark: str) -> str:
    return f"digit-photograph-{mark}"


def _jpeg(picture: NDArray[np.uint8]) -> str:
    image = Image.fromarray(picture)
    image.thumbnail((SIDE, SIDE), Image.Resampling.BOX)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=85)
    return f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}"
