"""What the owner of a run may do with it once it has ended: publish, rename and delete it."""

import os
from dataclasses import replace
from functools import partial

import streamlit as st

from dlgmm_core.runtime.files import StorageError, unwritable
from dlgmm_core.store.locks import training_lock
from ui.jobs.manager import job_manager
from ui.literal import sentence
from ui.training.form import STARTED
from ui.training.removal import remove_folder
from ui.training.runs import Run, RunError, changing, require_free, write_run

__all__ = ["delete_run", "offer_ended", "publish_run", "rename_run"]


def publish_run(run: Run, published: bool) -> None:
    """Shows the checkpoint of a run to all visitors, or to its owner alone again.

    Raises:
        RunError: if the run has not ended.
        StorageError: if that cannot be noted.
    """
    with changing:
        _require_ended(run)
        write_run(replace(run, published=published))


def rename_run(run: Run, name: str) -> None:
    """Gives a run another name.

    Raises:
        RunError: if the name is invalid or taken, the run has not ended, or its checkpoint is being measured.
        StorageError: if another system would not take the name, or the folder cannot be renamed.
    """
    with changing:
        _require_idle(run)
        require_free(name, run.owner)
        folder = run.folder.with_name(name)
        if os.path.lexists(folder):
            raise RunError(f"There is a folder “{name}” already: choose another name.")
        with training_lock(run.folder), training_lock(folder):
            try:
                os.rename(run.folder, folder)
            except OSError as error:
                raise unwritable(run.folder, error) from error
        job_manager().forget(run.name)


def delete_run(run: Run) -> None:
    """Deletes a run, with its checkpoint and all that was measured of it.

    Raises:
        RunError: if the run has not ended, or its checkpoint is being measured.
        StorageError: if another process trains it, or its folder cannot be removed.
    """
    with changing:
        _require_idle(run)
        with training_lock(run.folder):
            remove_folder(run.folder)
        job_manager().forget(run.name)


def _require_ended(run: Run) -> None:
    if run.state != "ended":
        raise RunError(f"{run.name} has not ended: keep or cancel it first.")


def _require_idle(run: Run) -> None:
    """Nothing may be writing into a folder that is renamed or deleted."""
    _require_ended(run)
    job = job_manager().get(run.name)
    if job is not None and job.running:
        raise RunError(f"{run.name} is busy with another job ({job.verb}): wait until it has ended.")


def offer_ended(run: Run) -> None:
    """The owner's buttons."""
    with st.container(horizontal=True):
        if run.published:
            if st.button("Take back", key=f"take-back-{run.name}", help="From now on only you see it again."):
                _do(partial(publish_run, run, published=False))
        elif st.button(
            "Publish", key=f"publish-{run.name}", help="All visitors find it in the group “The class's” from now on."
        ):
            _do(partial(publish_run, run, published=True))
        with st.popover("Rename", key=f"ask-rename-{run.name}"):  # by its key closed again for the next run
            about = "Lower-case letters, digits and hyphens."
            name = st.text_input("New name", run.name, key=f"name-{run.name}", help=about)
            if st.button("Rename the run", key=f"rename-{run.name}", type="primary"):
                _do(partial(rename_run, run, name), name)
        with st.popover("Delete", help="Deletes the run and its checkpoint.", key=f"ask-delete-{run.name}"):
            st.write(f"Delete {run.name}, its checkpoint and all that was measured of it? This cannot be undone.")
            if st.button("Delete the run", key=f"delete-{run.name}", type="primary"):
                _do(partial(delete_run, run))
    st.caption(
        f"All visitors see {run.name}, in the group “The class's”."
        if run.published
        else f"Only you see {run.name}, until you publish it."
    )


def _do(action: partial[None], shown: str | None = None) -> None:
    """Does what was asked for, and runs the page again, which then shows the run of that name."""
    try:
        action()
    except (RunError, StorageError) as error:
        st.error(sentence(error))
        return
    if shown is not None:
        st.session_state[STARTED] = shown
    st.rerun()
