"""Where the digit comes from: drawn, uploaded, or picked from the test set."""

from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dlgmm_core.data import Dataset, binarize
from dlgmm_core.digits import DigitError, prepare_digit
from ui import loaders
from ui.pad import drawing_pad
from ui.uploads import ACCEPTED, read_picture

__all__ = ["DigitInput", "choose_digit"]

_SOURCES = ("Test digit", "Draw", "Upload")


@dataclass(frozen=True)
class DigitInput:
    """A binary image (784,), and in words where it comes from."""

    binary: NDArray[np.uint8]
    origin: str


def choose_digit(dataset_name: str) -> DigitInput | None:
    """Widgets for one digit; None, with a hint shown, while there is none."""
    source = st.segmented_control(
        "Digit", _SOURCES, default=_SOURCES[0], required=True, key="digit-source", persist_state="session"
    )
    if source == "Test digit":
        return _pick(loaders.dataset(dataset_name))
    if source == "Draw":
        content = drawing_pad("digit-pad")
        hint = "Draw one digit on the black square."
    else:
        file = st.file_uploader("Picture of one digit", type=list(ACCEPTED), key="digit-upload")
        content, hint = (file.getvalue() if file else None), "A photograph or a scan: dark on light, or light on dark."
    if content is None:
        st.caption(hint)
        return None
    try:
        digit = prepare_digit(read_picture(content))
    except DigitError as error:
        st.error(str(error))
        return None
    polarity = "dark ink on light paper, inverted" if digit.inverted else "light ink on dark paper"
    return DigitInput(
        binarize(digit.grey.reshape(-1), 0), f"{polarity}; scaled to 20 pixels, mass centred, binarized by one draw"
    )


def _pick(dataset: Dataset) -> DigitInput:
    last = len(dataset.test) - 1
    index = int(
        st.number_input(
            f"Test image, 0 to {last}", 0, last, 0, key="digit-index", bind="query-params", persist_state="session"
        )
    )
    label = dataset.class_names[dataset.test.labels[index]]
    return DigitInput(dataset.test.binary[index], f"test image {index} of {dataset.name}, class {label}")
