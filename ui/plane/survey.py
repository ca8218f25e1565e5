"""Test digits whose true posterior is far from one Gaussian: searched for on demand, and chosen by a click."""

from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from dlgmm_core.analysis.plane import divergence, modes
from dlgmm_core.store.checkpoints import Checkpoint
from ui import loaders
from ui.plane.posteriors import grid, q_of, resolved
from ui.visitors.limits import computing

__all__ = ["offer_digits"]

SEARCHED = 100  # evenly spaced test digits
_KEY, _FOUND = "plane-digits", "plane-searched"


def offer_digits(checkpoint: Checkpoint) -> None:
    """A table of test digits by modes and by gap, once it is asked for; a click on a row shows its digit."""
    searched: set[str] = st.session_state.setdefault(_FOUND, set())
    st.caption(
        f"Digits under {checkpoint.name}, of {SEARCHED} evenly spaced test digits. Click a row to see its digit."
    )
    if checkpoint.digest not in searched and not st.button("Search", help="Takes some ten seconds."):
        return
    with st.spinner("Computing posteriors …"):
        table = loaders.or_stop(lambda: _survey(checkpoint))
    searched.add(checkpoint.digest)
    st.dataframe(
        table,
        hide_index=True,
        height=240,
        column_config={"Gap": st.column_config.NumberColumn("Gap, nats", format="%.2f")},
        on_select=partial(_choose, table),
        selection_mode="single-row",
        key=_KEY,
    )


def _choose(table: pd.DataFrame) -> None:
    """Makes the digit of the row that was clicked the page's."""
    rows = st.session_state[_KEY].selection.rows
    if rows:
        st.session_state["digit-source"] = "Test digit"
        st.session_state["digit-index"] = int(table["Image"].iloc[rows[0]])


@st.cache_resource(show_spinner=False, max_entries=20, hash_funcs=loaders.BY_WEIGHTS)
def _survey(checkpoint: Checkpoint) -> pd.DataFrame:
    """Most modes first, then the largest gap.

    Raises:
        Refused: as `grid`.
    """
    dataset, decoded = loaders.dataset(checkpoint.train_config.dataset), grid(checkpoint)
    test, rows = dataset.test, []
    with computing():
        for index in np.arange(min(SEARCHED, len(test))) * len(test) // min(SEARCHED, len(test)):
            image = test.binary[index]
            field, _ = resolved(decoded, image)
            shares = [f"{100 * mode.share:.0f} %" for mode in modes(field)]
            gap = divergence(decoded, field, image, q_of(checkpoint, image))
            name = dataset.class_names[test.known_labels[index]]
            rows.append((int(index), name, len(shares), ", ".join(shares), gap))
    table = pd.DataFrame(rows, columns=["Image", "Class", "Modes", "Shares", "Gap"])
    return table.sort_values(["Modes", "Gap"], ascending=False, ignore_index=True)
