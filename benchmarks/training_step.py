"""Time of a training step of three models, compared with that of a direct implementation.

The models have the weights of the checkpoints, since an untrained model has no subnormal numbers. Our step rounds
subnormal numbers to zero, as the command line does; the direct implementation is timed with and without rounding.
Other libraries are compared by `python -m benchmarks.peers`.
"""

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import torch
from torch import Tensor
from torch.optim import Adam

from benchmarks.measuring import Measured, compare
from benchmarks.plain import gauss_elbo, mixture_eq1
from dlgmm_core.data.datasets import load_dataset
from dlgmm_core.model.models import LatentVariableModel
from dlgmm_core.model.objectives import elbo
from dlgmm_core.runtime.arithmetic import subnormals_as_zero
from dlgmm_core.store.checkpoints import load_checkpoint

ROUNDS, BATCH = 40, 100
CHECKPOINTS = Path(__file__).resolve().parent.parent / "checkpoints"
REACH = {"gauss-vae": 1.3, "dlgmm": 1.8, "dldpmm": 3.0}  # times faster


def measure() -> list[Measured]:
    """Two lines per model."""
    torch.manual_seed(0)
    x = torch.from_numpy(load_dataset("mnist").train.binary[:BATCH]).float()
    found = []
    for name, faster in REACH.items():
        model, _ = load_checkpoint(CHECKPOINTS / f"mnist-{name}")
        model.train().requires_grad_()
        plain_bound = gauss_elbo if name == "gauss-vae" else mixture_eq1
        step = _step(model, lambda m: elbo(m, x, "eq1"), fused=True)
        with_subnormals, flushed = (
            _step(deepcopy(model), lambda m, bound=plain_bound: bound(m, x), fused=False)  # type: ignore[misc]
            for _ in range(2)
        )
        with subnormals_as_zero():  # restored afterwards; `_with` sets it for each work
            ours, plain, plain_flushed = compare(
                _with(False, step),
                _with(True, with_subnormals),
                _with(False, flushed),
                rounds=ROUNDS,
            )
        what = f"training step, {name}"
        found += [
            Measured(what, "a loop over components and sticks", ours, plain, faster, at_most=False),
            Measured(what, "that loop without subnormal numbers", ours, plain_flushed, faster, at_most=False),
        ]
    return found


def _with(subnormals: bool, work: Callable[[], object]) -> Callable[[], object]:
    def run() -> None:
        torch.set_flush_denormal(not subnormals)
        work()

    return run


def _step(
    model: LatentVariableModel, bound: Callable[[LatentVariableModel], Tensor], fused: bool
) -> Callable[[], object]:
    optimizer = Adam(model.parameters(), lr=3e-4, fused=fused)

    def step() -> None:
        optimizer.zero_grad()
        (-bound(model).mean()).backward()
        optimizer.step()

    return step
