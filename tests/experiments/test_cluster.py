"""`reproduce` on a Dask cluster: nothing is lost when a worker ends, and errors are one sentence."""

import os
import signal
import socketserver
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

pytest.importorskip("distributed", reason="the package distributed is not installed")
import dask
from distributed import Client, LocalCluster
from distributed.utils import get_mp_context

from dlgmm_core.data.datasets import DATASETS, Dataset, DatasetFamily
from dlgmm_core.data.sources import DataError
from dlgmm_core.experiments import cluster
from dlgmm_core.experiments import reproduce as reproducing
from dlgmm_core.experiments.cluster import ClusterError, on_cluster
from dlgmm_core.experiments.experiment import Experiment
from dlgmm_core.experiments.reproduce import reproduce
from dlgmm_core.experiments.results import read_results
from dlgmm_core.runtime.files import StorageError
from dlgmm_core.store.checkpoints import HISTORY, METRICS, PER_IMAGE, TRAINING, WEIGHTS
from dlgmm_core.store.history import EpochMetrics, read_history
from dlgmm_core.store.locks import training_lock
from dlgmm_core.train.training import TrainingRun, fit
from tests.experiment_helpers import (
    LONG,
    MIXED,
    PLAIN,
    TOY_PROTOCOL,
    named,
    run,
    timeless,
    toy_dataset,
    toy_experiment,
    use_toy_experiments,
)

ENDLESS = toy_experiment("endless", max_epochs=1_000_000, patience=1_000_000)


@dataclass(frozen=True)
class Travelling(Experiment):
    """A worker does not see what the test has replaced, so the experiment's pickle contains it."""

    diary: Path = Path()
    home: int = 0

    def __reduce__(self) -> tuple[Any, ...]:
        return _arrive, (vars(self),)


def _arrive(fields: dict[str, Any]) -> Experiment:
    if os.getpid() != fields["home"]:
        DATASETS["mnist"] = DatasetFamily("MNIST", partial(toy_dataset, "mnist"))
        reproducing.fit = partial(_deadly_fit, fields["diary"])
    return Travelling(**fields)


def _deadly_fit(diary: Path, run: TrainingRun, dataset: Dataset) -> Iterator[EpochMetrics]:
    """Kills its process after the first epoch of `LONG`, once, and notes which process began at which epoch."""
    if run.config.max_epochs != LONG.train.max_epochs:
        yield from fit(run, dataset)
        return
    (diary / f"{len(run.history)}-{os.getpid()}").touch()
    for entry in fit(run, dataset):
        yield entry
        if entry.epoch == 1:
            os.kill(os.getpid(), signal.SIGKILL)


def travelling(experiment: Experiment, diary: Path) -> Travelling:
    diary.mkdir(exist_ok=True)
    return Travelling(**vars(experiment), diary=diary, home=os.getpid())


@pytest.fixture(scope="module")
def two_workers() -> Iterator[LocalCluster]:
    with forked(), started(n_workers=2, threads_per_worker=1, silence_logs=50) as local:
        yield local


@contextmanager
def forked() -> Iterator[None]:
    """Worker processes are forked from one that has imported the program, which takes longer than their tasks."""
    with dask.config.set({"distributed.worker.multiprocessing-method": "forkserver"}):
        get_mp_context().set_forkserver_preload(["tests.kill_helpers", "tests.experiment_helpers", "distributed"])
        yield


@pytest.fixture(scope="module")
def one_worker() -> Iterator[str]:
    """The address of a cluster with one, in this process."""
    with in_process(1) as local:
        yield local.scheduler_address


@pytest.fixture
def toy_experiments(monkeypatch: pytest.MonkeyPatch) -> None:
    use_toy_experiments(monkeypatch)


def in_process(workers: int, threads: int = 1) -> LocalCluster:
    return started(n_workers=workers, threads_per_worker=threads, processes=False, protocol="tcp")


