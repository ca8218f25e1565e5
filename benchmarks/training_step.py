"""A training step of three models against the matrix products it cannot do without, and against plain code.

The floor is one product forward and two backward for every layer, on matrices of the same sizes. These models are
untrained; what a trained one has in addition, subnormal numbers, is measured on its own.
"""

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor
from torch.optim import Adam

from benchmarks.measuring import Measured, compare
from benchmarks.plain import gauss_elbo, mixture_eq1
from dlgmm_core.arithmetic import subnormals_as_zero
from dlgmm_core.checkpoints import load_checkpoint
from dlgmm_core.data import load_dataset
from dlgmm_core.experiments import paper_model
from dlgmm_core.memory import keep_memory
from dlgmm_core.models import LatentVariableModel, build_model
from dlgmm_core.objectives import elbo

ROUNDS, BATCH = 40, 100
CHECKPOINT = Path(__file__).resolve().parent.parent / "checkpoints" / "mnist-dldpmm"
REACH = {"gauss-vae": (1.3, 1.3), "dlgmm": (1.3, 1.8), "dldpmm": (1.5, 3.0)}  # of the floor; times faster than plain


def measure() -> list[Measured]:
    """Two lines a model, and one of a trained model."""
    keep_memory()  # as `fit` does
    torch.manual_seed(0)
    x = (torch.rand(BATCH, 784) < 0.13).float()
    found = []
    for name, (of_floor, faster) in REACH.items():
        model, rival = (build_model(paper_model(name)) for _ in range(2))
        plain_bound = gauss_elbo if name == "gauss-vae" else mixture_eq1
        ours, plain, floor = compare(
            _step(model, lambda m: elbo(m, x, "eq1"), fused=True),
            _step(rival, lambda m, bound=plain_bound: bound(m, x), fused=False),  # type: ignore[misc]
            _products(model),
            rounds=ROUNDS,
        )
        what = f"training step, {name}"
        found += [
            Measured(what, "its matrix products alone", ours, floor, of_floor),
            Measured(what, "a loop over components and sticks", ours, plain, faster, at_most=False),
        ]
    return [*found, _of_a_trained_model()]


def _of_a_trained_model() -> Measured:
    """A step as the command line takes it, against the same with all the numbers that the processor knows."""
    model, checkpoint = load_checkpoint(CHECKPOINT)
    model.train().requires_grad_()
    x = torch.from_numpy(load_dataset("mnist").train.binary[:BATCH]).float()
    step = _step(model, lambda m: elbo(m, x, "eq1"), fused=True)

    def without_subnormals() -> None:
        with subnormals_as_zero():
            step()

    ours, theirs = compare(without_subnormals, step, rounds=ROUNDS)
    what = f"training step, {checkpoint.name} when trained"
    return Measured(what, "the same with subnormal numbers", ours, theirs, 1.0, at_most=False)


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
    """Every layer's product on a batch, and the two of its gradients; the input needs none."""
    config = model.config
    layers = []
    for name, layer in model.named_modules():
        if isinstance(layer, torch.nn.Linear):
            rows = BATCH * config.num_components if name.startswith("decoder") else BATCH
            inputs, outputs = torch.randn(rows, layer.in_features), torch.randn(rows, layer.out_features)
            layers.append((inputs, layer.weight.detach(), layer.bias.detach(), outputs, name != "encoder.0.0"))

    def multiply() -> None:
        for inputs, weight, bias, outputs, needs_gradient in layers:
            torch.addmm(bias, inputs, weight.t())
            torch.mm(outputs.t(), inputs)
            if needs_gradient:
                torch.mm(outputs, weight)

    return multiply
