"""Export of the linked maps: every image's place, its weights and its likelihood."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from dlgmm_core.analysis.image_statistics import expected_weights, weight_entropy, within_outline
from dlgmm_core.data.datasets import Dataset
from dlgmm_core.store.checkpoints import Checkpoint
from dlgmm_core.store.per_image import PerImage
from dlgmm_core.store.tsne_map import ProjectionConfig
from ui import findings, loaders
from ui.estimates import estimates
from ui.exporting import recipes_test_set
from ui.exporting.exports import About, export
from ui.exporting.own_maps import own_settings
from ui.latent.map_view import ESTIMATED, MapView

__all__ = ["export_maps"]


def export_maps(maps: Sequence[tuple[Checkpoint, ProjectionConfig]], dataset: Dataset, view: MapView) -> None:
    """The maps that are drawn, with the group that is outlined on one of them."""
    checkpoints = [checkpoint for checkpoint, _ in maps]
    names = [checkpoint.name for checkpoint in checkpoints]
    group = view.group
    if group is not None and (group["map"] not in names or len(group["outline"]) < 3):
        group = None
    estimated = _estimated(checkpoints) if view.colour in ESTIMATED else {}
    settings = {
        "perplexity": ", ".join(f"{settings.perplexity:g}" for _, settings in maps),
        "iterations": ", ".join(str(settings.iterations) for _, settings in maps),
        "group": None if group is None else f"outlined on the map of {group['map']}",
        "samples of log p(x)": ", ".join(str(found.num_samples) for found in estimated.values()) or None,
    }
    seeds = ", ".join(str(settings.seed) for _, settings in maps)
    about = About("t-SNE maps of the test images' codes", checkpoints, dataset.name, seeds, settings)
    own = own_settings(checkpoints)
    code = partial(recipes_test_set.maps, checkpoints, dataset.name, group, own, estimated=bool(estimated))
    export("maps", about, code, lambda: _table(checkpoints, dataset, group, estimated))


def _estimated(checkpoints: Sequence[Checkpoint]) -> dict[str, PerImage]:
    """The estimates of each image, by checkpoint; empty unless all have them."""
    found = {c.name: made for c in checkpoints if (made := loaders.told(partial(estimates, c))) is not None}
    return found if len(found) == len(checkpoints) else {}


def _table(
    checkpoints: Sequence[Checkpoint],
    dataset: Dataset,
    group: dict[str, Any] | None,
    estimated: Mapping[str, PerImage],
) -> pd.DataFrame:
    """One row a map and test image; weights and likelihoods where they are known."""
    names, count = dataset.classes_of(dataset.test) or None, range(len(dataset.test))
    places = {c.name: stored[0] for c in checkpoints if (stored := findings.tsne_map(c)) is not None}
    grouped = None if group is None else within_outline(places[group["map"]], np.array(group["outline"]))
    tables = []
    for checkpoint in checkpoints:
        table = pd.DataFrame({"checkpoint": checkpoint.name, "test image": count, "class": names})
        table[["x", "y"]] = places[checkpoint.name]
        weights = expected_weights(loaders.model(checkpoint), dataset.test.binary)
        if weights is not None:
            table["component of largest weight"] = weights.argmax(1) + 1
            table["largest weight"], table["entropy of weights"] = weights.max(1), weight_entropy(weights)
        if checkpoint.name in estimated:
            made = estimated[checkpoint.name]
            table["-log p(x)"] = -made.log_likelihood
            if made.responsibilities is not None:
                table["component of largest p(k|x)"] = made.responsibilities.argmax(1) + 1
                table["largest p(k|x)"] = made.responsibilities.max(1)
        if grouped is not None:
            table["grouped"] = grouped
        tables.append(table)
    return pd.concat(tables).convert_dtypes()
