"""Previews: the current weights within an epoch, for a page that watches a run."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from dlgmm_core.data.datasets import Dataset
from dlgmm_core.runtime.files import StorageError
from dlgmm_core.store.checkpoints import PREVIEW
from dlgmm_core.store.files import CheckpointError
from dlgmm_core.train import preview
from dlgmm_core.train.preview import Previews, read_preview
from dlgmm_core.train.training import TrainingRun, fit
from tests.training_helpers import MODEL, TRAIN


def test_a_preview_has_the_weights_after_the_newest_step_and_how_many_epochs_were_done(
    dataset: Dataset, tmp_path: Path
) -> None:
    run = TrainingRun.start(MODEL, replace(TRAIN, max_epochs=2))
    previews, seen = Previews(run, tmp_path, 0), []

    def look(step: int, steps: int, bound: float) -> None:
        previews.after_step(step, steps)
        state = torch.get_rng_state()
        found = read_preview(tmp_path)
        assert found is not None and torch.equal(torch.get_rng_state(), state)
        seen.append(found[1])
        for name, tensor in run.model.state_dict().items():
            torch.testing.assert_close(found[0].state_dict()[name], tensor, rtol=0, atol=0)

    list(fit(run, dataset, look))
    assert seen == pytest.approx([1 / 3, 2 / 3, 1, 4 / 3, 5 / 3, 2])
    previews.end()
    assert read_preview(tmp_path) is None and not list(tmp_path.iterdir())


def test_previews_are_as_far_apart_as_asked_for(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, written = [100.0], []
    monkeypatch.setattr(preview.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(preview, "write_tensors", lambda *rest: written.append(now[0]))
    previews = Previews(TrainingRun.start(MODEL, TRAIN), tmp_path, 1.0)
    for step in range(1, 11):
        now[0] += 0.4
        previews.after_step(step, 10)
    assert written == pytest.approx([101.2, 102.4, 103.6])


def test_a_full_disk_ends_no_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*rest: object) -> None:
        raise StorageError("no space left")

    monkeypatch.setattr(preview, "write_tensors", refuse)
    Previews(TrainingRun.start(MODEL, TRAIN), tmp_path, 0).after_step(1, 10)


def test_a_damaged_preview_is_named(tmp_path: Path) -> None:
    (tmp_path / PREVIEW).write_bytes(b"nothing")
    with pytest.raises(CheckpointError, match=f"{PREVIEW} is damaged .*: remove it"):
        read_preview(tmp_path)
