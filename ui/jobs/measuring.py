"""Evaluation and t-SNE maps as jobs: a visitor starts them if there is a free slot, and watches their progress."""

import threading
from collections.abc import Callable

import streamlit as st

from ui.jobs.manager import Job, job_manager
from ui.literal import sentence
from ui.parts import fragment
from ui.visitors.limits import shared
from ui.visitors.shares import Refused
from ui.visitors.visitor import visitor

__all__ = ["measure_button", "renewed", "start_measuring"]

MEASURING = ("evaluate", "map")  # verbs of jobs that are no training runs
_starting = threading.Lock()  # two visitors may want the last slot at once


def renewed(running: Callable[[], bool], show: Callable[[], None]) -> None:
    """Shows something and, while it is `running`, updates it every second; at its end the whole page runs again."""
    began = running()

    def look() -> None:
        if began and not running():
            st.rerun()
        show()

    with st.container():  # a fragment is known by its place
        fragment(look, run_every=1.0 if began else None)()


def start_measuring(name: str, verb: str, arguments: list[str], key: str = "") -> Job:
    """Begins a measurement or a map of a checkpoint for this visitor, or returns the running job of that key.

    Args:
        name: of the checkpoint.
        verb: evaluate or map.
        arguments: of that command.
        key: of the job; by default the name, for what is written into the checkpoint's folder.

    Raises:
        Refused: if no slot is free.
    """
    manager, limits = job_manager(), shared().limits
    with _starting:
        job = manager.get(key or name)
        if job is not None and job.running:
            return job
        running = [each for each in manager.all() if each.verb in MEASURING and each.running]
        own = sum(each.owner == visitor() for each in running)
        if min(limits.mapping_slots, limits.mapping_slots_per_visitor) == 0:
            raise Refused(
                f"This server does not measure or map for its visitors: do it on your own machine, by `dlgmm {verb}`."
            )
        if own >= limits.mapping_slots_per_visitor:
            raise Refused(
                f"You have {own} of at most {own} maps and measurements in progress: wait until one has ended."
            )
        if len(running) >= limits.mapping_slots:
            raise Refused(
                f"All slots of this server ({limits.mapping_slots}) for maps and measurements are taken: try again when"
                " one has ended."
            )
        return manager.start(name, verb, arguments, visitor(), key)


def measure_button(name: str, dataset: str) -> None:
    """A button that runs `evaluate` on a checkpoint and the test images of a data set, and its progress."""
    manager = job_manager()
    job = manager.get(name)
    if (job is None or not job.running) and st.button(f"Measure {name}", key=f"measure-{name}"):
        try:
            job = start_measuring(name, "evaluate", [name, "--dataset", dataset])
        except Refused as refusal:
            st.warning(str(refusal))
    if job is not None:
        last = job
        renewed(lambda: last.running, lambda: _report(last))


def _report(job: Job) -> None:
    if job.verb != "evaluate":
        if job.running:
            st.caption(f"{job.name} is busy with another job ({job.verb}): wait until it has ended.")
    elif job.running:
        st.caption(f"Measuring {job.name} … {sentence(job.last_line)}")
    elif job.failed:
        st.error(f"Measuring {job.name} failed: {sentence(job.last_line)}")
