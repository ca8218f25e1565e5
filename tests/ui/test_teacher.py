"""A teacher's controls: who gets in, what they change for all, and that nothing of them is there without a password."""

import json
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from streamlit.runtime.context import ContextProxy
from streamlit.testing.v1 import AppTest

from dlgmm_core.data.datasets import DATASETS, DatasetFamily
from tests.app_helpers import ALICE, Make, Manager, begun, labels, one_error, press, selected, start, turn_to
from tests.experiment_helpers import toy_dataset
from tests.fixtures import emptied
from ui import loaders
from ui.training import teacher
from ui.training.runs import all_runs, runs_of
from ui.visitors.classroom import FILE, PASSWORD
from ui.visitors.visitor import COOKIE, digest

pytestmark = pytest.mark.usefixtures("repository", "alice")

SLEEP = "import time; time.sleep(60)"
BOB = digest("bob")
SECRET = "correct horse ☃"


@pytest.fixture(autouse=True)
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSWORD, SECRET)
    monkeypatch.setattr(teacher, "DELAY", 0.0)


def try_password(at: AppTest, text: str) -> AppTest:
    next(field for field in at.text_input if field.label == "Password of the teacher").set_value(text)
    return press(at, "Enter")


def inside() -> AppTest:
    """Alice's page, on which she has shown that she is the teacher."""
    return try_password(turn_to(start(), "train"), SECRET)


def as_bob(monkeypatch: pytest.MonkeyPatch, page: str = "train") -> AppTest:
    monkeypatch.setattr(ContextProxy, "cookies", {COOKIE: "bob"})
    at = start()
    return at if page == "overview" else turn_to(at, page)


def test_without_a_password_in_the_environment_there_are_no_controls_and_no_settings(
    make: Make, own_checkpoints: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"locked": True, "dataset": "omniglot", "checkpoints": []}
    (own_checkpoints / FILE).write_text(json.dumps(settings), encoding="utf-8")
    for value in ("", "  "):
        monkeypatch.setenv(PASSWORD, value)
        at = turn_to(start(), "train")
        assert labels(at) == ["Start training"] and not [e for e in at.expander if e.label == "Teacher"]
        assert at.selectbox(key="dataset").value == "mnist" and "locked" not in " ".join(i.value for i in at.info)


