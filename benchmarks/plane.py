"""How far true posteriors are from what encoders say: modes and gaps of models whose codes have two numbers.

`python -m benchmarks.plane [NAME ...]` writes a survey of evenly spaced test images into a checkpoint's folder, where
the app reads it. The best members of families are found for some of them only: five seconds of a processor an image.
`--root` names a folder of checkpoints other than the shipped one.

Reference: C. Cremer, X. Li and D. Duvenaud, "Inference suboptimality in variational autoencoders", ICML 2018.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.result_tables import markdown_table
from dlgmm_core.analysis.plane_survey import PosteriorSurvey, read_survey, save_survey, survey_posteriors
from dlgmm_core.data.datasets import load_dataset
from dlgmm_core.evaluate.likelihood import mean_interval
from dlgmm_core.evaluate.plane_grid import PlaneGrid
from dlgmm_core.experiments import formatting
from dlgmm_core.experiments.formatting import NONE
from dlgmm_core.experiments.plane_table import plane
from dlgmm_core.experiments.rows import Row
from dlgmm_core.runtime.arithmetic import subnormals_as_zero
from dlgmm_core.store.checkpoints import WEIGHTS, load_checkpoint, read_checkpoint
from dlgmm_core.store.figures import EXACT

__all__ = ["exact_table", "plane_table", "read_posteriors"]

ROOT = Path(__file__).resolve().parent.parent / "checkpoints"
IMAGES, EVERY = 1000, 50  # of which the best members are found for every fiftieth
FAR = 5.0  # nats


def main() -> None:
    """Measures the named models, or all of the recipe `plane` that are there."""
    torch.set_num_threads(1)
    parser = argparse.ArgumentParser(prog="python -m benchmarks.plane", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="of checkpoints; default all of the recipe")
    parser.add_argument("--images", type=int, default=IMAGES, help="of each model; default %(default)s")
    parser.add_argument("--every", type=int, default=EVERY, help="so many have best members; default %(default)s")
    parser.add_argument("--root", type=Path, default=ROOT, help="folder of checkpoints; default %(default)s")
    options = parser.parse_args()
    for name in options.names or [name for name in _names() if (options.root / name / WEIGHTS).exists()]:
        measure(options.root / name, options.images, options.every)
        print(f"{name}: written", flush=True)


def _names() -> list[str]:
    return [experiment.name for experiment in plane()]


def read_posteriors() -> dict[str, PosteriorSurvey]:
    """What has been measured of the recipe's models, by checkpoint."""
    folders = [ROOT / name for name in _names() if (ROOT / name / WEIGHTS).exists()]
    surveys = {folder.name: read_survey(read_checkpoint(folder)) for folder in folders}
    return {name: survey for name, survey in surveys.items() if survey is not None}


def measure(folder: Path, images: int, every: int) -> None:
    """Writes the posteriors of evenly spaced test images under the model in a folder."""
    test = load_dataset("mnist").test.binary
    chosen = np.arange(images) * len(test) // images
    model, checkpoint = load_checkpoint(folder)
    with subnormals_as_zero():
        grid = PlaneGrid.of(model, test[chosen])
        save_survey(checkpoint, survey_posteriors(grid, test, [int(i) for i in chosen], every))


def plane_table(found: Mapping[str, PosteriorSurvey]) -> str:
    """A row a model: how often there are several modes, and the gaps of the encoder and of the best members.

    Means have the half width of their 95 % interval over images: those of best members are of few.
    """
    labels = list(dict.fromkeys(label for each in found.values() for label in each.best))
    rows = []
    for name, each in found.items():
        gaps, some = np.array(each.gaps), np.array(each.gaps[:: each.every])
        several, far = 100 * np.mean(each.modes > 1), 100 * np.mean(gaps > FAR)
        best = [_mean(np.array(each.best[label])) if label in each.best else NONE for label in labels]
        numbers = [f"{several:.1f}", _mean(gaps), f"{np.median(gaps):.2f}", f"{far:.1f}", _mean(some)]
        rows.append([f"`{name}`", *numbers, *best])
    best_ones = " | ".join(f"best of {label}" for label in labels)
    gap = f"encoder's gap | median | above {FAR:g} nats, % | of some images: encoder's"
    return markdown_table(f"model | several modes, % | {gap} | {best_ones}", rows)


def _mean(values: NDArray[np.float64]) -> str:
    found = mean_interval(values)
    return f"{found.value:.2f}" + (f" ± {found.ci95:.2f}" if len(values) > 1 else "")


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
