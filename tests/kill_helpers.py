"""Training that is watched at every change of a file, and processes that train until they are killed."""

import itertools
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from dlgmm_core.config import TrainConfig
from dlgmm_core.data.datasets import Dataset
from dlgmm_core.store.checkpoints import HISTORY, TRAINING, WEIGHTS, load_checkpoint
from dlgmm_core.store.files import CheckpointError
from dlgmm_core.store.history import read_history
from dlgmm_core.store.locks import training_lock
from dlgmm_core.train.training import TrainingRun, fit
from tests.forks import FORKS
from tests.training_helpers import MODEL, SHAPE, TRAIN, split, without_time

torch.set_num_threads(1)

STEPS = 3  # in an epoch of `images`
CHANGES = ("open", "mkdir", "fsync", "chmod", "replace", "unlink")


def images() -> Dataset:
    train = split(np.random.default_rng(0), 130)
    return Dataset("toy", train[:100], train[100:], train[100:], ("a", "b"), SHAPE)


def epochs(number: int) -> TrainConfig:
    return replace(TRAIN, max_epochs=number, patience=number)


def go_on(folder: Path, config: TrainConfig, tell: Callable[[str, int], None] = lambda what, epoch: None) -> None:
    """Trains to the end from wherever the folder stands, and tells what it does in which epoch."""
    with training_lock(folder):
        run = TrainingRun.load(folder) if (folder / TRAINING).exists() else TrainingRun.start(MODEL, config)
        for entry in fit(run, images(), lambda *step: tell("training", len(run.history) + 1)):
            tell("saving", entry.epoch)
            run.save(folder)
            tell("saved", entry.epoch)


@contextmanager
def watched(moment: Callable[[], None]) -> Iterator[None]:
    """Within it `moment` is called before every change of a file, and half way through a write."""
    with pytest.MonkeyPatch.context() as patch:
        for name in CHANGES:
            patch.setattr(os, name, _told(getattr(os, name), moment))
        original = os.fdopen
        patch.setattr(os, "fdopen", lambda *arguments: _Halves(original(*arguments), moment))
        yield


def _told(function: Callable[..., Any], moment: Callable[[], None]) -> Callable[..., Any]:
    def called(*arguments: Any, **options: Any) -> Any:
        moment()
        return function(*arguments, **options)

    return called


class _Halves:
    """A file that is written in two halves."""

    def __init__(self, file: Any, moment: Callable[[], None]) -> None:
        self.file, self.moment = file, moment

    def __enter__(self) -> "_Halves":
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def write(self, content: bytes) -> None:
        middle = len(content) // 2
        self.file.write(content[:middle])
        self.file.flush()
        self.moment()
        self.file.write(content[middle:])

    def flush(self) -> None:
        self.file.flush()


# --- processes -----------------------------------------------------------------------------------


def _train(folder: Path, config: TrainConfig, mouth: Connection) -> None:
    go_on(folder, config, lambda what, epoch: mouth.send((what, epoch)))


def _save_and_die(folder: Path, config: TrainConfig, epoch: int, moment: int) -> None:
    """Kills itself at that moment of saving that epoch; leaves well if the save has fewer moments."""
    passed = itertools.count(1)

    def die() -> None:
        if next(passed) == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    run = TrainingRun.start(MODEL, config)
    for entry in fit(run, images()):
        if entry.epoch == epoch:
            with watched(die):
                run.save(folder)
            break
        run.save(folder)


def begin(folder: Path, config: TrainConfig) -> tuple[BaseProcess, Connection]:
    """A process that trains into the folder, or goes on, and where it is heard."""
    ear, mouth = FORKS.Pipe(duplex=False)
    process = FORKS.Process(target=_train, args=(folder, config, mouth))
    process.start()
    mouth.close()
    return process, ear


def killed_in_save(folder: Path, config: TrainConfig, epoch: int, moment: int) -> bool:
    """Whether that save has such a moment; a process has then died at it."""
    process = FORKS.Process(target=_save_and_die, args=(folder, config, epoch, moment))
    process.start()
    process.join()
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode != 0


# --- what must hold at any time ------------------------------------------------------------------


def whole_epochs(folder: Path) -> dict[str, int]:
    """Reads every file that has its name, all of it, and says which epoch each has come to."""

    def state() -> int:
        run = TrainingRun.load(folder)
        (steps,) = {int(moments["step"]) for moments in run.optimizer.state.values()}
        assert steps == STEPS * len(run.history)
        return len(run.history)

    def history() -> int:
        found = [entry.epoch for entry in read_history(folder)]
        assert found == list(range(1, len(found) + 1)) and found
        return len(found)

    readers = {TRAINING: state, HISTORY: history, WEIGHTS: lambda: load_checkpoint(folder)[1].epoch}
    found = {}
    for name, read in readers.items():
        if (folder / name).exists():
            try:
                found[name] = read()
            except CheckpointError:
                assert not (folder / name).exists()  # its run has just ended
    return found


def assert_same_end(folder: Path, whole: Path) -> None:
    """Nothing but the files of a finished run, with the numbers of the run that nothing disturbed."""
    assert {path.name for path in folder.iterdir()} == {WEIGHTS, HISTORY}
    assert (folder / WEIGHTS).read_bytes() == (whole / WEIGHTS).read_bytes()
    assert without_time(read_history(folder)) == without_time(read_history(whole))
