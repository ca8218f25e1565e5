"""A digit in a photograph: a file or the camera's, read once; one of the digits found in what the visitor looks at."""

import hashlib
import io
from dataclasses import dataclass, replace

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dlgmm_core.data.digits import DigitError, FoundDigits, find_digits
from ui.digit.digit_input import DigitInput, digit_input
from ui.digit.editor import edit_of, show_editor
from ui.digit.edits import Edit
from ui.digit.uploads import ACCEPTED, is_large, read_picture
from ui.literal import sentence
from ui.visitors.limits import charged, computing, count_upload
from ui.visitors.shares import Refused

__all__ = ["choose_in_photograph"]

_FOUND, _UNREADABLE = "digit-found", "digit-unreadable"
_LABEL = "Picture of one digit or several"
_HINTS = {
    "Upload": "A photograph or a scan: dark on light, or light on dark. Of several digits one can be chosen.",
    "Camera": "The browser asks whether this page may use the camera. Hold the paper still and near.",
}


@dataclass(frozen=True)
class _Finding:
    """What a view of a photograph shows: digits, or the sentence that says why there are none."""

    mark: str
    view: Edit
    seen: NDArray[np.uint8]
    found: FoundDigits | None
    error: str = ""


def choose_in_photograph(source: str) -> DigitInput | None:
    """Widgets for a photograph and the digit in it; None, with a hint or an error shown, while there is none."""
    kept = f"digit-{source.lower()}-read"  # the file itself is lost when the visitor changes the page or the source
    file = _upload(kept) if source == "Upload" else _take(kept)
    if file is not None:
        _read(file.getvalue(), kept)
        if source == "Camera" and kept in st.session_state:
            st.rerun()
    if kept not in st.session_state:
        st.caption(_HINTS[source])
        return None
    return _choose(*st.session_state[kept])


def _upload(kept: str) -> io.BytesIO | None:
    """A place for a file: always the same one, as a browser takes a file away before it sends the next."""
    key = "digit-upload"

    def forget() -> None:
        if st.session_state[key] is None:
            st.session_state.pop(kept, None)

    return st.file_uploader(_LABEL, type=list(ACCEPTED), key=key, on_change=forget, label_visibility="collapsed")


def _take(kept: str) -> io.BytesIO | None:
    """The camera, until there is a photograph; with one it is off, and its picture is not shown twice."""
    if kept in st.session_state:
        st.button("Take another photograph", on_click=lambda: st.session_state.pop(kept))
        return None
    return st.camera_input(_LABEL, key="digit-camera", label_visibility="collapsed")


def _read(content: bytes, kept: str) -> None:
    """Reads a file that is not the one read last, and keeps its mark and its picture, or says why it is none.

    What was read before is kept if the server refuses this file for now.
    """
    mark = hashlib.sha256(content).hexdigest()
    if st.session_state.get(kept, ("", None))[0] == mark:
        return
    unreadable, error = st.session_state.get(_UNREADABLE, ("", ""))
    if unreadable != mark:
        try:
            count_upload()
            with computing() if is_large(content) else charged():
                st.session_state[kept] = mark, read_picture(content)
            return
        except DigitError as problem:
            error = str(problem)
            st.session_state[_UNREADABLE] = mark, error
        except Refused as refusal:
            st.warning(str(refusal))
            return
    st.session_state.pop(kept, None)
    st.error(sentence(error))


def _choose(mark: str, picture: NDArray[np.uint8]) -> DigitInput | None:
    edit = edit_of(mark)
    finding = _find(mark, picture, edit.view)
    if finding is None:
        return None
    if finding.found is None:
        show_editor(mark, picture, finding.view, [])
        st.error(sentence(finding.error))
        return None
    digits = finding.found.digits
    chosen = edit.chosen if edit.chosen < len(digits) else 0
    boxes = [finding.view.in_whole(digit.box, finding.seen.shape) for digit in digits]
    show_editor(mark, picture, replace(finding.view, chosen=chosen), boxes)
    return digit_input(finding.seen, finding.found, chosen, is_photograph=True)


def _find(mark: str, picture: NDArray[np.uint8], view: Edit) -> _Finding | None:
    """The digits of a view; those of the view before it where the server refuses to search this one for now."""
    before: _Finding | None = st.session_state.get(_FOUND)
    if before is not None and before.mark != mark:
        before = None
    if before is not None and before.view == view:
        return before
    try:
        with charged():
            seen = view.apply(picture)
            finding = _Finding(mark, view, seen, find_digits(seen))
    except DigitError as error:
        finding = _Finding(mark, view, seen, None, str(error))
    except Refused as refusal:
        st.warning(str(refusal))
        return before
    st.session_state[_FOUND] = finding
    return finding
