"""The sentence for mixtures whose components are identical by their prior, the same on every page."""

from dlgmm_core.config import ModelConfig

__all__ = ["identical_by_prior"]


def identical_by_prior(config: ModelConfig) -> str:
    """Why weights and responsibilities of such a model say nothing of an image; empty for any other model."""
    if not config.has_identical_components:
        return ""
    return "These components are identical by the paper's prior: π and p(k|x) can say nothing."
