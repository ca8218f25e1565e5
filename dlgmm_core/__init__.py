"""Deep latent Gaussian mixtures: models, bounds, training and evaluation.

These are the public names; everything else is in the modules that they come from.

Example:
    >>> import torch
    >>> import dlgmm_core as dlgmm
    >>> config = dlgmm.ModelConfig("dlgmm", code_dim=2, num_components=2, prior_means=(-1, 1), prior_scales=(1, 1))
    >>> model = dlgmm.build_model(config)
    >>> dlgmm.elbo(model, torch.zeros(8, 784), bound="eq1").shape  # nats, one per image
    torch.Size([8])

Reference: E. Nalisnick, L. Hertel and P. Smyth, "Approximate Inference for Deep Latent Gaussian
Mixtures", NIPS Workshop on Bayesian Deep Learning, 2016. The package never imports Streamlit.
"""

__version__ = "0.1.0"

TYPE_CHECKING = False  # as `typing` has it, which takes longer to import than a command to handle Ctrl-C
if TYPE_CHECKING:
    from typing import Any

    from dlgmm_core.analysis.generation import ancestral_samples as ancestral_samples
    from dlgmm_core.analysis.inspection import inspect_image as inspect_image
    from dlgmm_core.config import ModelConfig as ModelConfig
    from dlgmm_core.config import TrainConfig as TrainConfig
    from dlgmm_core.data.datasets import load_dataset as load_dataset
    from dlgmm_core.evaluate.knn import encode as encode
    from dlgmm_core.evaluate.likelihood import log_likelihood as log_likelihood
    from dlgmm_core.model.models import MODELS as MODELS
    from dlgmm_core.model.models import build_model as build_model
    from dlgmm_core.model.objectives import elbo as elbo
    from dlgmm_core.model.objectives import iwae_bound as iwae_bound
    from dlgmm_core.runtime.folders import checkpoints_folder as checkpoints_folder
    from dlgmm_core.store.checkpoints import load_checkpoint as load_checkpoint
    from dlgmm_core.store.listing import list_checkpoints as list_checkpoints
    from dlgmm_core.train.training import TrainingRun as TrainingRun
    from dlgmm_core.train.training import fit as fit

_MODULES = {
    "MODELS": "model.models",
    "ModelConfig": "config",
    "TrainConfig": "config",
    "TrainingRun": "train.training",
    "ancestral_samples": "analysis.generation",
    "build_model": "model.models",
    "checkpoints_folder": "runtime.folders",
    "elbo": "model.objectives",
    "encode": "evaluate.knn",
    "fit": "train.training",
    "inspect_image": "analysis.inspection",
    "iwae_bound": "model.objectives",
    "list_checkpoints": "store.listing",
    "load_checkpoint": "store.checkpoints",
    "load_dataset": "data.datasets",
    "log_likelihood": "evaluate.likelihood",
}
__all__ = list(_MODULES)


def __getattr__(name: str) -> "Any":
    """A public name, from its module: PyTorch is loaded with the first that needs it, not before a command starts."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"dlgmm_core.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    """The public names too, for completion."""
    return sorted({*globals(), *__all__})
