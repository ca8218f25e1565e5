"""The prior of a model as a small chart: densities of a coordinate of the code, or the pieces of a whole.

It is drawn by a widget of our own, because Plotly takes a browser longer than the rest of the first page.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dlgmm_core.runtime.html import base64_floats
from ui.theme import OUTLINE, PAPER_COLOUR, component_colour
from ui.widgets import widget

__all__ = ["POINTS", "densities", "in_pieces", "show_prior"]

POINTS = 201  # of each density curve

_widget = widget("prior", '<div class="prior" role="img"></div>', "prior", "model", "decoder", "prior")


def densities(reach: float, components: NDArray[np.floating], axis: str) -> dict[str, object]:
    """What the widget draws of a real code: its density along an axis under each component and the whole prior.

    Args:
        reach: of the axis, either way.
        components: (K, POINTS) densities in even steps from -reach to reach, each times its weight.
        axis: its name.
    """
    whole = components.sum(0)
    parts = components if len(components) > 1 else components[:0]
    return {
        "reach": reach,
        "axis": axis,
        "top": float(whole.max()),
        "components": [base64_floats(density) for density in parts],
        "whole": base64_floats(whole),
        "colours": [component_colour(k) for k in range(len(parts))],
        "rest": {"outline": OUTLINE, "whole": PAPER_COLOUR},
        "ticks": {"x": _ticks(reach), "y": _ticks(whole.max())},
    }


def in_pieces(pieces: NDArray[np.floating] | Sequence[float], whole: str) -> dict[str, object]:
    """What the widget draws of pieces that sum to one, of a whole of the given name."""
    colours = [component_colour(k) for k in range(len(pieces))]
    return {"pieces": [float(piece) for piece in pieces], "colours": colours, "axis": f"share of the {whole}"}


def show_prior(data: dict[str, object], words: str, key: str) -> None:
    """Draws what `densities` or `in_pieces` gives, with a description for screen readers."""
    _widget(key=key, data={**data, "words": words})


def _ticks(most: float) -> list[float]:
    """Two or so numbers above zero, the steps 1, 2 or 5 times a power of ten."""
    power = 10 ** np.floor(np.log10(most))
    step = next(power * part for part in (5, 2, 1, 0.5) if 1.5 * power * part <= most)
    return [round(float(tick), 9) for tick in np.arange(step, most, step)]
