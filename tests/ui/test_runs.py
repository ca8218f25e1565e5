"""Training runs of visitors: whose they are, how they stand, how many there may be, and what becomes of them."""

import os
from pathlib import Path

import pytest

from dlgmm_core.data.datasets import Dataset
from dlgmm_core.store.checkpoints import HISTORY, TRAINING, WEIGHTS, load_checkpoint
from dlgmm_core.store.files import CheckpointError
from dlgmm_core.store.history import read_history
from dlgmm_core.store.locks import training_lock
from dlgmm_core.train.training import TrainingRun, fit
from tests.app_helpers import Make, Manager, begun
from tests.training_helpers import MODEL, TRAIN
from ui.training.runs import (
    Run,
    RunError,
    cancel_run,
    free_name,
    keep_run,
    pause_run,
    resume_run,
    runs_of,
    slots_of_others,
    start_run,
)
from ui.visitors.limits import shared
from ui.visitors.ownership import NOTE

SLEEP = "import time; time.sleep(60)"


def note(own_checkpoints: Path, name: str, owner: str = "alice") -> Run:
    """A run that has been begun, on the own_checkpoints."""
    begun(own_checkpoints, name, owner)
    return next(run for run in runs_of(owner) if run.name == name)


def running(own_checkpoints: Path, manager: Manager, name: str, owner: str = "alice") -> Run:
    manager.run(name, "train", SLEEP, owner)
    return note(own_checkpoints, name, owner)


def unfinished(own_checkpoints: Path, dataset: Dataset, name: str) -> Run:
    """A run after its first epoch."""
    run = TrainingRun.start(MODEL, TRAIN)
    next(fit(run, dataset))
    run.save(own_checkpoints / name)
    return note(own_checkpoints, name)


# --- starting ------------------------------------------------------------------------------------


def test_a_run_belongs_to_who_started_it(manager: Manager, own_checkpoints: Path) -> None:
    start_run("alice", "one", ["dlgmm", "--name", "one"])
    assert manager.started == [("one", "train", ["dlgmm", "--name", "one"])]
    assert [run.name for run in runs_of("alice")] == ["one"] and runs_of("bob") == []
    assert runs_of("alice") == [Run("one", "alice", ("dlgmm", "--name", "one"))]


@pytest.mark.parametrize(
    "name", ["", " ", "Big", "-x", "a b", "../up", "a/b", "ünï", "a" * 41, "..", "con.txt", "a\nb"]
)
def test_a_bad_name_is_refused(name: str, manager: Manager, own_checkpoints: Path) -> None:
    with pytest.raises(RunError, match="The name must be 1 to 40 lower-case letters, digits and hyphens"):
        start_run("alice", name, [])
    assert not manager.started and not list(own_checkpoints.iterdir())


def test_a_name_that_another_system_would_not_take_is_refused(manager: Manager, own_checkpoints: Path) -> None:
    (own_checkpoints / "Mine").mkdir()
    for name, word in (
        ("con", "Windows reserves it"),
        ("lpt1", "Windows reserves it"),
        ("mine", "upper and lower case"),
    ):
        with pytest.raises(CheckpointError, match=word):
            start_run("alice", name, [])
    assert not manager.started and [path.name for path in own_checkpoints.iterdir()] == ["Mine"]


def test_the_name_of_a_checkpoint_of_a_running_job_or_of_anothers_run_is_taken(
    manager: Manager, make: Make, own_checkpoints: Path
) -> None:
    make("finished")
    manager.run("busy", "evaluate", SLEEP)
    note(own_checkpoints, "begun", "bob")
    for name in ("finished", "busy", "begun"):
        with pytest.raises(RunError, match=f"“{name}” already: choose another name"):
            start_run("alice", name, [])
    assert not manager.started and runs_of("alice") == []


def test_an_own_run_without_an_epoch_may_be_started_again(manager: Manager, own_checkpoints: Path) -> None:
    note(own_checkpoints, "mine")
    start_run("alice", "mine", ["gauss-vae"])
    assert runs_of("alice") == [Run("mine", "alice", ("gauss-vae",))]


def test_a_free_name_is_one_that_nothing_has(make: Make, own_checkpoints: Path) -> None:
    assert free_name("my-dlgmm") == "my-dlgmm"
    make("my-dlgmm")
    (own_checkpoints / "my-dlgmm-2").mkdir()
    assert free_name("my-dlgmm") == "my-dlgmm-3"


# --- slots ---------------------------------------------------------------------------------------


def test_a_visitor_may_have_one_run_under_way_and_the_server_two(manager: Manager, own_checkpoints: Path) -> None:
    running(own_checkpoints, manager, "one")
    with pytest.raises(RunError, match="You have 1 of at most 1 runs in progress"):
        start_run("alice", "second", [])
    running(own_checkpoints, manager, "two", "bob")
    with pytest.raises(RunError, match=r"All training slots of this server \(2\) are taken"):
        start_run("carol", "third", [])
    assert (slots_of_others("alice"), slots_of_others("carol")) == (1, 2)
    assert not manager.started and runs_of("carol") == []


def test_a_paused_run_takes_no_slot_and_needs_one_to_go_on(manager: Manager, own_checkpoints: Path) -> None:
    paused = note(own_checkpoints, "one")
    running(own_checkpoints, manager, "two")
    with pytest.raises(RunError, match="at most 1 runs"):
        resume_run(paused)
    manager.jobs["two"].stop()
    resume_run(paused)
    assert [name for name, _, _ in manager.started] == ["one"]


