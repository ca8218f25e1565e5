"""What sampled strata cost and save: a gradient's errors against M, and the bound against seconds of training.

`python -m benchmarks.strata` writes `benchmarks/strata.json` and a figure. Models are trained in turns, an epoch at a
time, until each has had the same time; after an epoch, outside that time, the marginal bound is measured with all
components decoded. Times are processor seconds of one thread, an epoch's validation included.

Reference: Nalisnick, Hertel & Smyth (2016), conclusion (the cost of running the decoder for every component).
"""

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import torch
from numpy.typing import NDArray
from plotly.subplots import make_subplots
from threadpoolctl import threadpool_limits

from benchmarks.measuring import compare
from benchmarks.pictures import write_picture
from dlgmm_core.data.datasets import load_dataset
from dlgmm_core.experiments.experiment import TUNED, paper_model
from dlgmm_core.model.models import LatentVariableModel
from dlgmm_core.model.objectives import elbo, lower_bound
from dlgmm_core.runtime.arithmetic import subnormals_as_zero
from dlgmm_core.runtime.memory import keep_memory
from dlgmm_core.runtime.seeding import seeded
from dlgmm_core.store.checkpoints import load_checkpoint
from dlgmm_core.train.training import TrainingRun, fit

__all__ = ["FOUND", "SPARED", "Course", "Error", "read_found"]

FOUND = Path(__file__).with_name("strata.json")
CHECKPOINT = Path(__file__).resolve().parent.parent / "checkpoints" / "mnist-dldpmm-tuned"
SECONDS = 240.0  # of training, for each model
IMAGES, BATCH = 2000, 100  # of a measured bound, and of a gradient
GRADIENTS, ROUNDS = 200, 15
COLOURS, ALL_COLOUR = {1: "#0072B2", 2: "#009E73", 4: "#D55E00"}, "#000000"  # by M
SPARED = "DLDPMM, T = 17"
MODELS = {
    SPARED: (paper_model("dldpmm", prior_components="diagonal"), (1, 2, 4, 17)),
    "DLGMM, two layers of K = 4": (
        paper_model("dlgmm", num_components=4, layers=2, skip=True, prior_components="diagonal"),
        (1, 2, 4),
    ),
}


@dataclass(frozen=True)
class Error:
    """Of the gradient of 100 images, at the weights of a trained DLDPMM, summed over all weights.

    Attributes:
        decoded: M.
        marginal: variance of the gradient of the marginal bound, relative to that with all components.
        iwae: the same of the IWAE bound, S = 1.
        iwae_bias: the squared length of what the mean gradient of the IWAE bound is off, relative to the same.
        seconds: of the IWAE bound and its gradient, relative to a step with all components.
    """

    decoded: int
    marginal: float
    iwae: float
    iwae_bias: float
    seconds: float


@dataclass(frozen=True)
class Course:
    """One model's training.

    Attributes:
        model: a name in `MODELS`.
        decoded: M, of each layer.
        seconds: processor time after each epoch.
        bounds: the marginal bound then, with all components, nats per image.
    """

    model: str
    decoded: int
    seconds: tuple[float, ...]
    bounds: tuple[float, ...]


