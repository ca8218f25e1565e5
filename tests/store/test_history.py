"""The history of a run, to its file and back."""

from dataclasses import replace
from pathlib import Path

import pytest

from dlgmm_core.store.checkpoints import HISTORY
from dlgmm_core.store.files import CheckpointError
from dlgmm_core.store.history import EpochMetrics, read_history, write_history

CHECKPOINTS = Path(__file__).resolve().parents[2] / "checkpoints"
FIRST = EpochMetrics(1, -200.1234567890123, -190.0, 1, -190.0, 1 / 3, (0.1, 0.2, 0.7))
SECOND = EpochMetrics(2, -150.0, -191.5, 1, -190.0, 2e-7, (0.3, 1 / 3, 1 - 0.3 - 1 / 3))


@pytest.mark.parametrize("usage", [True, False], ids=["a mixture", "no mixture"])
def test_a_history_comes_back_digit_for_digit(usage: bool, tmp_path: Path) -> None:
    history = [FIRST, SECOND] if usage else [replace(entry, usage=()) for entry in (FIRST, SECOND)]
    write_history(tmp_path, history)
    found = read_history(tmp_path)
    assert found == history
    assert all(type(entry.epoch) is int and type(entry.seconds) is float for entry in found)


def test_epochs_without_a_measured_usage_come_back_without_one(tmp_path: Path) -> None:
    history = [replace(FIRST, usage=()), SECOND]
    write_history(tmp_path, history)
    assert read_history(tmp_path) == history


def test_an_epoch_travels_through_its_dictionary() -> None:
    plain = FIRST.to_dict()
    assert EpochMetrics.from_dict({**plain, "usage": list(plain["usage"])}) == FIRST


def test_a_folder_without_the_file_has_no_epochs(tmp_path: Path) -> None:
    assert read_history(tmp_path) == []


@pytest.mark.parametrize(
    "content",
    [
        "epoch,train_bound\n1,2\n",
        "a line\nof text\n",
        "epoch\n\xff\n",
        "epoch,train_bound,valid_bound,best_epoch,best_valid_bound,seconds,usage_1\n1,2,3,1,3,1,much\n",
        "epoch,train_bound,valid_bound,best_epoch,best_valid_bound,seconds\n1,2,3\n",
        "epoch,train_bound,valid_bound,best_epoch,best_valid_bound,seconds\n77,-9,-8,77,-8,1\n",
        "epoch,train_bound,valid_bound,best_epoch,best_valid_bound,seconds\n1,nan,-8,1,-8,1\n",
        "epoch,train_bound,valid_bound,best_epoch,best_valid_bound,seconds\n1,-9,98.5,1,98.5,1\n",
        "epoch,train_bound,valid_bound,best_epoch,best_valid_bound,seconds\n1,98.5,-8,1,-8,1\n",
        "epoch,train_bound,valid_bound,best_epoch,best_valid_bound,seconds\n1,-9,nan,1,nan,1\n",
        "epoch,train_bound,valid_bound,best_epoch,best_valid_bound,seconds\n1,-9,-8,1,-7,1\n",
        "epoch,train_bound,valid_bound,best_epoch,best_valid_bound,seconds\n1,-9,-8,2,-8,1\n",
        "epoch,train_bound,valid_bound,best_epoch,best_valid_bound,seconds\n1,-9,-8,1,-8,1\n2,-9,-7,1,-8,1\n",
        "epoch,train_bound,valid_bound,best_epoch,best_valid_bound,seconds\n1,-9,-8,1,-8,1\n1,-9,-8,1,-8,1\n",
        "epoch,train_bound,valid_bound,best_epoch,best_valid_bound,seconds\n1,-9,-8,1,-8,inf\n",
    ],
)
def test_a_foreign_history_is_an_error_that_names_the_file(content: str, tmp_path: Path) -> None:
    (tmp_path / HISTORY).write_bytes(content.encode("latin-1"))
    with pytest.raises(CheckpointError, match=HISTORY):
        read_history(tmp_path)


@pytest.mark.parametrize("path", sorted(CHECKPOINTS.glob(f"*/{HISTORY}")), ids=lambda path: path.parent.name)
def test_the_histories_of_the_repository_can_be_read(path: Path) -> None:
    history = read_history(path.parent)
    assert [entry.epoch for entry in history] == list(range(1, len(history) + 1))
