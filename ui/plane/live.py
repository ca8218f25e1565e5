"""Squares of the plane in the browser: the whole of it, and the posterior of one digit."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dlgmm_core.analysis.plane_pictures import (
    CORNERS,
    Ellipses,
    Window,
    ellipses,
    is_triangle,
    places_of,
    window_around,
)
from dlgmm_core.runtime.html import base64_floats
from dlgmm_core.runtime.wording import counted
from dlgmm_core.store.checkpoints import Checkpoint
from ui import loaders
from ui.links import numbers_in_link, put_in_link, whole_numbers_in_link
from ui.numbers import finite_numbers, whole_number
from ui.plane.posteriors import Means, Posterior
from ui.presentation import is_presented
from ui.serving.decoders import decoder_address
from ui.theme import CLASS_COLOURS, component_colour
from ui.widgets import widget

__all__ = ["View", "live_plane", "live_posterior", "untouched"]

FEWEST, MOST, USUAL = 8, 32, 16  # decoded digits in a row
FAR = 1e3  # coordinates that a browser may tell
ROUNDED = 1e-3  # of the square's side, by which the browser may have rounded what it writes into the address
FAINTEST = 0.02  # weight of a component that is drawn
_LIGHT = "#ffffff"
_PLAIN = "#808080"  # of dots without classes

_widget = widget(
    "plane",
    '<div class="plane"></div>',
    "plane",
    *("model", "decoder", "make", "pointer", "letters", "room", "plane_prior", "plane_words", "plane"),
)


@dataclass(frozen=True)
class View:
    """What the visitor has set.

    Attributes:
        at: the place at which the pointer rests; None if it does not.
        digits: whether the plane shows decoded digits.
        across: the number of decoded digits in a row.
        means: of the prior's components, (2 K), once one has been moved; None as trained.
    """

    at: tuple[float, ...] | None = None
    digits: bool = False
    across: int = USUAL
    means: Means = None


def live_plane(checkpoint: Checkpoint, codes: NDArray[np.float32], labels: NDArray[np.int64] | None) -> View:
    """The plane with the prior's components and the codes (N, D) of the test images; returns what the visitor set.

    Dots have the colours of their classes (N,), where there are labels.
    """
    key = _key(checkpoint)
    kept = f"{key}-view"  # a component's own state is lost when the visitor changes the page
    window, prior, content = _drawn(checkpoint, codes, labels)
    numbers = 2 * len(prior)
    if kept not in st.session_state:
        is_linked = st.session_state.setdefault("plane-opened-with", checkpoint.name) == checkpoint.name
        st.session_state[kept] = _from_link(window, numbers) if is_linked else View()
    st.session_state[kept] = view = _updated(st.session_state.get(key), st.session_state[kept], numbers)
    _show(checkpoint, key, window, prior, view, content)
    put_in_link("at", None if view.at is None else view.at)
    put_in_link("digits", [view.across] if view.digits else None)
    put_in_link("means", view.means)
    return view


def untouched(checkpoint: Checkpoint) -> dict[str, object]:
    """The session's values that make the page Plane show a model as it was trained, with nothing decoded."""
    return {"plane-checkpoint": checkpoint.name, f"{_key(checkpoint)}-view": View()}


def _key(checkpoint: Checkpoint) -> str:
    return f"plane-{checkpoint.name}-{checkpoint.digest}"


@st.cache_resource(show_spinner=False, max_entries=20, hash_funcs=loaders.BY_WEIGHTS)  # 150 KB each
def _drawn(
    checkpoint: Checkpoint, _codes: NDArray[np.float32], _labels: NDArray[np.int64] | None
) -> tuple[Window, list[dict[str, Any]], dict[str, Any]]:
    """What every visitor sees of the plane: its square, the ellipses of the prior as trained, and all else."""
    config, dataset = checkpoint.model_config, loaders.dataset(checkpoint.train_config.dataset)
    dots, prior = places_of(config, _codes), ellipses(loaders.model(checkpoint).prior())
    edge = CORNERS if prior is None else np.concatenate([_edge(prior), np.quantile(dots, [0.001, 0.999], axis=0)])
    colours = [] if prior is None else [component_colour(k) for k in range(len(prior.weights))]
    names = dataset.class_names if len(dataset.class_names) <= len(CLASS_COLOURS) else ()
    of_class = np.zeros(len(dots), np.int64) if _labels is None else _labels
    content = {
        "gridded": True,
        "dots": {
            "places": base64_floats(dots),
            "labels": base64.b64encode((of_class % len(CLASS_COLOURS)).astype(np.uint8).tobytes()).decode(),
        },
        "colours": [_PLAIN] if _labels is None else CLASS_COLOURS,
        "classes": [
            {"name": name, "place": np.median(dots[of_class == i], axis=0).tolist()}
            for i, name in enumerate(names)
            if (of_class == i).any()
        ],
        "words": f"the plane of {checkpoint.name}: arrow keys move the place that is decoded",
        "hint": "Point at a place, or move with the arrow keys.",
    }
    return window_around(edge), [] if prior is None else _described(prior, colours, labelled=False), content


