"""`reproduce` with two experiments at a time, each in a process of its own."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from joblib.externals.loky import get_reusable_executor

from dlgmm_core.data.datasets import DATASETS, DatasetFamily
from dlgmm_core.experiments.experiment import Experiment
from dlgmm_core.experiments.reproduce import reproduce
from dlgmm_core.experiments.results import read_results
from dlgmm_core.store.checkpoints import METRICS, WEIGHTS
from dlgmm_core.train.training import TrainingError
from tests.experiment_helpers import MIXED, PLAIN, TOY_PROTOCOL, run, timeless, toy_dataset, use_toy_experiments


@dataclass(frozen=True)
class Travelling(Experiment):
    """A worker does not see what the test has replaced, so the experiment's pickle contains the tiny data set."""

    arrivals: Path = Path()

    def __reduce__(self) -> tuple[Any, ...]:
        fields = dict(vars(self))
        return _arrive, (fields.pop("arrivals"), fields)


def _arrive(arrivals: Path, fields: dict[str, Any]) -> Experiment:
    DATASETS["mnist"] = DatasetFamily("MNIST", partial(toy_dataset, "mnist"))
    (arrivals / str(os.getpid())).touch()
    return Experiment(**fields)


@dataclass(frozen=True)
class Fatal(Experiment):
    """Ends the process that receives it, as Linux does when memory is full."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os._exit, (9,)


@pytest.fixture(autouse=True)
def toy_experiments(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    use_toy_experiments(monkeypatch)
    yield
    get_reusable_executor(reuse=True).shutdown(kill_workers=True)  # its idle workers would outlive the test


def test_experiments_side_by_side_give_the_numbers_of_one_after_another_and_a_killed_one_is_a_sentence(
    tmp_path: Path,
) -> None:
    arrivals = tmp_path / "arrivals"
    arrivals.mkdir()
    both = [Travelling(**vars(experiment), arrivals=arrivals) for experiment in (PLAIN, MIXED)]
    reproduce(both, tmp_path / "parallel", TOY_PROTOCOL, jobs=2)
    workers = {int(path.name) for path in arrivals.iterdir()}
    assert workers and os.getpid() not in workers

    run(tmp_path / "serial", PLAIN, MIXED)
    for name in ("plain", "mixed"):
        for file in (WEIGHTS, METRICS):
            serial, parallel = (tmp_path / how / name / file for how in ("serial", "parallel"))
            assert parallel.read_bytes() == serial.read_bytes(), f"{name}/{file}"
    serial_rows, parallel_rows = (read_results(tmp_path / how) for how in ("serial", "parallel"))
    assert timeless(parallel_rows) == timeless(serial_rows) and len(serial_rows) == 4
    a_process_that_is_killed_is_one_sentence_and_the_same_command_goes_on(tmp_path / "killed")


def a_process_that_is_killed_is_one_sentence_and_the_same_command_goes_on(folder: Path) -> None:
    with pytest.raises(TrainingError, match=r"was killed.*run the same command again, with fewer --jobs"):
        reproduce([Fatal(**vars(PLAIN)), Fatal(**vars(MIXED))], folder, TOY_PROTOCOL, jobs=2)
    run(folder, PLAIN)
    assert read_results(folder)[0].model == "gauss-vae"
