"""How far true posteriors are from what encoders say: modes and gaps of models whose codes have two numbers.

`python -m benchmarks.plane` writes `benchmarks/plane.json`, a model at a time, from evenly spaced test images. The best
members of families are found for some of them only: five seconds of a processor an image. `--root` names a folder of
checkpoints other than the shipped one.

Reference: C. Cremer, X. Li and D. Duvenaud, "Inference suboptimality in variational autoencoders", ICML 2018.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from benchmarks.result_tables import markdown_table
from dlgmm_core.analysis.plane import best_fits, divergence, families_of, modes
from dlgmm_core.data.datasets import load_dataset
from dlgmm_core.evaluate.figures import EXACT
from dlgmm_core.evaluate.plane_grid import PlaneGrid
from dlgmm_core.experiments import formatting
from dlgmm_core.experiments.formatting import NONE
from dlgmm_core.experiments.plane_table import plane
from dlgmm_core.experiments.rows import Row
from dlgmm_core.runtime.arithmetic import subnormals_as_zero
from dlgmm_core.store.checkpoints import load_checkpoint

__all__ = ["FOUND", "Posteriors", "exact_table", "plane_table", "read_posteriors"]

FOUND = Path(__file__).with_name("plane.json")
ROOT = Path(__file__).resolve().parent.parent / "checkpoints"
IMAGES, EVERY = 200, 10  # of which the best members are found for every tenth
FAR = 5.0  # nats


@dataclass(frozen=True)
class Posteriors:
    """Of evenly spaced test images, under one model.

    Attributes:
        modes: how many each posterior has.
        gaps: KL(q || p(z|x)) of the encoder's q, nats.
        best: the same of the best member of each family, by its label, for the first of every `every` images.
        every: so many.
    """

    modes: tuple[int, ...]
    gaps: tuple[float, ...]
    best: Mapping[str, tuple[float, ...]]
    every: int


def main() -> None:
    """Measures the models of the recipe `plane` that are there, and writes the file after each."""
    torch.set_num_threads(1)
    parser = argparse.ArgumentParser(prog="python -m benchmarks.plane", description=__doc__)
    parser.add_argument("--images", type=int, default=IMAGES, help="of each model; default %(default)s")
    parser.add_argument("--every", type=int, default=EVERY, help="so many have best members; default %(default)s")
    parser.add_argument("--root", type=Path, default=ROOT, help="folder of checkpoints; default %(default)s")
    options = parser.parse_args()
    found = read_posteriors() if FOUND.exists() else {}
    for experiment in plane():
        if (options.root / experiment.name).is_dir():
            found[experiment.name] = measure(options.root / experiment.name, options.images, options.every)
            text = json.dumps({name: asdict(each) for name, each in found.items()}, indent=1)
            FOUND.write_text(text + "\n", encoding="utf-8")
            print(f"{experiment.name}: written", flush=True)


def read_posteriors() -> dict[str, Posteriors]:
    """What has been measured, by checkpoint."""
    return {name: Posteriors(**each) for name, each in json.loads(FOUND.read_text(encoding="utf-8")).items()}


def measure(folder: Path, images: int, every: int) -> Posteriors:
    """The posteriors of evenly spaced test images under the model in a folder."""
    test = load_dataset("mnist").test.binary
    chosen = test[np.arange(images) * len(test) // images]
    grid = PlaneGrid.of(load_checkpoint(folder)[0], chosen)
    several, gaps = [], []
    best: dict[str, list[float]] = {family.label: [] for family in families_of(grid.model)}
    with subnormals_as_zero():
        for number, (image, coarse) in enumerate(zip(chosen, grid.fields(chosen), strict=True)):
            field = grid.resolved(coarse, image)
            with torch.no_grad():
                q = grid.model.posterior(torch.from_numpy(image)[None].float())
            several.append(len(modes(field)))
            gaps.append(round(divergence(grid, field, image, q), 3))
            if number % every == 0:
                for label, fit in best_fits(grid, field, image, q).items():
                    best[label].append(round(fit.divergence, 3))
    return Posteriors(tuple(several), tuple(gaps), {label: tuple(each) for label, each in best.items()}, every)


def plane_table(found: Mapping[str, Posteriors]) -> str:
    """A row a model: how often there are several modes, and the gaps of the encoder and of the best members."""
    labels = list(dict.fromkeys(label for each in found.values() for label in each.best))
    rows = []
    for name, each in found.items():
        gaps, some = np.array(each.gaps), np.array(each.gaps[:: each.every])
        several, far = 100 * np.mean(np.array(each.modes) > 1), 100 * np.mean(gaps > FAR)
        best = [f"{np.mean(each.best[label]):.2f}" if label in each.best else NONE for label in labels]
        numbers = [f"{several:.1f}", f"{gaps.mean():.2f}", f"{np.median(gaps):.2f}", f"{far:.1f}", f"{some.mean():.2f}"]
        rows.append([f"`{name}`", *numbers, *best])
    best_ones = " | ".join(f"best of {label}" for label in labels)
    gap = f"encoder's gap | median | above {FAR:g} nats, % | of some images: encoder's"
    return markdown_table(f"model | several modes, % | {gap} | {best_ones}", rows)


def exact_table(rows: Sequence[Row]) -> str:
    """The models of the recipe, with -log p(x) by sampling and by a grid."""
    lines = [
        [
            f"`{row.checkpoint}`",
            formatting.minus_elbo(row),
            formatting.nll(row, 50),
            formatting.nll(row, 5000),
            formatting.nll(row, EXACT),
            formatting.knn_error(row, "mean", 5),
        ]
        for row in rows
        if row.recipe == "plane" and EXACT in row.figures.nll
    ]
    return markdown_table(
        "model | −ELBO | −log p(x), S = 50 | S = 5000 | on a grid | kNN error of means, k = 5, %", lines
    )


if __name__ == "__main__":
    main()
