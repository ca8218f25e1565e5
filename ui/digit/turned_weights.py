"""The weights and the stick of a digit under any prior that an amortised model knows, computed in the browser.

A page asks the server for nothing while a slider moves: encoder, gate and sticks run where the slider is.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from dlgmm_core.analysis.image_statistics import expected_weights
from dlgmm_core.config import Context, ModelConfig
from dlgmm_core.runtime.html import base64_floats
from dlgmm_core.store.checkpoints import Checkpoint
from ui.digit.digit_input import DigitInput
from ui.exporting import recipes
from ui.exporting.exports import About, export, figure
from ui.links import numbers_in_link, put_in_link
from ui.numbers import finite_number, finite_numbers, printed
from ui.parts import fragment
from ui.presentation import aside
from ui.serving.amortised import amortised_address, model_at
from ui.serving.encoders import encoder_address
from ui.theme import component_colour, ink_on
from ui.widgets import widget

__all__ = ["are_turned", "show_turned_weights"]

_widget = widget(
    "turned_weights",
    '<div class="turned-weights"></div>',
    "turned_weights",
    "model",
    "mixture",
    "decoder",
    "following",
    "encoder",
    "alpha",
    "alpha_curves",
    "turned_weights",
)


def are_turned(checkpoint: Checkpoint) -> bool:
    """Whether the model's weights can be shown under any prior."""
    return amortised_address(checkpoint) is not None and encoder_address(checkpoint) is not None


@fragment
def show_turned_weights(checkpoint: Checkpoint, digit: DigitInput) -> None:
    """Curves, bars and the stick with sliders of the means and of alpha; nothing for a model that no browser runs.

    It is a fragment because nothing else on the page depends on the sliders.
    """
    config, address, encoder = checkpoint.model_config, amortised_address(checkpoint), encoder_address(checkpoint)
    if address is None or encoder is None:
        return
    kept = f"turned-{checkpoint.name}-{checkpoint.digest}"
    widget_key = f"{kept}-widget"
    chosen = _context(config, st.session_state.get(widget_key)) or st.session_state.get(kept) or _linked(config)
    st.session_state[kept] = chosen
    colours = [component_colour(k) for k in range(config.num_components)]
    with figure("turned-weights"):
        _widget(
            key=widget_key,
            data={
                "amortised": address,
                "encoder": encoder,
                "image": base64_floats(digit.binary.astype(np.float32)),
                "now": {"means": chosen.prior_means, "alpha": chosen.concentration},
                "colours": colours,
                "inks": [ink_on(colour) for colour in colours],
            },
            on_now_change=lambda: None,
        )
    put_in_link("means", None if chosen.prior_means == config.prior_means else chosen.prior_means)
    put_in_link("alpha", None if chosen.concentration == config.concentration else [chosen.concentration])
    aside(
        "One model, given the prior that the sliders show: its encoder's weights of this digit under that prior, and"
        " the stick, broken in ascending order of the means. The smaller α, the more the weights may differ; the"
        " larger, the nearer each is to 1/K. Everything else on this page is at the model's own prior:"
        f" means {', '.join(map(printed, config.prior_means))} and α = {config.concentration:g}."
    )
    about = About(
        "weights π at a prior of the visitor's choice",
        [checkpoint],
        settings={
            "image": digit.origin,
            "means": ", ".join(f"{mean:g}" for mean in chosen.prior_means),
            "α": f"{chosen.concentration:g}",
        },
    )
    export(
        "turned-weights",
        about,
        partial(recipes.weights_at, checkpoint, digit.code, chosen),
        lambda: _table(checkpoint, digit, chosen),
    )


def _linked(config: ModelConfig) -> Context:
    """The prior in the address; what it has not, or what the model does not know, is the model's own."""
    assert config.contexts is not None
    reach, own = config.contexts.largest_mean, config.context
    means = numbers_in_link("means", config.num_components, -reach, reach) or own.prior_means
    low, high = config.contexts.smallest_concentration, config.contexts.largest_concentration
    return Context(means, (numbers_in_link("alpha", 1, low, high) or (own.concentration,))[0])


def _context(config: ModelConfig, state: Any) -> Context | None:
    """The prior that the widget reports; None where it has not, or reports one that the model does not know."""
    now = state.get("now") if isinstance(state, Mapping) else None
    if not isinstance(now, Mapping) or config.contexts is None:
        return None
    reach = config.contexts.largest_mean
    low, high = config.contexts.smallest_concentration, config.contexts.largest_concentration
    means = finite_numbers(now.get("means"), config.num_components, -reach, reach)
    alpha = finite_number(now.get("alpha"), low, high)
    return None if means is None or alpha is None else Context(means, alpha)


def _table(checkpoint: Checkpoint, digit: DigitInput, context: Context) -> pd.DataFrame:
    weights = expected_weights(model_at(checkpoint, context), digit.binary[None])
    assert weights is not None
    numbers = np.arange(1, len(context.prior_means) + 1)
    return pd.DataFrame({"component": numbers, "mean of its prior": context.prior_means, "E[π|x]": weights[0]})
