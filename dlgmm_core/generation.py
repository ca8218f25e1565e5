"""Images out of the prior: ancestral samples, and each component's under means of one's choosing.

With the noise fixed, z_k = m_k + s_k * noise moves only with the component's own mean and scale, so
that what changes in a picture is what the slider changed (Nalisnick, Hertel & Smyth, 2016, fig. 2).
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from dlgmm_core.config import ModelConfig
from dlgmm_core.latents import MixtureLatent
from dlgmm_core.models import LatentVariableModel
from dlgmm_core.seeding import seeded

__all__ = ["ancestral_noise", "ancestral_samples", "component_noise", "component_samples"]


def ancestral_samples(
    model: LatentVariableModel, count: int, seed: int = 0
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """(count, 784) probabilities of ink of draws v -> k -> z -> x, and the component (count,) of each."""
    device = next(model.parameters()).device
    with seeded(device, seed), torch.no_grad():
        code, component = model.prior().sample_with_component(torch.Size([count]))
        return model.likelihood(code[:, 0]).probs.cpu().numpy(), component[:, 0].cpu().numpy()


def ancestral_noise(
    model: LatentVariableModel, count: int, seed: int = 0
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Components (count,) drawn v -> k from a mixture's prior, and standard-normal noise (count, D) for their codes."""
    with seeded("cpu", seed), torch.no_grad():
        _, component = model.prior().sample_with_component(torch.Size([count]))
        return component[:, 0].cpu().numpy(), torch.randn(count, model.config.code_dim).numpy()


def component_noise(config: ModelConfig, count: int, seed: int = 0) -> NDArray[np.float32]:
    """(K, count, D) standard-normal noise, other in every row; the first row is that of `component_samples`."""
    rows = []
    for k in range(config.num_components):
        with seeded("cpu", seed, *([k] if k else [])):
            rows.append(torch.randn(count, config.code_dim))
    return torch.stack(rows).numpy()


def component_samples(
    model: LatentVariableModel, means: Sequence[float], scales: Sequence[float], count: int, seed: int = 0
) -> NDArray[np.float32]:
    """(K, count, 784) probabilities of ink, all components fed the same noise.

    Args:
        model: a mixture.
        means: (K,) of the prior's components, the trained ones or others.
        scales: (K,) standard deviations.
        count: images per component.
        seed: of the noise.

    Raises:
        ValueError: if the numbers of means, scales and components differ.
    """
    config, device = model.config, next(model.parameters()).device
    if not len(means) == len(scales) == config.num_components:
        raise ValueError(f"{len(means)} means and {len(scales)} scales for {config.num_components} components.")
    prior = model.prior()
    assert isinstance(prior, MixtureLatent)
    loc, scale = (torch.tensor(v, dtype=torch.float32, device=device)[:, None, None] for v in (means, scales))
    with seeded("cpu", seed), torch.no_grad():
        noise = torch.randn(count, 1, config.code_dim).to(device)
        code = MixtureLatent(prior.sticks, loc.expand_as(prior.normal.loc), scale).reparametrise(noise)
        return model.likelihood(code[:, :, 0]).probs.cpu().numpy()
