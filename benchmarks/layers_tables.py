"""The tables of `docs/layers.md`: models of several stochastic layers, their cost, and what sampled strata save."""

from collections.abc import Sequence

from benchmarks.layers import DECODED, Cost
from benchmarks.result_tables import markdown_table
from benchmarks.strata import SPARED, Course, Error
from dlgmm_core.data.datasets import DATASETS
from dlgmm_core.experiments import formatting
from dlgmm_core.experiments.formatting import NONE
from dlgmm_core.experiments.rows import Row
from dlgmm_core.model.models import MODELS

__all__ = ["cost_table", "gradient_table", "layers_table", "spared_table", "strata_table"]

LITTLE = 0.01  # the mean weight of a component that is hardly in use


def layers_table(rows: Sequence[Row]) -> str:
    """Models of two layers, and those of one that are trained likewise, with what each layer holds."""
    lines = []
    for row in sorted(rows, key=lambda row: (row.dataset, row.recipe)):
        config, train = row.model_config, row.train_config
        if row.recipe not in ("layers", "tuned") or row.dataset != row.eval_dataset or config is None or train is None:
            continue
        if row.recipe == "tuned" and MODELS[row.model].build_below is None:
            continue  # its code is no vector of numbers between layers
        layers = row.figures.layers
        lines.append(
            [
                DATASETS[row.dataset].label,
                formatting.label(row),
                " and ".join(map(str, config.components)),
                str(row.seed),
                formatting.epochs(row),
                str(train.decoded_of(config) * train.num_samples),
                formatting.minus_elbo(row),
                formatting.nll(row, 50),
                formatting.nll(row, 5000),
                formatting.divergences(row),
                " / ".join(str(layer.active) for layer in layers) or NONE,
                formatting.knn_error(row, "mean", 5),
            ]
        )
    head = (
        "data set | model | components of each layer | seed | epochs | codes decoded a step | −ELBO | S = 50 | S = 5000"
        " | KL of each layer, nats | active units of 25 | kNN error of the first layer's means, k = 5, %"
    )
    return markdown_table(head, lines)


def cost_table(costs: Sequence[Cost]) -> str:
    """Time and memory of a bound and its gradient by the numbers of layers and components."""
    few = {(cost.layers, cost.components): cost for cost in costs if cost.decoded < cost.components}
    lines = []
    for cost in costs:
        if cost.decoded < cost.components:
            continue
        sampled = few.get((cost.layers, cost.components))
        lines.append(
            [
                str(cost.layers),
                str(cost.components),
                str(cost.components**cost.layers),
                f"{cost.steps:.1f}",
                f"{cost.megabytes:.0f}",
                NONE if sampled is None else f"{sampled.steps:.1f}",
                NONE if sampled is None else f"{sampled.megabytes:.0f}",
            ]
        )
    head = (
        "layers L | components K of each | paths K^L | time, steps of a Gauss-VAE | memory beyond its, MB"
        f" | time with {DECODED} decoded of each layer | memory, MB"
    )
    return markdown_table(head, lines)


def gradient_table(errors: Sequence[Error]) -> str:
    """Variance and bias of the gradient, and the time of a step, against M."""
    lines = [
        [str(each.decoded), *(f"{value:.2f}" for value in (each.marginal, each.iwae, each.iwae_bias, each.seconds))]
        for each in errors
    ]
    head = "M | marginal bound: variance | IWAE bound: variance | IWAE bound: squared bias | time of a step"
    return markdown_table(head, lines)


def strata_table(courses: Sequence[Course]) -> str:
    """The bound that each model has at the end, and the time until it has that of training with all components."""
    lines = []
    for name in dict.fromkeys(course.model for course in courses):
        own = [course for course in courses if course.model == name]
        every = own[-1]
        for course in own:
            reached = (s for s, bound in zip(course.seconds, course.bounds, strict=True) if bound >= max(every.bounds))
            first = next(reached, None)
            lines.append(
                [
                    name,
                    f"{course.decoded}, all" if course is every else str(course.decoded),
                    str(len(course.bounds)),
                    f"{course.seconds[-1] / len(course.seconds):.1f}",
                    f"{max(course.bounds):.2f}".replace("-", "−"),
                    NONE if first is None else f"{first / every.seconds[-1]:.2f}",
                ]
            )
    head = (
        "model | M | epochs | processor seconds an epoch | best marginal bound, nats"
        " | time until the bound of M = all, relative to its"
    )
    return markdown_table(head, lines)


def spared_table(rows: Sequence[Row], courses: Sequence[Course]) -> str:
    """The tuned DLDPMM of MNIST with M components decoded, and with all; times are those of epochs in one run."""
    known = [
        (row, train.decoded or row.num_components or 0, train.max_epochs)
        for row in rows
        if (train := row.train_config) is not None
        and row.recipe in ("strata", "tuned")
        and (row.model, row.dataset, row.eval_dataset) == ("dldpmm", "mnist", "mnist")
    ]
    seconds = {course.decoded: course.seconds[-1] / len(course.seconds) for course in courses if course.model == SPARED}
    times = [epochs * seconds[decoded] for _, decoded, epochs in known]
    lines = []
    for (row, decoded, epochs), time in sorted(zip(known, times, strict=True), key=lambda each: each[0][1:]):
        usage = () if row.figures.weights is None else row.figures.weights.mean
        lines.append(
            [
                f"{decoded}, all" if decoded == row.num_components else str(decoded),
                str(row.seed),
                str(epochs),
                f"{time / max(times):.2f}",
                str(sum(weight > LITTLE for weight in usage)),
                formatting.minus_elbo(row),
                formatting.nll(row, 50),
                formatting.nll(row, 5000),
            ]
        )
    head = f"M | seed | epochs | time | components of a weight above {LITTLE:g} | −ELBO | S = 50 | S = 5000"
    return markdown_table(head, lines)