def started(**options: Any) -> LocalCluster:
    return LocalCluster(**options, dashboard_address=":0")  # else it takes the usual port, which may be taken


# --- dying and leaving ---------------------------------------------------------------------------


@pytest.mark.usefixtures("toy_experiments")
def test_a_killed_workers_experiment_goes_on_at_another_to_the_results_of_one_machine(
    two_workers: LocalCluster, tmp_path: Path
) -> None:
    there, here, diary = (tmp_path / name for name in ("there", "here", "diary"))
    away = [travelling(experiment, diary) for experiment in (PLAIN, MIXED, LONG)]
    reproduce(away, there, TOY_PROTOCOL, 1, two_workers.scheduler_address)
    begun = dict(path.name.split("-") for path in diary.iterdir())
    assert set(begun) == {"0", "1"} and len({*begun.values(), str(os.getpid())}) == 3  # of epochs done, by whom

    run(here, PLAIN, MIXED, LONG)
    for name in ("plain", "mixed", "long"):
        assert {path.name for path in (there / name).iterdir()} == {WEIGHTS, HISTORY, METRICS, PER_IMAGE}
        for file in (WEIGHTS, METRICS):
            assert (there / name / file).read_bytes() == (here / name / file).read_bytes(), f"{name}/{file}"
    rows, expected = read_results(there), read_results(here)
    assert named(rows)[:3] == [("plain", "mnist"), ("mixed", "mnist"), ("long", "mnist")]
    assert timeless(rows) == timeless(expected)
    assert not list(there.glob(".*"))


@pytest.mark.usefixtures("toy_experiments")
def test_workers_stop_after_their_epoch_when_the_run_is_interrupted(two_workers: LocalCluster, tmp_path: Path) -> None:
    folder = tmp_path / ENDLESS.name

    def interrupt() -> None:
        while not (folder / HISTORY).exists() and running.is_set():
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    heard = signal.signal(signal.SIGINT, signal.default_int_handler)  # background jobs ignore it
    running = threading.Event()
    running.set()
    thread = threading.Thread(target=interrupt, daemon=True)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        reproduce([travelling(ENDLESS, tmp_path / "diary")], tmp_path, TOY_PROTOCOL, 1, two_workers.scheduler_address)
    running.clear()
    thread.join()
    signal.signal(signal.SIGINT, heard)
    with training_lock(folder, patience=60):  # which is free when the worker has left
        assert TrainingRun.load(folder).history and read_history(folder)
    assert (folder / TRAINING).exists() and not list(tmp_path.glob(".cluster*"))


# --- sentences -----------------------------------------------------------------------------------


def _name(item: str) -> str:
    return f"{item} done"


def _die(item: str) -> str:
    os.kill(os.getpid(), signal.SIGKILL)
    return item


def _lose_the_folder(item: str) -> str:
    for mark in Path(item).glob(".cluster*"):
        mark.rename(mark.with_name("elsewhere"))
    return item


def _miss_the_data(item: str) -> str:
    raise DataError(f"{item} is not in the cache.")


def refusal(address: str, folder: Path, work: Any = _name, device: str = "cpu") -> str:
    """The sentence with which three tasks are refused; it leaves nothing behind."""
    with pytest.raises(ClusterError) as refused:
        list(on_cluster(address, work, [str(folder)] * 3, folder, device))
    assert str(refused.value).endswith(".") and "\n" not in str(refused.value)
    return str(refused.value)


