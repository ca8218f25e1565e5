"""What the page of components says of a model that is amortised over its prior."""

from dlgmm_core.config import ModelConfig

__all__ = ["amortised_words"]


def amortised_words(config: ModelConfig) -> str:
    """What its sliders do; empty for a plain model."""
    known = config.contexts
    if known is None:
        return ""
    return (
        "This model is amortised over its prior: one training for all priors with means from"
        f" {-known.largest_mean:g} to {known.largest_mean:g} and α from {known.smallest_concentration:g} to"
        f" {known.largest_concentration:g}, and it is told the one that the sliders choose. Its rows approximate what a"
        " model trained with that prior alone would draw, and ticks mark its own prior. Moving a slider changes all"
        " rows: the decoder is told all means and α. Components are drawn equally often whatever α; it says how far"
        " the weights π of single images are from equal."
    ).replace("from -", "from −")
