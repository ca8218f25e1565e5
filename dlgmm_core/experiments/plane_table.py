"""Experiments with codes of two numbers, whose true posterior a grid shows.

One Gaussian, the paper's five components, ten components with full covariances, and a stick of three pieces, whose code
is a point of a triangle. Two numbers are few, so that encoder and decoder have two deterministic layers. The bounds are
those whose gap is a divergence between posteriors, but for the ten components, which are trained as `clusters` are.
"""

from dataclasses import replace
from typing import Any

from dlgmm_core.config import ModelConfig
from dlgmm_core.experiments.experiment import SHORT, Experiment, named_experiment, paper_model

__all__ = ["plane"]

DEPTH, EPOCHS, GROUPS_EPOCHS = 2, 100, 40
MEANS = (-1.5, -0.75, 0.0, 0.75, 1.5)  # of figure 2
SETTINGS = replace(SHORT, binarization="dynamic", data_bias=True, max_epochs=EPOCHS, patience=EPOCHS)


def plane() -> list[Experiment]:
    """The four models."""
    start = _experiment("-plane", _model("gauss-vae", 2))
    groups = _model("dlgmm", 2, num_components=10, concentration=0.05, prior_components="full")
    return [
        start,
        _experiment("-plane", _model("dlgmm", 2, prior_means=MEANS), bound="marginal"),
        _experiment(
            "-plane10",
            groups,
            data_bias=False,
            start_from=start.name,
            max_epochs=GROUPS_EPOCHS,
            patience=GROUPS_EPOCHS,
        ),
        _experiment("-plane", _model("sb-vae", 3, concentration=1.0)),  # uniform over both fractions
    ]


def _model(name: str, code_dim: int, **changes: Any) -> ModelConfig:
    return paper_model(name, code_dim, depth=DEPTH, **changes)


def _experiment(variant: str, model: ModelConfig, **changes: Any) -> Experiment:
    named = named_experiment("plane", model, replace(SETTINGS, **changes), variant)
    return replace(named, exact=True, eval_datasets=("mnist",), baseline=None)
