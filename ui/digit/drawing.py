"""A digit drawn on the pad: white ink on black, whatever there is more of."""

import hashlib
from dataclasses import replace

import numpy as np
import streamlit as st

from dlgmm_core.data.digits import DigitError, find_drawn
from ui.digit.digit_input import DigitInput, digit_input
from ui.digit.pad import drawing_pad
from ui.digit.uploads import is_large, read_picture
from ui.literal import sentence
from ui.visitors.limits import charged, computing
from ui.visitors.shares import Refused

__all__ = ["draw_digit"]

MOST = 0.5  # of the pad is inked where no digit can be told
_READ = "digit-drawn"
_COVERED = "Most of the pad is inked: undo or clear it, and draw one digit with a thinner pen."
_SEVERAL = "There are several digits on the pad: the largest is taken."


def draw_digit() -> DigitInput | None:
    """The pad, and the digit on it; None, with a hint on the pad or an error below it, while there is none."""
    content = drawing_pad("digit-pad")
    if content is None:
        return None
    mark = hashlib.sha256(content).digest()
    read, answer = st.session_state.get(_READ, (None, None))
    if read != mark:
        try:
            with computing() if is_large(content) else charged():
                answer = _prepare(content)
        except DigitError as error:
            answer = str(error)
        except Refused as refusal:
            st.warning(str(refusal))
            return answer if isinstance(answer, DigitInput) else None
        st.session_state[_READ] = mark, answer
    if isinstance(answer, DigitInput):
        return answer
    st.error(sentence(answer))
    return None


def _prepare(content: bytes) -> DigitInput:
    picture = read_picture(content)
    covered = np.count_nonzero(picture > 127) > MOST * picture.size
    try:
        found = find_drawn(picture)
    except DigitError as error:
        raise DigitError(_COVERED) if covered else error from error
    digit = digit_input(picture, found, 0, is_photograph=False)
    if covered:
        return replace(digit, doubts=(_COVERED,))
    return replace(digit, doubts=(_SEVERAL, *digit.doubts)) if len(found.digits) > 1 else digit
