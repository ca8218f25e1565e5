"""Background work: real processes, started once, watched by what they say, stopped without losing what they have."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dlgmm_core.checkpoints import HISTORY, TRAINING, WEIGHTS, load_checkpoint
from dlgmm_core.training import TrainingRun, read_history
from ui import jobs
from ui.jobs import Job, JobManager

ROOT = Path(__file__).resolve().parent.parent
TINY = ["gauss-vae", "--hidden", "4", "--code-dim", "2", "--batch-size", "2000", "--device", "cpu"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Checkpoints of the test's own."""
    folder = tmp_path / "checkpoints"
    monkeypatch.setattr(jobs, "CHECKPOINTS", folder)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))  # jobs run beside the folder of checkpoints, where the core lies
    return folder


@pytest.fixture
def manager(folder: Path) -> Iterator[JobManager]:
    manager = JobManager()
    yield manager
    for job in manager.all():
        job.process.kill()
        job.process.wait()


def train(manager: JobManager, name: str, *more: str) -> Job:
    return manager.start(name, "train", [*TINY, "--name", name, *more])


def until(condition: object, job: Job, seconds: float = 60) -> None:
    """Waits for a file, or for the end of the job where there is none to wait for."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if (isinstance(condition, Path) and condition.exists()) or not job.running:
            return
        time.sleep(0.1)
    pytest.fail(f"{job.name} took more than {seconds} seconds")


def test_a_run_ends_well_and_leaves_a_checkpoint(manager: JobManager, folder: Path) -> None:
    job = train(manager, "tiny", "--epochs", "1")
    assert job.running and not job.failed
    assert manager.get("tiny") is job and manager.all() == [job]
    until(None, job)
    assert job.process.returncode == 0 and not job.failed
    assert job.last_line.startswith(f"{folder / 'tiny'}: trained.")
    load_checkpoint(folder / "tiny")
    assert not (folder / "tiny" / TRAINING).exists()


def test_a_name_is_started_once_while_it_runs_and_a_stop_keeps_what_was_learnt(
    manager: JobManager, folder: Path
) -> None:
    job = train(manager, "long", "--epochs", "900", "--patience", "900")
    assert train(manager, "long", "--epochs", "900", "--patience", "900") is job
    assert manager.all() == [job]
    until(folder / "long" / HISTORY, job)
    assert "epoch" in job.last_line
    started = time.monotonic()
    job.stop()
    assert time.monotonic() - started < 10
    assert not job.running and not job.failed and job.process.returncode == 130
    assert job.last_line == "Stopped. What was finished is kept."
    assert (folder / "long" / WEIGHTS).exists()
    resumable = TrainingRun.load(folder / "long")
    assert len(resumable.history) == len(read_history(folder / "long")) >= 1


def test_a_run_stopped_before_its_first_epoch_is_no_failure_and_leaves_no_checkpoint(
    manager: JobManager, folder: Path
) -> None:
    job = train(manager, "early")
    manager.stop_all()
    assert not job.running and not job.failed
    assert not (folder / "early" / WEIGHTS).exists() and not (folder / "early" / TRAINING).exists()
    again = train(manager, "early", "--epochs", "1")
    assert again is not job and again.running and manager.all() == [again]


def test_a_failure_is_reported_with_its_sentence(manager: JobManager) -> None:
    job = train(manager, "bad", "--seed", "-1")
    until(None, job)
    assert job.failed and not job.running
    assert job.last_line == "error: seed must be a whole number from 0, not -1."


def test_two_names_run_side_by_side_and_a_full_stop_ends_both(manager: JobManager) -> None:
    first, second = train(manager, "one"), train(manager, "two")
    assert first is not second and manager.all() == [first, second] and first.running and second.running
    manager.stop_all()
    assert not first.running and not second.running
    assert manager.get("nobody") is None
