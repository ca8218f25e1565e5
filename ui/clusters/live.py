"""The rows of the page of clusters, drawn in the browser; a click on one, or Enter, chooses its component."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dlgmm_core.analysis.clusters import Clusters
from dlgmm_core.analysis.generation import centres, component_samples, prototypes
from dlgmm_core.data.datasets import Dataset
from dlgmm_core.evaluate.clustering import IN_USE
from dlgmm_core.store.checkpoints import Checkpoint
from ui import loaders
from ui.clusters.probabilities import clusters, probabilities, stamp_of
from ui.images import tiled_picture
from ui.links import put_in_link, whole_numbers_in_link
from ui.numbers import whole_number
from ui.theme import component_colour, ink_on
from ui.visitors.limits import charged
from ui.widgets import widget

__all__ = ["IMAGES", "live_clusters"]

IMAGES = 10  # of each kind in a row, at most
_LINK = "component"

_widget = widget("live_clusters", '<div class="clusters"></div>', "clusters", "room", "clusters")


def live_clusters(checkpoint: Checkpoint, kind: str) -> int | None:
    """Draws the rows by probabilities of that kind; returns the chosen component, counted from 0."""
    key, rows = f"clusters-{checkpoint.name}-{checkpoint.digest}", _rows(checkpoint, kind, stamp_of(checkpoint))
    chosen = _chosen(st.session_state.get(key), f"chosen-{key}", len(rows["components"]))
    _widget(key=key, data={**rows, "chosen": chosen}, on_chosen_change=lambda: None)
    put_in_link(_LINK, None if chosen is None else [chosen + 1])
    return chosen


def _chosen(state: Any, kept: str, k: int) -> int | None:
    """The chosen component from the widget, which says 0 for none and 1 for the first, else session or address."""
    if kept not in st.session_state:
        linked = whole_numbers_in_link(_LINK, 1, 1, k)
        st.session_state[kept] = linked[0] - 1 if linked else None
    if isinstance(state, Mapping) and (said := whole_number(state.get("chosen"), 0, k)) is not None:
        st.session_state[kept] = said - 1 if said else None
    found: int | None = st.session_state[kept]
    return found


@st.cache_resource(show_spinner=False, max_entries=20, hash_funcs=loaders.BY_WEIGHTS)
def _rows(checkpoint: Checkpoint, kind: str, stamp: int | None) -> dict[str, Any]:
    """What the widget draws, whoever looks at it."""
    dataset, found = loaders.dataset(checkpoint.train_config.dataset), clusters(checkpoint, kind)
    values = probabilities(checkpoint, kind)
    assert values is not None
    return {
        "sheet": _sheet(checkpoint, found),
        "counts": {"mean": 1, **dict.fromkeys(("samples", "nearest", "unsure"), IMAGES)},
        "shape": dataset.shape,
        "classes": None if found.table is None else list(dataset.class_names),
        "components": [_describe(found, values, dataset, each) for each in range(len(found.shares))],
    }


def _sheet(checkpoint: Checkpoint, found: Clusters) -> str:
    """A picture, a row a component: mean, samples, nearest and least sure images; empty places are black."""
    dataset = loaders.dataset(checkpoint.train_config.dataset)

    def row(images: NDArray[np.int64]) -> NDArray[np.float32]:
        filled = np.zeros((IMAGES, dataset.test.binary.shape[1]), np.float32)
        filled[: len(images)] = dataset.test.binary[images]
        return filled

    drawn = _drawn(checkpoint)
    rows = [np.concatenate([drawn[k], row(found.nearest[k]), row(found.least_sure[k])]) for k in range(len(drawn))]
    return tiled_picture(np.concatenate(rows), len(rows[0]), zoom=1, gap=0, shape=dataset.shape)


@st.cache_resource(show_spinner=False, max_entries=20, hash_funcs=loaders.BY_WEIGHTS)
def _drawn(checkpoint: Checkpoint) -> NDArray[np.float32]:
    """(K, 1 + IMAGES, X): the decoded mean of every component, and samples of it."""
    model = loaders.model(checkpoint)
    with charged():
        return np.concatenate([prototypes(model)[:, None], component_samples(model, *centres(model), IMAGES)], axis=1)


def _describe(found: Clusters, probabilities: NDArray[np.float32], dataset: Dataset, component: int) -> dict[str, Any]:
    share, names = found.shares[component], dataset.class_names
    images = {"nearest": found.nearest[component], "unsure": found.least_sure[component]}
    counts = None if found.table is None else found.table[component]
    mostly = None
    if counts is not None:
        largest = int(counts.argmax())
        mostly = [names[largest], f"{100 * counts[largest] / counts.sum():.0f} %"] if counts.any() else ["–", ""]

    def title(image: int) -> str:
        of = dataset.class_of(image) and f", class {dataset.class_of(image)}"
        return f"test image {image}{of}: {probabilities[image, component]:.3f}"

    said = f"component {component + 1}: {100 * share:.1f} % of the test images"
    return {
        "colour": component_colour(component),
        "ink": ink_on(component_colour(component)),
        "share": float(share),
        "used": bool(share >= IN_USE),
        "counts": None if counts is None else counts.tolist(),
        "mostly": mostly,
        "filled": {"mean": 1, "samples": IMAGES, **{name: len(each) for name, each in images.items()}},
        "titles": {name: [title(int(image)) for image in each] for name, each in images.items()},
        "words": {
            "all": f"{said}, mostly {' '.join(mostly)}" if mostly and counts is not None and counts.any() else said,
            "mean": f"decoded mean of component {component + 1}",
            "samples": f"samples of component {component + 1}",
            "nearest": f"test images most certain to be of component {component + 1}",
            "unsure": f"test images of component {component + 1} that are least certain",
        },
    }
