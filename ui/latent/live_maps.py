"""Maps of the test codes, drawn in the browser: what is pointed at or grouped on one is marked on all.

Python sends addresses (`ui.latent.map_files`) and is told what was selected; panning, zooming, colouring and grouping
happen in the browser.
"""

import string
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import streamlit as st

from dlgmm_core.data.datasets import Dataset
from dlgmm_core.model.models import MODELS
from dlgmm_core.store.checkpoints import Checkpoint
from dlgmm_core.store.files import CheckpointError
from dlgmm_core.store.tsne_map import ProjectionConfig
from ui import loaders
from ui.estimates import estimates
from ui.identical import identical_by_prior
from ui.latent.map_files import estimates_address, images_address, points_address, weights_address
from ui.latent.map_view import MapView, current_view, keep_view, updated_view
from ui.presentation import is_presented
from ui.sidebar import label
from ui.theme import SCALE_COLOURS, SIGN_COLOURS, component_colour
from ui.widgets import widget

__all__ = ["glyphs", "live_maps"]

_KEY = "latent-maps"
_DRAWN = ("letters", "make", "map_files", "map_ink", "map_plot", "map_hand", "map_legend", "map_signs", "maps")
_PARTS = ("model", "decoder", "room", "pointer", *_DRAWN)

_widget = widget("live_maps", '<div class="maps"></div>', "maps", *_PARTS)


def live_maps(maps: Sequence[tuple[Checkpoint, ProjectionConfig]], dataset: Dataset) -> MapView:
    """Draws the maps side by side; returns the visitor's view."""
    pieces = [_pieces(checkpoint) for checkpoint, _ in maps]
    count, categories = len(dataset.test), max(*pieces, len(dataset.class_names))
    view = updated_view(st.session_state.get(_KEY), current_view(count, categories)).within(count, categories)
    keep_view(view)
    _widget(
        key=_KEY,
        data={
            "now": view.data(),
            "count": count,
            "presented": is_presented(),
            "images": images_address(dataset.name),
            "shape": dataset.shape,
            "classes": {
                "names": dataset.class_names,
                "glyphs": glyphs(dataset.class_names),
                "colours": _repeated(len(dataset.class_names)),
            },
            "components": [component_colour(k) for k in range(max(pieces))],
            "scale": SCALE_COLOURS,
            "samples": _samples([checkpoint for checkpoint, _ in maps]),
            "maps": [_describe(*drawn, count) for drawn, count in zip(maps, pieces, strict=True)],
        },
        on_now_change=lambda: None,
    )
    return view


def _repeated(count: int) -> dict[str, list[str]]:
    """Colours of so many signs under each theme."""
    return {theme: [colours[k % len(colours)] for k in range(count)] for theme, colours in SIGN_COLOURS.items()}


def _pieces(checkpoint: Checkpoint) -> int:
    """How many weights an image has; 0 where the model has none."""
    weights = loaders.model(checkpoint).prior().weights
    return 0 if weights is None else weights.shape[1]


def _samples(checkpoints: Sequence[Checkpoint]) -> list[int]:
    """S of the estimates that there are."""
    found = set()
    for checkpoint in checkpoints:
        with suppress(CheckpointError):  # damaged: said where its address is asked for
            if (made := estimates(checkpoint)) is not None:
                found.add(made.num_samples)
    return sorted(found)


def _describe(checkpoint: Checkpoint, settings: ProjectionConfig, pieces: int) -> dict[str, Any]:
    layers = checkpoint.model_config.layers
    codes = f"codes of layer 1 of {layers}, " if layers > 1 else ""
    of_tsne = f"seed {settings.seed}, perplexity {settings.perplexity:.3g}, {settings.iterations} iterations"
    return {
        "name": checkpoint.name,
        "title": label(checkpoint),
        "settings": codes + of_tsne,
        "points": points_address(checkpoint),
        "weights": weights_address(checkpoint) if pieces else None,
        "estimates": loaders.told(partial(estimates_address, checkpoint)),
        "identical": identical_by_prior(checkpoint.model_config),
        "piece": "component" if MODELS[checkpoint.model_config.model].has_components else "piece",
        "pieces": pieces,
    }


def glyphs(names: Sequence[str]) -> list[str]:
    """One character for each class: its name where that is one, else a letter."""
    if all(len(name) == 1 for name in names):
        return list(names)
    signs = string.ascii_uppercase + string.ascii_lowercase + string.digits
    return [signs[k % len(signs)] for k in range(len(names))]
