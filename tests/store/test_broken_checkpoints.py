"""A checkpoint that is damaged, foreign or newer is refused by name and harms nothing else."""

import json
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

from dlgmm_core.model.models import build_model
from dlgmm_core.runtime.files import write_atomically
from dlgmm_core.store.checkpoints import (
    HISTORY,
    TRAINING,
    WEIGHTS,
    BrokenCheckpoint,
    Checkpoint,
    list_checkpoints,
    load_checkpoint,
    read_checkpoint,
)
from dlgmm_core.store.files import CheckpointError
from tests.checkpoint_helpers import CONFIG, TRAIN, save


def forge(path: Path, header: Any, weights: dict[str, torch.Tensor] | None = None) -> None:
    """A valid safetensors file with any header under our key."""
    tensors = build_model(CONFIG).state_dict() if weights is None else weights
    safetensors.torch.save_file(tensors, path, {"dlgmm": header if isinstance(header, str) else json.dumps(header)})


def header(**changes: Any) -> dict[str, Any]:
    """A valid header, except for the changes."""
    sound = {"version": 1, "model": CONFIG.to_dict(), "train": TRAIN.to_dict(), "epoch": 1, "valid_bound": -1.0}
    return {**sound, **changes}


def damaged(path: Path, kind: str) -> None:
    """Replaces a sound weights file by one that is not."""
    weights = build_model(CONFIG).state_dict()
    whole = path.read_bytes()
    match kind:
        case "missing":
            path.unlink()
        case "empty":
            path.write_bytes(b"")
        case "truncated":
            path.write_bytes(whole[:-10])
        case "truncated in its header":
            path.write_bytes(whole[:50])
        case "plain text":
            path.write_text("These are no weights, however long the sentence that says so.\n")
        case "a folder":
            path.unlink()
            path.mkdir()
        case "foreign":
            safetensors.torch.save_file(weights, path, {"format": "pt"})
        case "without metadata":
            safetensors.torch.save_file(weights, path)
        case "header is no JSON":
            forge(path, "{")
        case "header is a list":
            forge(path, [1, 2])
        case "header without version":
            forge(path, {"model": CONFIG.to_dict()})
        case "newer":
            forge(path, header(version=2))
        case "header without model":
            forge(path, {"version": 1})
        case "model is text":
            forge(path, header(model="dlgmm"))
        case "model is nothing":
            forge(path, header(model=None))
        case "field from the future":
            forge(path, header(model={**CONFIG.to_dict(), "colour": 1}))
        case "senseless size":
            forge(path, header(model={**CONFIG.to_dict(), "hidden": 0}))
        case "epoch is text":
            forge(path, header(epoch="first"))
        case "epoch is infinite":
            forge(path, header(epoch=float("inf")))
        case "unknown model":
            forge(path, header(model={**CONFIG.to_dict(), "model": "vae"}))
        case "unknown bound":
            forge(path, header(train={**TRAIN.to_dict(), "bound": "elbow\nand knee"}))
        case "unknown data set":
            forge(path, header(train={**TRAIN.to_dict(), "dataset": "cifar"}))
        case "other shape":
            forge(path, header(model={**CONFIG.to_dict(), "hidden": 9}))
        case "missing weights":
            del weights["decoder.data_bias"]
            forge(path, header(), weights)
        case "weights too many":
            forge(path, header(), {**weights, "extra": torch.zeros(1)})


UNREADABLE = {
    "missing": "is missing",
    "empty": "is damaged",
    "truncated": "is damaged",
    "truncated in its header": "is damaged",
    "plain text": "is damaged",
    "a folder": "is damaged",
    "foreign": "was not written by this program",
    "without metadata": "was not written by this program",
    "header is no JSON": "was not written by this program",
    "header is a list": "was not written by this program",
    "header without version": "was not written by this program",
    "newer": "has format 2, and this program reads format 1",
    "header without model": "has an invalid header",
    "model is text": "has an invalid header",
    "model is nothing": "has an invalid header",
    "field from the future": "has no field 'colour'",
    "senseless size": "hidden must be a whole number from 1",
    "unknown model": "There is no model 'vae'",
    "unknown bound": r"There is no bound 'elbow\nand knee': choose one of eq1, mixture, marginal, iwae",
    "unknown data set": "There is no data set 'cifar': choose one of mnist, binarized-mnist, omniglot",
    "epoch is text": "has an invalid header",
    "epoch is infinite": "has an invalid header",
}
UNFITTING = {
    "other shape": "do not match its configuration",
    "missing weights": "do not match its configuration",
    "weights too many": "do not match its configuration",
}


@pytest.mark.parametrize("kind", [*UNREADABLE, *UNFITTING])
def test_a_damaged_checkpoint_is_an_error_that_names_the_file_and_says_why(kind: str, tmp_path: Path) -> None:
    save(tmp_path)
    damaged(tmp_path / WEIGHTS, kind)
    with pytest.raises(CheckpointError) as error:
        load_checkpoint(tmp_path)
    sentence = str(error.value)
    assert str(tmp_path / WEIGHTS) in sentence and {**UNREADABLE, **UNFITTING}[kind] in sentence
    assert "\n" not in sentence
    if kind in UNREADABLE:
        with pytest.raises(CheckpointError):
            read_checkpoint(tmp_path)


@pytest.mark.parametrize("kind", UNREADABLE)
def test_a_list_shows_the_broken_one_and_keeps_the_others(kind: str, tmp_path: Path) -> None:
    for name in ("c-sound", "b-broken", "a-sound"):
        save(tmp_path / name)
        write_atomically(tmp_path / name / HISTORY, b"epoch\n")  # so that a missing weights file is noticed
    damaged(tmp_path / "b-broken" / WEIGHTS, kind)
    found = list_checkpoints(tmp_path)
    assert [each.name for each in found] == ["a-sound", "b-broken", "c-sound"]
    assert isinstance(found[0], Checkpoint) and isinstance(found[2], Checkpoint)
    assert isinstance(found[1], BrokenCheckpoint) and UNREADABLE[kind] in found[1].reason
    for sound in (found[0], found[2]):
        load_checkpoint(sound.folder)


def test_a_list_leaves_out_files_and_folders_that_are_no_checkpoints(tmp_path: Path) -> None:
    save(tmp_path / "sound")
    (tmp_path / "empty").mkdir()
    (tmp_path / "README.md").write_text("hello")
    for name in (TRAINING, HISTORY):  # as a kill may leave them, before there are weights
        write_atomically(tmp_path / "first-epoch" / name, b"")
    assert [each.name for each in list_checkpoints(tmp_path)] == ["sound"]
    assert list_checkpoints(tmp_path / "nowhere") == []
