r"""The density of a real code along one axis under the prior, for plotting.

A mixture has one curve per component. If its components are fixed, all coordinates are alike, and the axis is one of
them. If they are learnt, they may lie apart in a direction that no coordinate shows: the axis is then the first
principal axis u of the components' means, along which component k is :math:`N(u^T \mu_k, u^T \Sigma_k u)`.

For any other prior only its density at a code is known, so the other coordinates are fixed at their means; if
coordinates are independent, this is the marginal density.
"""

import numpy as np
import torch
from numpy.typing import NDArray

from dlgmm_core.model.latents import Latents
from dlgmm_core.model.models import LatentVariableModel, family_of
from dlgmm_core.runtime.device import device_of

__all__ = ["coordinate_densities", "means_and_scales"]

REACH, NODES = 1e4, 4001  # of the quadrature, whose nodes are denser near zero


def coordinate_densities(model: LatentVariableModel, z: NDArray[np.float64]) -> NDArray[np.float64]:
    """(K, N) density at z (N,), a place on the axis, of each component, times its mean weight; K = 1 without any."""
    if not family_of(model.config).has_components:
        return _conditional_density(model, z)[None]
    with torch.no_grad():
        weights = model.prior().log_mean_weights.double().exp().cpu().numpy()  # (K, 1)
    means, scales = (np.array(values)[:, None] for values in means_and_scales(model))
    return weights * np.exp(-0.5 * ((z - means) / scales) ** 2) / (scales * np.sqrt(2 * np.pi))


def means_and_scales(model: LatentVariableModel) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The mean and the standard deviation of each component of a mixture's prior along the axis, both (K,)."""
    if model.config.prior_components == "fixed":
        return model.config.prior_means, model.config.prior_scales
    with torch.no_grad():
        prior = model.prior()
        assert prior.component_scales is not None
        means = prior.component_means[:, 0].double()  # (K, D)
        axis = torch.linalg.svd(means - means.mean(0))[2][0]
        axis = axis * torch.sign(axis[axis.abs().argmax()])
        # a unit of noise in each coordinate at a time, so that the variances of the parts add up
        unit = torch.eye(means.shape[1], dtype=prior.component_means.dtype, device=means.device)[:, None]
        parts = (prior.deviations(unit) * prior.component_scales[:, None])[:, :, 0].double() @ axis  # (K, D)
        return tuple((means @ axis).tolist()), tuple(parts.square().sum(1).sqrt().tolist())


def _conditional_density(model: LatentVariableModel, z: NDArray[np.float64]) -> NDArray[np.float64]:
    nodes = np.sinh(np.linspace(-1, 1, NODES) * np.arcsinh(REACH))
    log_density = _log_density(model, np.concatenate([nodes, z]))
    density = np.exp(log_density - log_density.max())
    at_nodes = density[:NODES]
    integral = 0.5 * ((at_nodes[1:] + at_nodes[:-1]) * np.diff(nodes)).sum()
    conditional: NDArray[np.float64] = density[NODES:] / integral
    return conditional


def _log_density(model: LatentVariableModel, z: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N,), up to an additive constant."""
    with torch.no_grad():
        prior = model.prior()
        codes = prior.mean.double().repeat(len(z), 1)  # (N, D)
        codes[:, 0] = torch.from_numpy(z).to(device_of(model))
        codes = codes.to(prior.mean.dtype)[None, :, None]  # (K = 1, N, B = 1, D)
        found = prior.log_prob(Latents(codes, torch.zeros_like(codes[..., 0])))
    log_density: NDArray[np.float64] = found[0, :, 0].double().cpu().numpy()
    return log_density
