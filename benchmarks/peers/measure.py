"""Time of a training step of four models, compared with that of other libraries, in one run.

All have the weights of the same checkpoint, the same batch, one thread and single precision, and round subnormal
numbers to zero; a JAX twin of ours stands for what a compiler makes of the mathematics. Before anything is timed, all
must agree on the bound, in the mean over draws.
"""

import statistics
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from benchmarks.measuring import Measured, compare
from benchmarks.peers.ours import ours
from benchmarks.peers.trainee import Trainee
from benchmarks.peers.twin import twin
from benchmarks.peers.with_pyro import pyro_vae
from benchmarks.peers.with_pythae import pythae_vae
from dlgmm_core.data.datasets import load_dataset
from dlgmm_core.model.models import LatentVariableModel
from dlgmm_core.store.checkpoints import load_checkpoint

__all__ = ["measure", "require_agreement"]

ROUNDS, STEPS, BATCH = 15, 10, 100  # of alternation, in each of them, and of images
DRAWS = 200
CHECKPOINTS = Path(__file__).resolve().parents[2] / "checkpoints"
TWIN = "JAX, jitted"
PEERS: dict[str, dict[str, Callable[[LatentVariableModel, Tensor], Trainee]]] = {
    "gauss-vae": {TWIN: twin, "Pyro": pyro_vae, "pythae": pythae_vae},
    "sb-vae": {TWIN: twin},
    "dlgmm": {TWIN: twin},
    "dldpmm": {TWIN: twin},
}
"""The peers that have each model; the mixtures have only the twin."""
REACH, REACH_OF_BFLOAT16 = {TWIN: 1.0, "Pyro": 0.5, "pythae": 0.5}, 0.75


def measure() -> list[Measured]:
    """A line per model and peer, and one of our step in bfloat16 beside the twin's."""
    torch.manual_seed(0)
    x = torch.from_numpy(load_dataset("mnist").train.binary[:BATCH]).float()
    found = []
    for name, peers in PEERS.items():
        model, _ = load_checkpoint(CHECKPOINTS / f"mnist-{name}")
        trainees = {label: start(model, x) for label, start in peers.items()}
        single, half = ours(model, x), ours(model, x, torch.bfloat16)
        for label, trainee in trainees.items():
            require_agreement(f"{label}, {name}", trainee, single)
        steps = [_steps(trainee) for trainee in (single, half, *trainees.values())]
        in_float32, in_bfloat16, *theirs = (seconds / STEPS for seconds in compare(*steps, rounds=ROUNDS))
        what = f"training step, {name}"
        for label, seconds in zip(trainees, theirs, strict=True):
            found.append(Measured(what, label, in_float32, seconds, REACH[label]))
        found.append(Measured(f"{what}, in bfloat16", TWIN, in_bfloat16, theirs[0], REACH_OF_BFLOAT16))
    return found


def require_agreement(label: str, theirs: Trainee, reference: Trainee) -> None:
    """Checks that two implementations have the same mean bound, within the error of their draws and 0.02 nats.

    Raises:
        RuntimeError: if they have not.
    """
    values = [[trainee.bound() for _ in range(DRAWS)] for trainee in (theirs, reference)]
    difference = statistics.mean(values[0]) - statistics.mean(values[1])
    error = sum(statistics.variance(each) / DRAWS for each in values) ** 0.5
    if not abs(difference) < 4 * error + 0.02:
        raise RuntimeError(f"{label}: the bound differs from ours by {difference:.3f} ± {error:.3f} nats.")


def _steps(trainee: Trainee) -> Callable[[], None]:
    def work() -> None:
        for _ in range(STEPS):
            trainee.step()

    return work
