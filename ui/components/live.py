"""Samples of every component, decoded in the browser while a slider is dragged.

Python sends the noise once and is told of the sliders once they rest; decoders come over HTTP
(`ui.serving.decoders`). The picture is that of figure 2 of Nalisnick, Hertel & Smyth (2016).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import streamlit as st

from dlgmm_core.analysis.generation import ancestral_noise, centres, component_noise, shapes
from dlgmm_core.config import Context, ModelConfig
from dlgmm_core.runtime.html import base64_floats
from dlgmm_core.store.checkpoints import Checkpoint
from ui import loaders
from ui.components.amortised import recorded
from ui.components.below import drawn_below, first_branch
from ui.components.siblings import siblings
from ui.components.usage import UNUSED, usage
from ui.links import numbers_in_link, put_in_link, whole_numbers_in_link
from ui.numbers import finite_number, finite_numbers, whole_number
from ui.presentation import is_presented
from ui.serving.amortised import amortised_address
from ui.serving.decoders import decoder_address
from ui.theme import component_colour
from ui.widgets import widget

__all__ = [
    "CHECKPOINT",
    "SAMPLES",
    "Prior",
    "compared_prior",
    "live_components",
    "open_component",
    "seed_of",
    "trained_prior",
]

SAMPLES = 16  # digits in a row
REACH, LARGEST_SCALE, SMALLEST_SCALE = 4.0, 2.0, 0.05  # of the sliders; trained values may lie outside
LARGEST_SEED = 10**6
CHECKPOINT, _MARKED, _RESETS = "components-checkpoint", "components-marked", "components-resets"
SWITCHES = ("same", "ink", "scales")  # same noise in every row; hard binarization; scale sliders in sight

_APART = "apart on Overview"
_WHY = (
    "Learnt components differ from coordinate to coordinate, up in some and down in others. Averaged over all of them,"
    " which the sliders move together, they nearly lie on each other. The page Overview draws them apart, along their"
    " means' main axis."
)

_parts = (
    "model",
    "mixture",
    "decoder",
    "amortised",
    "alpha",
    "bound_curve",
    "letters",
    "room",
    "rest",
    "components_density",
    "make",
    "components_controls",
    "components",
)
_widget = widget("live_components", '<div class="live"></div>', "components", *_parts)


@dataclass(frozen=True)
class Prior:
    """The values of the sliders, and the seed of the noise.

    `branch` is the component of the first layer, from 1, whose components below are in sight; 0 for none. A model that
    is amortised over its prior has an `alpha`, and its decoder at its own prior may stand beside, to compare.
    """

    means: tuple[float, ...]
    scales: tuple[float, ...]
    switches: tuple[bool, ...]
    seed: int
    branch: int = 0
    alpha: float | None = None
    is_compared: bool = False

    @property
    def context(self) -> Context | None:
        """The prior that an amortised model is told; None of any other."""
        return None if self.alpha is None else Context(self.means, self.alpha)


def live_components(checkpoint: Checkpoint) -> Prior:
    """The rows of samples with their sliders; returns the values at which they last rested."""
    trained, kept = _opened(checkpoint)
    key = f"live-{checkpoint.name}-{checkpoint.digest}-{st.session_state.get(_RESETS, 0)}"

    def keep() -> None:
        """Stores the sliders, even if the visitor leaves the page before its next run."""
        if (state := st.session_state.get(key)) is not None:
            st.session_state[kept] = _updated(checkpoint.model_config, state, st.session_state[kept], trained)

    keep()
    prior: Prior = st.session_state[kept]
    is_fixed = checkpoint.model_config.prior_components == "fixed"
    drawn = _drawn(checkpoint, prior.seed)
    _widget(
        key=key,
        data={
            "decoder": decoder_address(checkpoint),
            "amortised": amortised_address(checkpoint),
            "measured": recorded(checkpoint),
            "means": trained.means,
            "scales": trained.scales,
            "now": {
                "means": prior.means,
                "scales": prior.scales,
                "view": dict(zip(SWITCHES, prior.switches, strict=True)),
                **({} if drawn["below"] is None else {"branch": prior.branch}),
                **({} if prior.alpha is None else {"alpha": prior.alpha, "compared": prior.is_compared}),
            },
            "seed": prior.seed,
            **drawn,
            "colours": [component_colour(k) for k in range(len(trained.means))],
            "usage": usage(checkpoint),
            "unused": UNUSED,
            "marked": _marked(checkpoint.name, len(trained.means)),
            "presented": is_presented(),
            "title": "prior density of a coordinate" if is_fixed else f"prior density, average coordinate; {_APART}",
            "note": "" if is_fixed else _WHY,
            "retrained": [
                {"name": other.name, "means": other.model_config.prior_means, "scales": other.model_config.prior_scales}
                for other in siblings(checkpoint)
            ],
        },
        on_open_change=partial(_open_retrained, key, checkpoint),
        on_now_change=keep,
        on_seed_change=lambda: None,
    )
    put_in_link("means", None if prior.means == trained.means else prior.means)
    put_in_link("scales", None if prior.scales == trained.scales else prior.scales)
    put_in_link("view", None if prior.switches == (True, False, False) else [int(s) for s in prior.switches])
    put_in_link("branch", None if prior.branch == first_branch(checkpoint.model_config) else [prior.branch])
    own = checkpoint.model_config.concentration
    put_in_link("alpha", None if prior.alpha in (None, own) else [prior.alpha])
    put_in_link("compared", [1] if prior.is_compared else None)
    put_in_link("noise", [prior.seed] if prior.seed else None)
    return prior


@st.cache_data(show_spinner=False, max_entries=50, hash_funcs=loaders.BY_WEIGHTS)
def _drawn(checkpoint: Checkpoint, seed: int) -> dict[str, Any]:
    """What the widget draws of the trained prior with the noise of a seed; no slider changes it."""
    model = loaders.model(checkpoint)
    offsets, stretches = shapes(model)
    ancestral, noise = ancestral_noise(model, SAMPLES, seed)
    return {
        "offsets": base64_floats(offsets),
        "stretches": base64_floats(stretches),
        "below": drawn_below(model, SAMPLES, seed),
        "noise": base64_floats(component_noise(model, SAMPLES, seed)),
        "shared": base64_floats(component_noise(model, SAMPLES, seed, shared=True)),
        "ancestral": ancestral.tolist(),
        "ancestral_noise": base64_floats(noise),
        "weights": model.prior().log_mean_weights[:, 0].exp().tolist(),
    }


def seed_of(checkpoint: Checkpoint) -> int:
    """The seed of the rows' noise when they were last drawn, or at first."""
    _, kept = _opened(checkpoint)
    prior: Prior = st.session_state[kept]
    return prior.seed


