"""Long work in processes of its own: training and measuring, started, watched and stopped from pages.

A job is the command line of the core, so that what the app does can be done without it, and a slow
job slows no visitor's sliders. What it makes lies in the checkpoint's folder; the manager knows only
the processes, and hears what they say without a file, for the disk may be what they complain of. It
outlives page switches, reloads and visitors; the jobs of a server end with it.
"""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import streamlit as st

from ui.loaders import CHECKPOINTS
from ui.serving.limits import shared
from ui.serving.shares import Refused
from ui.serving.visitor import visitor

__all__ = ["Job", "JobManager", "job_manager", "measure_button", "renewed", "start_measuring"]

STOP_SECONDS = 60.0  # where many jobs share few cores, one takes long to hear of it
MEASURING = ("evaluate", "map")  # verbs of jobs that are no runs
_starting = threading.Lock()  # two visitors may want the last slot at once
HEARING_SECONDS = 2.0  # for its last words to arrive
MOST_WORDS = 2000  # bytes


@dataclass
class Job:
    """One process and what it is about.

    Attributes:
        name: of the checkpoint.
        verb: of the command line.
        process: that runs it; what it says is heard if its output is a pipe.
        owner: the visitor who alone may stop it.
        stopped: whether it was told to leave.
        said: the end of what it has said.
    """

    name: str
    verb: str
    process: subprocess.Popen[bytes]
    owner: str = ""
    stopped: bool = False
    said: bytes = b""
    _ear: threading.Thread = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Begins to listen: unheard, a process would wait for ever once the pipe is full."""
        self._ear = threading.Thread(target=self._listen, daemon=True)
        self._ear.start()

    def _listen(self) -> None:
        if self.process.stdout is None:
            return
        with self.process.stdout as pipe:
            while words := os.read(pipe.fileno(), MOST_WORDS):
                self.said = (self.said + words)[-MOST_WORDS:]

    @property
    def running(self) -> bool:
        """Whether the process is still at work."""
        return self.process.poll() is None

    @property
    def failed(self) -> bool:
        """Whether it ended otherwise than well or by a stop (130, or the bare signal while it still imported)."""
        return not self.stopped and self.process.poll() not in (None, 0, 130, -signal.SIGTERM)

    @property
    def last_line(self) -> str:
        """The last thing it said."""
        if not self.running:
            self._ear.join(HEARING_SECONDS)
        return re.split(r"[\r\n]+", self.said.decode(errors="replace").strip())[-1]

    def ask_to_stop(self) -> None:
        """Asks it to save and leave, and does not wait."""
        if self.running:
            self.stopped = True
            self.process.terminate()

    def stop(self) -> None:
        """Asks it to save and leave, and waits until it has; kills it if that takes more than a minute."""
        self.ask_to_stop()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class JobManager:
    """The jobs of this server, the newest of each checkpoint."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        self._lock = threading.Lock()

    def start(self, name: str, verb: str, arguments: list[str], owner: str = "") -> Job:
        """Runs `python -m dlgmm_core VERB ARGUMENTS`, about the checkpoint `name`, for as long as this server lives.

        A job of that name that is still running is left alone and returned.
        """
        with self._lock:
            job = self._jobs.get(name)
            if job is None or not job.running:
                command = [
                    sys.executable,
                    "-m",
                    "ui.training.leashed",
                    verb,
                    *arguments,
                    "--checkpoints",
                    str(CHECKPOINTS),
                ]
                # Half the cores: the other half keeps the visitors' sliders quick.
                threads = str(max(1, (os.cpu_count() or 2) // 2))
                process = subprocess.Popen(
                    command,
                    cwd=CHECKPOINTS.parent,
                    env={**os.environ, "OMP_NUM_THREADS": threads},
                    stdin=subprocess.PIPE,  # the leash
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                )
                job = self._jobs[name] = Job(name, verb, process, owner)
            return job

    def get(self, name: str) -> Job | None:
        """The newest job of a checkpoint."""
        return self._jobs.get(name)

    def all(self) -> list[Job]:
        """Every checkpoint's newest job, oldest first."""
        return list(self._jobs.values())

    def stop_all(self) -> None:
        """Stops whatever is running."""
        jobs = [job for job in self.all() if job.running]
        for job in jobs:
            job.ask_to_stop()
        for job in jobs:
            job.stop()


@st.cache_resource(show_spinner=False)
def job_manager() -> JobManager:
    """The one manager of this server."""
    return JobManager()


def renewed(running: Callable[[], bool], show: Callable[[], None]) -> None:
    """Shows something and, while it is `running`, shows it anew every second; at its end the whole page runs again."""
    began = running()

    def look() -> None:
        if began and not running():
            st.rerun()
        show()

    with st.container():  # a fragment is known by its place
        st.fragment(look, run_every=1.0 if began else None)()


def start_measuring(name: str, verb: str, arguments: list[str]) -> Job:
    """Begins a measurement or a map of a checkpoint for this visitor, or returns the job that is at work on it.

    Raises:
        Refused: for want of a slot.
    """
    manager, limits = job_manager(), shared().limits
    with _starting:
        job = manager.get(name)
        if job is not None and job.running:
            return job
        running = [each for each in manager.all() if each.verb in MEASURING and each.running]
        own = sum(each.owner == visitor() for each in running)
        if min(limits.mapping_slots, limits.mapping_slots_per_visitor) == 0:
            raise Refused(
                "This server measures and maps nothing for its visitors: do it on the command line of your own machine,"
                f" by `python -m dlgmm_core {verb} {name}`."
            )
        if own >= limits.mapping_slots_per_visitor:
            raise Refused(f"You have {own} of at most {own} maps and measurements under way: wait until one has ended.")
        if len(running) >= limits.mapping_slots:
            raise Refused(
                f"All slots of this server ({limits.mapping_slots}) for maps and measurements are taken: try again when"
                " one has ended."
            )
        return manager.start(name, verb, arguments, visitor())


def measure_button(name: str, label: str, key: str = "measure") -> None:
    """A button that runs `evaluate` on a checkpoint, and what it says then; `key` tells two on a page apart."""
    manager = job_manager()
    job = manager.get(name)
    if (job is None or not job.running) and st.button(label, key=f"{key}-{name}"):
        try:
            job = start_measuring(name, "evaluate", [name])
        except Refused as refusal:
            st.warning(str(refusal))
    if job is not None and job.verb == "evaluate":
        measured = job
        renewed(lambda: measured.running, lambda: _report(measured))


def _report(job: Job) -> None:
    if job.running:
        st.caption(f"Measuring {job.name} … {job.last_line}")
    elif job.failed:
        st.error(f"Measuring {job.name} failed: {job.last_line}")
