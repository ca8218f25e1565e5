"""What becomes of a run that has ended: its owner alone sees it, until it is published; it is renamed and deleted."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dlgmm_core.store.listing import BrokenCheckpoint, list_checkpoints
from tests.app_helpers import ALICE, Make, Manager, begun, labels, one_error, press, selected, start, turn_to
from tests.disk_helpers import read_only_disk
from ui import loaders
from ui.training.ended_runs import delete_run, publish_run, rename_run
from ui.training.removal import remove_folder
from ui.training.runs import Run, RunError, runs_of, write_run
from ui.visitors.ownership import NOTE

pytestmark = pytest.mark.usefixtures("repository", "alice")

SLEEP = "import time; time.sleep(60)"


@pytest.fixture
def ended(make: Make, own_checkpoints: Path) -> Run:
    """A run of Alice's that has ended."""
    make("mine")
    begun(own_checkpoints, "mine")
    (run,) = runs_of(ALICE)
    return run


def names() -> list[str]:
    return [checkpoint.name for checkpoint in loaders.checkpoints()]


def test_a_published_run_is_everybodys_to_see_until_it_is_taken_back(ended: Run, manager: Manager) -> None:
    assert names() == []  # outside of pages there is no visitor
    at = turn_to(start(), "train")
    assert sorted(labels(at)) == ["Delete the run", "Open in Your digit", "Publish", "Rename the run", "Start training"]
    press(at, "Publish")
    assert names() == ["mine"] and "All visitors see mine" in " ".join(box.value for box in at.caption)
    press(at, "Take back")
    assert names() == [] and "Only you see mine" in " ".join(box.value for box in at.caption)
    assert runs_of(ALICE) == [ended]


def test_a_renamed_run_keeps_all_it_has_and_its_place_on_the_page(
    ended: Run, manager: Manager, own_checkpoints: Path
) -> None:
    manager.ended("mine", "train", "pass")
    before = (ended.folder / NOTE).read_bytes()
    at = turn_to(start(), "train")
    at.text_input(key="name-mine").set_value("better")
    press(at, "Rename the run")
    assert not at.exception and not at.error
    assert [path.name for path in own_checkpoints.iterdir()] == ["better"]
    assert (own_checkpoints / "better" / NOTE).read_bytes() == before
    assert at.success[0].value.startswith("better has ended")
    assert selected(at).value == ["better"]
    make_again = Run("mine", ALICE, ())
    assert make_again.job is None


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Big", "The name must be 1 to 40 lower-case letters"),
        ("../up", "The name must be 1 to 40 lower-case letters"),
        ("con", "Windows reserves it"),
        ("theirs", "There is a checkpoint or a run “theirs” already"),
        ("begun", "There is a checkpoint or a run “begun” already"),
        ("empty", "There is a folder “empty” already"),
        ("mnist-dlgmm", "There is a checkpoint or a run “mnist-dlgmm” already"),
        ("mine", "There is a checkpoint or a run “mine” already"),
    ],
)
def test_a_name_that_cannot_be_had_is_one_sentence(
    name: str, words: str, ended: Run, manager: Manager, make: Make, own_checkpoints: Path
) -> None:
    make("theirs")
    begun(own_checkpoints, "begun", "somebody else")
    (own_checkpoints / "empty").mkdir()
    at = turn_to(start(), "train")
    at.text_input(key="name-mine").set_value(name)
    press(at, "Rename the run")
    assert words in one_error(at)
    assert ended.folder.exists() and runs_of(ALICE) == [ended]


def test_a_deleted_run_leaves_nothing(ended: Run, manager: Manager, own_checkpoints: Path) -> None:
    at = turn_to(start(), "train")
    assert selected(at).value == ["mine"]
    press(at, "Delete the run")
    assert not at.exception and not list(own_checkpoints.iterdir())
    assert labels(at) == ["Start training"] and selected(at).value == []


def test_the_question_whether_to_delete_a_run_does_not_stay_open_for_the_next(ended: Run, manager: Manager) -> None:
    def questions(at: AppTest) -> set[str]:
        return {block.proto.id for block in at.get("popover") if "-ask-" in block.proto.id}  # type: ignore[union-attr]

    shutil.copytree(ended.folder, ended.folder.with_name("next"))
    write_run(replace(ended, name="next"))
    at = turn_to(start(), "train")
    before, first = questions(at), at.selectbox(key="train-run").value
    press(at, "Delete the run")
    assert len(before) == 2 and not before & questions(at) and not (ended.folder.parent / first).exists()


def test_what_is_still_going_on_is_neither_renamed_nor_deleted_nor_published(
    ended: Run, manager: Manager, own_checkpoints: Path
) -> None:
    begun(own_checkpoints, "begun")
    unfinished = next(run for run in runs_of(ALICE) if run.name == "begun")
    for act in (lambda: rename_run(unfinished, "other"), lambda: delete_run(unfinished)):
        with pytest.raises(RunError, match="begun has not ended: keep or cancel it first"):
            act()
    with pytest.raises(RunError, match="has not ended"):
        publish_run(unfinished, published=True)
    manager.run("mine", "evaluate", SLEEP)
    for act in (lambda: rename_run(ended, "other"), lambda: delete_run(ended)):
        with pytest.raises(RunError, match=r"mine is busy with another job \(evaluate\): wait"):
            act()
    assert {run.name for run in runs_of(ALICE)} == {"mine", "begun"}


def test_where_nothing_can_be_written_a_run_stays_whole_and_the_page_says_why(ended: Run, manager: Manager) -> None:
    at, before = turn_to(start(), "train"), sorted(os.listdir(ended.folder))
    for label in ("Publish", "Delete the run"):
        with read_only_disk():
            press(at, label)
        assert "cannot be written (Read-only file system): allow this program to write there" in one_error(at)
    assert sorted(os.listdir(ended.folder)) == before


def test_half_of_a_deleted_folder_is_found_by_nobody(
    ended: Run, own_checkpoints: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.rmtree", lambda *_, **__: None)  # as if the process ended here
    remove_folder(ended.folder)
    assert list(own_checkpoints.rglob("weights.safetensors"))
    assert list_checkpoints(own_checkpoints) == [] and runs_of(ALICE) == []
    remove_folder(ended.folder)  # which is not there


def test_a_run_with_a_damaged_note_is_nobodys_and_one_without_is_everybodys(ended: Run, own_checkpoints: Path) -> None:
    (ended.folder / NOTE).write_text('{"owner": 3, "arguments"', encoding="utf-8")
    at = start()
    assert selected(at).options == [] and names() == []
    (ended.folder / NOTE).unlink()
    assert selected(at.run()).options == ["mine"]


def test_a_damaged_checkpoint_of_a_run_is_told_to_its_owner_alone(
    ended: Run, own_checkpoints: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (ended.folder / "weights.safetensors").write_bytes(b"no weights")
    (broken,) = list_checkpoints(own_checkpoints)
    assert isinstance(broken, BrokenCheckpoint)
    assert start().warning[0].value.startswith("**mine** cannot be used")
    begun(own_checkpoints, "mine", "somebody else")
    assert not start().warning
