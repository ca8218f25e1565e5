"""The picture of the components page: the live rows, and what can be taken away of them."""

import streamlit as st

from dlgmm_core.store.checkpoints import Checkpoint
from ui.components.export import export_components
from ui.components.live import CHECKPOINT, live_components, seed_of
from ui.exporting.exports import figure
from ui.exporting.take_away import take_away
from ui.parts import fragment

__all__ = ["show_rows"]


@fragment
def show_rows(checkpoint: Checkpoint) -> None:
    """The rows of every component with their sliders.

    It is a fragment because the rest of the page depends on nothing that the sliders tell.
    """
    if st.session_state.get(CHECKPOINT, checkpoint.name) != checkpoint.name:  # the widget turned to another model
        st.rerun()
    seed = seed_of(checkpoint)
    with figure("components"):
        prior = live_components(checkpoint)
    with st.container(horizontal=True):
        with st.container():  # each has half of the row
            export_components(checkpoint, prior)
        with st.container():
            take_away(checkpoint)
    if prior.seed != seed:  # as other rows on the page have the same noise
        st.rerun()
