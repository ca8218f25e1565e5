"""Start, watch, pause and keep your own training runs."""

import streamlit as st

from dlgmm_core.model.models import family_of
from dlgmm_core.store.history import EpochMetrics
from ui import loaders
from ui.components.live import CHECKPOINT as ON_COMPONENTS
from ui.link_report import bound_in_link
from ui.presentation import end_of_picture, is_presented
from ui.sidebar import compare_also
from ui.training.ended_runs import offer_ended
from ui.training.form import STARTED, training_form
from ui.training.own_data import own_data
from ui.training.reached import reached_words
from ui.training.run_view import watch_run
from ui.training.runs import Run, runs_of
from ui.training.teacher import teacher_controls, tell_lock
from ui.visitors.visitor import is_remembered, visitor


def show_end(run: Run, history: list[EpochMetrics]) -> None:
    """What a run that has ended has reached, where to look at it, and what its owner may do with it."""
    checkpoint = loaders.named(run.name)
    if checkpoint is not None and history:
        st.markdown(reached_words(checkpoint, history))
    opening, owner = st.columns([1, 2])
    with owner:
        offer_ended(run)
    if checkpoint is None:
        return
    is_mixture = family_of(checkpoint.model_config).has_components
    title, page, key = (
        ("Components", "components", ON_COMPONENTS) if is_mixture else ("Your digit", "digit", "digit-checkpoint")
    )
    fits = any(c.name == run.name for c in st.session_state["selection"].offered)
    why = None if fits else "Choose its data set in the sidebar first."
    if opening.button(f"Open in {title}", type="primary", disabled=not fits, help=why):
        compare_also(run.name)
        st.session_state[key] = run.name
        st.switch_page(f"../pages/{page}.py", query_params={})


st.title("Train")
if not is_remembered():
    st.caption(
        "Your browser does not accept cookies from this app, so after a reload it does not know which runs are yours:"
        " you will find only those that you have published."
    )
tell_lock()
dataset: str = st.session_state["dataset"]  # of the sidebar
runs = {run.name: run for run in runs_of(visitor())}
if (started := st.session_state.pop(STARTED, None)) in runs:
    st.session_state["train-run"] = started
top = st.container()
name = next(iter(runs), None)
if len(runs) > 1:
    with st.expander("My other runs"):
        name = st.selectbox("Run", list(runs), **bound_in_link("train-run", runs))
with top:
    if name is None:
        form, view = st.columns([3, 2], gap="large")
        with form:
            if not is_presented():
                own_data(dataset)
            training_form(dataset)
        end_of_picture()
        view.info(
            "Train a model in the background: the run continues if you leave, reload or close this page. Watch the"
            " validation bound: when it stops rising while the training bound still rises, the model has begun to"
            " overfit. When a run has ended, its best weights are among your checkpoints in the sidebar; other visitors"
            " see them once you publish them."
        )
    else:
        watch_run(runs[name], lambda history: show_end(runs[name], history))
        end_of_picture()
        own_data(dataset, unfolded=False)
        with st.expander("Start another run", key="train-another"):
            training_form(dataset)
teacher_controls()
