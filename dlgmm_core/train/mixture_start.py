r"""Starts a mixture from a trained Gauss-VAE, so that its components find groups of images and keep them.

Trained from random weights, components that are alike share all images: nothing makes them different. A Gauss-VAE
of the same body already places similar images at similar codes. A Gaussian mixture of these codes gives the components
of the prior. Encoder and decoder are the Gauss-VAE's, every component of the posterior starts as its posterior, and the
sticks are fitted to the mixture's responsibilities by a few steps on the weights' term,

.. math:: \max \; E_x \left[ \sum_k r_k(x) \log E_q[\pi_k | x] \right], \qquad r_k(x) = p(k | \mu(x)) .

Reference: Z. Jiang et al., "Variational deep embedding", IJCAI 2017 (a Gaussian mixture as the start of a prior).
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from dlgmm_core.checks import ConfigError
from dlgmm_core.config import ModelConfig, TrainConfig
from dlgmm_core.data.datasets import Dataset
from dlgmm_core.evaluate.gaussian_mixtures import fit_gaussian_mixture
from dlgmm_core.evaluate.knn import encode
from dlgmm_core.model.models import MODELS, LatentVariableModel, family_of
from dlgmm_core.model.networks import MixtureHead, MixturePrior, NormalHead
from dlgmm_core.store.checkpoints import load_checkpoint
from dlgmm_core.train.adam import Adam
from dlgmm_core.train.training import TrainingRun

__all__ = ["is_start", "load_start", "require_start", "start_mixture", "start_run"]

STICK_STEPS, STICK_BATCH, STICK_RATE = 300, 500, 3e-3  # of fitting the sticks
_UNFIT = "A start must be a Gauss-VAE with the body, the ⟨code_dim⟩ and the images of the mixture."


def load_start(model_config: ModelConfig, folder: Path, device: str = "cpu") -> LatentVariableModel:
    """The Gauss-VAE that a run starts from.

    Args:
        model_config: architecture and prior of the run.
        folder: of the Gauss-VAE's checkpoint.
        device: where it computes.

    Raises:
        CheckpointError: if there is no such checkpoint.
        ConfigError: if the two models do not fit together.
    """
    gauss, checkpoint = load_checkpoint(folder, device)
    require_start(model_config, checkpoint.model_config)
    return gauss


def start_run(
    model_config: ModelConfig,
    config: TrainConfig,
    device: str,
    start: LatentVariableModel | None,
    dataset: Dataset,
    on_start: Callable[[int, int], None] | None = None,
) -> TrainingRun:
    """A run before its first epoch.

    Args:
        model_config: architecture and prior of the run.
        config: how it is fitted.
        device: where it computes.
        start: what `load_start` has found; None for random weights.
        dataset: that the run will be trained on.
        on_start: as of `fit_gaussian_mixture`, which takes most of the time.

    Raises:
        ConfigError: if there is no such model or bound, the two models do not fit together, or `start` is missing where
            `config` names it, or the other way round.
    """
    if (start is None) != (not config.start_from):
        raise ConfigError("⟨start_from⟩ and the model to start from go together: give both, or neither.")
    run = TrainingRun.start(model_config, config, device)
    if start is not None:
        start_mixture(run.model, start, dataset, config.seed, on_start)
    return run


def start_mixture(
    model: LatentVariableModel,
    gauss: LatentVariableModel,
    dataset: Dataset,
    seed: int,
    on_start: Callable[[int, int], None] | None = None,
) -> None:
    """Sets the weights of an untrained mixture with learnt components from a trained Gauss-VAE.

    Args:
        model: the mixture.
        gauss: of the same body and code size.
        dataset: whose training codes the mixture is fitted to, and whose validation codes choose among its starts.
        seed: of the starts and of the images of each step.
        on_start: as of `fit_gaussian_mixture`.

    Raises:
        ConfigError: if the two models do not fit together.
    """
    require_start(model.config, gauss.config)
    prior, head, gauss_head = model.layer.prior, model.layer.head, gauss.layer.head
    assert isinstance(gauss_head, NormalHead)  # as `ModelFamily.starts_mixtures` says
    if not isinstance(prior, MixturePrior) or not isinstance(head, MixtureHead):
        raise ConfigError("A start from a Gauss-VAE is for mixtures with a MixturePrior and a MixtureHead.")
    model.encoder.load_state_dict(gauss.encoder.state_dict())
    model.decoder.load_state_dict(gauss.decoder.state_dict())
    with torch.no_grad():
        k = model.config.num_components
        for ours, theirs in (
            (head.linear.weight, gauss_head.linear.weight),
            (head.linear.bias, gauss_head.linear.bias),
        ):
            both = theirs.unflatten(0, (2, 1, -1))  # location and log scale, (2, 1, D, ...)
            ours.copy_(both.expand(2, k, *both.shape[2:]).flatten(0, 2))
    codes, valid = encode(gauss, dataset.train.binary), encode(gauss, dataset.valid.binary)
    responsibilities = _fit_prior(prior, codes, valid, seed, on_start)
    _fit_sticks(model.encoder, head, dataset, responsibilities, seed)


def require_start(mixture: ModelConfig, start: ModelConfig) -> None:
    """Checks that a mixture can start from a model of that configuration.

    Raises:
        ConfigError: if it cannot.
    """
    if not MODELS[mixture.model].has_components or mixture.prior_components == "fixed":
        raise ConfigError("A start from a Gauss-VAE is for a mixture whose ⟨prior_components⟩ are diagonal or full.")
    names = ("body", "depth", "hidden", "image_shape", "encoder_activation", "code_dim")
    same_body = all(getattr(mixture, name) == getattr(start, name) for name in names)
    if max(mixture.layers, start.layers) > 1:
        raise ConfigError("A start from a Gauss-VAE is for one stochastic layer: ⟨layers⟩ must be 1.")
    if not is_start(start) or not same_body:
        raise ConfigError(_UNFIT)
    if any(mixture.prior_means) or any(scale != 1 for scale in mixture.prior_scales):
        raise ConfigError("A start fits the components to codes: leave out ⟨prior_means⟩ and ⟨prior_scales⟩.")


def is_start(config: ModelConfig) -> bool:
    """Whether mixtures can start from a model of that configuration: a Gauss-VAE of one stochastic layer."""
    return config.layers == 1 and family_of(config).starts_mixtures


def _fit_prior(
    prior: MixturePrior,
    codes: NDArray[np.float32],
    valid: NDArray[np.float32],
    seed: int,
    on_start: Callable[[int, int], None] | None,
) -> NDArray[np.float64]:
    """Sets the components to a Gaussian mixture of codes (N, D); returns its responsibilities (N, K)."""
    kind = "diagonal" if prior.lower is None else "full"
    best = fit_gaussian_mixture(codes, valid, len(prior.loc), kind, seed, on_start=on_start)
    with torch.no_grad():
        prior.loc.copy_(torch.from_numpy(best.means_)[:, None])
        if prior.lower is None:
            prior.log_scale.copy_(torch.from_numpy(best.covariances_).log()[:, None] / 2)
        else:
            factor = np.linalg.cholesky(best.precisions_)
            diagonal = np.diagonal(factor, axis1=1, axis2=2)
            prior.log_scale.copy_(-torch.from_numpy(np.log(diagonal))[:, None])
            prior.lower.copy_(torch.from_numpy(np.tril(factor, -1))[:, None])
    responsibilities: NDArray[np.float64] = best.predict_proba(codes)
    return responsibilities


def _fit_sticks(
    encoder: nn.Module, head: MixtureHead, dataset: Dataset, responsibilities: NDArray[np.float64], seed: int
) -> None:
    """Fits the head's layer of the sticks, and nothing else, to responsibilities (N, K) of the training images."""
    device = head.sticks.weight.device
    images, targets = torch.from_numpy(dataset.train.binary), torch.from_numpy(responsibilities).float().to(device)
    order = torch.Generator().manual_seed(seed)
    optimizer = Adam(head.sticks.parameters(), lr=STICK_RATE)
    for _ in range(STICK_STEPS):
        rows = torch.randint(len(images), (STICK_BATCH,), generator=order)
        with torch.no_grad():
            features: Tensor = encoder(images[rows].to(device).float())
        log_weights = head(features).log_mean_weights.T  # (B, K)
        loss = -(targets[rows] * log_weights).sum(1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