def live_posterior(checkpoint: Checkpoint, found: Posterior, place: str) -> None:
    """The true posterior of a digit as a heat map, and q on it; `place` tells several apart."""
    faint = (
        []
        if found.ellipses is None
        else _described(found.ellipses, [_LIGHT] * len(found.ellipses.weights), labelled=True)
    )
    _show(
        checkpoint,
        f"posterior-{place}",
        found.window,
        faint,
        View(),
        {
            "heat": found.heat,
            "words": f"the true posterior under {checkpoint.name}, {counted(len(found.shares), 'mode')}, and q on it",
            "hint": "Lines: q, one and two standard deviations.",
        },
    )


def _show(
    checkpoint: Checkpoint, key: str, window: Window, drawn: list[dict[str, Any]], view: View, more: dict[str, Any]
) -> None:
    data = {
        "decoder": decoder_address(checkpoint),
        "triangle": is_triangle(checkpoint.model_config),
        "corners": CORNERS.tolist(),
        "pieces": [component_colour(k) for k in range(3)],
        "low": window.low.tolist(),
        "side": window.side,
        "ellipses": drawn,
        "heat": None,
        "dots": None,
        "gridded": False,
        "presented": is_presented(),
        **more,
    }
    signature = hashlib.sha256(repr(data).encode()).hexdigest()[:16]
    now = {"at": view.at, "digits": view.digits, "across": view.across, "means": view.means}
    _widget(key=key, data={**data, "signature": signature, "now": now}, on_now_change=lambda: None)


def _edge(found: Ellipses) -> NDArray[np.float64]:
    """(4K, 2), places two standard deviations from the means."""
    spread = 2 * np.sqrt(np.square(found.factors).sum(-1))
    return np.concatenate([found.means + sign * spread for sign in (-1, 1)])


def _described(found: Ellipses, colours: list[str], *, labelled: bool) -> list[dict[str, Any]]:
    """The ellipses for the widget; labelled ones only if they have some weight, the largest first to be labelled."""
    order = [k for k in (-found.weights).argsort() if found.weights[k] >= FAINTEST] if labelled else range(len(colours))
    return [
        {
            "mean": found.means[k].tolist(),
            "factor": found.factors[k].tolist(),
            "colour": colours[k],
            "label": f"{100 * found.weights[k]:.0f} %" if labelled and len(colours) > 1 else "",
        }
        for k in order
    ]


def _from_link(window: Window, numbers: int) -> View:
    """The view that the address asks for, as far as it lies in the square; `numbers` of all means."""
    low, high = window.low - ROUNDED * window.side, window.low + (1 + ROUNDED) * window.side
    at, across = numbers_in_link("at", 2, low, high), whole_numbers_in_link("digits", 1, FEWEST, MOST)
    means = numbers_in_link("means", numbers, np.tile(low, numbers // 2), np.tile(high, numbers // 2))
    return View(at, across is not None, USUAL if across is None else across[0], means)


def _updated(state: Any, view: View, numbers: int) -> View:
    """The view that the widget tells, if it is sound; `numbers` of all means."""
    now = state.get("now") if isinstance(state, Mapping) else None
    if not isinstance(now, Mapping):
        return view
    at = None if now.get("at") is None else finite_numbers(now["at"], 2, -FAR, FAR)
    across = whole_number(now.get("across"), FEWEST, MOST)
    means = finite_numbers(now.get("means"), numbers, -FAR, FAR) if numbers else None
    return View(at, now.get("digits") is True, across or view.across, means)
