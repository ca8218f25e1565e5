"""The prior of a model as a small chart: bells over a coordinate of the code, or a broken stick.

It is drawn by a widget of our own, for Plotly keeps a browser busy for longer than all else of the first page.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ui.theme import OUTLINE, PAPER_COLOUR, component_colour
from ui.widgets import base64_floats, widget

__all__ = ["POINTS", "bells", "show_prior", "stick"]

POINTS = 201  # of each density curve

_widget = widget("prior", '<div class="prior" role="img"></div>', "prior", "decoder", "prior")


def bells(means: Sequence[float], scales: Sequence[float], weights: Sequence[float]) -> dict[str, object]:
    """What the widget draws of a mixture: one coordinate's density under each component and under the whole prior."""
    reach = max(abs(m) + 3 * s for m, s in zip(means, scales, strict=True))
    z = np.linspace(-reach, reach, POINTS)
    mean, scale, weight = (np.array(values)[:, None] for values in (means, scales, weights))
    densities = weight * np.exp(-0.5 * ((z - mean) / scale) ** 2) / (scale * np.sqrt(2 * np.pi))  # (K, POINTS)
    whole = densities.sum(0)
    parts = densities if len(means) > 1 else densities[:0]
    return {
        "reach": reach,
        "top": float(whole.max()),
        "components": [base64_floats(density) for density in parts],
        "whole": base64_floats(whole),
        "colours": [component_colour(k) for k in range(len(parts))],
        "rest": {"outline": OUTLINE, "whole": PAPER_COLOUR},
        "ticks": {"x": _ticks(reach), "y": _ticks(whole.max())},
    }


def stick(pieces: NDArray[np.floating] | Sequence[float]) -> dict[str, object]:
    """What the widget draws of a stick of length one, broken into the given pieces."""
    return {"pieces": [float(piece) for piece in pieces], "colours": [component_colour(k) for k in range(len(pieces))]}


def show_prior(data: dict[str, object], words: str, key: str) -> None:
    """Draws what `bells` or `stick` gives, with the words for those who do not see it."""
    _widget(key=key, data={**data, "words": words})


def _ticks(most: float) -> list[float]:
    """Two or so numbers above zero, the steps 1, 2 or 5 times a power of ten."""
    power = 10 ** np.floor(np.log10(most))
    step = next(power * part for part in (5, 2, 1, 0.5) if 1.5 * power * part <= most)
    return [round(float(tick), 9) for tick in np.arange(step, most, step)]
