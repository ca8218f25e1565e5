"""What the model sees of a digit, and in one row the steps from a drawing or a photograph to that."""

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from dlgmm_core.runtime.html import png_address
from ui.digit.digit_input import DigitInput
from ui.images import fitting, tiled_picture
from ui.literal import literal

__all__ = ["show_preparation"]

_STYLE = """<style>
.steps { display: flex; gap: 8px; }
.steps figure { flex: 1 1 0; min-width: 0; max-width: 112px; margin: 0; }
.steps img { display: block; width: 100%; aspect-ratio: 1; object-fit: contain; background: #80808040; }
.steps .pixels { image-rendering: pixelated; }
.steps figcaption { font-size: .75rem; line-height: 1.25; margin-top: 4px; overflow-wrap: break-word; }
</style>"""


def show_preparation(digit: DigitInput) -> None:
    """The steps of a drawing or photograph; a test digit has none, and is shown large."""
    if digit.steps:
        with st.container(key="digit-steps"):
            _show_steps(digit)
    else:
        _show_image(digit)


def _show_image(digit: DigitInput) -> None:
    height, width = digit.shape
    binarized = tiled_picture(digit.binary[None], 1, fitting(6, digit.shape), shape=digit.shape)
    st.image(binarized, alt=f"The binarized image, {height} by {width} pixels")
    st.caption(f"What the model sees: {height}×{width} zeros and ones. From {literal(digit.origin)}.")


def _show_steps(digit: DigitInput) -> None:
    figures = (_figure(words, step) for words, step in digit.steps.items())
    st.html(f'{_STYLE}<div class="steps">{"".join(figures)}</div>')
    for sentence in digit.doubts:
        st.warning(sentence)
    st.caption(f"The picture shows {literal(digit.origin)}. The address of this page now contains the digit.")


def _figure(words: str, step: NDArray[np.uint8]) -> str:
    kind = ' class="pixels"' if max(step.shape[:2]) <= 28 else ""
    source = png_address(Image.fromarray(step))
    return f'<figure><img{kind} alt="" src="{source}"/><figcaption>{words}</figcaption></figure>'
