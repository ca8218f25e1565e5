"""Long work in processes of its own: training and measuring, started, watched and stopped from pages.

A job is the command line of the core, so that what the app does can be done without it, and a slow
job slows no visitor's sliders. What it makes lies in the checkpoint's folder; the manager knows only
the processes. It outlives page switches, reloads and visitors; the server stops its jobs as it ends.
"""

import os
import re
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass

import streamlit as st

from ui.loaders import CHECKPOINTS

__all__ = ["Job", "JobManager", "job_manager", "measure_button"]

LOG = "job.log"


@dataclass(frozen=True)
class Job:
    """One process and what it is about."""

    name: str
    verb: str
    process: subprocess.Popen[bytes]

    @property
    def running(self) -> bool:
        """Whether the process is still at work."""
        return self.process.poll() is None

    @property
    def failed(self) -> bool:
        """Whether it ended otherwise than well or by a stop (130, or the bare signal while it still imported)."""
        return self.process.poll() not in (None, 0, 130, -signal.SIGTERM)

    @property
    def last_line(self) -> str:
        """The last thing it said."""
        path = CHECKPOINTS / self.name / LOG
        if not path.exists():
            return ""
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 2000))
            lines = re.split(r"[\r\n]+", file.read().decode(errors="replace").strip())
        return lines[-1]

    def stop(self) -> None:
        """Asks it to save and leave; kills it if it has not within ten seconds."""
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()


class JobManager:
    """The jobs of this server, the newest of each checkpoint."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        self._lock = threading.Lock()

    def start(self, name: str, verb: str, arguments: list[str]) -> Job:
        """Runs `python -m dlgmm_core VERB ARGUMENTS`, about the checkpoint `name`.

        A job of that name that is still running is left alone and returned.
        """
        with self._lock:
            job = self._jobs.get(name)
            if job is None or not job.running:
                folder = CHECKPOINTS / name
                folder.mkdir(parents=True, exist_ok=True)
                command = [sys.executable, "-m", "dlgmm_core", verb, *arguments, "--checkpoints", str(CHECKPOINTS)]
                # Half the cores: the other half keeps the visitors' sliders quick.
                threads = str(max(1, (os.cpu_count() or 2) // 2))
                environment = {**os.environ, "OMP_NUM_THREADS": threads}
                with (folder / LOG).open("wb") as log:
                    process = subprocess.Popen(
                        command, cwd=CHECKPOINTS.parent, env=environment, stdout=log, stderr=subprocess.STDOUT
                    )
                job = self._jobs[name] = Job(name, verb, process)
            return job

    def get(self, name: str) -> Job | None:
        """The newest job of a checkpoint."""
        return self._jobs.get(name)

    def all(self) -> list[Job]:
        """Every checkpoint's newest job, oldest first."""
        return list(self._jobs.values())

    def stop_all(self) -> None:
        """Stops whatever is running."""
        for job in self.all():
            if job.running:
                job.stop()


@st.cache_resource(show_spinner=False)
def job_manager() -> JobManager:
    """The one manager of this server."""
    return JobManager()


def measure_button(name: str, label: str, key: str = "measure") -> None:
    """A button that runs `evaluate` on a checkpoint, and what it says then; `key` tells two on a page apart."""
    manager = job_manager()
    job = manager.get(name)
    if (job is None or not job.running) and st.button(label, key=f"{key}-{name}"):
        job = manager.start(name, "evaluate", [name])
    if job is not None and job.verb == "evaluate":
        _watch(job)


@st.fragment(run_every=1.0)
def _watch(job: Job) -> None:
    if job.running:
        st.caption(f"Measuring {job.name} … {job.last_line}")
    elif job.failed:
        st.error(f"Measuring {job.name} failed: {job.last_line}")
    elif f"measured-{job.process.pid}" not in st.session_state:
        st.session_state[f"measured-{job.process.pid}"] = True
        st.rerun()