def _opened(checkpoint: Checkpoint) -> tuple["_Trained", str]:
    """The trained values, and where the session keeps the sliders, which are the link's at first."""
    trained = _Trained(*centres(loaders.model(checkpoint)))
    kept = _kept(checkpoint, trained)
    if kept not in st.session_state:
        st.session_state[kept] = _from_link(checkpoint, trained)
    return trained, kept


def _kept(checkpoint: Checkpoint, trained: "_Trained") -> str:
    """Where the session keeps the sliders of a checkpoint, whose weights may change while it trains.

    A component's own state is lost when the visitor changes the page.
    """
    return f"live-{checkpoint.name}-{trained}"


def compared_prior(checkpoint: Checkpoint, means: tuple[float, ...]) -> dict[str, Any]:
    """The session's values that make the page Components show an amortised model at other means.

    Beside it stands its decoder for its own prior.
    """
    return _opening(checkpoint, means=means, is_compared=True)


def trained_prior(checkpoint: Checkpoint) -> dict[str, Any]:
    """The session's values that make the page Components show a model as it was trained, whatever was dragged."""
    return _opening(checkpoint)


def _opening(checkpoint: Checkpoint, **changes: Any) -> dict[str, Any]:
    trained, config = _Trained(*centres(loaders.model(checkpoint))), checkpoint.model_config
    alpha = config.concentration if config.contexts else None
    own = Prior(trained.means, trained.scales, (True, False, False), 0, first_branch(config), alpha)
    # A widget that stays in sight between two steps of a lesson would tell what it has: another one begins anew.
    renewed = {_RESETS: st.session_state.get(_RESETS, 0) + 1}
    return {CHECKPOINT: checkpoint.name, _kept(checkpoint, trained): replace(own, **changes), **renewed}


def _open_retrained(key: str, checkpoint: Checkpoint) -> None:
    """Turns to the model that the widget names, if it is this one under another prior."""
    asked = st.session_state[key].get("open")
    if asked in {other.name for other in siblings(checkpoint)}:
        st.session_state[CHECKPOINT] = asked


