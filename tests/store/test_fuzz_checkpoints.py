"""A checkpoint's files, damaged or forged at will: a sound value or one sentence, and no memory for what is absurd."""

import json
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from dlgmm_core.checks import ConfigError
from dlgmm_core.config import ModelConfig, TrainConfig
from dlgmm_core.experiments.results import RESULTS, read_results, write_results
from dlgmm_core.experiments.rows import Row
from dlgmm_core.model.models import build_model
from dlgmm_core.runtime.files import StorageError
from dlgmm_core.runtime.records import from_json
from dlgmm_core.store import checkpoints
from dlgmm_core.store.checkpoints import (
    HISTORY,
    METRICS,
    TSNE,
    WEIGHTS,
    load_checkpoint,
    read_checkpoint,
    read_metrics,
    save_checkpoint,
    save_metrics,
)
from dlgmm_core.store.figures import Figures
from dlgmm_core.store.files import CheckpointError
from dlgmm_core.store.history import EpochMetrics, read_history, write_history
from dlgmm_core.store.measurements import read_measurements
from dlgmm_core.store.tsne_map import ProjectionConfig, load_map, save_map
from tests.fuzz_helpers import NUMBERS, TEXT, assert_one_sentence, damaged, fuzz, json_values

CONFIG = ModelConfig("dlgmm", 2, 2, (-1.0, 1.0), (1.0, 0.5), hidden=3, image_shape=(2, 2))
TRAIN = TrainConfig()
ROW = {"model": "dlgmm", "dataset": "mnist", "eval_dataset": "mnist", "recipe": "paper", "code_dim": 2, "knn": {}}


def save(folder: Path) -> bytes:
    """A sound checkpoint; the bytes of its weights file."""
    torch.manual_seed(0)
    save_checkpoint(folder, build_model(CONFIG).state_dict(), CONFIG, TRAIN, 3, -9.5)
    return (folder / WEIGHTS).read_bytes()


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return save(tmp_path_factory.mktemp("sound"))


def answer(read: Callable[[], Any], refusal: type[StorageError] = CheckpointError) -> Any:
    """What is read, or None where one sentence, a refusal, says why it is not."""
    try:
        return read()
    except refusal as error:
        assert_one_sentence(error)
        return None


# --- weights --------------------------------------------------------------------------------------


@fuzz(60)
@given(data=st.data())
def test_a_damaged_weights_file_is_a_model_of_finite_weights_or_one_sentence(
    data: st.DataObject, sound: bytes, tmp_path: Path
) -> None:
    (tmp_path / WEIGHTS).write_bytes(data.draw(damaged(sound)))
    loaded = answer(lambda: load_checkpoint(tmp_path))
    if loaded is not None:
        assert all(weight.isfinite().all() for weight in loaded[0].state_dict().values())


def with_description(content: bytes, change: Callable[[dict[str, Any]], None]) -> bytes:
    """A safetensors file whose own description, of types, shapes and places, is changed."""
    (length,) = struct.unpack("<Q", content[:8])
    description = json.loads(content[8 : 8 + length])
    change(description)
    text = json.dumps(description).encode()
    return struct.pack("<Q", len(text)) + text + content[8 + length :]


@fuzz(40)
@given(
    field=st.sampled_from(["dtype", "shape", "data_offsets"]),
    value=st.lists(NUMBERS, max_size=4)
    | st.sampled_from(["F64", "F16", "BF16", "C64", "I64", "BOOL", "U8", "F8_E4M3", "F8_E8M0", "F4", "F6_E2M3", "X"])
    | json_values(),
)
@example(field="shape", value=[2**31, 2**31])
@example(field="shape", value=[10**18])
def test_a_weights_file_that_lies_about_its_tensors_is_a_model_or_one_sentence(
    field: str, value: Any, sound: bytes, tmp_path: Path
) -> None:
    def lie(description: dict[str, Any]) -> None:
        description["decoder.data_bias"][field] = value

    (tmp_path / WEIGHTS).write_bytes(with_description(sound, lie))
    answer(lambda: load_checkpoint(tmp_path))


