"""What a model infers from one image: sticks, mixture weights, reconstructions, bounds and log p(x).

Two quantities are easily confused and therefore reported together: the *mixture weights* pi, whose
posterior q(pi|x) the encoder predicts, and the *responsibilities* p(k|x), which also use the codes
and how well they explain the image. The exact posterior mean of the weights follows from the latter.
"""

import math
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dlgmm_core.analysis.elbo_terms import elbo_terms_of_paths
from dlgmm_core.analysis.image_report import ImageReport, StickReport, WeightReport
from dlgmm_core.evaluate.likelihood import (
    EvaluationError,
    component_posterior,
    effective_sample_size,
    image_blocks,
    log_likelihood,
)
from dlgmm_core.model.distributions import StickDistribution, Sticks
from dlgmm_core.model.functional import to_float64
from dlgmm_core.model.latents import LatentDistribution, Latents
from dlgmm_core.model.models import LatentVariableModel
from dlgmm_core.model.objectives import every_path, log_layer_weight
from dlgmm_core.model.paths import Paths, mean_code
from dlgmm_core.runtime.seeding import seeded

__all__ = [
    "FIRST_SAMPLES",
    "SAMPLES",
    "certain_weights",
    "exact_weights",
    "first_look",
    "inspect_image",
    "reconstruct",
]

SAMPLES = 500  # draws for log p(x); as many again, divided among the components, for the bounds and p(k|x)
FEWEST_DRAWS = 50  # of each component
FIRST_SAMPLES, FEWEST_FIRST = 50, 10  # of a first look, where log p(x) has no draws of its own
WEIGHT_DRAWS = 1000
STICK_DRAWS = 60  # of them, those whose fractions are kept
_STICKS = 1  # a use of the seed


