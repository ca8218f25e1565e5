"""The layers below the first: what the widget of the components needs to draw their codes, and what it draws in words.

Below each component of the first layer are those of the second, given its codes. All of them use the same draws, so
that what differs between their rows comes from the component alone.
"""

from typing import Any

from dlgmm_core.analysis.generation import noise_below
from dlgmm_core.config import ModelConfig
from dlgmm_core.model.models import LatentVariableModel
from dlgmm_core.runtime.html import base64_floats
from ui.layers import browser_knows_layers

__all__ = ["below_words", "drawn_below", "first_branch"]


def first_branch(config: ModelConfig) -> int:
    """The component whose components below are shown at first: 1, the first one; 0 where none has several."""
    return int(browser_knows_layers(config) and config.components[1] > 1)


def drawn_below(model: LatentVariableModel, count: int, seed: int) -> dict[str, Any] | None:
    """The draws of the second layer: a row for each component of the first, and one for the ancestral samples.

    None where there is one layer, or where the browser does not know those below the first.
    """
    config = model.config
    if not browser_knows_layers(config):
        return None
    components, noise = noise_below(model, config.num_components + 1, count, seed)
    return {
        "components": components.tolist(),
        "noise": base64_floats(noise),
        "code": config.code_dims[1],
        "count": config.components[1],
    }


def below_words(config: ModelConfig) -> str:
    """What the rows show of a model of several layers; empty for one layer."""
    if config.layers == 1:
        return ""
    words = f"This model has {config.layers} stochastic layers. The sliders move components of the first;"
    if not browser_knows_layers(config):
        return f"{words} codes of the layers below it are the means of their priors, which the server computes."
    k = config.components[1]
    words += (
        " a network gives the means and scales of the second layer's components from each of its codes, and runs in"
        " your browser."
    )
    if k > 1:
        words += (
            f" In a component's own row every digit has one of the {k} components below, drawn by their mean weights;"
            " the rows under it show each of these with the same noise. Below the ancestral samples,"
            " “3\u202f›\u202f2” means component 3, and component 2 below it."
        )
    if config.layers > 2:
        words += " In layers 3 and below, codes are the means of their priors."
    return words
