"""Processes forked from one that has imported PyTorch and done nothing yet: that takes longer than their work."""

import multiprocessing
import os
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, ParamSpec, TypeVar

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.kill_helpers"])

Given, Answer = ParamSpec("Given"), TypeVar("Answer")


def in_a_fork(work: Callable[Given, Answer], *arguments: Given.args, **options: Given.kwargs) -> Answer:
    """What a function of a module returns in a process of its own, which ends with it."""
    ear, mouth = FORKS.Pipe(duplex=False)
    process = FORKS.Process(target=_tell, args=(mouth, work, arguments, options))
    process.start()
    mouth.close()
    with ear:
        answer: Answer = ear.recv()  # nothing to receive: the process has said on standard error what went wrong
    process.join()
    return answer


def become_another_user() -> None:
    """From now on this process may do less than root, who may do anything."""
    if os.getuid() == 0:
        os.setgroups([]), os.setgid(65534), os.setuid(65534)


def _tell(mouth: Connection, work: Callable[..., Any], arguments: tuple[Any, ...], options: dict[str, Any]) -> None:
    mouth.send(work(*arguments, **options))
