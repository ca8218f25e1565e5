"""Images sampled from the prior: ancestral samples, and samples of each component with given means and scales.

With fixed noise, z_k = m_k + s_k * noise depends only on the component's mean and scale, so any change in
an image comes from the parameter that was changed (Nalisnick, Hertel & Smyth, 2016, fig. 2).
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dlgmm_core.checks import COUNT
from dlgmm_core.model.models import LatentVariableModel
from dlgmm_core.runtime.device import device_of
from dlgmm_core.runtime.seeding import seeded

__all__ = [
    "ancestral_noise",
    "ancestral_samples",
    "centres",
    "codes_below",
    "component_noise",
    "component_samples",
    "noise_below",
    "prototypes",
    "shapes",
]


def ancestral_samples(
    model: LatentVariableModel, count: int, seed: int = 0
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Probabilities of ink (count, X) of ancestral samples v -> k -> z -> x, and the component (count,) of each.

    In a model of several layers, each layer's code is drawn so, given those above; the component is the first's.

    Raises:
        ConfigError: if the count is below 1.
    """
    COUNT.require("count", count)
    with seeded(device_of(model), seed), torch.no_grad():
        codes, components = model.sample(count)
        return model.decode(codes).probs.cpu().numpy(), components[0].cpu().numpy()


