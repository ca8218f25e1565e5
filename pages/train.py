"""Start, watch, pause and keep your own training runs."""

import streamlit as st

from ui.training.form import STARTED, training_form
from ui.training.run_view import watch_run
from ui.training.runs import runs_of
from ui.training.teacher import teacher_controls, tell_lock
from ui.visitors.visitor import is_remembered, visitor

st.title("Train")
st.write(
    "Train a model in the background: the run continues if you leave, reload or close this page. Watch the validation"
    " bound: when it stops rising while the training bound still rises, the model has begun to overfit."
)
if not is_remembered():
    st.caption(
        "Your browser does not accept cookies from this app: after a reload your runs are nobody's, and only those that"
        " you have published are still there."
    )
tell_lock()
runs = {run.name: run for run in runs_of(visitor())}
if (started := st.session_state.pop(STARTED, None)) in runs:
    st.session_state["train-run"] = started
top = st.container()
name = next(iter(runs), None)
if len(runs) > 1:
    with st.expander("My other runs"):
        name = st.selectbox("Run", list(runs), key="train-run", bind="query-params", persist_state="session")
with top:
    if name is None or runs[name].state == "ended":
        form, view = st.columns([1, 2], gap="large")
        with form:
            training_form()
        with view:
            if name is None:
                st.info(
                    "You have no run yet: choose a model and start one. An epoch takes from 3 to 40 seconds. When a run"
                    " has ended, its best weights are among your checkpoints in the sidebar; other visitors see them"
                    " once you publish them."
                )
            else:
                watch_run(runs[name])
    else:
        watch_run(runs[name])
        with st.expander("Start another run"):
            training_form()
teacher_controls()
