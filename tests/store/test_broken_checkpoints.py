"""A checkpoint that is damaged, foreign or newer is refused by name and harms nothing else."""

import json
import os
import tempfile
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
    Checkpoint,
    load_checkpoint,
    read_checkpoint,
    save_checkpoint,
)
from dlgmm_core.store.files import CheckpointError
from dlgmm_core.store.listing import BrokenCheckpoint, list_checkpoints
from tests.checkpoint_helpers import CONFIG, TRAIN, save
from tests.forks import become_another_user, in_a_fork


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
            path.write_text("These are no weights, however long the sentence that says so.\n", encoding="utf-8")
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
        case "a pipe":
            path.unlink()
            os.mkfifo(path)
        case "a link to nothing":
            path.unlink()
            path.symlink_to("nowhere")
        case "epoch is infinite":
            forge(path, header(epoch=float("inf")))
        case "unknown model":
            forge(path, header(model={**CONFIG.to_dict(), "model": "vae"}))
        case "unknown bound":
            forge(path, header(train={**TRAIN.to_dict(), "bound": "elbow\nand knee"}))
        case "odd data set":
            forge(path, header(train={**TRAIN.to_dict(), "dataset": "../cifar"}))
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
    "a folder": "is damaged (it is not a regular file)",
    "a pipe": "is damaged (it is not a regular file)",
    "a link to nothing": "is a link to a file that does not exist",
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
    "odd data set": "'../cifar' is not a valid name of a data set",
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
    (tmp_path / "README.md").write_text("hello", encoding="utf-8")
    for name in (TRAINING, HISTORY):  # as a kill may leave them, before there are weights
        write_atomically(tmp_path / "first-epoch" / name, b"")
    assert [each.name for each in list_checkpoints(tmp_path)] == ["sound"]
    assert list_checkpoints(tmp_path / "nowhere") == []


@pytest.mark.parametrize("epoch", [-5, 0, 1.9, "7", True, None, 10**400, TRAIN.max_epochs + 1])
def test_an_epoch_that_is_no_count_of_epochs_is_refused(epoch: Any, tmp_path: Path) -> None:
    forge(tmp_path / WEIGHTS, header(epoch=epoch))
    with pytest.raises(CheckpointError, match="epoch must be a whole number from 1 to 1000"):
        read_checkpoint(tmp_path)


@pytest.mark.parametrize("bound", [float("nan"), float("inf"), "-1", True, None, [], 10**400, 98.5])
def test_a_bound_that_no_model_can_have_is_refused(bound: Any, tmp_path: Path) -> None:
    forge(tmp_path / WEIGHTS, header(valid_bound=bound))
    with pytest.raises(CheckpointError, match="invalid header"):
        read_checkpoint(tmp_path)


TYPES = ("int8", "int64", "bool", "complex64", "float16", "bfloat16", "float64", "float8_e4m3fn", "float8_e5m2")


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("all_of_them", [True, False], ids=["all", "one"])
def test_weights_of_another_type_are_refused(kind: str, all_of_them: bool, tmp_path: Path) -> None:
    weights = build_model(CONFIG).state_dict()
    for name in list(weights) if all_of_them else ["decoder.data_bias"]:
        weights[name] = weights[name].to(getattr(torch, kind))
    forge(tmp_path / WEIGHTS, header(), weights)
    with pytest.raises(CheckpointError, match=f"another type than float32.*{kind}"):
        load_checkpoint(tmp_path)


def _list_as_another_user(root: Path) -> dict[str, str]:
    """The name of each entry, and why it is broken."""
    become_another_user()
    return {entry.name: getattr(entry, "reason", "sound") for entry in list_checkpoints(root)}


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="needs permissions of POSIX")
def test_what_may_not_be_read_is_listed_with_that_reason_and_the_rest_is_read() -> None:
    with tempfile.TemporaryDirectory() as name:  # which another user may enter, unlike pytest's
        root = Path(name)
        root.chmod(0o755)
        for each in ("folder", "sound", "weights"):
            save(root / each)
            (root / each).chmod(0o755)
        (root / "link").symlink_to("nowhere")
        (root / "folder").chmod(0)
        (root / "weights" / WEIGHTS).chmod(0)
        lines = in_a_fork(_list_as_another_user, root)
        (root / "folder").chmod(0o755)
    assert list(lines) == ["folder", "link", "sound", "weights"]
    assert lines["sound"] == "sound" and "is a link to a folder that does not exist" in lines["link"]
    for each in ("folder", "weights"):
        assert lines[each].endswith("cannot be read (permission denied): allow this program to read it.")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_weights_that_are_not_finite_are_listed_as_broken_and_others_as_they_are(value: float, tmp_path: Path) -> None:
    save(tmp_path / "fine")
    weights = save(tmp_path / "odd").state_dict()
    weights["decoder.data_bias"][1] = value
    save_checkpoint(tmp_path / "odd", weights, CONFIG, TRAIN, 1, -1.0)
    fine, odd = list_checkpoints(tmp_path)
    assert isinstance(fine, Checkpoint) and isinstance(odd, BrokenCheckpoint) and "not finite" in odd.reason