def ancestral_noise(
    model: LatentVariableModel, count: int, seed: int = 0
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Components (count,) drawn v -> k from a mixture's prior, and the deviations (count, D) of codes from their means.

    Deviations are in units of the components' scales: standard normal, correlated where the covariance is full.
    """
    with seeded("cpu", seed), torch.no_grad():
        prior = model.prior()
        _, component = prior.sample_with_component(torch.Size([count]))
        noise = torch.randn(count, 1, model.config.code_dim).to(device_of(model))
        own = prior.deviations(noise)[component[:, 0], torch.arange(count, device=noise.device), 0]
        return component[:, 0].cpu().numpy(), own.cpu().numpy()


def component_noise(model: LatentVariableModel, count: int, seed: int = 0, shared: bool = False) -> NDArray[np.float32]:
    """(K, count, D), deviations of draws of each component from its mean, in units of its scales.

    Args:
        model: a mixture.
        count: draws of each component.
        seed: of the noise.
        shared: whether all components use the same standard-normal noise, as in `component_samples`; otherwise each
            has its own, and only the first component uses that noise.
    """
    k = model.config.num_components
    rows = []
    for row in range(1 if shared else k):
        with seeded("cpu", seed, *([row] if row else [])):
            rows.append(torch.randn(count, 1, model.config.code_dim).to(device_of(model)))
    with torch.no_grad():
        deviations = [model.prior().deviations(row)[:, :, 0] for row in rows]  # (K, count, D) each
        return torch.stack([deviations[0 if shared else each][each] for each in range(k)]).cpu().numpy()


def noise_below(
    model: LatentVariableModel, rows: int, count: int, seed: int = 0, shared: bool = False
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Components (rows, count) of the second layer, drawn v -> k, and standard-normal noise (rows, count, D_2).

    Args:
        model: a mixture of several layers.
        rows: independent sets of draws.
        count: draws in each.
        seed: of the draws.
        shared: whether all rows but the last are the same.
    """
    components, noise = [], []
    with torch.no_grad():
        for row in [*([0] * (rows - 1) if shared else range(rows - 1)), rows - 1]:
            with seeded("cpu", seed, row, 2):  # of the second layer
                prior = model.prior_below(1, torch.zeros(count, model.config.code_dim).to(device_of(model)))
                components.append(prior.sample_with_component()[1].cpu().numpy())
                noise.append(torch.randn(count, model.config.code_dims[1]).numpy())
    return np.stack(components), np.stack(noise)


def codes_below(
    model: LatentVariableModel, code: NDArray[np.floating], component: NDArray[np.int64], noise: NDArray[np.floating]
) -> NDArray[np.float32]:
    """(*batch, D_1 + D_2): codes of the first layer, each followed by one that its component of the second draws.

    `LatentVariableModel.likelihood` decodes them.

    Args:
        model: a mixture of several layers.
        code: (*batch, D_1), or a shape that broadcasts, as the others do.
        component: (*batch), of the second layer's prior.
        noise: (*batch, D_2), deviations from the component's mean, in units of its scales.
    """
    batch = np.broadcast_shapes(code.shape[:-1], component.shape, noise.shape[:-1])
    above, own = (
        torch.from_numpy(np.broadcast_to(part, (*batch, part.shape[-1])).astype(np.float32)).flatten(0, -2)
        for part in (code, noise)
    )
    above, own = above.to(device_of(model)), own.to(device_of(model))
    with torch.no_grad():
        prior = model.prior_below(1, above)
        assert prior.component_scales is not None
        chosen = torch.from_numpy(np.broadcast_to(component, batch).flatten()), torch.arange(len(above))
        drawn = prior.component_means[chosen] + prior.component_scales[chosen] * own
    found: NDArray[np.float32] = torch.cat([above, drawn], -1).cpu().numpy()
    return found.reshape(*batch, -1)


def centres(model: LatentVariableModel) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The mean and scale of each component of a mixture's prior, both (K,).

    The coordinates of a learnt prior differ: the mean of their means, and the geometric mean of their scales.
    """
    if model.config.prior_components == "fixed":
        return model.config.prior_means, model.config.prior_scales
    with torch.no_grad():
        loc, scale = _means_and_scales(model)
        means, log_scales = loc.mean((1, 2)), scale.log().mean((1, 2))
        return tuple(means.tolist()), tuple(log_scales.exp().tolist())


def shapes(model: LatentVariableModel) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """How the coordinates of a mixture's prior differ from `centres`, (K, D) each.

    The means minus the centre's mean, and the scales divided by the centre's scale; zeros and ones unless the prior is
    learnt.
    """
    means, scales = (np.array(v, dtype=np.float32)[:, None] for v in centres(model))
    with torch.no_grad():
        loc, scale = (v[:, 0].cpu().numpy().astype(np.float32) for v in _means_and_scales(model))
    return loc - means, scale / scales


def component_samples(
    model: LatentVariableModel, means: Sequence[float], scales: Sequence[float], count: int, seed: int = 0
) -> NDArray[np.float32]:
    """(K, count, X) probabilities of ink, with the same noise for all components.

    Args:
        model: a mixture.
        means: (K,) of the prior's components, the model's own (`centres`) or others.
        scales: (K,) standard deviations. All coordinates of a learnt prior are shifted and scaled together.
        count: images per component.
        seed: of the noise.

    Raises:
        ValueError: if the numbers of means, scales and components differ.
    """
    config = model.config
    if not len(means) == len(scales) == config.num_components:
        raise ValueError(
            f"{config.num_components} components need as many means and scales, not {len(means)} and {len(scales)}."
        )
    offsets, factors = shapes(model)
    loc = np.array(means, dtype=np.float32)[:, None] + offsets
    scale = np.array(scales, dtype=np.float32)[:, None] * factors
    code = loc[:, None] + scale[:, None] * component_noise(model, count, seed, shared=True)
    with torch.no_grad():
        return model.likelihood(torch.from_numpy(code).to(device_of(model))).probs.cpu().numpy()


def prototypes(model: LatentVariableModel) -> NDArray[np.float32]:
    """(K, X) probabilities of ink, decoded from the mean code of each component of a mixture's prior."""
    with torch.no_grad():
        return model.likelihood(model.prior().component_means).probs[:, 0].cpu().numpy()


def _means_and_scales(model: LatentVariableModel) -> tuple[Tensor, Tensor]:
    """Means and scales of the components of a mixture's prior, both (K, 1, D)."""
    prior = model.prior()
    assert prior.component_scales is not None
    return prior.component_means, prior.component_scales