def test_the_caps_come_from_the_environment(
    manager: Manager, own_checkpoints: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DLGMM_TRAINING_SLOTS", "3")
    monkeypatch.setenv("DLGMM_TRAINING_SLOTS_PER_VISITOR", "2")
    shared.cache_clear()
    for name in ("one", "two"):
        running(own_checkpoints, manager, name)
    with pytest.raises(RunError, match="You have 2 of at most 2"):
        start_run("alice", "third", [])
    start_run("bob", "third", [])
    monkeypatch.setenv("DLGMM_TRAINING_SLOTS", "0")
    shared.cache_clear()
    with pytest.raises(RunError, match="does not train for its visitors"):
        start_run("bob", "fourth", [])


# --- how a run stands ----------------------------------------------------------------------------


def test_a_run_that_the_servers_end_cut_short_is_paused_and_its_owners(
    manager: Manager, dataset: Dataset, own_checkpoints: Path
) -> None:
    unfinished(own_checkpoints, dataset, "one")
    (run,) = runs_of("alice")
    assert run.state == "paused" and run.job is None
    resume_run(run)
    assert manager.started == [("one", "train", ["gauss-vae", "--name", "one", "--resume"])]


def test_a_run_without_an_epoch_is_resumed_from_the_start(manager: Manager, own_checkpoints: Path) -> None:
    run = note(own_checkpoints, "one")
    assert run.state == "paused"
    resume_run(run)
    assert manager.started == [("one", "train", ["gauss-vae", "--name", "one"])]


def test_a_run_is_running_then_paused_failed_or_ended(manager: Manager, make: Make, own_checkpoints: Path) -> None:
    run = running(own_checkpoints, manager, "one")
    assert run.state == "running"
    pause_run(run)
    assert run.state == "paused"
    manager.ended("one", "train", "raise SystemExit(1)")
    assert run.state == "failed"
    make("one")
    assert run.state == "ended"


def test_measuring_a_checkpoint_is_no_run_of_it(manager: Manager, make: Make, own_checkpoints: Path) -> None:
    make("one")
    run = note(own_checkpoints, "one")
    manager.run("one", "evaluate", SLEEP)
    assert run.state == "ended" and run.job is None
    (own_checkpoints / "one" / WEIGHTS).unlink()
    with pytest.raises(RunError, match=r"one is busy with another job \(evaluate\)"):
        resume_run(run)


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "[" * 100_000, '{"owner": "alice"}', '{"owner": "alice", "arguments": 3}'),
        *(f'{{"owner": "alice", "arguments": ["--learning-rate", "{rate}"]}}' for rate in ("fast", "nan", "-1")),
        None,
    ],
    ids=lambda text: str(text)[:70],
)
def test_a_run_with_a_damaged_note_has_no_owner(text: str | None, manager: Manager, own_checkpoints: Path) -> None:
    note(own_checkpoints, "whole")
    (own_checkpoints / "cut").mkdir()
    if text is None:
        os.mkfifo(own_checkpoints / "cut" / NOTE)
    else:
        (own_checkpoints / "cut" / NOTE).write_text(text, encoding="utf-8")
    assert [run.name for run in runs_of("alice")] == ["whole"]


# --- ends ----------------------------------------------------------------------------------------


def test_keeping_a_run_stops_it_and_leaves_a_checkpoint(
    manager: Manager, dataset: Dataset, own_checkpoints: Path
) -> None:
    run = unfinished(own_checkpoints, dataset, "one")
    job = manager.run("one", "train", SLEEP)
    keep_run(run)
    assert not job.running and run.state == "ended"
    assert {path.name for path in run.folder.iterdir()} == {WEIGHTS, HISTORY, NOTE}
    load_checkpoint(run.folder)
    assert len(read_history(run.folder)) == 1


def test_cancelling_a_run_stops_it_and_leaves_nothing(
    manager: Manager, dataset: Dataset, own_checkpoints: Path
) -> None:
    run = unfinished(own_checkpoints, dataset, "one")
    job = manager.run("one", "train", SLEEP)
    cancel_run(run)
    assert not job.running and not list(own_checkpoints.iterdir()) and runs_of("alice") == []
    start_run("bob", "one", [])


def test_a_run_that_has_just_ended_by_itself_is_neither_deleted_nor_an_error(manager: Manager, make: Make) -> None:
    make("one")
    run = Run("one", "alice", ())
    cancel_run(run)
    keep_run(run)
    load_checkpoint(run.folder)


def test_a_run_that_another_process_trains_is_left_alone(
    manager: Manager, dataset: Dataset, own_checkpoints: Path
) -> None:
    run = unfinished(own_checkpoints, dataset, "one")
    with training_lock(run.folder):
        for action in (keep_run, cancel_run):
            with pytest.raises(CheckpointError, match="another process"):
                action(run)
    assert (run.folder / TRAINING).exists() and run.state == "paused"


def test_there_is_nothing_to_keep_before_the_first_epoch(manager: Manager, own_checkpoints: Path) -> None:
    run = note(own_checkpoints, "one")
    with pytest.raises(CheckpointError, match="so it cannot be resumed"):
        keep_run(run)
    assert run.state == "paused"
