"""Training runs of visitors: their owners, their states, and what their owners may do.

A run is a folder of checkpoints with a note in it (`ui.visitors.ownership`): its owner and the options it was started
with. So a run outlives the server: one that was running when the server ended is paused, and continues after its last
complete epoch when its owner resumes it.
"""

import itertools
import os
import re
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from dlgmm_core.config import TrainConfig
from dlgmm_core.data.datasets import require_data
from dlgmm_core.data.sources import DataError
from dlgmm_core.experiments.table import EXPERIMENTS
from dlgmm_core.store.checkpoints import TRAINING, WEIGHTS
from dlgmm_core.store.locks import training_lock
from dlgmm_core.store.names import checkpoint_folder
from dlgmm_core.train.training import keep
from ui.jobs.manager import Job, job_manager
from ui.loaders import CHECKPOINTS
from ui.training.removal import remove_folder
from ui.visitors.classroom import class_settings, is_teacher
from ui.visitors.limits import shared
from ui.visitors.ownership import NOTE, Note, note_of, write_note

__all__ = [
    "Run",
    "RunError",
    "all_runs",
    "cancel_run",
    "changing",
    "free_name",
    "keep_run",
    "pause_run",
    "require_free",
    "resume_run",
    "runs_of",
    "slots_of_others",
    "start_run",
    "write_run",
]

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
changing = threading.RLock()  # two visitors may want the last slot, or one name, at once


class RunError(RuntimeError):
    """A run that cannot start; the message says why and what to do."""


@dataclass(frozen=True)
class Run:
    """One run of the Train page.

    Attributes:
        name: of the checkpoint.
        owner: the digest of the visitor who started it.
        arguments: of the command `train`.
        published: whether all visitors see its checkpoint.
    """

    name: str
    owner: str
    arguments: tuple[str, ...]
    published: bool = False

    @property
    def folder(self) -> Path:
        """The folder of the run."""
        return CHECKPOINTS / self.name

    @property
    def learning_rate(self) -> float:
        """The learning rate with which the run was started or, if it was changed since, last resumed."""
        options = dict(itertools.pairwise(self.arguments))
        return float(options.get("--learning-rate", TrainConfig().learning_rate))

    @property
    def job(self) -> Job | None:
        """Its newest process on this server."""
        job = job_manager().get(self.name)
        return job if job is not None and job.verb == "train" else None

    @property
    def state(self) -> Literal["running", "paused", "failed", "ended"]:
        """Its state; a run that was interrupted by the server's end is paused."""
        job = self.job
        if job is not None and job.running:
            return "running"
        if not _is_unfinished(self.folder):
            return "ended"
        return "failed" if job is not None and job.failed else "paused"


def runs_of(visitor: str) -> list[Run]:
    """The visitor's runs, the newest first."""
    return [run for run in all_runs() if run.owner == visitor]


def slots_of_others(visitor: str) -> int:
    """How many training slots the runs of other visitors take."""
    return sum(run.state == "running" for run in all_runs() if run.owner != visitor)


def require_free(name: str, visitor: str) -> None:
    """Checks a name that a visitor wants for a run.

    Raises:
        RunError: if it is invalid or taken.
        StorageError: if another system would not take it.
    """
    if not _NAME.fullmatch(name):
        raise RunError(
            "The name must be 1 to 40 lower-case letters, digits and hyphens, and begin with a letter or a digit."
        )
    checkpoint_folder(CHECKPOINTS, name)  # refuses what another system would
    if _is_taken(name, visitor):
        raise RunError(f"There is a checkpoint or a run “{name}” already: choose another name.")


def free_name(stem: str) -> str:
    """The stem, or the first of stem-2, stem-3 and so on, that no run or checkpoint has."""
    names = itertools.chain([stem], (f"{stem}-{number}" for number in itertools.count(2)))
    return next(name for name in names if not os.path.exists(CHECKPOINTS / name))


def start_run(visitor: str, name: str, arguments: Sequence[str]) -> None:
    """Starts a run of the visitor's.

    Raises:
        RunError: for an invalid name, one that is taken, if no slot is free, or if the data is not on this server.
        StorageError: if nothing can be written there, or another system would not take the name.
    """
    options = dict(itertools.pairwise(arguments))
    try:
        require_data(options.get("--dataset", TrainConfig().dataset))
    except DataError as error:
        raise RunError(str(error)) from error
    with changing:
        require_free(name, visitor)
        _require_slot(visitor)
        write_run(Run(name, visitor, tuple(arguments)))
        job_manager().start(name, "train", list(arguments), visitor)


