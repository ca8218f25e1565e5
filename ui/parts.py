"""A part of a page that is run again by itself, so that what lies outside of it costs the server nothing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps

import streamlit as st

from dlgmm_core.data.sources import DataError
from dlgmm_core.evaluate.likelihood import EvaluationError
from dlgmm_core.runtime.files import StorageError
from ui.literal import sentence
from ui.presentation import GUIDED
from ui.resting import in_use

__all__ = ["errors_told", "show_part"]


@contextmanager
def errors_told() -> Iterator[None]:
    """Says in one sentence why data, an estimate or a file ends the block."""
    try:
        yield
    except (DataError, EvaluationError, StorageError) as error:
        st.error(sentence(error))


def show_part(show: Callable[[], None]) -> None:
    """Shows a part of a page, which is run again by itself where one of its widgets changes.

    The whole page is while a card of the lesson stands above it, which reads what the widgets say.
    """

    @wraps(show)
    def part() -> None:
        with in_use(), errors_told():  # a fragment's errors never reach the script around it
            show()

    (part if st.session_state.get(GUIDED, False) else st.fragment(part))()
