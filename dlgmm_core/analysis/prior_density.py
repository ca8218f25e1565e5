"""The density of one coordinate of a real code under the prior, for plotting.

A mixture has one curve per component. For any other prior only its density at a code is known, so the other
coordinates are fixed at their means; if coordinates are independent, this is the marginal density.
"""

import numpy as np
import torch
from numpy.typing import NDArray

from dlgmm_core.analysis.generation import centres
from dlgmm_core.model.latents import Latents
from dlgmm_core.model.models import LatentVariableModel, family_of
from dlgmm_core.runtime.device import device_of

__all__ = ["coordinate_densities"]

REACH, NODES = 1e4, 4001  # of the quadrature, whose nodes are denser near zero


def coordinate_densities(model: LatentVariableModel, z: NDArray[np.float64]) -> NDArray[np.float64]:
    """(K, N) density of a coordinate at z (N,) under each component, times its mean weight; K = 1 without components.

    If components are learnt, their coordinates differ: then the means and scales are those of `centres`.
    """
    if not family_of(model.config).has_components:
        return _conditional_density(model, z)[None]
    with torch.no_grad():
        weights = model.prior().log_mean_weights.double().exp().cpu().numpy()  # (K, 1)
    means, scales = (np.array(values)[:, None] for values in centres(model))
    return weights * np.exp(-0.5 * ((z - means) / scales) ** 2) / (scales * np.sqrt(2 * np.pi))


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
