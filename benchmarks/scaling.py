"""What a DLGMM's bound and its gradient cost against K: time on a straight line, and no jump in memory."""

import multiprocessing
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from benchmarks.measuring import Limit, compare
from dlgmm_core.experiments.table import paper_model
from dlgmm_core.model.models import build_model
from dlgmm_core.model.objectives import elbo

COMPONENTS = (1, 2, 4, 8, 16, 32, 64)
ROUNDS, BATCH = 15, 100
LARGE = COMPONENTS[3:]  # where a few components more take more than the allocator's grain


def measure() -> list[Limit]:
    """What a straight line leaves of the variance of time, and where memory grows most."""
    seconds = compare(*(_step(k) for k in COMPONENTS), rounds=ROUNDS)
    # Each K in a process of its own: memory that one has let go of would hide what the next one takes.
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        megabytes = pool.map(_peak, LARGE, chunksize=1)
    unexplained = 1 - float(np.corrcoef(COMPONENTS, seconds)[0, 1] ** 2)
    slopes, mean = np.diff(megabytes) / np.diff(LARGE), (megabytes[-1] - megabytes[0]) / (LARGE[-1] - LARGE[0])
    what = "of a bound and its gradient"
    return [
        Limit(f"time {what}, K = 1 … 64: 1 − R² of a straight line", "", unexplained, 0.01),
        Limit(f"memory {what}, K = 8 … 64: the steepest part over the mean", "", float(slopes.max() / mean), 2),
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
    """Most megabytes that a process which makes three steps has held; Linux only."""
    torch.set_num_threads(1)
    step = _step(k)
    for _ in range(3):
        step()
    found = re.search(r"^VmHWM:\s+(\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert found is not None  # unlike `ru_maxrss`, which begins with what the parent held
    return int(found[1]) / 1024
