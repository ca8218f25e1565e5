"""The Kumaraswamy density of a fraction, the Beta matched to it, and a draw that can be dragged, in the browser.

Python sends both curves and their values at every possible draw, and is told of u when it is released.
"""

from functools import lru_cache, partial

import numpy as np
import pandas as pd
import streamlit as st

from dlgmm_core.analysis.kumaraswamy_series import (
    densities_at_draws,
    kumaraswamy_density,
    matched_beta,
    matched_density,
)
from dlgmm_core.runtime.html import base64_floats
from ui.exporting import recipes
from ui.exporting.exports import About, export, figure
from ui.links import numbers_in_link, put_in_link
from ui.numbers import finite_number
from ui.parts import fragment
from ui.theme import CLASS_COLOURS, PAPER_COLOUR
from ui.widgets import widget

__all__ = ["show_densities"]

FRACTIONS = np.linspace(0.002, 0.998, 499)
LOWEST, MIDDLE, HIGHEST, STEPS = 0.01, 0.5, 0.99, 1000  # of u, and its steps from 0 to 1
_REACH = np.arange(round(LOWEST * STEPS), round(HIGHEST * STEPS) + 1) / STEPS
_LINK, _KEY = "bench-u", "bench-draw"

_widget = widget(
    "bench", '<div class="bench"></div>', "bench", "model", "decoder", "make", "room", "pointer", "letters", "bench"
)


@fragment
def show_densities(a: float, b: float) -> None:
    """Kumaraswamy(a, b), the matched Beta, and the draw v that a uniform u becomes.

    It is a fragment because the widget reports u, on which nothing else on the page depends.
    """
    u = st.session_state[_LINK] = _where()
    with figure("bench-densities"):
        _widget(
            key=_KEY,
            data={
                "u": u,
                "range": [LOWEST, HIGHEST],
                "steps": STEPS,
                "a": a,
                "b": b,
                **_curves(a, b),
                "colours": {"density": CLASS_COLOURS[0], "matched": PAPER_COLOUR},
            },
            on_u_change=lambda: None,
        )
    put_in_link(_LINK, None if u == MIDDLE else [u])
    alpha, beta = matched_beta(a, b)
    st.caption(
        f"The area right of v is u. The Beta with the same mean and variance has α = {alpha:.2f}, β = {beta:.2f};"
        " at a = 1 or b = 1 the two are identical."
    )
    about = About("densities of Kumaraswamy(a, b) and of the matched Beta", settings={"a": a, "b": b, "u": u})
    export("bench-densities", about, partial(recipes.densities, a, b, u), lambda: _table(a, b))


@lru_cache(maxsize=100)
def _curves(a: float, b: float) -> dict[str, object]:
    density, matched = densities_at_draws(_REACH, a, b)
    return {
        "fractions": base64_floats(FRACTIONS),
        "density": base64_floats(kumaraswamy_density(FRACTIONS, a, b)),
        "matched": base64_floats(matched_density(FRACTIONS, a, b)),
        "draws": {"density": base64_floats(density), "matched": base64_floats(matched)},
    }


def _where() -> float:
    """u as last released, as kept in the session, as in the address, or in the middle."""
    released = finite_number((st.session_state.get(_KEY) or {}).get("u"), LOWEST, HIGHEST)
    if released is not None:
        return round(released * STEPS) / STEPS
    (asked,) = numbers_in_link(_LINK, 1, LOWEST, HIGHEST) or (MIDDLE,)
    kept: float = st.session_state.get(_LINK, round(asked * STEPS) / STEPS)
    return kept


def _table(a: float, b: float) -> pd.DataFrame:
    columns = {"v": FRACTIONS, "Kumaraswamy": kumaraswamy_density(FRACTIONS, a, b)}
    return pd.DataFrame({**columns, "Beta": matched_density(FRACTIONS, a, b)})
