"""Long work in processes of its own: training, evaluation and t-SNE maps, started, watched and stopped from pages.

A job is the command line of the core, so that what the app does can be done without it, and a slow job does not slow
down the pages. What it makes lies in the checkpoint's folder; the manager knows only the processes, and reads their
output through a pipe instead of a file, because a full disk may be what they report. It outlives page switches, reloads
and visitors; the jobs of a server end with it.
"""

import os
import re
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path

import streamlit as st

from ui.loaders import CHECKPOINTS

__all__ = ["JOB_THREADS", "Job", "JobManager", "job_manager"]

JOB_THREADS = max(1, (os.cpu_count() or 2) // 2)  # half the cores: the other half keeps the visitors' sliders quick

_PREVIEW = ("--preview", "1")  # seconds: as often as a page is renewed
STOP_SECONDS = 60.0  # where many jobs share few cores, a process takes long to react to the signal
READING_SECONDS = 2.0  # for the last of a finished process' output to arrive
MOST_OUTPUT = 40_000  # bytes that are kept: the progress of a minute


@dataclass
class Job:
    """One process and what it is about.

    Attributes:
        name: of the checkpoint.
        verb: of the command line.
        process: that runs it; its output is read if that is a pipe.
        owner: the visitor who alone may stop it.
        stopped: whether it was asked to stop.
        output: the last bytes of its output.
    """

    name: str
    verb: str
    process: subprocess.Popen[bytes]
    owner: str = ""
    stopped: bool = False
    output: bytes = b""
    _reader: threading.Thread = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Begins to read the output: otherwise a process would block forever once the pipe is full."""
        self._reader = threading.Thread(target=self._read_output, daemon=True)
        self._reader.start()

    def _read_output(self) -> None:
        if self.process.stdout is None:
            return
        with self.process.stdout as pipe:
            while part := os.read(pipe.fileno(), MOST_OUTPUT):
                self.output = (self.output + part)[-MOST_OUTPUT:]

    @property
    def running(self) -> bool:
        """Whether the process is still running."""
        return self.process.poll() is None

    @property
    def failed(self) -> bool:
        """Whether it ended with an error, and not by being stopped (130, or the signal itself during imports)."""
        return not self.stopped and self.process.poll() not in (None, 0, 130, -signal.SIGTERM)

    @property
    def text(self) -> str:
        """The end of its output; lines that replace one another are separated by carriage returns."""
        if not self.running:
            self._reader.join(READING_SECONDS)
        return self.output.decode(errors="replace").strip()

    @property
    def last_line(self) -> str:
        """The last line of its output."""
        return re.split(r"[\r\n]+", self.text)[-1]

    def ask_to_stop(self) -> None:
        """Asks it to save its state and exit, and does not wait."""
        if self.running:
            self.stopped = True
            self.process.terminate()

    def stop(self) -> None:
        """Asks it to save its state and exit, and waits until it has; kills it if that takes more than a minute."""
        self.ask_to_stop()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class JobManager:
    """The jobs of this server, the newest of each key: a checkpoint's name, or more where several may run at a time."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        self._lock = threading.Lock()

    def start(self, name: str, verb: str, arguments: list[str], owner: str = "", key: str = "") -> Job:
        """Runs `python -m dlgmm_core VERB ARGUMENTS`, about the checkpoint `name`, for as long as this server lives.

        A job of that key, by default the name, that is still running is left alone and returned.
        """
        key = key or name
        with self._lock:
            job = self._jobs.get(key)
            if job is None or not job.running:
                command = [
                    sys.executable,
                    "-m",
                    "ui.jobs.child_process",
                    verb,
                    *arguments,
                    *(_PREVIEW if verb == "train" else ()),
                    "--checkpoints",
                    str(CHECKPOINTS),
                ]
                process = subprocess.Popen(
                    command,
                    cwd=Path(__file__).resolve().parents[2],  # where `ui` lies
                    env={**os.environ, "OMP_NUM_THREADS": str(JOB_THREADS)},
                    stdin=subprocess.PIPE,  # open for as long as this process lives: see `child_process`
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                )
                job = self._jobs[key] = Job(name, verb, process, owner)
            return job

    def get(self, key: str) -> Job | None:
        """The newest job of a key."""
        return self._jobs.get(key)

    def forget(self, name: str) -> None:
        """Forgets a checkpoint's job, which has ended, since another checkpoint may get its name."""
        self._jobs.pop(name, None)

    def all(self) -> list[Job]:
        """Every key's newest job, oldest first."""
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
