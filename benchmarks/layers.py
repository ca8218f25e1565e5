"""The cost of stochastic layers, as the paper states it: a step decodes K^L codes for L layers of K components.

`python -m benchmarks.layers` measures time and memory of a bound and its gradient, with all paths and with two
components decoded in each layer, and writes `benchmarks/layers.json` and a figure. Times are those of a Gauss-VAE of
one layer, measured alternately in the same process; memory is what a process of its own needs beyond it.

Reference: Nalisnick, Hertel & Smyth (2016), end of section 2: "the density network must be run K^s times".
"""

import json
import multiprocessing
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import plotly.graph_objects as go
import torch
from plotly.subplots import make_subplots
from threadpoolctl import threadpool_limits

from benchmarks.measuring import compare
from benchmarks.pictures import write_picture
from benchmarks.scaling import peak
from dlgmm_core.config import ModelConfig
from dlgmm_core.experiments.experiment import paper_model
from dlgmm_core.model.models import build_model
from dlgmm_core.model.objectives import elbo
from dlgmm_core.runtime.memory import keep_memory

__all__ = ["FOUND", "Cost", "read_costs"]

FOUND = Path(__file__).with_name("layers.json")
# The components of every layer, by the number of layers, up to 64 paths.
COMPONENTS = {1: (1, 2, 4, 8, 16, 32, 64), 2: (1, 2, 3, 4, 6, 8), 3: (1, 2, 3, 4)}
DECODED = 2
BATCH, ROUNDS = 100, 7
COLOURS = {1: "#0072B2", 2: "#D55E00", 3: "#009E73"}


@dataclass(frozen=True)
class Cost:
    """One model.

    Attributes:
        layers: L.
        components: K, of every layer.
        decoded: M, of every layer; K without sampled strata.
        steps: time of a bound and its gradient, in those of a Gauss-VAE of one layer.
        megabytes: peak memory beyond that of such a Gauss-VAE.
    """

    layers: int
    components: int
    decoded: int
    steps: float
    megabytes: float


def main() -> None:
    """Measures, and writes both files."""
    torch.set_num_threads(1)
    keep_memory()  # as the command line does
    cases = [(layers, k, k) for layers, counts in COMPONENTS.items() for k in counts]
    cases += [(layers, k, DECODED) for layers, k, _ in cases if k > DECODED]
    with threadpool_limits(1):
        baseline, *seconds = compare(_step(_gauss_vae()), *(_step(*_model(*case)) for case in cases), rounds=ROUNDS)
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        lowest, *megabytes = pool.map(_peak, [(0, 1, 1), *cases], chunksize=1)
    costs = [
        Cost(*case, steps=round(each / baseline, 3), megabytes=round(memory - lowest, 1))
        for case, each, memory in zip(cases, seconds, megabytes, strict=True)
    ]
    FOUND.write_text(json.dumps([asdict(cost) for cost in costs], indent=1) + "\n", encoding="utf-8")
    write_picture(figure(costs), "layers", 980, 430)
    print(f"{FOUND}: written")


def read_costs() -> list[Cost]:
    """What has been measured."""
    return [Cost(**values) for values in json.loads(FOUND.read_text(encoding="utf-8"))]


def _gauss_vae() -> ModelConfig:
    return paper_model("gauss-vae")


def _model(layers: int, components: int, decoded: int) -> tuple[ModelConfig, int | None]:
    model = paper_model("dlgmm", num_components=components, layers=layers, skip=layers > 1)
    return model, decoded if decoded < components else None


def _step(config: ModelConfig, decoded: int | None = None) -> Callable[[], object]:
    torch.manual_seed(0)
    model, x = build_model(config), (torch.rand(BATCH, 784) < 0.13).float()

    def step() -> None:
        model.zero_grad(set_to_none=True)
        elbo(model, x, "eq1", decoded=decoded).mean().backward()

    return step


def _peak(case: tuple[int, int, int]) -> float:
    return peak(lambda: _step(*_model(*case)) if case[0] else _step(_gauss_vae()))


def figure(costs: list[Cost]) -> go.Figure:
    """Time and memory against K, with K^L times the cost of one path beside them."""
    chart = make_subplots(1, 2, horizontal_spacing=0.11)
    for column, name in enumerate(("steps", "megabytes"), 1):
        for layers, colour in COLOURS.items():
            own = [cost for cost in costs if cost.layers == layers]
            every = [cost for cost in own if cost.decoded == cost.components]
            few = [cost for cost in own if cost.decoded < cost.components]
            words = f"{layers} layer{'s' if layers > 1 else ''}"
            fewer = f"{words}, {DECODED} decoded{' of each' if layers > 1 else ''}"
            for part, label, dash in ((every, words, "solid"), (few, fewer, "dash")):
                chart.add_scatter(
                    x=[cost.components for cost in part],
                    y=[getattr(cost, name) for cost in part],
                    name=label,
                    mode="lines+markers",
                    line={"color": colour, "dash": dash},
                    showlegend=column == 1,
                    row=1,
                    col=column,
                )
            chart.add_scatter(
                x=[cost.components for cost in every],
                y=[getattr(every[0], name) * cost.components**layers for cost in every],
                name=f"K<sup>{layers}</sup> times K = 1",
                mode="lines",
                line={"color": colour, "dash": "dot", "width": 1},
                showlegend=column == 1,
                row=1,
                col=column,
            )
    chart.update_xaxes(type="log", title="components K of each layer", tickvals=[1, 2, 4, 8, 16, 32, 64])
    chart.update_yaxes(type="log", tickvals=[1, 2, 5, 10, 20, 50, 100, 200, 500])
    chart.update_yaxes(title="time, in steps of a Gauss-VAE", row=1, col=1)
    chart.update_yaxes(title="memory beyond a Gauss-VAE's, MB", row=1, col=2)
    chart.update_layout(margin={"l": 60, "r": 10, "t": 10, "b": 50}, legend={"x": 1.02, "y": 1})
    return chart


if __name__ == "__main__":
    main()
