"""Where the digit comes from: drawn, photographed, picked from the test set, or carried by a link."""

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dlgmm_core.data.datasets import Dataset, label_of, shape_of
from ui import loaders
from ui.digit.digit_input import DigitInput
from ui.digit.drawing import draw_digit
from ui.digit.photograph import choose_in_photograph
from ui.images import SHAPE
from ui.link_report import bound_in_link
from ui.links import image_in_link, keep_at_most, put_image_in_link, whole_numbers_in_link

__all__ = ["choose_digit", "is_drawing", "last_digit"]

_DRAW = "Draw"
_SOURCES = ("Test digit", _DRAW, "Upload", "Camera")
_SOURCE = "digit-source"
_LINKED = "From the link"
_ORIGIN = "the drawing in this page's address"
_LAST = "digit-last"


def choose_digit(dataset_name: str) -> DigitInput | None:
    """Widgets for one digit; None, with a hint shown, while there is none."""
    st.session_state[_LAST] = digit = _ask(dataset_name)
    return digit


def is_drawing(dataset_name: str) -> bool:
    """Whether the digit comes from the pad."""
    return shape_of(dataset_name) == SHAPE and st.session_state.get(_SOURCE) == _DRAW


def last_digit(dataset_name: str) -> DigitInput | None:
    """The visitor's latest choice, None if there is none; before any choice, what `choose_digit` starts with."""
    shape = shape_of(dataset_name)
    if _LAST in st.session_state:
        digit: DigitInput | None = st.session_state[_LAST]
        if digit is None or digit.shape == shape:
            return digit
    if shape == SHAPE and (linked := image_in_link()) is not None:
        return DigitInput(linked, _ORIGIN)
    dataset = loaders.dataset(dataset_name)
    (index,) = whole_numbers_in_link("digit-index", 1, 0, len(dataset.test) - 1) or (0,)
    return _test_digit(dataset, index)


def _ask(dataset_name: str) -> DigitInput | None:
    if (shape := shape_of(dataset_name)) != SHAPE:
        put_image_in_link(None)
        picked = _pick(loaders.dataset(dataset_name))
        st.caption(
            f"The pad and uploads give images of {SHAPE[0]}×{SHAPE[1]} pixels, and those of {label_of(dataset_name)}"
            f" have {shape[0]}×{shape[1]}: choose a test image."
        )
        return picked
    if _LINKED not in st.session_state:  # what the visitor came with; later drawings write the address themselves
        st.session_state[_LINKED] = image_in_link()
    linked: NDArray[np.uint8] | None = st.session_state[_LINKED]
    sources = (*_SOURCES, _LINKED) if linked is not None else _SOURCES
    source = st.segmented_control(
        "Digit",
        sources,
        default=sources[-1] if linked is not None else sources[0],
        required=True,
        key=_SOURCE,
        wrap=True,
        persist_state="session",
    )
    if source == _LINKED and linked is not None:
        return DigitInput(linked, _ORIGIN)
    if source == "Test digit":
        put_image_in_link(None)
        return _pick(loaders.dataset(dataset_name))
    digit = draw_digit() if source == _DRAW else choose_in_photograph(source)
    put_image_in_link(None if digit is None else digit.binary)
    return digit


def _pick(dataset: Dataset) -> DigitInput:
    last = len(dataset.test) - 1
    keep_at_most("digit-index", last)
    index = int(st.number_input(f"Test image, 0 to {last}", 0, last, 0, **bound_in_link("digit-index")))
    return _test_digit(dataset, index)


def _test_digit(dataset: Dataset, index: int) -> DigitInput:
    its_class = dataset.class_of(index)
    origin = f"test image {index} of {label_of(dataset.name)}{its_class and f', class {its_class}'}"
    return DigitInput(dataset.test.binary[index], origin, dataset=dataset.name, index=index, shape=dataset.shape)
