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

from dlgmm_core.analysis.generation import ancestral_samples
from dlgmm_core.config import ModelConfig, TrainConfig
from dlgmm_core.data.datasets import load_dataset
from dlgmm_core.evaluate.knn import encode
from dlgmm_core.evaluate.likelihood import log_likelihood
from dlgmm_core.model.models import MODELS, build_model
from dlgmm_core.model.objectives import elbo, iwae_bound
from dlgmm_core.runtime.folders import checkpoints_folder
from dlgmm_core.store.checkpoints import list_checkpoints, load_checkpoint
from dlgmm_core.train.training import TrainingRun, fit

__all__ = [
    "MODELS",
    "ModelConfig",
    "TrainConfig",
    "TrainingRun",
    "ancestral_samples",
    "build_model",
    "checkpoints_folder",
    "elbo",
    "encode",
    "fit",
    "iwae_bound",
    "list_checkpoints",
    "load_checkpoint",
    "load_dataset",
    "log_likelihood",
]
