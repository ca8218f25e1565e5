"""`reproduce` on the command line: what it lists, asks for, refuses, and how it ends."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import torch

from dlgmm_core import __main__ as cli
from dlgmm_core.commands import reproduce as command
from dlgmm_core.data.sources import DataError
from dlgmm_core.evaluate.likelihood import EvaluationError
from dlgmm_core.experiments.cluster import ClusterError
from dlgmm_core.experiments.experiment import Experiment
from dlgmm_core.experiments.reproduce import Protocol
from dlgmm_core.experiments.results import RESULTS, read_results
from dlgmm_core.experiments.table import EXPERIMENTS, RECIPES
from dlgmm_core.options import CHECKPOINTS
from dlgmm_core.store.checkpoints import TRAINING
from dlgmm_core.train.training import TrainingError
from tests.cli_helpers import error_of, run, tiny_world
from tests.experiment_helpers import MIXED, PLAIN, contents, use_toy_experiments


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    yield from tiny_world(monkeypatch)


Call = tuple[list[str], Path, Protocol, int, str | None]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[Call]:
    """What would have been run, and nothing is."""
    made: list[Call] = []

    def reproduce(
        experiments: Sequence[Experiment], root: Path, protocol: Protocol, jobs: int, scheduler: str | None
    ) -> None:
        made.append(([e.name for e in experiments], root, protocol, jobs, scheduler))

    monkeypatch.setattr(command, "reproduce", reproduce)
    return made


def test_the_list_names_every_experiment_its_recipe_and_its_data(
    tmp_path: Path, calls: list[Call], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, "reproduce", "--list") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines] == [[e.name, e.recipe, e.train.dataset] for e in EXPERIMENTS.values()]
    assert not calls and not list(tmp_path.iterdir())


def test_the_list_can_be_restricted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "reproduce", "--list", "--only", "replica", "omniglot-sb*") == 0
    names = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert names == ["mnist-gauss-vae-replica", "mnist-dlgmm-replica", "omniglot-sb-vae", "omniglot-sb-vae-tuned"]


def test_without_options_everything_is_run_by_the_protocol_on_all_processors(calls: list[Call]) -> None:
    assert cli.main(["reproduce", "--device", "cpu"]) == 0
    assert calls == [(list(EXPERIMENTS), CHECKPOINTS, Protocol(device="cpu"), os.cpu_count(), None)]
    assert Path(cli.__file__).resolve().parents[1] / "checkpoints" == CHECKPOINTS


def test_options_reach_the_run(tmp_path: Path, calls: list[Call], capsys: pytest.CaptureFixture[str]) -> None:
    options = ("--only", "mnist-dlgmm-d5*", "mnist-dlgmm", "--jobs", "3", "--images", "70", "--device", "cpu")
    assert run(tmp_path, "reproduce", *options) == 0
    names = ["mnist-dlgmm-d5", "mnist-dlgmm-d50", "mnist-dlgmm"]
    assert calls == [(names, tmp_path, Protocol(images=70, device="cpu"), 3, None)]
    assert capsys.readouterr().out == f"{tmp_path / RESULTS}: written.\n"


def test_a_scheduler_takes_the_run_to_its_cluster(tmp_path: Path, calls: list[Call]) -> None:
    options = ("--only", "mnist-dlgmm", "--device", "cpu", "--backend", "dask", "--scheduler", "tcp://there:8786")
    assert run(tmp_path, "reproduce", *options) == 0
    assert calls == [(["mnist-dlgmm"], tmp_path, Protocol(device="cpu"), os.cpu_count(), "tcp://there:8786")]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--only", "tuned", "nothing"), ("'nothing'", *RECIPES)),
        (("--jobs", "0"), ("--jobs",)),
        (("--jobs", "-1"), ("--jobs",)),
        (("--images", "1"), ("--images",)),
        (("--images", "-5"), ("--images",)),
        (("--scheduler", "tcp://there:8786"), ("--backend dask", "--scheduler")),
        (("--backend", "local", "--scheduler", "tcp://there:8786"), ("--backend dask",)),
        (("--backend", "dask"), ("--scheduler",)),
        (("--backend", "dask", "--scheduler", ""), ("--scheduler",)),
    ],
)
@pytest.mark.parametrize("listed", [(), ("--list",)], ids=["run", "listed"])
def test_senseless_requests_are_one_sentence_and_exit_code_two(
    listed: tuple[str, ...],
    options: tuple[str, ...],
    words: tuple[str, ...],
    tmp_path: Path,
    calls: list[Call],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(tmp_path, "reproduce", *options, *listed) == 2
    sentence = error_of(capsys)
    assert all(word in sentence for word in words)
    assert not calls and not list(tmp_path.iterdir())


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a CUDA device")
def test_a_device_that_is_not_there_is_refused(
    tmp_path: Path, calls: list[Call], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, "reproduce", "--device", "cuda") == 2
    assert "no cuda device" in error_of(capsys) and not calls


def test_a_damaged_record_is_one_sentence_and_left_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / RESULTS).write_text("not this", encoding="utf-8")
    assert run(tmp_path, "reproduce", "--only", "mnist-gauss-vae", "--jobs", "1", "--device", "cpu") == 1
    assert f"{RESULTS} is damaged" in error_of(capsys)
    assert contents(tmp_path) == {RESULTS: b"not this"}


@pytest.mark.parametrize(
    ("problem", "code", "said"),
    [
        (TrainingError("The bound is nan."), 1, "error: The bound is nan."),
        (EvaluationError("A weight is nan."), 1, "error: A weight is nan."),
        (DataError("No network."), 1, "error: No network."),
        (ClusterError("No scheduler."), 1, "error: No scheduler."),
        (KeyboardInterrupt(), 130, "Stopped before the end of any first epoch: nothing is kept."),
    ],
)
def test_what_goes_wrong_on_the_way_is_one_line_and_an_exit_code(
    problem: BaseException,
    code: int,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def failing(*_: object) -> None:
        raise problem

    monkeypatch.setattr(command, "reproduce", failing)
    assert run(tmp_path, "reproduce", "--device", "cpu") == code
    assert capsys.readouterr().err == f"{said}\n"


def test_a_stop_after_an_epoch_says_that_it_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped(experiments: Sequence[Experiment], root: Path, *_: object) -> None:
        folder = root / experiments[-1].name
        folder.mkdir()
        (folder / TRAINING).touch()
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "reproduce", stopped)
    assert run(tmp_path, "reproduce", "--device", "cpu") == 130
    assert capsys.readouterr().err == "Stopped. Finished work is kept.\n"


def test_a_run_from_the_command_line_measures_what_the_protocol_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    use_toy_experiments(monkeypatch)
    monkeypatch.setattr(command, "select", lambda patterns: [PLAIN, MIXED])
    assert run(tmp_path, "reproduce", "--jobs", "1", "--images", "3", "--device", "cpu") == 0
    rows = read_results(tmp_path)
    assert [row.model for row in rows] == ["gauss-vae", "dlgmm", "raw-pixels", "pca-25"]
    for row in rows[:2]:
        assert {size: nll.images for size, nll in row.figures.nll.items()} == {"50": 130, "5000": 3}
    said = [line for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert said[:2] == ["mixed: done", "plain: done"] and said[2] == f"{tmp_path / RESULTS}: written."
