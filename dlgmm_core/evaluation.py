r"""Measures a trained model: log-likelihood, nearest neighbours, and how its weights are used.

Log-likelihood is estimated by importance sampling, :math:`\log \frac{1}{S} \sum_s w_s`, with the
marginal, stratified weights of `dlgmm_core.objectives`; it is a lower bound in expectation and
rises to log p(x) with S, so S is always stated. Codes are compared by the error of a k-nearest-
neighbour vote, the paper's measure of how well classes separate.

References: Burda, Grosse & Salakhutdinov (2016); Nalisnick, Hertel & Smyth (2016), section 3.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import stats
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import normalize
from torch import Tensor

from dlgmm_core.latents import LatentDistribution, MixtureLatent
from dlgmm_core.models import LatentVariableModel
from dlgmm_core.objectives import elbo, log_importance_weights
from dlgmm_core.seeding import seeded

__all__ = [
    "REPRESENTATIONS",
    "EvaluationError",
    "Interval",
    "LogLikelihood",
    "WeightUsage",
    "component_posterior",
    "encode",
    "error_rate",
    "log_likelihood",
    "mean_elbo",
    "neighbours",
    "vote",
    "weight_usage",
]

REPRESENTATIONS = ("sample", "mean")
MAX_ROWS = 4_000  # decoded at once: 12 MB of logits, which stay near the processor
IMAGES = 100  # of one block of images


class EvaluationError(RuntimeError):
    """A measurement that came out as no number."""


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
        return _interval(-self.log_p)


def _interval(values: NDArray[np.float64]) -> Interval:
    half_width = 1.96 * values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.nan
    return Interval(float(values.mean()), float(half_width))


def _blocks(model: LatentVariableModel, images: NDArray[np.uint8], size: int) -> list[Tensor]:
    """Binary images (N, X) as float blocks of at most `size`, on the model's device."""
    device = next(model.parameters()).device
    return [block.to(device).float() for block in torch.from_numpy(images).split(size)]


def mean_elbo(model: LatentVariableModel, images: NDArray[np.uint8], bound: str, seed: int = 0) -> Interval:
    """Mean bound over binary images (N, X), one draw per component, nats, higher is better."""
    values = []
    for index, x in enumerate(_blocks(model, images, 5 * IMAGES)):
        with seeded(x.device, seed, index), torch.no_grad():
            values.append(elbo(model, x, bound).double().cpu())
    return _interval(torch.cat(values).numpy())


