"""What the browser's Back returns to: see `widgets/history.js`."""

from pathlib import Path

import streamlit as st

__all__ = ["keep_history"]

_SCRIPT = (Path(__file__).parent / "widgets" / "history.js").read_text(encoding="utf-8")


def keep_history() -> None:
    """Has the browser keep one entry a page, and one a step of the lesson."""
    st.html(f"<script>{_SCRIPT}</script>", unsafe_allow_javascript=True)
