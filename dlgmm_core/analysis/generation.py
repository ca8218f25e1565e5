"""Images out of the prior: ancestral samples, and each component's under means of one's choosing.

With the noise fixed, z_k = m_k + s_k * noise moves only with the component's own mean and scale, so
that what changes in a picture is what the slider changed (Nalisnick, Hertel & Smyth, 2016, fig. 2).
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from dlgmm_core.config import ModelConfig
from dlgmm_core.model.latents import MixtureLatent
from dlgmm_core.model.models import LatentVariableModel
from dlgmm_core.runtime.device import device_of
from dlgmm_core.runtime.seeding import seeded

__all__ = ["ancestral_noise", "ancestral_samples", "centres", "component_noise", "component_samples", "shapes"]


def ancestral_samples(
    model: LatentVariableModel, count: int, seed: int = 0
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """(count, 784) probabilities of ink of draws v -> k -> z -> x, and the component (count,) of each."""
    device = device_of(model)
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


def centres(model: LatentVariableModel) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The trained mean and scale of each component of a mixture's prior, both (K,).

    Of a learnt prior, whose coordinates differ: the mean of the means, and the geometric mean of the scales.
    """
    if model.config.prior_components == "fixed":
        return model.config.prior_means, model.config.prior_scales
    with torch.no_grad():
        normal = _prior(model).normal
        means, log_scales = normal.loc.mean((1, 2)), normal.scale.log().mean((1, 2))
        return tuple(means.tolist()), tuple(log_scales.exp().tolist())


def shapes(model: LatentVariableModel) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """How the coordinates of a mixture's prior differ: means less `centres`, scales over them, both (K, D).

    Zeros and ones unless the prior is learnt.
    """
    means, scales = (np.array(v, dtype=np.float32)[:, None] for v in centres(model))
    with torch.no_grad():
        normal = _prior(model).normal
        loc, scale = (v[:, 0].cpu().numpy().astype(np.float32) for v in (normal.loc, normal.scale))
    return loc - means, scale / scales


def component_samples(
    model: LatentVariableModel, means: Sequence[float], scales: Sequence[float], count: int, seed: int = 0
) -> NDArray[np.float32]:
    """(K, count, 784) probabilities of ink, all components fed the same noise.

    Args:
        model: a mixture.
        means: (K,) of the prior's components, the trained ones (`centres`) or others.
        scales: (K,) standard deviations. Of a learnt prior, all coordinates move and stretch together.
        count: images per component.
        seed: of the noise.

    Raises:
        ValueError: if the numbers of means, scales and components differ.
    """
    config, device = model.config, device_of(model)
    if not len(means) == len(scales) == config.num_components:
        raise ValueError(f"{len(means)} means and {len(scales)} scales for {config.num_components} components.")
    offsets, stretches = shapes(model)
    loc = np.array(means, dtype=np.float32)[:, None] + offsets
    scale = np.array(scales, dtype=np.float32)[:, None] * stretches
    with seeded("cpu", seed), torch.no_grad():
        moved = MixtureLatent(_prior(model).sticks, *(torch.from_numpy(v)[:, None].to(device) for v in (loc, scale)))
        code = moved.reparametrise(torch.randn(count, 1, config.code_dim).to(device))
        return model.likelihood(code[:, :, 0]).probs.cpu().numpy()


def _prior(model: LatentVariableModel) -> MixtureLatent:
    prior = model.prior()
    assert isinstance(prior, MixtureLatent)
    return prior