def log_likelihood(
    model: LatentVariableModel,
    images: NDArray[np.uint8],
    num_samples: int,
    seed: int = 0,
    progress: Callable[[float], None] | None = None,
) -> LogLikelihood:
    """Estimates log p(x) of binary images (N, X) from S draws per component.

    Memory does not grow with S: draws come in blocks, and only the sums of w and w^2 are kept.

    Args:
        model: any of the four.
        images: (N, X) zeros and ones.
        num_samples: S.
        seed: of all draws.
        progress: told the fraction done, in (0, 1].

    Raises:
        EvaluationError: if a weight is not a finite number; none is ever dropped.
    """
    log_p, ess = [], []
    blocks = _blocks(model, images, IMAGES)
    for index, x in enumerate(blocks):
        draws = max(1, MAX_ROWS // (len(x) * model.config.num_components))
        log_sum = log_sum_squares = torch.full((len(x),), -torch.inf, dtype=torch.float64, device=_wide(x))
        for start in range(0, num_samples, draws):
            with seeded(x.device, seed, index, start), torch.no_grad():
                log_w = log_importance_weights(model, x, min(draws, num_samples - start)).to(log_sum)
            if not torch.isfinite(log_w).all():
                image = IMAGES * index + int((~torch.isfinite(log_w)).any(0).nonzero()[0])
                raise EvaluationError(f"An importance weight of image {image} is not a finite number (seed {seed}).")
            log_sum = torch.logaddexp(log_sum, torch.logsumexp(log_w, 0))
            log_sum_squares = torch.logaddexp(log_sum_squares, torch.logsumexp(2 * log_w, 0))
            if progress is not None:
                progress((index + min(1.0, (start + draws) / num_samples)) / len(blocks))
        log_p.append((log_sum - np.log(num_samples)).cpu())
        ess.append(torch.exp(2 * log_sum - log_sum_squares).cpu())
    return LogLikelihood(torch.cat(log_p).numpy(), torch.cat(ess).numpy())


def _wide(x: Tensor) -> torch.device:
    """Where sums in float64 can be kept: Apple's GPUs have no float64."""
    return torch.device("cpu") if x.device.type == "mps" else x.device


def encode(
    model: LatentVariableModel, images: NDArray[np.uint8], representation: str = "mean", seed: int = 0
) -> NDArray[np.float32]:
    """(N, D) codes of binary images (N, X).

    Args:
        model: any of the four.
        images: (N, X) zeros and ones.
        representation: "mean", the posterior mean; or "sample", one posterior draw, for mixtures from
            the component of largest mean weight.
        seed: of the draw.

    Raises:
        KeyError: for an unknown representation.
    """
    choose = {"mean": lambda q: q.mean, "sample": _draw_from_largest}[representation]
    codes = []
    for index, x in enumerate(_blocks(model, images, 10 * IMAGES)):
        with seeded(x.device, seed, index), torch.no_grad():
            codes.append(choose(model.posterior(x)).cpu())
    return torch.cat(codes).numpy()


def _draw_from_largest(q: LatentDistribution) -> Tensor:
    """(B, D), a draw of the component with the largest E[pi_k]."""
    code = q.stratified_rsample().code
    largest = q.log_mean_weights.argmax(0)
    return code[largest, torch.arange(code.shape[1], device=code.device)]


def neighbours(
    train_codes: NDArray[np.float32], test_codes: NDArray[np.float32], k: int, metric: str = "euclidean"
) -> NDArray[np.int64]:
    """(N, k) indices of each test code's nearest training codes, nearest first.

    Args:
        train_codes: (M, D).
        test_codes: (N, D).
        k: neighbours to find.
        metric: "euclidean" or "cosine".
    """
    if metric == "cosine":  # the order of angles is that of distances on the sphere, found much faster
        train_codes, test_codes = normalize(train_codes), normalize(test_codes)
    search = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(train_codes)
    indices: NDArray[np.int64] = search.kneighbors(test_codes, return_distance=False)
    return indices


def vote(neighbour_labels: NDArray[np.int64], k: int) -> NDArray[np.int64]:
    """(N,) majority label of each row's first k neighbours (N, >=k, nearest first); ties go to the nearest."""
    labels = neighbour_labels[:, :k]
    supporters = (labels[:, :, None] == labels[:, None, :]).sum(-1)
    # argmax takes the first, that is the nearest, of the neighbours with most supporters
    winner = supporters.argmax(1)
    chosen: NDArray[np.int64] = np.take_along_axis(labels, winner[:, None], 1)[:, 0]
    return chosen


def error_rate(predicted: NDArray[np.int64], labels: NDArray[np.int64]) -> Interval:
    """Share of wrong predictions in percent, with its 95 % bootstrap interval over images.

    Resampling N zeros and ones draws from Binomial(N, error): the interval is that distribution's,
    exact where a loop of resamples would be noisy. Its wider half is given.
    """
    count, wrong = len(labels), int((predicted != labels).sum())
    low, high = stats.binom.interval(0.95, count, wrong / count)
    return Interval(100 * wrong / count, 100 * float(max(high - wrong, wrong - low)) / count)


@dataclass(frozen=True)
class WeightUsage:
    """How a model's mixture weights are used over a set of images.

    Attributes:
        mean: (K,) average of E[pi|x] over images.
        perplexity: e to the entropy of `mean`: the number of components in use, between 1 and K.
        share: (K,) share of images whose largest E[pi_k|x] is component k's.
    """

    mean: tuple[float, ...]
    perplexity: float
    share: tuple[float, ...]


def weight_usage(model: LatentVariableModel, images: NDArray[np.uint8]) -> WeightUsage:
    """Average use of the components over binary images (N, X); one component where there is no mixture."""
    with torch.no_grad():
        log_weights = [model.posterior(x).log_mean_weights.cpu() for x in _blocks(model, images, 10 * IMAGES)]
    weights = torch.cat(log_weights, 1).double().exp()
    mean = weights.mean(1)
    share = torch.bincount(weights.argmax(0), minlength=len(weights)).double() / weights.shape[1]
    perplexity = torch.special.entr(mean).sum().exp().item()
    return WeightUsage(tuple(mean.tolist()), perplexity, tuple(share.tolist()))


def component_posterior(
    model: LatentVariableModel, image: NDArray[np.uint8], num_samples: int = 1000, seed: int = 0
) -> NDArray[np.float64]:
    """(K,) p(k|x) of one binary image (X,): which prior component its code belongs to.

    p(k|x) = E_{p(z|x)}[E_p[pi_k] p_k(z) / p(z)], by self-normalised importance sampling. Where all
    components of the prior are the same it is E_p[pi_k], whatever the posterior's weights are.
    """
    x = _blocks(model, image[None], 1)[0]
    with seeded(x.device, seed), torch.no_grad():
        q, p = model.posterior(x), model.prior()
        assert isinstance(p, MixtureLatent)
        latents = q.stratified_rsample(torch.Size([num_samples]))
        log_joint = model.likelihood(latents.code).log_prob(x) + p.log_prob(latents)
        log_w = q.log_mean_weights[:, None] + log_joint - q.log_prob(latents)  # (K, S, 1)
        weights = torch.softmax(log_w.flatten(), 0).double()
        responsibilities = p.responsibilities(latents.code).flatten(1).double()  # (J, K S)
    probabilities: NDArray[np.float64] = (responsibilities @ weights).cpu().numpy()
    return probabilities
