"""What is saved comes back; what is damaged, foreign or newer is refused by name and harms nothing else."""

import ast
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

from dlgmm_core import checkpoints
from dlgmm_core.checkpoints import (
    HISTORY,
    METRICS,
    TRAINING,
    WEIGHTS,
    BrokenCheckpoint,
    Checkpoint,
    CheckpointError,
    list_checkpoints,
    load_checkpoint,
    read_checkpoint,
    read_metrics,
    read_tensors,
    save_checkpoint,
    save_metrics,
    write_atomically,
    write_tensors,
)
from dlgmm_core.config import ModelConfig, TrainConfig
from dlgmm_core.models import LatentVariableModel, build_model
from dlgmm_core.objectives import elbo

CONFIG = ModelConfig("gauss-vae", 2, hidden=8, data_dim=4)
TRAIN = TrainConfig(bound="mixture", seed=3, learning_rate=1e-4)


def save(folder: Path, config: ModelConfig = CONFIG, epoch: int = 7, bound: float = -1.25) -> LatentVariableModel:
    """An untrained model's weights in a folder, as training would leave them."""
    model = build_model(config)
    save_checkpoint(folder, model.state_dict(), config, TRAIN, epoch, bound)
    return model


def forge(path: Path, header: Any, weights: dict[str, torch.Tensor] | None = None) -> None:
    """A valid safetensors file with any header under our key."""
    tensors = build_model(CONFIG).state_dict() if weights is None else weights
    safetensors.torch.save_file(tensors, path, {"dlgmm": header if isinstance(header, str) else json.dumps(header)})


def header(**changes: Any) -> dict[str, Any]:
    """A header that makes sense, but for the changes."""
    sound = {"version": 1, "model": CONFIG.to_dict(), "train": TRAIN.to_dict(), "epoch": 1, "valid_bound": -1.0}
    return {**sound, **changes}


# --- round trip --------------------------------------------------------------------------------


def test_a_model_comes_back_with_equal_outputs(config: ModelConfig, tmp_path: Path) -> None:
    original = save(tmp_path / "it", config)
    model, checkpoint = load_checkpoint(tmp_path / "it")
    x = torch.bernoulli(torch.full((5, 4), 0.5))
    bounds = []
    for each in (original, model):
        torch.manual_seed(1)
        bounds.append(elbo(each, x, "mixture", 3))
    assert torch.equal(*bounds)
    assert (checkpoint.model_config, checkpoint.train_config) == (config, TRAIN)
    assert (checkpoint.epoch, checkpoint.valid_bound, checkpoint.name) == (7, -1.25, "it")


def test_a_loaded_model_is_ready_for_evaluation(tmp_path: Path) -> None:
    save(tmp_path)
    model, _ = load_checkpoint(tmp_path)
    assert not model.training and not any(p.requires_grad for p in model.parameters())


def test_the_digest_follows_the_weights_and_nothing_else(tmp_path: Path) -> None:
    model = build_model(CONFIG)
    digests = []
    for name in "ab":
        save_checkpoint(tmp_path / name, model.state_dict(), CONFIG, TRAIN, 1, -1.0)
        digests.append(read_checkpoint(tmp_path / name).digest)
    with torch.no_grad():
        model.decoder.logits.bias[0] += 1e-6  # type: ignore[union-attr, index, operator]
    save_checkpoint(tmp_path / "c", model.state_dict(), CONFIG, TRAIN, 1, -1.0)
    assert digests[0] == digests[1] != read_checkpoint(tmp_path / "c").digest
    assert len(digests[0]) == 12


def test_tensors_and_header_come_back_even_from_a_transposed_view(tmp_path: Path) -> None:
    tensor = torch.randn(3, 5).T
    write_tensors(tmp_path / "map.safetensors", {"t": tensor}, {"seed": 4})
    tensors, found = read_tensors(tmp_path / "map.safetensors")
    assert torch.equal(tensors["t"], tensor) and found["seed"] == 4


def test_files_are_readable_by_everybody(tmp_path: Path) -> None:
    save(tmp_path)
    assert (tmp_path / WEIGHTS).stat().st_mode & 0o777 == 0o644


