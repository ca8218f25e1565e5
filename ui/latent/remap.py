"""A t-SNE map computed again with the visitor's settings, as a job that can be watched and cancelled."""

import re
from collections.abc import Sequence

import streamlit as st

from dlgmm_core.store.checkpoints import Checkpoint
from dlgmm_core.store.tsne_map import ProjectionConfig
from ui import loaders
from ui.jobs.manager import Job, job_manager
from ui.jobs.measuring import renewed, start_measuring
from ui.visitors.shares import Refused
from ui.visitors.visitor import visitor

__all__ = ["remap_form"]

# Beyond these a map takes minutes and gigabytes: three times the perplexity is the neighbours kept of every point.
MOST_PERPLEXITY, MOST_ITERATIONS = 100.0, 2000


def remap_form(checkpoints: Sequence[Checkpoint], name: str) -> None:
    """Asks for settings, starts the job, and shows running ones.

    Args:
        checkpoints: those that can be mapped: trained on the data set `name`.
        name: of the data set.
    """
    usual, count = ProjectionConfig(), len(loaders.dataset(name).test)
    with st.form("remap", border=False):
        which, perplexity, iterations, seed = st.columns([3, 1, 1, 1], vertical_alignment="bottom")
        chosen = which.selectbox("Draw the map of", [c.name for c in checkpoints])
        settings = {
            "--perplexity": perplexity.number_input(
                "Perplexity", 2.0, min(MOST_PERPLEXITY, (count - 1) / 3), usual.perplexity, 5.0, format="%g"
            ),
            "--iterations": iterations.number_input("Iterations", 1, MOST_ITERATIONS, usual.iterations, 50),
            "--seed": seed.number_input("Seed", 0, 2**32 - 1, usual.seed),
        }
        if st.form_submit_button("Compute it again") and chosen is not None:
            options = [str(part) for pair in settings.items() for part in pair]
            try:
                started = start_measuring(chosen, "map", [chosen, *options])
                if started.verb != "map":
                    st.warning(f"{chosen} is busy with another job ({started.verb}): wait until it has ended.")
            except Refused as refusal:
                st.warning(str(refusal))
    st.caption("This takes about half a minute and replaces the stored map; the same seed gives the same map.")
    for checkpoint in checkpoints:
        job = job_manager().get(checkpoint.name)
        if job is not None and job.verb == "map":
            _watch(job)


def _watch(job: Job) -> None:
    renewed(lambda: job.running, lambda: _report(job))  # at its end there is a new map


def _report(job: Job) -> None:
    if job.running:
        words, button = st.columns([5, 1], vertical_alignment="center")
        percent = re.search(r"(\d+)%", job.last_line)
        words.progress(int(percent[1]) / 100 if percent else 0.0, f"Mapping {job.name} …")
        if job.owner == visitor() and button.button("Cancel", key=f"cancel-map-{job.name}", help="Keeps the old map."):
            with st.spinner("Stopping …"):
                job.stop()
            st.rerun()
    elif job.failed:
        st.error(f"Mapping {job.name} failed: {job.last_line}")
