"""Tasks on the workers of an existing Dask cluster, one at a time in each worker process.

Workers and the submitting process share only a folder: results are written there, as on one machine. If a worker dies,
Dask gives its task to another one, so a task must be able to continue where the last one ended.

joblib's backend for Dask is not used: it waits for ever for a task that Dask has given up, and with a single worker it
runs the tasks in the submitting process.
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

__all__ = ["CONNECT_SECONDS", "LOCK_SECONDS", "ClusterError", "on_cluster", "require_scheduler", "stop_unless_wanted"]

CONNECT_SECONDS = 20
LOCK_SECONDS = 150.0  # after a machine died, a shared file system may keep its lock for a minute or two

Item = TypeVar("Item")


class ClusterError(RuntimeError):
    """A cluster cannot run the tasks; the message says why, and what to do."""


def on_cluster(
    address: str, work: Callable[[Item], str], items: Sequence[Item], folder: Path, device: str
) -> Iterator[str]:
    """Yields work(item) for all items, in the order in which they end; they start in the given order.

    When the generator is closed or fails, tasks that have not started are cancelled, and running tasks end at their
    next call of `stop_unless_wanted`.

    Args:
        address: of the scheduler.
        work: a function that workers can import.
        items: the arguments, one task each.
        folder: an absolute path of a folder that all workers share with this process.
        device: that every worker must have.

    Raises:
        ClusterError: if the package is missing, no scheduler answers, it has no workers, one of them cannot run the
            tasks, or several workers died during the same task.
        StorageError: if nothing can be written into the folder.
        Exception: any error that work raises.
    """
    with _connected(address) as client, _mark(folder) as mark:
        from distributed import CancelledError, KilledWorker, as_completed

        for worker, problem in client.run(_problem, mark, device, on_error="return").items():
            if isinstance(problem, Exception):
                problem = (
                    f"cannot run this program ({brief(problem)}): start it in the program's folder, with the same"
                    " packages."
                )
            if problem:
                raise ClusterError(f"The worker {worker} {problem}")
        futures = [
            client.submit(_task, work, item, mark, device, pure=False, priority=-number)
            for number, item in enumerate(items)
        ]
        try:
            for future in as_completed(futures, loop=client.loop):
                yield future.result()
        except KilledWorker as error:
            raise ClusterError(
                f"{error.allowed_failures + 1} workers died during the same task, the last one was"
                f" {error.last_worker.address}: read its log (often it ran out of memory), then run the command again."
            ) from error
        except CancelledError as error:
            raise ClusterError(
                f"The Dask scheduler at {address} has stopped: start it again, then run the command again."
            ) from error
        finally:
            client.cancel(futures)


def stop_unless_wanted() -> None:
    """Ends the current task if it was cancelled or its submitting process has ended; tasks call it regularly.

    Raises:
        ClusterError: to end the task; the message is not shown.
    """
    from distributed import get_worker

    worker = get_worker()
    task = worker.state.tasks.get(worker.get_current_task())
    if task is None or task.state != "executing":
        raise ClusterError("This task was cancelled.")


def require_scheduler(address: str) -> None:
    """Checks, before any work, that a scheduler answers.

    Raises:
        ClusterError: if the package is missing, or no scheduler answers.
    """
    with _reported(address):
        asyncio.run(_greet(address))


@contextmanager
def _reported(address: str) -> Iterator[None]:
    """Turns an error in its block, while a scheduler is connected to, into one sentence."""
    try:
        yield
    except ImportError as error:
        raise ClusterError("Dask is not installed: run `pip install distributed`.") from error
    except TypeError as error:  # Dask's error for missing settings
        raise ClusterError(
            f"The Dask scheduler at {address[:100]} cannot be reached ({brief(error)}): configure what that protocol"
            " needs, such as certificates for tls, or use another address."
        ) from error
    except Exception as error:  # of any kind: the address may be that of another service
        raise ClusterError(
            f"No Dask scheduler answers at {address[:100]}: start one with `dask scheduler`, and give the address that"
            " it prints, such as tcp://10.0.0.1:8786."
        ) from error


@contextmanager
def _connected(address: str) -> Iterator["Client"]:
    require_scheduler(address)
    with _reported(address):
        from distributed import Client

        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
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
    """Checks that a scheduler answers.

    A client that fails to connect is closed by the garbage collector, in an arbitrary thread, which may then wait for
    ever for a lock; and a client waits for ever for a scheduler that does not answer.
    """
    from distributed import Security
    from distributed.comm.core import connect

    async with asyncio.timeout(CONNECT_SECONDS):  # connecting has a time limit of its own, the first message has none
        comm = await connect(address, **Security().get_connection_args("client"))
        await comm.close()


@contextmanager
def _mark(folder: Path) -> Iterator[str]:
    """Path of a temporary file, by which workers check that they share the folder."""
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
    if problem := _problem(mark, device, worker):  # this worker may have joined after the first check
        raise ClusterError(f"The worker {worker.address} {problem}")
    return work(item)


def _problem(mark: str, device: str, dask_worker: "Worker") -> str | None:
    """Why this worker cannot run tasks, as the end of a sentence; `client.run` passes the worker by argument name."""
    if not Path(mark).exists():
        return (
            f"does not share the folder {Path(mark).parent}: --checkpoints must name a folder on a shared file system,"
            " with the same path on all machines."
        )
    if (threads := dask_worker.state.nthreads) > 1:
        return f"runs {threads} tasks in one process, which would share random numbers: start it with --nthreads 1."
    if device != "cpu" and not getattr(torch, device).is_available():
        return f"has no {device} device: choose another --device, or stop this worker."
    return None