@fuzz(80)
@given(
    part=st.sampled_from(["model", "train"]),
    field=st.sampled_from([*CONFIG.to_dict(), *TRAIN.to_dict()]) | TEXT,
    value=json_values(),
)
def test_a_header_of_any_content_is_believed_only_where_it_makes_sense(
    part: str, field: str, value: Any, tmp_path: Path
) -> None:
    header = {"version": 1, "model": CONFIG.to_dict(), "train": TRAIN.to_dict(), "epoch": 1, "valid_bound": -1.0}
    header[part][field] = value  # type: ignore[index]
    safetensors.torch.save_file(build_model(CONFIG).state_dict(), tmp_path / WEIGHTS, {"dlgmm": json.dumps(header)})
    loaded = answer(lambda: load_checkpoint(tmp_path))
    if loaded is not None:
        model, checkpoint = loaded
        assert isinstance(checkpoint.train_config.dataset, str) and isinstance(checkpoint.train_config.bound, str)
        assert model.posterior(torch.zeros(1, 4)).mean.isfinite().all()


@fuzz(40)
@given(field=st.sampled_from(["version", "model", "train", "epoch", "valid_bound"]), value=json_values())
def test_a_header_of_any_form_is_a_checkpoint_or_one_sentence(field: str, value: Any, tmp_path: Path) -> None:
    header = {"version": 1, "model": CONFIG.to_dict(), "train": TRAIN.to_dict(), "epoch": 1, "valid_bound": -1.0}
    text = json.dumps({**header, field: value})
    safetensors.torch.save_file({"a": torch.zeros(1)}, tmp_path / WEIGHTS, {"dlgmm": text})
    answer(lambda: read_checkpoint(tmp_path))


