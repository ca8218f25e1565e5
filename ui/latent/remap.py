"""A t-SNE map computed again with the visitor's settings, as a job that can be watched and cancelled.

It is the visitor's own, and nobody else's page shows it. Only that of an unpublished run of the visitor's lies in the
run's folder: it belongs to the run, and is published with it.
"""

import re
from collections.abc import Sequence

import streamlit as st

from dlgmm_core.runtime.files import StorageError, remove
from dlgmm_core.store.checkpoints import TSNE, Checkpoint
from dlgmm_core.store.tsne_map import LEAST_PERPLEXITY, ProjectionConfig, most_perplexity, usual_perplexity
from ui import loaders
from ui.glossary.terms import meaning
from ui.jobs.manager import Job, job_manager
from ui.jobs.measuring import renewed, start_measuring
from ui.literal import sentence
from ui.numbers import wait_words
from ui.visitors.own_maps import make_room, own_map
from ui.visitors.ownership import is_mine, note_of
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
    if (most := min(MOST_PERPLEXITY, most_perplexity(count))) <= LEAST_PERPLEXITY:
        st.caption(f"{count} test images are too few to compute a map with other settings.")
        return
    with st.form("remap", border=False):
        which, perplexity, iterations, seed = st.columns([3, 1, 1, 1], vertical_alignment="bottom")
        chosen = which.selectbox("Draw the map of", [c.name for c in checkpoints])
        settings = {
            "--perplexity": perplexity.number_input(
                "Perplexity",
                LEAST_PERPLEXITY,
                most,
                usual_perplexity(count),
                5.0,
                format="%g",
                help=meaning("perplexity"),
            ),
            "--iterations": iterations.number_input("Iterations", 1, MOST_ITERATIONS, usual.iterations, 50),
            "--seed": seed.number_input("Seed", 0, 2**32 - 1, usual.seed),
        }
        if st.form_submit_button("Compute the map") and chosen is not None:
            options = [str(part) for pair in settings.items() for part in pair]
            _start(next(c for c in checkpoints if c.name == chosen), options)
    st.caption(
        f"This takes {wait_words(count, 25)}; the same seed gives the same map. Only you see it, and you can return to"
        " the shared one. If it is of a run that you have not published, it is published together with the run."
    )
    for checkpoint in checkpoints:
        _offer_return(checkpoint)
        job = job_manager().get(_key(checkpoint))
        if job is not None and job.verb == "map" and job.owner == visitor():
            _watch(job)


def _belongs_to_run(checkpoint: Checkpoint) -> bool:
    note = note_of(checkpoint.folder)
    return note is not None and not note.published and is_mine(checkpoint.folder)


def _key(checkpoint: Checkpoint) -> str:
    """The key of the job: visitors may compute maps of their own of one checkpoint at a time."""
    return checkpoint.name if _belongs_to_run(checkpoint) else f"{checkpoint.name} {visitor()}"


def _start(checkpoint: Checkpoint, options: list[str]) -> None:
    name, own = checkpoint.name, own_map(checkpoint, visitor())
    try:
        if _belongs_to_run(checkpoint):
            remove(own)  # of a time when the run was published; it would hide the new one
        else:
            make_room(visitor())
            options = [*options, "--output", str(own), "--replace"]
        started = start_measuring(name, "map", [name, *options], _key(checkpoint))
        if started.verb != "map":
            st.warning(f"{name} is busy with another job ({started.verb}): wait until it has ended.")
    except Refused as refusal:
        st.warning(str(refusal))
    except StorageError as error:
        st.error(sentence(error))


def _offer_return(checkpoint: Checkpoint) -> None:
    """A button that removes the visitor's own map, if there is one."""
    own = own_map(checkpoint, visitor())
    if not own.is_file():
        return
    shared = (checkpoint.folder / TSNE).is_file()
    label = f"Return to the shared map of {checkpoint.name}" if shared else f"Remove my map of {checkpoint.name}"
    if st.button(label, key=f"return-{checkpoint.name}", help="Removes the map that you have computed."):
        remove(own)
        st.rerun()


def _watch(job: Job) -> None:
    renewed(lambda: job.running, lambda: _report(job))  # at its end there is a new map


def _report(job: Job) -> None:
    if job.running:
        words, button = st.columns([5, 1], vertical_alignment="center")
        percent = re.search(r"([\d.]+) %", job.last_line)
        words.progress(float(percent[1]) / 100 if percent else 0.0, f"Mapping {job.name} …")
        if job.owner == visitor() and button.button("Cancel", key=f"cancel-map-{job.name}", help="Keeps the old map."):
            with st.spinner("Stopping …"):
                job.stop()
            st.rerun()
    elif job.failed:
        st.error(f"Mapping {job.name} failed: {sentence(job.last_line)}")
