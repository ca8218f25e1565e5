"""A part of a page that is run again by itself, so that what lies outside of it costs the server nothing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec

import streamlit as st

from dlgmm_core.data.sources import DataError
from dlgmm_core.evaluate.likelihood import EvaluationError
from dlgmm_core.runtime.files import StorageError
from ui.literal import sentence
from ui.presentation import GUIDED
from ui.resting import in_use
from ui.turns import in_turn

__all__ = ["errors_told", "fragment", "run_of_page", "show_part"]

Arguments = ParamSpec("Arguments")


@contextmanager
def run_of_page() -> Iterator[None]:
    """A context manager around a run of a page or of a part of one: it has a turn, and is use of the server."""
    with in_use(), in_turn():
        yield


def fragment(show: Callable[Arguments, None], run_every: float | None = None) -> Callable[Arguments, None]:
    """Streamlit's decorator of the same name, whose runs take turns with all others.

    Args:
        show: shows a part of a page.
        run_every: seconds after which it is run again by itself.
    """

    @wraps(show)
    def part(*args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        with run_of_page():
            show(*args, **kwargs)

    return st.fragment(part, run_every=run_every)


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
        with errors_told():  # a fragment's errors never reach the script around it
            show()

    (part if st.session_state.get(GUIDED, False) else fragment(part))()
