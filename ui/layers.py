"""Models of several stochastic layers: what the browser knows of them, and the sentence where one layer is shown."""

from collections.abc import Iterable

from dlgmm_core.config import ModelConfig
from dlgmm_core.model.models import family_of

__all__ = ["browser_knows_layers", "first_layer_words"]


def browser_knows_layers(config: ModelConfig) -> bool:
    """Whether there are layers below the first whose codes the browser computes: those of priors that it knows."""
    return config.layers > 1 and family_of(config).in_browser


def first_layer_words(configs: Iterable[ModelConfig]) -> str:
    """Which layer's codes and components are shown; empty where every model has one layer."""
    if all(config.layers == 1 for config in configs):
        return ""
    return "For a model of several stochastic layers, these are the codes and components of the first layer."
