"""Tiny stand-ins for the data sets and the experiments: seconds instead of hours."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dlgmm_core.config import TrainConfig
from dlgmm_core.data.datasets import DATASETS, Dataset, DatasetFamily, Split
from dlgmm_core.experiments import baselines, results
from dlgmm_core.experiments import reproduce as reproducing
from dlgmm_core.experiments.baselines import principal_components
from dlgmm_core.experiments.experiment import Experiment, paper_model
from dlgmm_core.experiments.reproduce import Protocol, reproduce
from dlgmm_core.experiments.rows import Row
from dlgmm_core.train.training import TrainingRun, fit

TOY_PROTOCOL = Protocol(sample_sizes=(2, 5), images=10)


def blobs(seed: int, size: int) -> Split:
    """Three classes of ink that differ in where most of it lies."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, size)
    grey = (rng.random((size, 784)) * np.where(np.arange(784) // 262 == labels[:, None], 255, 60)).astype(np.uint8)
    return Split(grey, (rng.random(grey.shape) < grey / 255).astype(np.uint8), labels)


@cache
def toy_dataset(name: str) -> Dataset:
    """A few hundred images, other ones for every name."""
    first = 10 * list(DATASETS).index(name)
    return Dataset(name, blobs(first, 200), blobs(first + 1, 50), blobs(first + 2, 130), tuple("abc"))


def use_toy_data(monkeypatch: pytest.MonkeyPatch) -> None:
    """Puts a few hundred images behind every data set's name, for this process."""
    for name in list(DATASETS):
        monkeypatch.setitem(DATASETS, name, DatasetFamily(name, partial(toy_dataset, name)))


def toy_experiment(
    name: str,
    model: str = "gauss-vae",
    *,
    baseline: str | None = None,
    tests: tuple[str, ...] = ("mnist",),
    mapped: bool = False,
    **train: object,
) -> Experiment:
    """An experiment of the paper's recipe with four hidden units and two epochs."""
    config = replace(TrainConfig(batch_size=50, max_epochs=2, patience=2), **train)  # type: ignore[arg-type]
    return Experiment(name, "paper", paper_model(model, 2, hidden=4), config, tests, baseline, mapped)


PLAIN = toy_experiment("plain")
MIXED = toy_experiment("mixed", "dlgmm", baseline="plain")
DRAWN = toy_experiment("drawn", tests=("omniglot", "mnist"), dataset="omniglot", bound="iwae")
LONG = toy_experiment("long", max_epochs=4, patience=4)
MAPPED = toy_experiment("mapped", mapped=True)


def use_toy_experiments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Puts these five in place of the table, for this process, and a few hundred images behind every data set."""
    use_toy_data(monkeypatch)
    monkeypatch.setattr(results, "EXPERIMENTS", {e.name: e for e in (PLAIN, MIXED, DRAWN, LONG, MAPPED)})
    monkeypatch.setattr(baselines, "principal_components", _components)


_KNOWN: dict[bytes, tuple[NDArray[np.float32], NDArray[np.float32]]] = {}


def _components(train: NDArray[np.uint8], test: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The principal components of toy images, which take longer than all else, once for all tests."""
    key = train.tobytes() + test.tobytes()
    if key not in _KNOWN:
        _KNOWN[key] = principal_components(train, test)
    return _KNOWN[key]


def run(root: Path, *experiments: Experiment) -> None:
    """`reproduce` in this process, where what a test has replaced is seen."""
    reproduce(experiments, root, TOY_PROTOCOL, jobs=1)


def trained(experiment: Experiment, folder: Path, epochs: int | None = None) -> TrainingRun:
    """A run of the experiment saved in the folder, whole or abandoned after so many epochs."""
    run = TrainingRun.start(experiment.model, experiment.train)
    for entry in fit(run, toy_dataset(experiment.train.dataset)):
        run.save(folder)
        if entry.epoch == epochs:
            break
    return run


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below the folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def forbid(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Makes the calls of these functions fail."""
    for name in names:

        def called(*_: object, name: str = name, **__: object) -> None:
            raise AssertionError(f"{name} was called")

        monkeypatch.setattr(reproducing, name, called)


def spy(monkeypatch: pytest.MonkeyPatch, name: str) -> list[tuple[Any, ...]]:
    """The arguments of every call of a function, from now on."""
    calls: list[tuple[Any, ...]] = []
    original: Callable[..., Any] = getattr(reproducing, name)

    def called(*arguments: object, **options: object) -> object:
        calls.append(arguments)
        return original(*arguments, **options)

    monkeypatch.setattr(reproducing, name, called)
    return calls


def named(rows: list[Row]) -> list[tuple[str, str]]:
    return [(row.checkpoint or row.model, row.eval_dataset) for row in rows]


def timeless(rows: list[Row]) -> list[Row]:
    """The rows without the seconds that training took."""
    return [replace(row, seconds=None) for row in rows]
