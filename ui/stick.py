"""The stick of one digit, broken by the encoder's fractions; on the SB-VAE, where it is the code, a digit to drag."""

from pathlib import Path

import numpy as np
import streamlit as st

from dlgmm_core.checkpoints import Checkpoint
from dlgmm_core.inspection import StickReport, stick_density
from dlgmm_core.models import MODELS
from ui.theme import component_colour
from ui.weights import base64_floats, decoder_address

__all__ = ["show_stick"]

POINTS = 101  # of each density curve
_WIDGETS = Path(__file__).with_name("widgets")

_widget = st.components.v2.component(
    "stick",
    html='<div class="stick"></div>',
    css=(_WIDGETS / "stick.css").read_text(),
    js=(_WIDGETS / "decoder.js").read_text() + (_WIDGETS / "stick.js").read_text(),
)


def show_stick(checkpoint: Checkpoint, sticks: StickReport, key: str) -> None:
    """The stick at its mean, with draws, densities and, where the pieces are the code, the decoded digit."""
    a, b = sticks.concentration1, sticks.concentration0
    v = np.linspace(0.5 / POINTS, 1 - 0.5 / POINTS, POINTS)
    is_code = not MODELS[checkpoint.model_config.model].is_mixture
    pieces_left = 1 - np.concatenate([[0.0], np.cumsum(sticks.mean)[:-1]])
    _widget(
        key=key,
        data={
            "signature": f"{checkpoint.digest} {sticks.mean.tobytes().hex()}",
            "concentrations": np.stack([a, b], 1).tolist(),
            "mean": base64_floats((sticks.mean / pieces_left)[:-1]),
            "draws": base64_floats(sticks.draws),
            "density": base64_floats(np.stack([stick_density(*ab, v) for ab in zip(a, b, strict=True)])),
            "colours": [component_colour(k) for k in range(len(sticks.mean))],
            "decoder": decoder_address(checkpoint) if is_code else None,
        },
    )
