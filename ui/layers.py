"""The sentence for pages that show one stochastic layer of models that have several."""

from collections.abc import Iterable

from dlgmm_core.config import ModelConfig

__all__ = ["first_layer_words"]


def first_layer_words(configs: Iterable[ModelConfig]) -> str:
    """Which layer's codes and components are shown; empty where every model has one layer."""
    if all(config.layers == 1 for config in configs):
        return ""
    return "Of a model of several stochastic layers, these are the codes and components of the first."
