"""Parts of a page: run again by themselves, with errors in one sentence."""

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from ui.parts import show_part
from ui.presentation import GUIDED


def _page_without_data() -> None:
    import streamlit as st

    from dlgmm_core.data.sources import DataError
    from ui.parts import show_part

    def show() -> None:
        st.write("above")
        raise DataError("The file is gone: put it back.")

    show_part(show)
    st.write("below")


def test_an_error_ends_its_part_alone_and_is_told_in_one_sentence() -> None:
    at = AppTest.from_function(_page_without_data).run()
    assert not at.exception
    assert [error.value for error in at.error] == ["The file is gone: put it back."]
    assert [text.value for text in at.markdown] == ["above", "below"]


@pytest.mark.parametrize("guided", [False, True])
def test_a_part_is_run_by_itself_unless_a_card_of_the_lesson_reads_its_widgets(
    guided: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone: list[object] = []
    monkeypatch.setattr(st, "fragment", lambda show, **_: alone.append(show) or show)
    monkeypatch.setitem(st.session_state, GUIDED, guided)
    shown: list[str] = []
    show_part(lambda: shown.append("digit"))
    assert shown == ["digit"] and len(alone) == (0 if guided else 1)
