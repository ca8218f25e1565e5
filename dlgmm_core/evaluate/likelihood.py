r"""Measures a trained model: its log-likelihood, and the use of its mixture weights.

Log-likelihood is estimated by importance sampling,

.. math:: \log p(x) \approx \log \frac{1}{S} \sum_s \frac{p(x|z_s)\, p(z_s)}{q(z_s|x)}, \quad z_s \sim q(z|x)

a lower bound in expectation that approaches log p(x) as S grows, so S is always stated. S counts all
draws: a mixture allocates them to its components in proportion to their weights, so that every model
decodes equally many codes at equal S. Each goes on to one component of every further layer.

References: Burda, Grosse & Salakhutdinov (2016); Nalisnick, Hertel & Smyth (2016), section 3.
W. G. Cochran, "Sampling Techniques", 1977, chapter 12 (the two-phase estimate).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dlgmm_core.checks import COUNT, require
from dlgmm_core.model.functional import to_float64
from dlgmm_core.model.models import LatentVariableModel
from dlgmm_core.model.objectives import elbo, log_density_ratio
from dlgmm_core.model.paths import LayerDraws
from dlgmm_core.runtime.device import device_of
from dlgmm_core.runtime.seeding import seeded
from dlgmm_core.store.figures import WeightUsage

__all__ = [
    "NORMAL_95",
    "EvaluationError",
    "Interval",
    "LogLikelihood",
    "component_posterior",
    "effective_sample_size",
    "image_blocks",
    "log_likelihood",
    "mean_elbo",
    "mean_interval",
    "mean_weights",
    "refined_interval",
    "weight_usage",
]

MAX_ROWS = 2_000  # codes decoded at once: 6 MB of logits, which fit into the processor's cache
IMAGES = 100  # per block
NORMAL_95 = 1.96  # standard errors from a mean to either end of its 95 % interval
MOST_PATHS = 50_000  # decoded at once where all components are


class EvaluationError(RuntimeError):
    """A measurement is not a finite number."""


@dataclass(frozen=True)
class Interval:
    """A mean over images, with the half width of its 95 % interval."""

    value: float
    ci95: float


@dataclass(frozen=True)
class LogLikelihood:
    """Importance-sampling estimates for N images.

    Attributes:
        log_p: (N,) log p-hat(x), nats, higher is better.
        ess: (N,) effective sample size, (sum w)^2 / sum w^2, between 1 and S.
    """

    log_p: NDArray[np.float64]
    ess: NDArray[np.float64]

    @property
    def nll(self) -> Interval:
        """Mean of -log p-hat(x), nats per image, lower is better."""
        return mean_interval(-self.log_p)


def mean_interval(values: NDArray[np.float64]) -> Interval:
    """Mean of one value per image (N,)."""
    half_width = NORMAL_95 * values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.nan
    return Interval(float(values.mean()), float(half_width))


def refined_interval(rough: NDArray[np.float64], precise: NDArray[np.float64], chosen: NDArray[np.int64]) -> Interval:
    """Mean over all images of a value that is expensive to compute, from a subset and a cheap approximation of it.

    The mean of the cheap value over all N images, plus the mean difference over n chosen images. The difference
    varies little between images, so that n << N loses little precision.

    Args:
        rough: (N,) the cheap value of every image.
        precise: (n,) the expensive value of the chosen images.
        chosen: (n,) their indices.
    """
    difference = precise - rough[chosen]
    variance = precise.var(ddof=1) / len(rough) + difference.var(ddof=1) * (1 / len(chosen) - 1 / len(rough))
    return Interval(float(rough.mean() + difference.mean()), float(NORMAL_95 * np.sqrt(variance)))


def image_blocks(model: LatentVariableModel, images: NDArray[np.uint8], size: int) -> Iterator[Tensor]:
    """Yields binary images (N, X) as float blocks of at most `size` images, on the model's device.

    Raises:
        ConfigError: if the images are not the model's, not zeros and ones, or none.
    """
    height, width = model.config.image_shape
    shape = images.shape if isinstance(images, np.ndarray) else type(images).__name__
    require(
        isinstance(shape, tuple) and len(shape) == 2 and shape[0] > 0 and shape[1] == height * width,
        f"images must be an array of shape (N, {height * width}), each of {height}x{width} pixels, not {shape}.",
    )
    # of unsigned bytes the largest tells it, sooner
    is_binary = images.max() <= 1 if images.dtype == np.uint8 else np.isin(images, (0, 1)).all()
    require(bool(is_binary), "images must be binary, zeros and ones: `binary` of a data set, not `grey`.")
    device = device_of(model)
    for block in torch.from_numpy(np.ascontiguousarray(images)).split(size):
        yield block.to(device).float()


def mean_elbo(model: LatentVariableModel, images: NDArray[np.uint8], bound: str, seed: int = 0) -> Interval:
    """Mean bound over binary images (N, X), one draw per component, nats, higher is better."""
    values = []
    block = max(1, min(5 * IMAGES, MOST_PATHS // model.config.paths))
    for index, x in enumerate(image_blocks(model, images, block)):
        with seeded(x.device, seed, index), torch.no_grad():
            values.append(elbo(model, x, bound).double().cpu())
    return mean_interval(torch.cat(values).numpy())


def log_likelihood(
    model: LatentVariableModel,
    images: NDArray[np.uint8],
    num_samples: int,
    seed: int = 0,
    progress: Callable[[float], None] | None = None,
) -> LogLikelihood:
    """Estimates log p(x) of binary images (N, X) from S draws of q(z|x) in all, whatever the number of components.

    Memory does not grow with S: draws are made in blocks, and only the sums of w and w^2 are kept.

    Args:
        model: any model.
        images: (N, X) zeros and ones.
        num_samples: S.
        seed: of all draws.
        progress: called with the fraction done, in (0, 1].

    Raises:
        ConfigError: if S is below 1, or the images are not the model's.
        EvaluationError: if an importance weight is not finite; draws are never dropped.

    Example:
        >>> from dlgmm_core import ModelConfig, build_model
        >>> images = np.zeros((3, 784), dtype=np.uint8)
        >>> log_likelihood(build_model(ModelConfig("gauss-vae", hidden=8)), images, num_samples=10).log_p.shape
        (3,)
    """
    COUNT.require("num_samples", num_samples)
    log_p, ess = [], []
    for index, x in enumerate(image_blocks(model, images, IMAGES)):
        draws = max(1, MAX_ROWS // len(x))
        with seeded(x.device, seed, index), torch.no_grad():
            q = model.posterior(x)
            components = q.allocate(num_samples)
        log_sum = log_sum_squares = to_float64(torch.full_like(x[:, 0], -torch.inf))
        for start in range(0, num_samples, draws):
            with seeded(x.device, seed, index, 1 + start), torch.no_grad():
                latents = q.sample_components(components[start : start + draws])
                log_w = to_float64(log_density_ratio(model, x, q, latents)[0])
            if not torch.isfinite(log_w).all():
                image = IMAGES * index + int((~torch.isfinite(log_w)).any(0).nonzero()[0])
                raise EvaluationError(f"An importance weight of image {image} is not a finite number (seed {seed}).")
            log_sum = torch.logaddexp(log_sum, torch.logsumexp(log_w, 0))
            log_sum_squares = torch.logaddexp(log_sum_squares, torch.logsumexp(2 * log_w, 0))
            if progress is not None:
                progress((index + min(1.0, (start + draws) / num_samples)) / -(-len(images) // IMAGES))
        log_p.append((log_sum - np.log(num_samples)).cpu())
        ess.append(effective_sample_size(log_sum, log_sum_squares).cpu())
    return LogLikelihood(torch.cat(log_p).numpy(), torch.cat(ess).numpy())


def effective_sample_size(log_sum: Tensor, log_sum_squares: Tensor) -> Tensor:
    """(sum w)^2 / sum w^2, from the logs of the two sums."""
    return torch.exp(2 * log_sum - log_sum_squares)


def mean_weights(model: LatentVariableModel, images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """(N, K), E_q[pi_k|x] of binary images (N, X); one component without a mixture."""
    with torch.no_grad():
        log_weights = [model.posterior(x).log_mean_weights.cpu() for x in image_blocks(model, images, 10 * IMAGES)]
    weights: NDArray[np.float64] = torch.cat(log_weights, 1).double().exp().T.numpy()
    return weights


def weight_usage(model: LatentVariableModel, images: NDArray[np.uint8]) -> WeightUsage:
    """Average use of the components over binary images (N, X); one component without a mixture."""
    weights = torch.from_numpy(mean_weights(model, images)).T  # (K, N)
    mean = weights.mean(1)
    share = torch.bincount(weights.argmax(0), minlength=len(weights)).double() / weights.shape[1]
    perplexity = torch.special.entr(mean).sum().exp().item()
    mean_max = weights.amax(0).mean().item()
    return WeightUsage(tuple(mean.tolist()), perplexity, tuple(share.tolist()), mean_max)


def component_posterior(
    layer: LayerDraws, log_likelihood: Tensor
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """(K,) responsibilities p(k|x) of the prior's components for one binary image, and (K,) their standard errors.

    p(k|x) = E_{p(z|x)}[E_p[pi_k] p_k(z) / p(z)], by self-normalised importance sampling. If all
    components of the prior are identical it equals E_p[pi_k], whatever the posterior's weights. The error is to first
    order, and ignores stratification: A. B. Owen, "Monte Carlo theory, methods and examples", 2013, equation 9.9.
    None without components.

    Args:
        layer: S stratified draws of the first layer, B = 1.
        log_likelihood: (K, S, 1) log p(x|z) of their codes.
    """
    responsibilities = layer.p.responsibilities(layer.latents.code)  # (J, K, S, 1)
    if responsibilities is None:
        return None
    log_w = layer.q.log_mean_weights[:, None] + log_likelihood + layer.log_p - layer.log_q  # (K, S, 1)
    weights = torch.softmax(log_w.flatten(), 0).double()
    of_draws = responsibilities.flatten(1).double()  # (J, K S)
    mean = of_draws @ weights
    error = ((of_draws - mean[:, None]).square() @ weights.square()).sqrt()
    return mean.cpu().numpy(), error.cpu().numpy()