def resume_run(run: Run, learning_rate: float | None = None) -> None:
    """Continues after the last complete epoch, or from the start where there is none.

    Args:
        run: to be resumed.
        learning_rate: from here on; by default as before.

    Raises:
        RunError: if no slot is free, or another job is running on the checkpoint.
        StorageError: if another learning rate cannot be noted.
    """
    with changing:
        _require_slot(run.owner)
        if learning_rate not in (None, run.learning_rate):
            run = replace(run, arguments=(*run.arguments, "--learning-rate", repr(learning_rate)))
            write_run(run)
        begun = ["--resume"] if os.path.exists(run.folder / TRAINING) else []
        job = job_manager().start(run.name, "train", [*run.arguments, *begun], run.owner)
    if job.verb != "train":
        raise RunError(f"{run.name} is busy with another job ({job.verb}): wait until it has ended.")


def pause_run(run: Run) -> None:
    """Stops it now; the current epoch will be started again."""
    if run.job is not None:
        run.job.stop()


def keep_run(run: Run) -> None:
    """Ends it, and leaves its best weights as a checkpoint.

    Raises:
        CheckpointError: if it has not finished an epoch, another process trains it, or the disk refuses.
    """
    pause_run(run)
    with training_lock(run.folder):
        if _is_unfinished(run.folder):  # it may just have ended by itself
            keep(run.folder)


def cancel_run(run: Run) -> None:
    """Ends it, and deletes all of it; a run that has just ended by itself stays.

    Raises:
        CheckpointError: if another process trains it.
        StorageError: if its folder cannot be removed.
    """
    pause_run(run)
    with training_lock(run.folder):
        if _is_unfinished(run.folder):
            remove_folder(run.folder)


def write_run(run: Run) -> None:
    """Notes in its folder whose a run is, its options, and whether it is published.

    Raises:
        StorageError: if that cannot be written.
    """
    write_note(run.folder, Note(run.owner, run.arguments, run.published))


def _is_unfinished(folder: Path) -> bool:
    return os.path.exists(folder / TRAINING) or not os.path.exists(folder / WEIGHTS)


def all_runs() -> list[Run]:
    """Every run with a note that can be read, the newest first."""
    found: list[tuple[int, Run]] = []
    for path in CHECKPOINTS.glob(f"*/{NOTE}"):
        with suppress(OSError, ValueError):  # just deleted, or no valid learning rate
            note = note_of(path.parent)
            if note is None or not note.owner:
                continue
            run = Run(path.parent.name, note.owner, note.arguments, note.published)
            TrainConfig(learning_rate=run.learning_rate)  # raises ValueError
            found.append((path.stat().st_mtime_ns, run))
    return [run for _, run in sorted(found, key=lambda pair: pair[0], reverse=True)]


def _is_taken(name: str, visitor: str) -> bool:
    """Whether the name is in use or an experiment's; one's own run without a complete epoch may be started again."""
    job = job_manager().get(name)
    if name in EXPERIMENTS or (job is not None and job.running):
        return True
    if any(os.path.exists(CHECKPOINTS / name / file) for file in (WEIGHTS, TRAINING)):
        return True
    return any(run.name == name and run.owner != visitor for run in all_runs())


def _require_slot(visitor: str) -> None:
    if not is_teacher() and class_settings(CHECKPOINTS).locked:
        raise RunError("The teacher has locked training: try again when it is unlocked.")
    running = [run for run in all_runs() if run.state == "running"]
    own = sum(run.owner == visitor for run in running)
    limits = shared().limits
    total, each = limits.training_slots, limits.training_slots_per_visitor
    if min(total, each) == 0:
        raise RunError("This server does not train for its visitors: train on your own machine, by the command line.")
    if own >= each:
        raise RunError(f"You have {own} of at most {each} runs in progress: wait, or pause, keep or cancel one first.")
    if len(running) >= total:
        raise RunError(f"All training slots of this server ({total}) are taken: try again when a run has ended.")