@pytest.mark.parametrize(
    "change",
    [
        {"code_dim": 10**9},
        {"hidden": 10**9},
        {"image_shape": (1, 10**9)},
        {"hidden": 2**63, "image_shape": (1, 2**63)},
        {"code_dim": 10_000, "hidden": 10_000},
        {"model": "sb-vae", "num_components": 1, "prior_means": (0.0,), "prior_scales": (1.0,), "code_dim": 10**12},
    ],
)
def test_an_absurd_size_is_refused_before_anything_is_built(
    change: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sentence = r"choose smaller sizes|from 1 to 1,000,000|two whole numbers"
    with pytest.raises(ConfigError, match=sentence):
        replace(CONFIG, **change)
    header = {"version": 1, "model": {**CONFIG.to_dict(), **change}, "train": TRAIN.to_dict()}
    text = json.dumps({**header, "epoch": 1, "valid_bound": 0.0})
    safetensors.torch.save_file({"a": torch.zeros(1)}, tmp_path / WEIGHTS, {"dlgmm": text})
    monkeypatch.delattr(checkpoints, "build_model")
    with pytest.raises(CheckpointError, match=sentence):
        load_checkpoint(tmp_path)


@pytest.mark.parametrize("text", ["[" * 10**6, '{"version": ' + "9" * 10**5 + "}", "[0" + ",0" * 2**24 + "]"])
def test_a_header_that_is_deep_or_endless_is_one_sentence(text: str, tmp_path: Path) -> None:
    safetensors.torch.save_file({"a": torch.zeros(1)}, tmp_path / WEIGHTS, {"dlgmm": text})
    with pytest.raises(CheckpointError) as refused:
        read_checkpoint(tmp_path)
    assert_one_sentence(refused.value)


def test_a_file_of_more_than_a_gigabyte_is_refused_unread(sound: bytes, tmp_path: Path) -> None:
    with (tmp_path / WEIGHTS).open("wb") as file:
        file.write(sound)
        file.truncate(2**40)  # a hole, which takes no room on the disk
    with pytest.raises(CheckpointError, match="more than 1,073,741,824 bytes"):
        read_checkpoint(tmp_path)


@pytest.mark.parametrize("odd", [np.nan, np.inf])
def test_weights_that_are_no_numbers_are_refused(odd: float, tmp_path: Path) -> None:
    weights = build_model(CONFIG).state_dict()
    weights["decoder.data_bias"][2] = odd
    save_checkpoint(tmp_path, weights, CONFIG, TRAIN, 1, 0.0)
    with pytest.raises(CheckpointError, match="weights that are not finite"):
        load_checkpoint(tmp_path)


# --- what lies beside the weights -----------------------------------------------------------------


@fuzz(60)
@given(data=st.data())
def test_metrics_of_any_content_are_tests_by_name_or_one_sentence(data: st.DataObject, tmp_path: Path) -> None:
    if not (tmp_path / WEIGHTS).exists():
        save(tmp_path)
    checkpoint = read_checkpoint(tmp_path)
    save_metrics(checkpoint, {"test": {"mnist": {"elbo": {"bound": "eq1", "value": -9.5}}}})
    path = tmp_path / METRICS
    forged = json_values().map(lambda value: json.dumps({"weights": checkpoint.digest, "test": value}).encode())
    path.write_bytes(
        data.draw(forged | json_values().map(lambda v: json.dumps(v).encode()) | damaged(path.read_bytes()))
    )
    metrics = answer(lambda: read_metrics(checkpoint))
    answer(lambda: read_measurements(checkpoint))
    if metrics:
        assert all(isinstance(figures, dict) for figures in metrics.get("test", {}).values())


@fuzz(60)
@given(data=st.data())
def test_results_of_any_content_are_rows_or_one_sentence(data: st.DataObject, tmp_path: Path) -> None:
    write_results(tmp_path, [from_json(Row, ROW)] * 2)
    path = tmp_path / RESULTS
    forged = st.tuples(st.sampled_from(list(ROW)), json_values()).map(lambda pair: [ROW, {**ROW, pair[0]: pair[1]}])
    path.write_bytes(
        data.draw((forged | json_values()).map(lambda v: json.dumps(v).encode()) | damaged(path.read_bytes()))
    )
    for row in answer(lambda: read_results(tmp_path), StorageError) or []:
        assert isinstance(row.figures, Figures)
        assert [type(getattr(row, name)) for name in ROW if name != "knn"] == [str, str, str, str, int]


@fuzz(60)
@given(data=st.data())
def test_a_history_of_any_content_is_epochs_or_one_sentence(data: st.DataObject, tmp_path: Path) -> None:
    write_history(tmp_path, [EpochMetrics(epoch, -9.0, -8.0, 1, -8.0, 2.5, (0.5, 0.5)) for epoch in (1, 2)])
    path = tmp_path / HISTORY
    path.write_bytes(data.draw(st.text().map(str.encode) | damaged(path.read_bytes())))
    for entry in answer(lambda: read_history(tmp_path)) or []:
        assert type(entry.epoch) is int and all(type(share) is float for share in entry.usage)


@pytest.mark.parametrize("read", [read_history, lambda folder: read_metrics(read_checkpoint(folder)), read_results])
@pytest.mark.parametrize("content", [b"\x00\n" * 100, b"epoch\n" + b"x" * 200_000, b"[" * 10**6, b"\xff\xfe", None])
def test_a_file_that_cannot_be_one_is_one_sentence(
    read: Callable[[Path], Any], content: bytes | None, tmp_path: Path
) -> None:
    save(tmp_path)
    for name in (HISTORY, METRICS, RESULTS):
        if content is None:
            (tmp_path / name).mkdir()
        else:
            (tmp_path / name).write_bytes(content)
    with pytest.raises(CheckpointError) as refused:
        read(tmp_path)
    assert_one_sentence(refused.value)


@fuzz(40)
@given(data=st.data())
def test_a_map_of_any_content_is_pairs_of_numbers_or_one_sentence(data: st.DataObject, tmp_path: Path) -> None:
    if not (tmp_path / WEIGHTS).exists():
        save(tmp_path)
    checkpoint = read_checkpoint(tmp_path)
    save_map(checkpoint, np.zeros((100, 2), np.float32), ProjectionConfig())
    path = tmp_path / TSNE
    kind, shape = (
        data.draw(st.sampled_from(["F32", "I32", "F64"])),
        data.draw(st.sampled_from([[100, 2], [200], [2, 100]])),
    )
    settings = data.draw(st.sampled_from(["perplexity", "iterations", "seed"]) | TEXT)

    def lie(description: dict[str, Any]) -> None:
        description["coordinates"].update(dtype=kind, shape=shape)
        header = json.loads(description["__metadata__"]["dlgmm"])
        header["settings"][settings] = data.draw(json_values())
        description["__metadata__"]["dlgmm"] = json.dumps(header)

    forged = st.builds(lambda: with_description(path.read_bytes(), lie))
    path.write_bytes(data.draw(forged | damaged(path.read_bytes())))
    stored = answer(lambda: load_map(checkpoint, 100))
    if stored is not None:
        assert stored[0].dtype == np.float32 and stored[0].shape == (100, 2) and np.isfinite(stored[0]).all()
