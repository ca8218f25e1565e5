"""Start, watch and cancel a training run."""

import streamlit as st

from ui.jobs import job_manager
from ui.training import training_form, watch_run

st.title("Train")
st.write(
    "Fit a model in the background: leave this page, reload it or close it, the run goes on. Watch the validation"
    " bound: when it stops rising while the training bound does not, the model has begun to learn its training images"
    " by heart."
)
form, view = st.columns([1, 2], gap="large")
with form:
    training_form()
with view:
    runs = {job.name: job for job in job_manager().all() if job.verb == "train"}
    if not runs:
        st.info("No run yet: choose a model on the left and start one. An epoch takes from 3 to 40 seconds.")
    else:
        names = list(runs)
        watched = st.session_state.get("train-watched", names[-1])
        watch_run(runs[st.selectbox("Run", names, index=names.index(watched) if watched in names else len(names) - 1)])
