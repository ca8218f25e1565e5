"""The density of one coordinate of a code under the prior: a curve that a page can draw of any real code.

A mixture has a curve for each component. Of any other prior no more is known than its density at a code, so the other
coordinates stay at their mean, which is the marginal density wherever coordinates are independent.
"""

import numpy as np
import torch
from numpy.typing import NDArray

from dlgmm_core.analysis.generation import centres
from dlgmm_core.model.latents import Latents
from dlgmm_core.model.models import LatentVariableModel, family_of
from dlgmm_core.runtime.device import device_of

__all__ = ["coordinate_densities"]

REACH, NODES = 1e4, 4001  # of the quadrature, whose nodes lie close together near the mean


def coordinate_densities(model: LatentVariableModel, z: NDArray[np.float64]) -> NDArray[np.float64]:
    """(K, N) what each component, by its mean weight, adds to the density of a coordinate at z (N,); K = 1 without any.

    Where components are learnt and coordinates differ, this is the coordinate of `centres`.
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
    """(N,), up to a constant."""
    with torch.no_grad():
        prior = model.prior()
        codes = prior.mean.double().repeat(len(z), 1)  # (N, D)
        codes[:, 0] = torch.from_numpy(z).to(device_of(model))
        codes = codes.to(prior.mean.dtype)[None, :, None]  # (K = 1, N, B = 1, D)
        found = prior.log_prob(Latents(codes, torch.zeros_like(codes[..., 0])))
    log_density: NDArray[np.float64] = found[0, :, 0].double().cpu().numpy()
    return log_density
