"""A slider between two images: each model decodes the way between their codes, in the browser, while it is dragged.

The codes and what they say of the components come from `dlgmm_core.paths`; the decoders are files of
`ui.weights`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dlgmm_core.checkpoints import Checkpoint
from dlgmm_core.data import Dataset
from dlgmm_core.models import MODELS
from dlgmm_core.paths import code_path
from ui import loaders
from ui.links import numbers_in_link, put_in_link
from ui.map_files import images_address
from ui.theme import component_colour
from ui.weights import base64_floats, decoder_address

__all__ = ["POINTS", "live_path"]

POINTS = 41  # of the slider, ends included
_KEPT = "latent-at"
_WIDGETS = Path(__file__).with_name("widgets")

_widget = st.components.v2.component(
    "live_path",
    html='<div class="path"></div>',
    css=(_WIDGETS / "path.css").read_text(),
    js="".join((_WIDGETS / f"{part}.js").read_text() for part in ("decoder", "map_files", "path")),
)


def live_path(checkpoints: Sequence[Checkpoint], dataset: Dataset, images: tuple[int, int]) -> None:
    """The slider, and each model's decoded digit beneath it."""
    key = f"latent-path-{images[0]}-{images[1]}"
    step = _where(key)
    st.session_state[_KEPT] = step
    put_in_link("at", None if step == POINTS // 2 else [step])
    ends = dataset.test.binary[images[0]], dataset.test.binary[images[1]]
    models = [_describe(checkpoint, *ends) for checkpoint in checkpoints]
    _widget(
        key=key,
        data={
            "images": list(images),
            "classes": [dataset.class_names[dataset.test.labels[index]] for index in images],
            "file": images_address(dataset.name),
            "points": POINTS,
            "at": step,
            "models": models,
            "colours": [component_colour(k) for k in range(10)],
        },
        on_at_change=lambda: None,
    )


def _where(key: str) -> int:
    """The slider's place: as it was let go of, as it was kept, as the address has it, or half way."""
    said = st.session_state.get(key) or {}
    asked = numbers_in_link("at", 1, 0, POINTS - 1) or (POINTS // 2,)
    place = said.get("at")
    if not isinstance(place, int | float) or not 0 <= place < POINTS:
        place = st.session_state.get(_KEPT, asked[0])
    return int(place)


def _describe(checkpoint: Checkpoint, first: NDArray[np.uint8], second: NDArray[np.uint8]) -> dict[str, Any]:
    path = code_path(loaders.model(checkpoint.folder, checkpoint.digest), first, second, POINTS)
    is_mixture = MODELS[checkpoint.model_config.model].is_mixture
    if path.shares is None:
        words = (
            "The components of this prior are all the same, so a code says nothing about its component."
            if is_mixture
            else "One bell: there are no components to move between."
        )
    else:
        words = (
            "Responsibilities p(k|z) of the prior's components, largest first:"
            if is_mixture
            else "The code is the stick; its largest pieces:"
        )
    return {
        "title": checkpoint.name,
        "decoder": decoder_address(checkpoint),
        "codes": base64_floats(path.codes),
        "shares": None if path.shares is None else base64_floats(path.shares),
        "words": words,
    }