def test_tasks_are_done_by_the_workers_of_a_cluster_that_is_there(one_worker: str, tmp_path: Path) -> None:
    assert set(on_cluster(one_worker, _name, ["a", "b"], tmp_path, "cpu")) == {"a done", "b done"}
    assert not list(tmp_path.iterdir())


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is waited for, and no client is made: one that failed would leave its end to the garbage collector."""
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 0.5)
    monkeypatch.setattr("distributed.Client", None)


NOBODY = ["tcp://127.0.0.1:1", "smoke://signals", ""]


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("address", NOBODY)
def test_a_scheduler_that_does_not_answer(address: str, tmp_path: Path) -> None:
    assert refusal(address, tmp_path / "new").startswith(f"No Dask scheduler answers at {address}: start one with ")
    assert not (tmp_path / "new").exists()


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("words", [b"", b"SSH-2.0-OpenSSH_9.2\r\n", bytes(1000)], ids=["silent", "ssh", "zeros"])
def test_something_that_is_no_scheduler(words: bytes, tmp_path: Path) -> None:
    class Stranger(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.sendall(words)
            while self.request.recv(1000):
                """Listens until the other side hangs up."""

    with socketserver.TCPServer(("127.0.0.1", 0), Stranger) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        address = f"tcp://127.0.0.1:{server.server_address[1]}"
        assert refusal(address, tmp_path).startswith(f"No Dask scheduler answers at {address}: start one with ")
        server.shutdown()
        thread.join()


@pytest.mark.usefixtures("impatient")
def test_a_protocol_that_lacks_its_settings(tmp_path: Path) -> None:
    sentence = refusal("tls://127.0.0.1:1", tmp_path)
    assert "(TLS expects" in sentence and "configure what that protocol needs, such as certificates for tls" in sentence


def test_dask_that_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert refusal("tcp://127.0.0.1:1", tmp_path) == "Dask is not installed: run `pip install distributed`."


def test_a_cluster_without_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wait = Client.wait_for_workers
    monkeypatch.setattr(Client, "wait_for_workers", lambda client, number, timeout: wait(client, number, timeout=0.1))
    with in_process(0) as local:
        assert "has no workers: start some with `dask worker tcp://" in refusal(local.scheduler_address, tmp_path)


def test_a_worker_that_would_mix_random_numbers(tmp_path: Path) -> None:
    with in_process(1, threads=2) as local:
        assert "runs 2 tasks in one process" in refusal(local.scheduler_address, tmp_path)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a CUDA device")
def test_a_worker_without_the_device_and_one_that_comes_to_miss_the_folder(one_worker: str, tmp_path: Path) -> None:
    assert "has no cuda device" in refusal(one_worker, tmp_path, device="cuda")
    # a worker that came after the first look: there is none of that name when the second task begins
    assert f"does not share the folder {tmp_path}:" in refusal(one_worker, tmp_path, _lose_the_folder)


def test_workers_with_another_folder_of_the_same_path(
    one_worker: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "_mark", lambda folder: nullcontext(str(folder / ".cluster-only-here")))
    assert f"does not share the folder {tmp_path}:" in refusal(one_worker, tmp_path)


def test_a_folder_that_cannot_be_written(one_worker: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="cannot be written"):
        list(on_cluster(one_worker, _name, ["a"], tmp_path / "file" / "below", "cpu"))


def test_a_worker_that_has_not_this_program(
    two_workers: LocalCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = ModuleType("newer_program")
    exec("def _problem(mark, device, dask_worker): pass", vars(newer))
    monkeypatch.setitem(sys.modules, "newer_program", newer)
    monkeypatch.setattr(cluster, "_problem", vars(newer)["_problem"])
    sentence = refusal(two_workers.scheduler_address, tmp_path)
    assert "cannot run this program" in sentence and "newer_program" in sentence


def test_a_task_that_kills_every_worker_is_given_up(
    two_workers: LocalCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(two_workers.scheduler, "allowed_failures", 0)
    assert refusal(two_workers.scheduler_address, tmp_path, _die).startswith("1 workers died during the same task")


def test_what_a_task_raises_is_raised_here(one_worker: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"^omniglot is not in the cache\.$"):
        list(on_cluster(one_worker, _miss_the_data, ["omniglot"], tmp_path, "cpu"))
    assert not list(tmp_path.iterdir())
