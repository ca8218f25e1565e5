"""Whether a visitor looks at a digit: only then is it worth more draws, since a pen changes it twice a second."""

import streamlit as st

from ui.widgets import widget

__all__ = ["HIDDEN", "is_looked_at"]

# for the page: the widget has no face, and there is no gap around it
HIDDEN = "[data-testid=stLayoutWrapper]:has(> .st-key-digit-still) { display: none; }"

_widget = widget("still", '<div class="still"></div>', "still", "following", "rest", "still")


def is_looked_at(mark: str) -> bool:
    """Whether the fragment around it was run again because the same digit has been shown for half a second.

    Args:
        mark: of what is shown; that the browser has shown something else for so long does not count.
    """
    with st.container(key="digit-still"):
        told = _widget(key="digit-looked-at", data={"mark": mark}, on_mark_change=lambda: None).mark
    return bool(told == mark)