def main() -> None:
    """Measures, and writes both files."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.strata", description=__doc__)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of each training; default %(default)s")
    options = parser.parse_args()
    torch.set_num_threads(1)
    keep_memory()  # as the command line does
    with threadpool_limits(1), subnormals_as_zero():
        errors = measure_errors()
        courses = [course for name in MODELS for course in train_in_turns(name, options.seconds)]
    found = {"errors": [asdict(each) for each in errors], "courses": [asdict(each) for each in courses]}
    FOUND.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    write_picture(figure(courses), "strata", 980, 430)
    print(f"{FOUND}: written")


def read_found() -> tuple[list[Error], list[Course]]:
    """What has been measured."""
    found = json.loads(FOUND.read_text(encoding="utf-8"))
    courses = [
        Course(each["model"], each["decoded"], tuple(each["seconds"]), tuple(each["bounds"]))
        for each in found["courses"]
    ]
    return [Error(**values) for values in found["errors"]], courses


def measure_errors() -> list[Error]:
    """One entry for each M of the trained DLDPMM."""
    model, _ = load_checkpoint(CHECKPOINT)
    model.train().requires_grad_()
    x = torch.from_numpy(load_dataset("mnist").valid.binary[:BATCH]).float()
    numbers = MODELS[SPARED][1]
    marginal, iwae = ([moments(model, x, m, bound, GRADIENTS) for m in numbers] for bound in ("marginal", "iwae"))
    seconds = compare(*(lambda m=m: _gradient(model, x, m, "iwae") for m in numbers), rounds=ROUNDS)
    all_marginal, (all_mean, all_iwae) = marginal[-1][1], iwae[-1]
    found = []
    for m, (_, of_marginal), (mean, of_iwae), taken in zip(numbers, marginal, iwae, seconds, strict=True):
        # the squared difference of two means is too large by what is left of the variances of both
        bias = float(((mean - all_mean) ** 2).sum()) - (of_iwae + all_iwae) / GRADIENTS if m < numbers[-1] else 0.0
        figures = of_marginal / all_marginal, of_iwae / all_iwae, max(0.0, bias) / all_iwae, taken / seconds[-1]
        found.append(Error(m, *(round(figure, 3) for figure in figures)))
    return found


def moments(
    model: LatentVariableModel, x: torch.Tensor, decoded: int, bound: str, count: int
) -> tuple[NDArray[np.float64], float]:
    """The mean of `count` gradients of the mean bound of images x (B, X), and their variance, summed over weights."""
    mean = _gradient(model, x, decoded, bound)
    squares = np.zeros_like(mean)  # Welford's recurrence
    for number in range(2, count + 1):
        gradient = _gradient(model, x, decoded, bound)
        before = gradient - mean
        mean += before / number
        squares += before * (gradient - mean)
    return mean, float(squares.sum()) / (count - 1)


def _gradient(model: LatentVariableModel, x: torch.Tensor, decoded: int, bound: str) -> NDArray[np.float64]:
    model.zero_grad(set_to_none=True)
    lower_bound(model, x, bound, decoded=decoded).mean().backward()
    parts = [weight.grad.flatten() for weight in model.parameters() if weight.grad is not None]
    return torch.cat(parts).double().numpy()


def train_in_turns(name: str, seconds: float) -> list[Course]:
    """Trains a model with each M until it has had `seconds`, always the one that has had least so far."""
    config, numbers = MODELS[name]
    dataset = load_dataset("mnist")
    images = torch.from_numpy(dataset.valid.binary[:IMAGES]).float()
    train = replace(TUNED, num_samples=1, schedule="constant", max_epochs=10_000, patience=10_000)
    runs = [TrainingRun.start(config, replace(train, decoded=m if m < config.num_components else 0)) for m in numbers]
    trainings = [fit(run, dataset) for run in runs]
    times: list[list[float]] = [[] for _ in numbers]
    bounds: list[list[float]] = [[] for _ in numbers]
    spent = [0.0 for _ in numbers]
    while min(spent) < seconds:
        turn = spent.index(min(spent))
        started = time.process_time()
        next(trainings[turn])
        spent[turn] += time.process_time() - started
        times[turn].append(round(spent[turn], 2))
        bounds[turn].append(round(_bound(runs[turn].model, images), 3))
        print(f"{name}, M = {numbers[turn]}: {spent[turn]:.0f} s, {bounds[turn][-1]:.2f} nats", flush=True)
    return [Course(name, m, tuple(t), tuple(b)) for m, t, b in zip(numbers, times, bounds, strict=True)]


def _bound(model: LatentVariableModel, images: torch.Tensor) -> float:
    with seeded(images.device, 0), torch.no_grad():
        return torch.cat([elbo(model, x, "marginal") for x in images.split(BATCH)]).double().mean().item()


def figure(courses: Sequence[Course]) -> go.Figure:
    """The bound of each model against time."""
    chart = make_subplots(1, len(MODELS), horizontal_spacing=0.1, subplot_titles=list(MODELS))
    for column, name in enumerate(MODELS, 1):
        own = [course for course in courses if course.model == name]
        for course in own:
            every = course is own[-1]
            chart.add_scatter(
                x=course.seconds,
                y=course.bounds,
                name="all" if every else f"M = {course.decoded}",
                mode="lines",
                line={"color": ALL_COLOUR if every else COLOURS[course.decoded]},
                showlegend=column == 1,
                row=1,
                col=column,
            )
        best, shown = max(max(course.bounds) for course in own), max(own[-1].bounds) - 4
        chart.update_xaxes(title="processor seconds", row=1, col=column)
        chart.update_yaxes(title="marginal bound, nats", range=[shown, best + 0.5], row=1, col=column)
    chart.update_layout(margin={"l": 60, "r": 10, "t": 40, "b": 50})
    return chart


if __name__ == "__main__":
    main()