def inspect_image(
    model: LatentVariableModel, image: NDArray[np.uint8], num_samples: int = SAMPLES, seed: int = 0
) -> ImageReport:
    """Everything that a model infers from one binary image (X,).

    Args:
        model: any model.
        image: zeros and ones.
        num_samples: S of the estimate of log p(x), and the number of draws for the rest, over all components.
        seed: of all draws.

    Raises:
        EvaluationError: if an importance weight is not finite.
    """
    report = _look(model, image, max(FEWEST_DRAWS, num_samples // model.config.paths), seed)
    estimate = log_likelihood(model, image[None], num_samples, seed)
    log_p, ess = float(estimate.log_p[0]), float(estimate.ess[0])
    return replace(report, log_p=log_p, ess=ess, num_samples=num_samples, is_first_look=False)


def first_look(
    model: LatentVariableModel, image: NDArray[np.uint8], num_samples: int = FIRST_SAMPLES, seed: int = 0
) -> ImageReport:
    """The report of `inspect_image` at once, by few draws: log p(x) is estimated by those of all else.

    Every component has equally many, 10 or more, weighted by E[pi_k]; S counts all of them. What depends on no code,
    `sticks` and `reconstructions`, is that of `inspect_image`.

    Raises:
        EvaluationError: if an importance weight is not finite.
    """
    return _look(model, image, max(FEWEST_FIRST, num_samples // model.config.paths), seed)


def _look(model: LatentVariableModel, image: NDArray[np.uint8], draws: int, seed: int) -> ImageReport:
    """The report by so many draws of every path."""
    (x,) = image_blocks(model, image[None], 1)
    with seeded(x.device, seed), torch.no_grad():
        paths = every_path(model, x, draws)
        layer = paths.layers[0]
        log_likelihoods = model.decode(paths.code).log_prob(x)
        terms = elbo_terms_of_paths(paths, log_likelihoods)
        log_p_below = paths.fold_below(log_likelihoods, log_layer_weight)
        log_p, ess = _estimate(log_layer_weight(layer, log_p_below)[:, 0], model.config.paths, seed)
        responsibilities, error = component_posterior(layer, log_p_below) or (None, None)
        reconstructions = _reconstructions(model, x, layer.q)
        below = () if layer.q.sticks is None else _weights_below(paths)
    with seeded(x.device, seed, _STICKS), torch.no_grad():  # of its own, so that it is the same for any number of draws
        sticks = None if layer.q.sticks is None else _stick_report(layer.q.sticks)
    return ImageReport(
        image.reshape(model.config.image_shape),
        reconstructions,
        sticks,
        below,
        responsibilities,
        error,
        None if responsibilities is None else exact_weights(layer.p, responsibilities),
        terms,
        log_p,
        ess,
        draws * model.config.paths,
        draws,
    )


def _estimate(log_w: Tensor, paths: int, seed: int) -> tuple[float, float]:
    """log p(x) from n draws of every path, whose weights sum to w_s (n,), and its effective sample size.

    That size is how many independent draws would give the same error, by the formula of `log_p_error`.
    """
    if not torch.isfinite(log_w).all():
        raise EvaluationError(f"An importance weight of the image is not a finite number (seed {seed}).")
    log_w, n = to_float64(log_w), len(log_w)
    log_sum = torch.logsumexp(log_w, 0)
    effective = float(effective_sample_size(log_sum, torch.logsumexp(2 * log_w, 0)))
    return float(log_sum) - math.log(n), 1 / (1 / effective - 1 / n + 1 / (n * paths))


def _reconstructions(model: LatentVariableModel, x: Tensor, q: LatentDistribution) -> NDArray[np.float32]:
    """(K, X), decoded from each component's mean code and, in layers below the first, the mean codes given it."""
    means = q.component_means[:, None]  # (K, 1, 1, D)
    codes = model.paths(x, q, Latents(means, torch.zeros_like(means[..., 0])), mean_code).code
    probabilities: NDArray[np.float32] = model.decode(codes).probs[:, 0, 0].cpu().numpy()
    return probabilities


def _stick_report(sticks: StickDistribution) -> StickReport:
    draws = sticks.rsample(torch.Size([WEIGHT_DRAWS]))
    weights = draws.log_weights.exp()[:, 0].double().cpu().numpy()
    low, high = np.quantile(weights.T, [0.05, 0.95], axis=1)  # over columns it takes half as long again
    fractions = Sticks(draws.w[:STICK_DRAWS, 0]).log_v.exp().double()
    a, b, mean = (
        values[0].cpu().numpy() for values in (*sticks.concentrations, sticks.log_mean_weights.double().exp())
    )
    return StickReport(a, b, mean, low, high, fractions.cpu().numpy())


def _weights_below(paths: Paths) -> tuple[WeightReport, ...]:
    """The weights of each layer below the first, from all paths of one image."""
    found, of_rows = [], torch.ones(paths.code.shape[1:-1]).flatten()  # (R,), weights of the paths so far
    for layer in paths.layers:
        mean = layer.q.log_mean_weights.double().exp().cpu()  # (K, R), of the first layer (K, 1)
        if layer is not paths.layers[0]:
            assert layer.q.sticks is not None
            drawn = layer.q.sticks.rsample().log_weights.double().exp().cpu().numpy()  # (R, K)
            shares = (of_rows / of_rows.sum()).numpy()
            low, high = np.quantile(drawn, [0.05, 0.95], axis=0, weights=shares, method="inverted_cdf")
            found.append(WeightReport((mean @ torch.from_numpy(shares)).numpy(), low, high))
        of_rows = (mean * of_rows).flatten()
    return tuple(found)


def exact_weights(prior: LatentDistribution, responsibilities: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """(..., K), E[pi|x] under a mixture's prior, from p(k|x), `responsibilities` (..., K).

    None unless there is a closed form, as there is where the fractions of its stick are Beta distributed.
    """
    rows = torch.from_numpy(np.atleast_2d(responsibilities))
    found = None if prior.sticks is None else prior.sticks.mean_weights_given(rows)
    return None if found is None else found.numpy().reshape(responsibilities.shape)


def certain_weights(model: LatentVariableModel) -> NDArray[np.float64] | None:
    """(K,), E[pi_k|x] of an image that comes from component k for certain; None where `exact_weights` is, or K = 1."""
    k = model.config.num_components
    exact = None if k == 1 else exact_weights(model.prior(), np.eye(k))
    return None if exact is None else exact.diagonal()


def reconstruct(model: LatentVariableModel, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(N, X) probability of ink, decoded from the posterior mean code of binary images (N, X)."""
    (x,) = image_blocks(model, images, len(images))
    with torch.no_grad():
        probabilities: NDArray[np.float32] = model.reconstruction(x).probs.cpu().numpy()
    return probabilities
