"""Background work: real processes, started once, watched by what they say, stopped without losing what they have."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from dlgmm_core.runtime.folders import datasets_folder
from dlgmm_core.store.checkpoints import TRAINING, WEIGHTS, load_checkpoint
from dlgmm_core.store.files import CheckpointError
from dlgmm_core.store.history import read_history
from dlgmm_core.store.locks import training_lock
from dlgmm_core.train.training import TrainingRun
from ui.jobs import manager as jobs
from ui.jobs.manager import Job, JobManager
from ui.jobs.measuring import renewed
from ui.training.progress import parts_of

ROOT = Path(__file__).resolve().parents[2]
TINY = ["gauss-vae", "--hidden", "4", "--code-dim", "2", "--batch-size", "100", "--device", "cpu", "--dataset", "few"]
ENDLESS = ["--epochs", "1000000", "--patience", "1000000"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Checkpoints of the test's own, and a few images, which processes read sooner than MNIST."""
    folder = tmp_path / "checkpoints"
    monkeypatch.setattr(jobs, "CHECKPOINTS", folder)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    datasets_folder().mkdir(parents=True)
    grey = np.random.default_rng(0).random((600, 4, 5))
    np.savez(datasets_folder() / "few.npz", train_images=grey[:400], valid_images=grey[400:500], test_images=grey[500:])
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


def until(condition: Callable[[], bool]) -> None:
    """Waits for what processes do."""
    for _ in range(3000):
        if condition():
            return
        time.sleep(0.1)
    pytest.fail("five minutes were not enough")


def test_a_run_goes_forward_ends_well_and_leaves_a_checkpoint(manager: JobManager, folder: Path) -> None:
    # an image a step, so that an epoch lasts longer than progress waits between its lines
    job = train(manager, "tiny", "--epochs", "2", "--batch-size", "1")
    assert job.running and not job.failed
    assert manager.get("tiny") is job and manager.all() == [job]
    job.process.wait()
    assert job.process.returncode == 0 and not job.failed
    assert job.last_line.startswith(f"{folder / 'tiny'}: trained.")
    load_checkpoint(folder / "tiny")
    assert not (folder / "tiny" / TRAINING).exists()
    parts = parts_of(job.text)
    places = [part.epoch - 1 + part.share for part in parts]
    assert places == sorted(places)
    assert {part.epoch for part in parts} == {1, 2}
    assert all(part.bound is None for part in parts if part.share == 0)


def test_a_name_is_started_once_while_it_runs_and_a_stop_keeps_what_was_learnt(
    manager: JobManager, folder: Path
) -> None:
    job = train(manager, "long", *ENDLESS)
    assert train(manager, "long", *ENDLESS) is job
    assert manager.all() == [job]
    until(lambda: (folder / "long" / WEIGHTS).exists() or not job.running)
    assert "epoch" in job.last_line
    job.stop()
    assert not job.running and not job.failed and job.process.returncode == 130
    assert job.last_line == "Stopped. Finished work is kept."
    assert (folder / "long" / WEIGHTS).exists()
    resumable = TrainingRun.load(folder / "long")
    assert len(resumable.history) >= len(read_history(folder / "long")) >= 1


def test_two_names_run_side_by_side_and_a_full_stop_before_their_first_epoch_is_no_failure_but_a_kill_is_one(
    manager: JobManager, folder: Path
) -> None:
    first, second = train(manager, "one"), train(manager, "two")
    assert first is not second and manager.all() == [first, second] and first.running and second.running
    manager.stop_all()
    for job in (first, second):
        assert not job.running and not job.failed
        assert not (folder / job.name / WEIGHTS).exists() and not (folder / job.name / TRAINING).exists()
    assert manager.get("nobody") is None
    again = train(manager, "one", "--epochs", "1")
    assert again is not first and again.running and manager.all() == [again, second]
    again.process.kill()
    again.process.wait()
    assert again.failed
    again.stop()
    assert again.failed


def test_a_failure_is_reported_with_its_sentence() -> None:
    program = r"import sys; sys.stderr.write('epoch 1: 10%\repoch 1: 20%\nerror: No.\n'); sys.exit(1)"
    pipe, joined = subprocess.PIPE, subprocess.STDOUT
    job = Job("bad", "train", subprocess.Popen([sys.executable, "-c", program], stdout=pipe, stderr=joined))
    job.process.wait()
    assert job.failed and not job.running
    assert job.last_line == "error: No."


def test_only_the_end_of_what_a_job_says_is_kept(manager: JobManager) -> None:
    program = "for i in range(20000): print(f'line {i}')\nprint('the end', end='')"
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    job = Job("long", "train", process)
    process.wait()
    assert job.last_line == "the end" and len(job.output) == jobs.MOST_OUTPUT


def test_a_job_that_does_not_heed_a_stop_is_killed_and_has_not_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "STOP_SECONDS", 0.1)
    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    )
    job = Job("deaf", "train", subprocess.Popen([sys.executable, "-c", deaf], stdout=subprocess.PIPE))
    until(lambda: job.last_line == "deaf")
    job.stop()
    assert not job.running and not job.failed


def test_a_job_ends_with_the_server_even_if_that_is_killed_and_can_be_resumed(folder: Path) -> None:
    options = [*TINY, "--name", "long", *ENDLESS]
    server = (
        f"import pathlib; from ui.jobs import manager; manager.CHECKPOINTS = pathlib.Path({str(folder)!r});"
        f" manager.JobManager().start('long', 'train', {options!r}).process.wait()"
    )
    run = folder / "long"
    with subprocess.Popen(
        [sys.executable, "-c", server], cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"}, stderr=subprocess.DEVNULL
    ) as process:
        until(lambda: (run / WEIGHTS).exists() or process.poll() is not None)
        with pytest.raises(CheckpointError, match="another process"), training_lock(run):
            pass
        process.kill()

    def is_free() -> bool:
        with suppress(CheckpointError), training_lock(run):
            return True
        return False

    until(is_free)
    assert len(TrainingRun.load(run).history) >= len(read_history(run)) >= 1


def test_only_what_lasts_is_looked_at_again_and_its_end_renews_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []

    def fragment(look: Callable[[], None], run_every: float | None) -> Callable[[], None]:
        seen.append(run_every)
        return look

    monkeypatch.setattr(jobs.st, "fragment", fragment)
    monkeypatch.setattr(jobs.st, "rerun", lambda: seen.append("again"))
    for states in ([False], [True, True], [True, False]):
        renewed(lambda states=states: states.pop(0) if states else False, lambda: None)
    assert seen == [None, 1.0, 1.0, "again"]
