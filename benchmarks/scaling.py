"""Time and memory of a DLGMM's bound and its gradient as functions of K, which should be linear."""

import multiprocessing
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from benchmarks.measuring import Limit, compare
from dlgmm_core.experiments.experiment import paper_model
from dlgmm_core.model.models import build_model
from dlgmm_core.model.objectives import elbo

__all__ = ["measure", "peak"]

COMPONENTS = (1, 2, 4, 8, 16, 32, 64)
ROUNDS, BATCH = 15, 100
LARGE = COMPONENTS[3:]  # where the memory of a component is not hidden by the allocator's granularity


def measure() -> list[Limit]:
    """The variance of time that a straight line does not explain, and the largest slope of memory."""
    seconds = compare(*(_step(k) for k in COMPONENTS), rounds=ROUNDS)
    # each K in a process of its own: memory freed by one would be reused by the next
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        megabytes = pool.map(_peak, LARGE, chunksize=1)
    unexplained = 1 - float(np.corrcoef(COMPONENTS, seconds)[0, 1] ** 2)
    slopes, mean = np.diff(megabytes) / np.diff(LARGE), (megabytes[-1] - megabytes[0]) / (LARGE[-1] - LARGE[0])
    what = "of a bound and its gradient"
    return [
        Limit(f"time {what}, K = 1 … 64: 1 − R² of a straight line", "", unexplained, 0.01),
        Limit(f"memory {what}, K = 8 … 64: largest over mean slope", "", float(slopes.max() / mean), 2),
    ]


def _step(k: int) -> Callable[[], object]:
    config = replace(paper_model("dlgmm"), num_components=k, prior_means=(0.0,) * k, prior_scales=(1.0,) * k)
    torch.manual_seed(0)
    model, x = build_model(config), (torch.rand(BATCH, 784) < 0.13).float()

    def step() -> None:
        model.zero_grad(set_to_none=True)
        elbo(model, x, "eq1").mean().backward()

    return step


def _peak(k: int) -> float:
    return peak(lambda: _step(k))


def peak(work: Callable[[], Callable[[], object]]) -> float:
    """Peak memory of this process, which makes three steps of the work, megabytes; Linux only."""
    torch.set_num_threads(1)
    step = work()
    for _ in range(3):
        step()
    found = re.search(r"^VmHWM:\s+(\d+) kB$", Path("/proc/self/status").read_text(encoding="utf-8"), re.MULTILINE)
    assert found is not None  # unlike `ru_maxrss`, it does not include the parent's memory
    return int(found[1]) / 1024