def test_a_wrong_password_is_one_sentence_after_a_while_and_the_right_one_opens_until_one_leaves(
    manager: Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(teacher, "sleep", slept.append)
    monkeypatch.setattr(teacher, "DELAY", 1.0)
    at = turn_to(start(), "train")
    for wrong in ("", "Correct horse ☃", SECRET + " ", "é" * 10_000):
        assert one_error(try_password(at, wrong)) == "This is not the teacher's password."
        assert "Lock training" not in labels(at)
    assert slept == [1.0] * 4
    try_password(at, SECRET)
    assert not at.error and "Lock training" in labels(at) and slept == [1.0] * 4
    turn_to(turn_to(at, "likelihood"), "train")
    assert "Lock training" in labels(at)
    assert "Lock training" not in labels(press(at, "Leave"))
    assert "Lock training" not in labels(turn_to(start(), "train"))  # another page of the same visitor


def test_a_lock_pauses_the_runs_of_others_and_refuses_new_ones_until_it_is_opened(
    manager: Manager, own_checkpoints: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, owner in (("bobs", BOB), ("mine", ALICE)):
        begun(own_checkpoints, name, owner)
        manager.run(name, "train", SLEEP, owner)
    press(inside(), "Lock training")
    manager.jobs["bobs"].process.wait(10)
    assert manager.jobs["mine"].running and {run.name: run.state for run in all_runs()}["bobs"] == "paused"
    of_bob = as_bob(monkeypatch)
    assert any("The teacher has locked training" in box.value for box in of_bob.info)
    for button in ("Start training", "Resume"):
        assert one_error(press(of_bob, button)).startswith("The teacher has locked training: try again")
    assert not manager.started
    monkeypatch.setattr(ContextProxy, "cookies", {COOKIE: "alice"})
    manager.jobs["mine"].stop()
    at = inside()
    assert "Unlock training" in labels(at) and not any("locked" in box.value for box in at.info)
    press(at, "Resume")
    press(at, "Unlock training")
    assert [name for name, _, _ in manager.started] == ["mine"]
    press(of_bob, "Resume")
    assert not of_bob.error


@pytest.fixture
def another_dataset(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The name of a published data set, of which there are a few images."""
    name = "binarized-mnist"
    monkeypatch.setitem(DATASETS, name, DatasetFamily("Binarized MNIST", partial(toy_dataset, name)))
    for _ in emptied(partial(loaders._dataset.clear, name, None)):
        yield name


def test_what_the_teacher_has_chosen_is_what_all_see_first_but_for_private_runs(
    manager: Manager, make: Make, own_checkpoints: Path, another_dataset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "two", "mine"):
        make(name)
    begun(own_checkpoints, "mine")
    at = inside()
    at.selectbox(key="dataset").set_value(another_dataset).run()
    selected(at).set_value(["two", "mine"]).run()
    press(at, "Make my choice everybody's first")
    assert json.loads((own_checkpoints / FILE).read_text(encoding="utf-8")) == {
        "locked": False,
        "dataset": another_dataset,
        "checkpoints": ["two"],
    }
    of_bob = as_bob(monkeypatch, "overview")
    assert of_bob.selectbox(key="dataset").value == another_dataset
    assert selected(of_bob).value == ["two"] and not dict(of_bob.query_params)
    begun(own_checkpoints, "one", BOB)
    assert selected(as_bob(monkeypatch, "overview")).value == ["one", "two"]
    monkeypatch.setattr(ContextProxy, "cookies", {COOKIE: "alice"})
    press(inside(), "Make the usual choice everybody's first")
    assert as_bob(monkeypatch, "overview").selectbox(key="dataset").value == "mnist"


def test_runs_of_visitors_are_deleted_some_or_all_but_the_teachers_own(
    manager: Manager, make: Make, own_checkpoints: Path
) -> None:
    for name in ("common", "ended", "published", "damaged"):
        make(name)
    for name in ("ended", "published", "running", "damaged"):
        begun(own_checkpoints, name, BOB)
    (own_checkpoints / "damaged" / "run.json").write_text("{", encoding="utf-8")
    begun(own_checkpoints, "mine")
    job = manager.run("running", "train", SLEEP, BOB)
    at = inside()
    (some,) = (box for box in at.multiselect if box.label == "Runs")
    assert some.options == ["damaged", "ended", "published", "running"]
    some.set_value(["ended"]).run()
    press(at, "Delete these")
    assert sorted(os.listdir(own_checkpoints)) == ["common", "damaged", "mine", "published", "running"]
    press(at, "Delete all 3")
    assert not at.exception and not job.running
    assert sorted(os.listdir(own_checkpoints)) == ["common", "mine"]
    assert [run.name for run in runs_of(ALICE)] == ["mine"] and not at.error


def test_a_damaged_file_of_settings_is_one_sentence_and_locks_training_until_it_is_set_again(
    manager: Manager, make: Make, own_checkpoints: Path
) -> None:
    make("one")
    for text in ("{", "[]", "[" * 100_000, '{"locked": 1, "dataset": "", "checkpoints": []}', '{"locked": true}'):
        (own_checkpoints / FILE).write_text(text, encoding="utf-8")
        at = turn_to(start(), "train")
        assert FILE in one_error(at) and selected(at).value == ["one"]
        assert all(FILE in error.value for error in press(at, "Start training").error) and not manager.started
    press(try_password(at, SECRET), "Start training")
    assert len(manager.started) == 1  # the teacher may
    press(at, "Lock training")
    press(at, "Unlock training")
    assert not at.error
    press(turn_to(start(), "train"), "Resume")
    assert len(manager.started) == 2