# --- refusals ----------------------------------------------------------------------------------


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
        case "other shape":
            forge(path, header(model={**CONFIG.to_dict(), "hidden": 9}))
        case "missing weights":
            del weights["decoder.logits.bias"]
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
    "header without model": "has a header that makes no sense",
    "model is text": "has a header that makes no sense",
    "model is nothing": "has a header that makes no sense",
    "field from the future": "has no field 'colour'",
    "senseless size": "hidden must be a whole number above 0",
    "epoch is text": "has a header that makes no sense",
    "epoch is infinite": "has a header that makes no sense",
}
UNFITTING = {
    "unknown model": "There is no model 'vae'",
    "other shape": "do not fit its configuration",
    "missing weights": "do not fit its configuration",
    "weights too many": "do not fit its configuration",
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
    write_atomically(tmp_path / "first-epoch" / TRAINING, b"")
    assert [each.name for each in list_checkpoints(tmp_path)] == ["sound"]
    assert list_checkpoints(tmp_path / "nowhere") == []


# --- atomicity ---------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", ["replace", "chmod", "fdopen"])
def test_a_save_that_fails_midway_leaves_the_old_file_and_no_litter(
    stage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(tmp_path)
    before = (tmp_path / WEIGHTS).read_bytes()
    original = os.fdopen

    class FullDisk:
        """A file that takes half of what it is given."""

        def __init__(self, handle: int, mode: str) -> None:
            self.file = original(handle, mode)

        def __enter__(self) -> "FullDisk":
            return self

        def __exit__(self, *_: object) -> None:
            self.file.close()

        def write(self, content: bytes) -> None:
            self.file.write(content[: len(content) // 2])
            raise OSError(28, "No space left on device")

    def fail(*_: object) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, stage, FullDisk if stage == "fdopen" else fail)
        with pytest.raises(OSError, match=r"No space left|Input/output"):
            save(tmp_path, epoch=8)
    assert (tmp_path / WEIGHTS).read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == [WEIGHTS]
    assert read_checkpoint(tmp_path).epoch == 7


# --- metrics -----------------------------------------------------------------------------------


def test_metrics_come_back_for_the_weights_they_measured_and_no_others(tmp_path: Path) -> None:
    save(tmp_path)
    checkpoint = read_checkpoint(tmp_path)
    assert read_metrics(checkpoint) == {}
    save_metrics(checkpoint, {"nll": 86.5, "seed": 1})
    assert read_metrics(checkpoint) == {"weights": checkpoint.digest, "nll": 86.5, "seed": 1}
    save(tmp_path)  # other weights in the same folder
    retrained = read_checkpoint(tmp_path)
    assert retrained.digest != checkpoint.digest
    assert read_metrics(retrained) == {}
    assert read_metrics(replace(retrained, digest=checkpoint.digest))["nll"] == 86.5


@pytest.mark.parametrize("content", [b"{", b"5", b"\xff\xfe"])
def test_damaged_metrics_are_an_error_that_names_the_file(content: bytes, tmp_path: Path) -> None:
    save(tmp_path)
    (tmp_path / METRICS).write_bytes(content)
    with pytest.raises(CheckpointError, match=METRICS):
        read_metrics(read_checkpoint(tmp_path))


# --- nothing is unpickled ----------------------------------------------------------------------


def pickle_uses(source: str) -> list[str]:
    """Imports of pickle and its kin, calls of load on torch or joblib, and allow_pickle other than False."""
    found = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                found += [a.name for a in names if a.name.split(".")[0] in PICKLERS]
            case ast.ImportFrom(module=str(module), names=names):
                found += [module] if module.split(".")[0] in PICKLERS else []
                found += [f"torch.{a.name}" for a in names if module == "torch" and a.name in ("load", "save")]
            case ast.Attribute(value=ast.Name(id="torch"), attr="load" | "save" as name):
                found.append(f"torch.{name}")
            case ast.keyword(arg="allow_pickle", value=value) if not (
                isinstance(value, ast.Constant) and value.value is False
            ):
                found.append("allow_pickle")
    return found


PICKLERS = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}


def test_nothing_in_the_package_unpickles() -> None:
    sources = sorted(Path(checkpoints.__file__).parent.rglob("*.py"))
    assert len(sources) > 10
    assert {path.name: uses for path in sources if (uses := pickle_uses(path.read_text()))} == {}


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "import os, joblib",
        "from pickle import loads",
        "import torch\nx = torch.load('f')",
        "from torch import load",
        "np.load('f', allow_pickle=True)",
    ],
)
def test_the_search_for_pickles_finds_them(source: str) -> None:
    assert pickle_uses(source)