def open_component(name: str, component: int) -> None:
    """Turns to the page of components: to the row of one component of a checkpoint, counted from 0."""
    st.session_state[CHECKPOINT], st.session_state[_MARKED] = name, (name, component)
    st.switch_page("../pages/components.py", query_params={})  # without, it fails where a widget is in the link


def _marked(name: str, k: int) -> int | None:
    """The component whose row is marked, counted from 0: as another page or the address asked for."""
    if _MARKED not in st.session_state:
        linked = whole_numbers_in_link("row", 1, 1, k)
        st.session_state[_MARKED] = (name, linked[0] - 1 if linked else None)
    of, found = st.session_state[_MARKED]
    found = found if of == name else None
    put_in_link("row", None if found is None else [found + 1])
    return found


@dataclass(frozen=True)
class _Trained:
    """The trained values, marked by ticks on the sliders."""

    means: tuple[float, ...]
    scales: tuple[float, ...]


def _from_link(checkpoint: Checkpoint, trained: _Trained) -> Prior:
    """The prior that the address asks for; the trained one where it asks for none, or is invalid."""
    k, means, scales, branch = len(trained.means), None, None, None
    config = checkpoint.model_config
    usual, alpha = first_branch(config), None
    if st.session_state.setdefault("live-opened-with", checkpoint.name) == checkpoint.name:  # others have their own
        means = numbers_in_link("means", k, *_reach(config, trained.means))
        alpha = numbers_in_link("alpha", 1, *_alphas(config))
        scales = numbers_in_link("scales", k, *_stretch(config, trained.scales))
        branch = whole_numbers_in_link("branch", 1, 0, usual * k)
    switches = whole_numbers_in_link("view", len(SWITCHES), 0, 1) or (1, 0, 0)
    (seed,) = whole_numbers_in_link("noise", 1, 0, LARGEST_SEED) or (0,)
    return Prior(
        means or trained.means,
        scales or trained.scales,
        tuple(map(bool, switches)),
        seed,
        (branch or (usual,))[0],
        (alpha or (config.concentration,))[0] if config.contexts else None,
        config.contexts is not None and numbers_in_link("compared", 1, 1, 1) is not None,
    )


def _updated(config: ModelConfig, state: Any, before: Prior, trained: _Trained) -> Prior:
    """The prior in the widget's state; what is not in it, or makes no sense there, stays as it was."""
    now, k = state.get("now"), len(before.means)
    now = now if isinstance(now, Mapping) else {}
    view = now.get("view")
    switches = [view.get(name) for name in SWITCHES] if isinstance(view, Mapping) else [None]
    seed = whole_number(state.get("seed"), 0, LARGEST_SEED)
    branch = whole_number(now.get("branch"), 0, k)
    alpha = finite_number(now.get("alpha"), *_alphas(config)) if config.contexts else None
    is_compared = now.get("compared")
    return Prior(
        finite_numbers(now.get("means"), k, *_reach(config, trained.means)) or before.means,
        finite_numbers(now.get("scales"), k, *_stretch(config, trained.scales)) or before.scales,
        tuple(map(bool, switches)) if all(isinstance(each, bool) for each in switches) else before.switches,
        before.seed if seed is None else seed,
        before.branch if branch is None else branch,
        before.alpha if alpha is None else alpha,
        is_compared if isinstance(is_compared, bool) and config.contexts else before.is_compared,
    )


def _reach(config: ModelConfig, trained: tuple[float, ...]) -> tuple[float, float]:
    """The range of the mean sliders; of an amortised model, the means that it knows."""
    reach = config.contexts.largest_mean if config.contexts else REACH
    return _range(trained, -reach, reach)


def _stretch(config: ModelConfig, trained: tuple[float, ...]) -> tuple[float, float]:
    """The range of the scale sliders; of an amortised model, the trained scales alone."""
    if config.contexts:
        return min(trained), max(trained)
    return _range(trained, SMALLEST_SCALE, LARGEST_SCALE)


def _alphas(config: ModelConfig) -> tuple[float, float]:
    """The range of alpha; a single value unless the model is amortised."""
    if config.contexts is None:
        return config.concentration, config.concentration
    return config.contexts.smallest_concentration, config.contexts.largest_concentration


def _range(trained: tuple[float, ...], low: float, high: float) -> tuple[float, float]:
    return min(low, *trained), max(high, *trained)
