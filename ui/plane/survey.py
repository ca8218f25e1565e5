"""Test digits whose true posterior is far from one Gaussian: kept with shipped models, searched for in others."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from dlgmm_core.analysis.plane_survey import PosteriorSurvey, survey_posteriors
from dlgmm_core.store.checkpoints import POSTERIORS, Checkpoint
from ui import findings, loaders
from ui.plane.posteriors import grid, in_percent
from ui.visitors.limits import computing

__all__ = ["kept_survey", "offer_digits", "offer_divided"]

SEARCHED = 100  # evenly spaced test digits
_KEY, _FOUND = "plane-digits", "plane-searched"
_DIVIDED = "An image of several modes"
_MEANING = (
    "Of the test images listed below, the one whose largest mode, under the trained prior, has the least of the mass;"
    " press again for the next."
)


def kept_survey(checkpoint: Checkpoint) -> PosteriorSurvey | None:
    """What is kept with a model, if anything of these images; the page says so if its file is damaged."""
    survey = loaders.told(lambda: findings.posterior_survey(checkpoint))
    count = len(loaders.dataset(checkpoint.train_config.dataset).test)
    return survey if survey is not None and max(survey.images) < count else None


def offer_divided(survey: PosteriorSurvey | None) -> None:
    """A button; each press shows the next of the images with several modes, in the order of the survey."""
    if survey is not None and survey.divided:
        st.button(_DIVIDED, help=_MEANING, on_click=partial(_show_next, survey.divided), width="stretch")


def _show_next(images: Sequence[int]) -> None:
    """The image that comes after the one on the page, the first one after any other."""
    shown = st.session_state.get("digit-index") if st.session_state.get("digit-source") == "Test digit" else None
    _show(images[(images.index(shown) + 1) % len(images)] if shown in images else images[0])


def offer_digits(checkpoint: Checkpoint, survey: PosteriorSurvey | None) -> None:
    """A table of test digits by modes and by gap; a click on a row shows its digit."""
    searched: set[str] = st.session_state.setdefault(_FOUND, set())
    most = min(SEARCHED, len(loaders.dataset(checkpoint.train_config.dataset).test))
    count = most if survey is None else len(survey.images)
    st.caption(
        f"Under the trained prior of {checkpoint.name}, of {count} evenly spaced test images. Click a row to see its"
        " image."
    )
    if survey is None:
        if checkpoint.digest not in searched and not st.button("Search", help="Takes some ten seconds."):
            return
        with st.spinner("Computing posteriors …"):
            survey = loaders.or_stop(lambda: _searched(checkpoint))
        searched.add(checkpoint.digest)
    table = _table(checkpoint, loaders.changed(checkpoint.folder / POSTERIORS), survey)
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
        _show(int(table["Image"].iloc[rows[0]]))


def _show(image: int) -> None:
    st.session_state["digit-source"] = "Test digit"
    st.session_state["digit-index"] = image


@st.cache_resource(show_spinner=False, max_entries=20, hash_funcs=loaders.BY_WEIGHTS)
def _table(checkpoint: Checkpoint, stamp: int | None, _survey: PosteriorSurvey) -> pd.DataFrame:
    """Most modes first, then the largest gap; classes are empty without labels."""
    dataset = loaders.dataset(checkpoint.train_config.dataset)
    columns = {
        "Image": _survey.images,
        "Class": [dataset.class_of(image) for image in _survey.images],
        "Modes": _survey.modes,
        "Shares": [in_percent(each) for each in _survey.shares],
        "Gap": _survey.gaps,
    }
    return pd.DataFrame(columns).sort_values(["Modes", "Gap"], ascending=False, ignore_index=True)


@st.cache_resource(show_spinner=False, max_entries=20, hash_funcs=loaders.BY_WEIGHTS)
def _searched(checkpoint: Checkpoint) -> PosteriorSurvey:
    """The survey of evenly spaced test images.

    Raises:
        Refused: as `grid`.
    """
    test, decoded = loaders.dataset(checkpoint.train_config.dataset).test.binary, grid(checkpoint)
    count = min(SEARCHED, len(test))
    with computing():
        return survey_posteriors(decoded, test, [int(i) for i in np.arange(count) * len(test) // count])
