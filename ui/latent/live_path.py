"""A slider between two images: each model decodes the path between their codes while it is dragged.

The codes and their responsibilities come from `dlgmm_core.analysis.interpolation`, the decoders from
`ui.serving.decoders`.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
import torch

from dlgmm_core.analysis.interpolation import CodePath, code_path
from dlgmm_core.data.datasets import Dataset
from dlgmm_core.model.models import MODELS
from dlgmm_core.runtime.html import base64_floats
from dlgmm_core.store.checkpoints import Checkpoint
from ui import loaders
from ui.exporting import recipes_test_set
from ui.exporting.exports import About, export, figure, pixel_table
from ui.latent.map_files import images_address
from ui.links import put_in_link, whole_numbers_in_link
from ui.numbers import whole_number
from ui.serving.decoders import decoder_address
from ui.theme import COMPONENT_COLOURS
from ui.widgets import widget

__all__ = ["POINTS", "live_path"]

POINTS = 41  # of the slider, ends included
_KEPT = "latent-at"

_widget = widget("live_path", '<div class="path"></div>', "path", "model", "decoder", "make", "map_files", "path")


def live_path(checkpoints: Sequence[Checkpoint], dataset: Dataset, images: tuple[int, int]) -> None:
    """The slider, and each model's decoded image beneath it."""
    key = f"latent-path-{images[0]}-{images[1]}"
    step = _where(key)
    st.session_state[_KEPT] = step
    put_in_link("at", None if step == POINTS // 2 else [step])
    ends = dataset.test.binary[images[0]], dataset.test.binary[images[1]]
    paths = [code_path(loaders.model(c), *ends, POINTS) for c in checkpoints]
    with figure("path"):
        _widget(
            key=key,
            data={
                "images": list(images),
                "classes": [dataset.class_of(index) for index in images],
                "file": images_address(dataset.name),
                "count": len(dataset.test),
                "shape": dataset.shape,
                "points": POINTS,
                "at": step,
                "models": [_describe(checkpoint, path) for checkpoint, path in zip(checkpoints, paths, strict=True)],
                "colours": list(COMPONENT_COLOURS),
            },
            on_at_change=lambda: None,
        )
    settings = {"images": f"{images[0]}, {images[1]}", "t": f"{step / (POINTS - 1):.3f}"}
    about = About("images decoded on the path between two images", checkpoints, dataset.name, settings=settings)
    code = partial(recipes_test_set.path, checkpoints, dataset.name, images, POINTS, step)
    export("path", about, code, lambda: pd.concat(map(_table, checkpoints, paths)))


def _table(checkpoint: Checkpoint, path: CodePath) -> pd.DataFrame:
    """One row for each point of the path: the shares of components or pieces, and the decoded pixels."""
    with torch.no_grad():
        model = loaders.model(checkpoint)
        pixels = model.likelihood(torch.from_numpy(path.codes)).probs.numpy()
    table = pixel_table(pixels, checkpoint=[checkpoint.name] * POINTS, t=np.linspace(0, 1, POINTS))
    for k, share in enumerate([] if path.shares is None else path.shares.T):
        table.insert(2 + k, f"share {k + 1}", share)
    return table


def _where(key: str) -> int:
    """The slider's position: as last released, as kept in the session, as in the address, or in the middle."""
    released = whole_number((st.session_state.get(key) or {}).get("at"), 0, POINTS - 1)
    if released is not None:
        return released
    asked = whole_numbers_in_link("at", 1, 0, POINTS - 1) or (POINTS // 2,)
    kept: int = st.session_state.get(_KEPT, asked[0])
    return kept


def _describe(checkpoint: Checkpoint, path: CodePath) -> dict[str, Any]:
    is_mixture = MODELS[checkpoint.model_config.model].has_components
    if path.shares is None:
        words = (
            "The components of this prior are all the same, so a code does not depend on its component."
            if is_mixture
            else "This prior has no components to move between."
        )
    else:
        words = (
            "Responsibilities p(k|z) of the prior's components, largest first:"
            if is_mixture
            else "The code is the stick; its largest pieces:"
        )
    return {
        "title": checkpoint.name,
        "decoder": decoder_address(checkpoint),
        "code": path.codes.shape[1],
        "codes": base64_floats(path.codes),
        "shares": None if path.shares is None else base64_floats(path.shares),
        "words": words,
    }
