"""A sketch of a model of two stochastic layers: the tree of its components, from the first layer to the pixels."""

from collections.abc import Sequence

import streamlit as st

from dlgmm_core.model.models import MODELS
from ui.glossary.terms import meaning
from ui.layers import browser_knows_layers
from ui.sidebar import Selection
from ui.theme import component_colour, ink_on

__all__ = ["show_sketch"]

MOST = 4  # components of a layer that are drawn
WIDTH, HEIGHT, LEFT = 480, 190, 30
INKS = {"light": "#31333f", "dark": "#fafafa"}  # of words, under each theme
_LEVELS = (30, 95, 160)  # of the first layer, the second and the pixels, from the top


def show_sketch(chosen: Selection) -> None:
    """The sketch of the first mixture of several layers among the data set's models; nothing where there is none."""
    layered = [c for c in chosen.offered if c.model_config.layers > 1 and MODELS[c.model_config.model].has_components]
    if not layered:
        return
    first = max(layered, key=lambda c: min(2, *c.model_config.components[:2]))  # one that branches in both layers
    components = first.model_config.components
    st.header("Several stochastic layers", help=meaning("path", "prior"))
    name = f"Tree of {_of(components[0])} of the first layer, below each {_of(components[1])} of the second, and pixels"
    st.image(_svg(components[:2], INKS[st.context.theme.type or "light"]), alt=name)
    if max(components[:2]) > MOST:
        st.caption(f"At most {MOST} components of each layer are drawn.")
    product = " · ".join(map(str, components))
    st.caption(
        f"{first.name}: a code z₁ comes from {_one_of(components[0])}, and gives the means and scales of"
        f" {_of(components[1])} of z₂, and so on down to the pixels x."
        f" One path is a component of every layer: {product} = {first.model_config.paths} paths, as many codes as the"
        " bound decodes for one draw unless it samples them."
        f"{' The page **Components** draws from every branch.' if browser_knows_layers(first.model_config) else ''}"
    )


def _of(count: int) -> str:
    return f"{count} components" if count > 1 else "one Gaussian"


def _one_of(count: int) -> str:
    return f"one of {_of(count)}" if count > 1 else _of(count)


def _svg(components: Sequence[int], ink: str) -> str:
    k, j = (min(MOST, count) for count in components)
    tops, leaves = _even(k), _even(k * j)
    lines, dots = [], []
    for i, x in enumerate(tops):
        own = leaves[i * j : (i + 1) * j]
        lines += [_line(x, _LEVELS[0], leaf, _LEVELS[1], component_colour(i)) for leaf in own]
        lines += [_line(leaf, _LEVELS[1], leaf, _LEVELS[2], component_colour(n)) for n, leaf in enumerate(own)]
        dots.append(_dot(x, _LEVELS[0], 13, component_colour(i), str(i + 1)))
        dots += [_dot(leaf, _LEVELS[1], 11, component_colour(n), str(n + 1)) for n, leaf in enumerate(own)]
        dots += [
            f'<rect x="{leaf - 8:.0f}" y="{_LEVELS[2] - 8}" width="16" height="16" fill="#808080"/>' for leaf in own
        ]
    words = ("z₁", "z₂", "x")
    texts = "".join(
        f'<text x="0" y="{y + 5}" fill="{ink}">{text}</text>' for y, text in zip(_LEVELS, words, strict=True)
    )
    size = f'width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="15">'
        f"{''.join(lines)}{''.join(dots)}{texts}</svg>"
    )


def _even(count: int) -> Sequence[float]:
    """`count` places beside each other, right of the words."""
    step = (WIDTH - LEFT) / count
    return [LEFT + step * (i + 0.5) for i in range(count)]


def _line(x: float, y: float, to_x: float, to_y: float, colour: str) -> str:
    return f'<line x1="{x:.0f}" y1="{y}" x2="{to_x:.0f}" y2="{to_y}" stroke="{colour}" stroke-width="2"/>'


def _dot(x: float, y: float, radius: int, colour: str, text: str) -> str:
    return (
        f'<circle cx="{x:.0f}" cy="{y}" r="{radius}" fill="{colour}" stroke="#808080"/>'
        f'<text x="{x:.0f}" y="{y + 4}" text-anchor="middle" font-size="12" fill="{ink_on(colour)}">{text}</text>'
    )
