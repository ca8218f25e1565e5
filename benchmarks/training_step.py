"""Time of a training step of three models, compared with its matrix products alone and with a direct implementation.

The models have the weights of the checkpoints, since an untrained model has no subnormal numbers. Our step rounds
subnormal numbers to zero, as the command line does; the direct implementation is timed with and without rounding.
The lower limit is one product forward and two backward for every layer, on matrices of the same sizes, with and
without Adam's update of weights and moments.
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
FIRST_LAYER = "encoder.0"
CHECKPOINTS = Path(__file__).resolve().parent.parent / "checkpoints"
REACH = {
    "gauss-vae": (1.3, 1.3),
    "dlgmm": (1.3, 1.8),
    "dldpmm": (1.5, 3.0),
}  # of the lower limit; times faster than direct


def measure() -> list[Measured]:
    """Four lines per model."""
    torch.manual_seed(0)
    x = torch.from_numpy(load_dataset("mnist").train.binary[:BATCH]).float()
    found = []
    for name, (of_floor, faster) in REACH.items():
        model, _ = load_checkpoint(CHECKPOINTS / f"mnist-{name}")
        model.train().requires_grad_()
        plain_bound = gauss_elbo if name == "gauss-vae" else mixture_eq1
        step = _step(model, lambda m: elbo(m, x, "eq1"), fused=True)
        with_subnormals, flushed = (
            _step(deepcopy(model), lambda m, bound=plain_bound: bound(m, x), fused=False)  # type: ignore[misc]
            for _ in range(2)
        )
        with subnormals_as_zero():  # restored afterwards; `_with` sets it for each work
            ours, floor, floor_and_adam, plain, plain_flushed = compare(
                _with(False, step),
                _with(False, _products(model)),
                _with(False, _products_and_adam(model)),
                _with(True, with_subnormals),
                _with(False, flushed),
                rounds=ROUNDS,
            )
        what = f"training step, {name}"
        found += [
            Measured(what, "its matrix products alone", ours, floor, of_floor),
            Measured(what, "its matrix products and Adam alone", ours, floor_and_adam, of_floor),
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
        optimizer.zero_grad(set_to_none=True)
        (-bound(model).mean()).backward()
        optimizer.step()

    return step


def _products(model: LatentVariableModel) -> Callable[[], object]:
    """Every layer's product on a batch, and the two of its gradients; the first layer has no input gradient."""
    config = model.config
    layers = []
    for name, layer in model.named_modules():
        if isinstance(layer, torch.nn.Linear):
            rows = BATCH * config.num_components if name.startswith("decoder") else BATCH
            inputs, outputs = torch.randn(rows, layer.in_features), torch.randn(rows, layer.out_features)
            bias = model.decoder.data_bias if layer.bias is None else layer.bias
            layers.append((inputs, layer.weight.detach(), bias.detach(), outputs, name != FIRST_LAYER))

    def multiply() -> None:
        for inputs, weight, bias, outputs, needs_gradient in layers:
            torch.addmm(bias, inputs, weight.t())
            torch.mm(outputs.t(), inputs)
            if needs_gradient:
                torch.mm(outputs, weight)

    return multiply


def _products_and_adam(model: LatentVariableModel) -> Callable[[], object]:
    multiply = _products(model)
    weights = [weight.detach().clone().requires_grad_() for weight in model.parameters()]
    optimizer = Adam(weights, lr=3e-4, fused=True)
    for weight in weights:
        weight.grad = torch.randn_like(weight)

    def work() -> None:
        multiply()
        optimizer.step()

    return work
