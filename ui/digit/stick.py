"""The stick of one digit, broken at the encoder's fractions; where the pieces are the code, breaks can be dragged."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from dlgmm_core.analysis.image_report import StickReport
from dlgmm_core.model.models import is_stick
from dlgmm_core.runtime.html import base64_floats
from dlgmm_core.store.checkpoints import Checkpoint
from ui.digit.digit_input import DigitInput
from ui.exporting import recipes
from ui.exporting.exports import About, export, figure
from ui.layers import first_layer_words
from ui.numbers import finite_numbers
from ui.parts import fragment
from ui.serving.decoders import decoder_address
from ui.theme import component_colour, ink_on
from ui.widgets import widget

__all__ = ["show_stick", "show_stick_to_come"]

_widget = widget(
    "stick",
    '<div class="stick"></div>',
    "stick",
    "model",
    "mixture",
    "decoder",
    "following",
    "encoder",
    "pointer",
    "make",
    "stick_density",
    "stick",
)


@fragment
def show_stick(
    checkpoint: Checkpoint, digit: DigitInput, sticks: StickReport, live: dict[str, Any] | None = None
) -> None:
    """The stick at its mean, with draws, densities and, where the pieces are the code, the decoded digit.

    It follows the pen by `live`, of `ui.digit.following`, where it is not None.

    It is a fragment because the widget reports its breaks, on which nothing else on the page depends.
    """
    a, b = sticks.concentration1, sticks.concentration0
    is_code = is_stick(checkpoint.model_config)
    pieces_left = 1 - np.concatenate([[0.0], np.cumsum(sticks.mean)[:-1]])
    mean = (sticks.mean / pieces_left)[:-1]
    colours = [component_colour(k) for k in range(len(sticks.mean))]
    signature = f"{checkpoint.digest} {sticks.mean.tobytes().hex()}"
    with figure("stick"):
        result = _widget(
            key="digit-stick",
            data={
                "signature": signature,
                "concentrations": np.stack([a, b], 1).tolist(),
                "mean": base64_floats(mean),
                "draws": base64_floats(sticks.draws),
                "colours": colours,
                "inks": [ink_on(colour) for colour in colours],
                "decoder": decoder_address(checkpoint) if is_code else None,
                "live": live,
            },
            on_now_change=lambda: None,
        )
    if words := first_layer_words([checkpoint.model_config]):
        st.caption(words)
    moved = _moved(result.now, signature, len(mean))
    settings = {
        "image": digit.origin,
        "fractions": "their means" if moved is None else "redrawn, or moved by the visitor",
    }
    export(
        "stick",
        About("the stick: its fractions v and pieces π", [checkpoint], seed=0, settings=settings),
        partial(recipes.stick, checkpoint, digit.code, moved, is_code=is_code),
        lambda: _table(sticks, mean if moved is None else np.array(moved)),
    )


def show_stick_to_come(live: dict[str, Any]) -> None:
    """Nothing, before anything is drawn: the stick comes with the pen."""
    with figure("stick"):
        _widget(
            key="digit-stick",
            data={
                "signature": "",
                "colours": live["colours"],
                "inks": live["inks"],
                "decoder": live["decoder"] if live["info"]["kind"] == "simplex" else None,
                "live": live,
            },
            on_now_change=lambda: None,
        )
    st.caption("The stick comes with the first stroke, and follows the pen.")


def _moved(state: Any, signature: str, count: int) -> tuple[float, ...] | None:
    """The fractions that the widget shows of this digit; None while they are the means."""
    if not isinstance(state, Mapping) or state.get("signature") != signature:
        return None
    return finite_numbers(state.get("fractions"), count, 0, 1)


def _table(sticks: StickReport, fractions: NDArray[np.float64]) -> pd.DataFrame:
    """One row a piece; the last one is what the fractions leave."""
    left = np.cumprod(np.append(1, 1 - fractions))
    whole = {"a": sticks.concentration1, "b": sticks.concentration0, "v": fractions}
    columns = {name: np.append(values, np.nan) for name, values in whole.items()}
    pieces = np.append(fractions, 1) * left
    return pd.DataFrame({"piece": np.arange(1, len(pieces) + 1), **columns, "π": pieces, "E[π|x]": sticks.mean})
