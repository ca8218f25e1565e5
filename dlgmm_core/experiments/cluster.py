"""Work on the processes of a Dask cluster that is there already, one task at a time in each of them.

A worker shares with whoever asks it a folder and nothing else: results go there, as they would on one machine. A task
whose worker dies is given to another one by Dask, so it must be able to go on where it was.

joblib has a backend for Dask, but it waits for ever for a task that Dask has given up, and where a cluster has a
single worker it does the work in the asking process.
"""

import asyncio
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import torch

from dlgmm_core.runtime.files import brief, unwritable

if TYPE_CHECKING:
    from distributed import Client, Worker

__all__ = ["LOCK_SECONDS", "ClusterError", "on_cluster", "stop_unless_wanted"]

CONNECT_SECONDS = 20
LOCK_SECONDS = 150.0  # a shared file system may keep the lock of a machine that died for a minute or two

Item = TypeVar("Item")


class ClusterError(RuntimeError):
    """A cluster that cannot do the work; the message says which part of it, and what to do."""


def on_cluster(
    address: str, work: Callable[[Item], str], items: Sequence[Item], folder: Path, device: str
) -> Iterator[str]:
    """work(item) for all items, in the order in which they end; they begin in the order given.

    When the generator is closed, and when it fails, tasks that have not begun are withdrawn, and those under way end
    where they call `stop_unless_wanted`.

    Args:
        address: of the scheduler.
        work: which a worker must be able to import.
        items: what to work on, one task each.
        folder: an absolute path, where every worker must find what this process sees there.
        device: that every worker must have.

    Raises:
        ClusterError: if the package is missing, no scheduler answers, it has no workers, one of them cannot take part,
            or a task has been the end of one worker after another.
        StorageError: if nothing can be written into the folder.
        Exception: what work raises.
    """
    with _connected(address) as client, _mark(folder) as mark:
        from distributed import CancelledError, KilledWorker, as_completed

        for worker, complaint in client.run(_complaint, mark, device, on_error="return").items():
            if isinstance(complaint, Exception):
                complaint = (
                    f"cannot run this program ({brief(complaint)}): start it in the program's folder, with the same"
                    " packages."
                )
            if complaint:
                raise ClusterError(f"The worker {worker} {complaint}")
        futures = [
            client.submit(_task, work, item, mark, device, pure=False, priority=-number)
            for number, item in enumerate(items)
        ]
        try:
            for future in as_completed(futures, loop=client.loop):
                yield future.result()
        except KilledWorker as error:
            raise ClusterError(
                f"{error.allowed_failures + 1} workers died one after another at the same task, the last was"
                f" {error.last_worker.address}: look into its log (often it is the memory), then run the same again."
            ) from error
        except CancelledError as error:
            raise ClusterError(
                f"The Dask scheduler at {address} has gone: start it again, and then the same command."
            ) from error
        finally:
            client.cancel(futures)


def stop_unless_wanted() -> None:
    """Called by a task from time to time: ends it when whoever asked has left or withdrawn it.

    Raises:
        ClusterError: then; nobody reads it.
    """
    from distributed import get_worker

    worker = get_worker()
    task = worker.state.tasks.get(worker.get_current_task())
    if task is None or task.state != "executing":
        raise ClusterError("Nobody waits for this task any more.")


@contextmanager
def _connected(address: str) -> Iterator["Client"]:
    try:
        from distributed import Client
    except ImportError as error:
        raise ClusterError("Dask is not installed: run `pip install distributed`.") from error
    try:
        asyncio.run(_greet(address))
        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except TypeError as error:  # so Dask says that its settings lack something
        raise ClusterError(
            f"A Dask scheduler at {address[:100]} cannot be asked ({brief(error)}): give Dask what that protocol needs,"
            " certificates for tls, or take another address."
        ) from error
    except Exception as error:  # of any kind: it may be the answer of something that is no scheduler
        raise ClusterError(
            f"No Dask scheduler answers at {address[:100]}: start one with `dask scheduler`, and give the address that"
            " it prints, such as tcp://10.0.0.1:8786."
        ) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=CONNECT_SECONDS)
        except TimeoutError as error:
            raise ClusterError(
                f"The Dask scheduler at {address} has no workers: start some with"
                f" `dask worker {address} --nworkers 4 --nthreads 1`."
            ) from error
        yield client


async def _greet(address: str) -> None:
    """Meets a scheduler, or fails, and leaves nothing behind.

    A client that fails to connect leaves itself: the garbage collector closes it, in whichever thread that happens
    to run, and this can wait for ever for a lock. And a client waits for ever for a scheduler that says nothing.
    """
    from distributed import Security
    from distributed.comm.core import connect

    async with asyncio.timeout(CONNECT_SECONDS):  # connecting has a limit of its own, the first words have none
        comm = await connect(address, **Security().get_connection_args("client"))
        await comm.close()


@contextmanager
def _mark(folder: Path) -> Iterator[str]:
    """Path of a file by whose name a worker knows the folder from another one of the same path."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, mark = tempfile.mkstemp(dir=folder, prefix=".cluster-", suffix=".lock")
    except OSError as error:
        raise unwritable(folder, error) from error
    os.close(handle)
    try:
        yield mark
    finally:
        Path(mark).unlink(missing_ok=True)


def _task(work: Callable[[Item], str], item: Item, mark: str, device: str) -> str:
    from distributed import get_worker

    worker = get_worker()
    if complaint := _complaint(mark, device, worker):  # of a worker that has come later
        raise ClusterError(f"The worker {worker.address} {complaint}")
    return work(item)


def _complaint(mark: str, device: str, dask_worker: "Worker") -> str | None:
    """What keeps this worker from taking part, as the end of a sentence; `client.run` gives it the worker by name."""
    if not Path(mark).exists():
        return (
            f"does not see the folder {Path(mark).parent}: --checkpoints must name a folder of a shared file system,"
            " by the same path everywhere."
        )
    if (threads := dask_worker.state.nthreads) > 1:
        return f"runs {threads} tasks in one process, whose random numbers they would mix: start it with --nthreads 1."
    if device != "cpu" and not getattr(torch, device).is_available():
        return f"has no {device} device: choose another --device, or stop this worker."
    return None
