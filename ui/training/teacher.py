"""The teacher's controls on the page Train: a lock on training, what all see at first, and the runs of all."""

from collections.abc import Sequence
from dataclasses import replace
from time import sleep

import streamlit as st

from dlgmm_core.data.datasets import label_of
from dlgmm_core.runtime.files import StorageError
from dlgmm_core.store.locks import training_lock
from ui import loaders
from ui.jobs.manager import job_manager
from ui.literal import sentence
from ui.sidebar import choice
from ui.training.removal import remove_folder
from ui.training.runs import all_runs, changing
from ui.visitors.classroom import (
    ClassSettings,
    class_settings,
    enter,
    has_teacher,
    is_teacher,
    leave,
    save_class_settings,
)
from ui.visitors.ownership import NOTE, is_mine, note_of
from ui.visitors.visitor import visitor

__all__ = ["clear_runs", "teacher_controls", "tell_lock"]

DELAY = 1.0  # seconds after a wrong password, of that visitor's page alone
_UNDONE = "class-undone"  # in the session's state: why some runs could not be deleted


def tell_lock() -> None:
    """Says so where a visitor may not train."""
    try:
        locked = class_settings(loaders.CHECKPOINTS).locked
    except StorageError as error:
        st.error(sentence(error))
        return
    if locked and not is_teacher():
        st.info("The teacher has locked training: no run can be started or resumed for now.")


def teacher_controls() -> None:
    """An expander that asks for the password; nothing on a server without one."""
    if not has_teacher():
        return
    with st.expander("Teacher"):
        if not is_teacher():
            _ask()
            return
        try:
            settings = class_settings(loaders.CHECKPOINTS)
        except StorageError:  # which is told above
            settings = ClassSettings()
        _offer_lock(settings)
        _offer_first_view(settings)
        _offer_clearing()
        if st.button("Leave", help="Hides these controls until the password is entered again."):
            leave()
            st.rerun()


def _ask() -> None:
    with st.form("teacher-password", clear_on_submit=True, border=False):
        password = st.text_input("Password of the teacher", type="password")
        asked = st.form_submit_button("Enter")
    if not asked:
        return
    if enter(password):
        st.rerun()
    sleep(DELAY)
    st.error("This is not the teacher's password.")


def _save(settings: ClassSettings) -> None:
    try:
        save_class_settings(loaders.CHECKPOINTS, settings)
    except StorageError as error:
        st.error(sentence(error))
    else:
        st.rerun()


def _offer_lock(settings: ClassSettings) -> None:
    if settings.locked:
        if st.button("Unlock training"):
            _save(replace(settings, locked=False))
    elif st.button("Lock training", help="Others cannot start or resume runs; their runs in progress are paused."):
        for run in all_runs():
            if run.job is not None and run.owner != visitor():
                run.job.ask_to_stop()
        _save(replace(settings, locked=True))


def _offer_first_view(settings: ClassSettings) -> None:
    """What is chosen in the teacher's sidebar becomes what all visitors find there."""
    now = choice()
    public = [c.name for c in now.checkpoints if (note := note_of(c.folder)) is None or note.published]
    with st.container(horizontal=True):
        if st.button(
            "Make my choice everybody's first",
            disabled=not public,
            help="New visitors, and all after a reload, begin with the data set and the checkpoints that are chosen in"
            " your sidebar, except unpublished runs.",
        ):
            _save(replace(settings, dataset=now.dataset, checkpoints=tuple(public)))
        if settings.dataset and st.button("Make the usual choice everybody's first"):
            _save(replace(settings, dataset="", checkpoints=()))
    if settings.dataset:
        names = ", ".join(settings.checkpoints)
        st.caption(f"Everybody begins with {label_of(settings.dataset)} and {names}.")


def _offer_clearing() -> None:
    """Deletes runs of other visitors, whatever their state."""
    others = sorted(path.parent.name for path in loaders.CHECKPOINTS.glob(f"*/{NOTE}") if not is_mine(path.parent))
    for reason in st.session_state.pop(_UNDONE, ()):
        st.error(sentence(reason))
    with st.popover(f"Delete runs of visitors ({len(others)})", disabled=not others):
        st.write("Runs are stopped first, and deleted with their checkpoints. This cannot be undone.")
        some = st.multiselect("Runs", others)
        with st.container(horizontal=True):
            if st.button("Delete these", disabled=not some):
                _clear(some)
            if st.button(f"Delete all {len(others)}", type="primary"):
                _clear(others)


def _clear(names: Sequence[str]) -> None:
    with st.spinner("Deleting …"):
        st.session_state[_UNDONE] = clear_runs(names)
    st.rerun()


def clear_runs(names: Sequence[str]) -> list[str]:
    """Stops and deletes the runs of these names, and returns why some could not be deleted, a sentence each."""
    jobs, undone = [job for job in job_manager().all() if job.name in names], []
    for job in jobs:
        job.ask_to_stop()
    for job in jobs:
        job.stop()
    for name in names:
        folder = loaders.CHECKPOINTS / name
        try:
            with changing, training_lock(folder):
                remove_folder(folder)
            job_manager().forget(name)
        except StorageError as error:
            undone.append(str(error))
    return undone
