"""What follows the pen while a digit is drawn: encoder and decoder run in the browser, the server computes nothing."""

from typing import Any

import numpy as np
import streamlit as st

from dlgmm_core.runtime.html import base64_floats
from dlgmm_core.store.checkpoints import Checkpoint
from ui.digit.digit_input import DigitInput
from ui.digit.shown import prototype_pictures
from ui.digit.stick import show_stick_to_come
from ui.digit.weights import show_prior_weights
from ui.presentation import aside
from ui.serving.encoders import encoder_address
from ui.theme import PAPER_COLOUR, component_colour, ink_on
from ui.widgets import widget

__all__ = ["UNFOLLOWED", "hide_what_is_of_before", "show_before_drawing", "show_reading"]

_HTML = """<div class="reading">
<figure>
  <canvas role="img" aria-label="The drawing as the model sees it"></canvas>
  <figcaption>what the model sees</figcaption>
</figure>
<figure>
  <canvas role="img" aria-label="Its reconstruction"></canvas>
  <figcaption>its reconstruction</figcaption>
</figure>
</div>"""
UNFOLLOWED = "digit-unfollowed"
# What is of the drawing before is out of sight, until the server has answered, and keeps its place: dimmed, it could
# hardly be read. A view that does not follow the pen may take seconds, and comes in sight part by part.
_OF_BEFORE = ".st-key-digit-figures, .st-key-digit-steps, .rebuilt"
_OUT_OF_SIGHT = (
    f":is(.pen-moves, .unanswered) :is({_OF_BEFORE})",
    f":is(.pen-moves, .unheard) .st-key-{UNFOLLOWED}",
    f".unanswered .st-key-{UNFOLLOWED} [data-stale=true]",
)
_STYLE = f"<style>{', '.join(f'{each}, {each} *' for each in _OUT_OF_SIGHT)} {{ visibility: hidden; }}</style>"
_reading = widget("reading", _HTML, "reading", "model", "mixture", "decoder", "following", "encoder", "reading")


def hide_what_is_of_before() -> None:
    """Lets nothing of the drawing before be seen while the pen moves: the digit's steps, figures and reconstructions.

    Neither is what lies in a container with the key `UNFOLLOWED`.
    """
    st.html(_STYLE)


def show_reading(checkpoint: Checkpoint, digit: DigitInput | None, what_comes: str) -> dict[str, Any] | None:
    """The drawing as the model sees it, and its reconstruction from the mean code.

    Args:
        checkpoint: the model.
        digit: the drawing; None before the first stroke.
        what_comes: a sentence on what follows the pen.

    Returns:
        What other widgets need to follow the pen: the encoder's address, and how components look. None where the
        browser cannot run the model.
    """
    live = _live(checkpoint)
    if live is None:
        return None
    image = None if digit is None else base64_floats(digit.binary.astype(np.float32))
    _reading(key="digit-reading", data={"live": live, "image": image})
    aside(what_comes)
    return live


def show_before_drawing(live: dict[str, Any] | None, is_of_weights: bool) -> None:
    """The chart of weights, or the stick, of a pad on which nothing is drawn; a hint where there is none to follow."""
    if live is None or live["info"]["components"] == 1:
        st.info("The results appear here as soon as there is an image.")
    elif is_of_weights:
        show_prior_weights(live)
    else:
        show_stick_to_come(live)


def _live(checkpoint: Checkpoint) -> dict[str, Any] | None:
    address = encoder_address(checkpoint)
    if address is None:
        return None
    count = address["info"]["components"]
    colours = [component_colour(k) for k in range(count)]
    is_mixture = count > 1 and address["info"]["kind"] == "real"
    return address | {
        "colours": colours,
        "inks": [ink_on(colour) for colour in colours],
        "rest": PAPER_COLOUR,
        "pictures": prototype_pictures(checkpoint) if is_mixture else [],
    }
