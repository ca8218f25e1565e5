"""A checkpoint that a page has shown, and that has gone since: deleted or renamed in another window."""

from collections.abc import Collection

import streamlit as st

from ui.literal import literal

__all__ = ["tell_gone"]


def tell_gone(key: str, before: str | None, shown: str, here: Collection[str]) -> None:
    """Says that the checkpoint chosen before no longer exists, for as long as what came instead of it is shown.

    Args:
        key: of the box in which it was chosen.
        before: its name; None before any choice.
        shown: the name of the one that is shown now.
        here: names of all that there are.
    """
    kept = f"{key}-gone"
    if before is not None and before not in here:
        st.session_state[kept] = (before, shown)
    gone, instead = st.session_state.get(kept, (None, None))
    if gone is not None and gone not in here and instead == shown:
        st.warning(f"**{literal(gone)}** no longer exists, so **{literal(shown)}** is shown.")
    else:
        st.session_state.pop(kept, None)
