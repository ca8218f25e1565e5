"""What a model thinks of one image: its sticks, weights, reconstructions and log p(x).

Two quantities are easily taken for one another and are therefore given side by side: the mixture
*weights* pi, whose posterior q(pi|x) the encoder predicts, and the *component posterior* p(k|x),
which asks the code itself where it lies.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from dlgmm_core.distributions import Kumaraswamy, Sticks
from dlgmm_core.evaluation import component_posterior, log_likelihood
from dlgmm_core.latents import MixtureLatent, SticksLatent
from dlgmm_core.models import LatentVariableModel
from dlgmm_core.objectives import elbo
from dlgmm_core.seeding import seeded

__all__ = ["ImageReport", "StickReport", "inspect_image", "reconstruct", "stick_density"]

WEIGHT_DRAWS = 2000
STICK_DRAWS = 60  # of them, the fractions that are kept
ELBO_DRAWS = 500


@dataclass(frozen=True)
class StickReport:
    """Kumaraswamy fractions of one image and the weights they break off.

    Attributes:
        concentration1, concentration0: (T-1,) a and b of each fraction.
        mean: (T,) E[pi|x].
        low, high: (T,) the 5 % and 95 % quantiles of pi under q(pi|x).
        draws: (60, T-1) fractions v drawn from q(v|x).
    """

    concentration1: NDArray[np.float64]
    concentration0: NDArray[np.float64]
    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    draws: NDArray[np.float64]


@dataclass(frozen=True)
class ImageReport:
    """One image through one model.

    Attributes:
        reconstructions: (K, 784) probability of ink, decoded from each component's mean code.
        sticks: None where the model has no sticks.
        component_posterior: (K,) p(k|x), or None where the model is no mixture.
        log_p: importance-sampling estimate of log p(x), nats.
        ess: its effective sample size.
        elbo: the bound, nats, averaged over draws.
    """

    reconstructions: NDArray[np.float32]
    sticks: StickReport | None
    component_posterior: NDArray[np.float64] | None
    log_p: float
    ess: float
    elbo: float


def inspect_image(
    model: LatentVariableModel, image: NDArray[np.uint8], bound: str, num_samples: int = 500, seed: int = 0
) -> ImageReport:
    """Everything the app shows of one binary image (784,).

    Args:
        model: any of the four.
        image: zeros and ones.
        bound: a name in `BOUNDS`, for the ELBO.
        num_samples: S of the estimate of log p(x).
        seed: of all draws.
    """
    x = torch.from_numpy(image[None]).to(next(model.parameters()).device).float()
    with seeded(x.device, seed), torch.no_grad():
        q = model.posterior(x)
        mixture = isinstance(q, MixtureLatent)
        code = q.normal.loc if isinstance(q, MixtureLatent) else q.mean[None]
        reconstructions = model.likelihood(code).probs[:, 0].cpu().numpy()
        sticks = _stick_report(q.sticks) if isinstance(q, MixtureLatent | SticksLatent) else None
        bound_value = elbo(model, x, bound, ELBO_DRAWS).item()
    estimate = log_likelihood(model, image[None], num_samples, seed)
    return ImageReport(
        reconstructions,
        sticks,
        component_posterior(model, image, num_samples, seed) if mixture else None,
        float(estimate.log_p[0]),
        float(estimate.ess[0]),
        bound_value,
    )


def _stick_report(sticks: object) -> StickReport:
    assert isinstance(sticks, Kumaraswamy)
    draws = sticks.rsample(torch.Size([WEIGHT_DRAWS]))
    weights = draws.log_weights.exp()[:, 0].double()
    low, high = torch.quantile(weights, torch.tensor([0.05, 0.95], dtype=weights.dtype, device=weights.device), dim=0)
    fractions = draws.log_v.exp()[:STICK_DRAWS, 0].double()
    a, b, mean = (
        values[0].double().exp().cpu().numpy()
        for values in (sticks.log_concentration1, sticks.log_concentration0, sticks.log_mean_weights)
    )
    return StickReport(a, b, mean, low.cpu().numpy(), high.cpu().numpy(), fractions.cpu().numpy())


def stick_density(concentration1: float, concentration0: float, v: NDArray[np.float64]) -> NDArray[np.float64]:
    """Kumaraswamy density at fractions v in (0, 1), per unit of v."""
    a, b = torch.tensor([concentration1, concentration0], dtype=torch.float64).log()
    density: NDArray[np.float64] = Kumaraswamy(a, b).log_prob(Sticks.from_fraction(torch.from_numpy(v))).exp().numpy()
    return density


def reconstruct(model: LatentVariableModel, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(N, 784) probability of ink, decoded from the posterior mean code of binary images (N, 784)."""
    x = torch.from_numpy(images).to(next(model.parameters()).device).float()
    with torch.no_grad():
        probabilities: NDArray[np.float32] = model.likelihood(model.posterior(x).mean).probs.cpu().numpy()
    return probabilities
