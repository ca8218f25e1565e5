"""A direct implementation of equation 1, with a loop over components and a loop over sticks.

The baseline for `dlgmm_core.model.objectives`; it uses a model's layers, so that both compute the same
matrix products. The KL divergence of the sticks is the ten-term series in common use.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional

from dlgmm_core.model.models import LatentVariableModel
from dlgmm_core.model.networks import MixtureHead, MixturePrior, NormalHead

TERMS = 10


def gauss_elbo(model: LatentVariableModel, x: Tensor) -> Tensor:
    """(B,), the ELBO of a Gauss-VAE, nats."""
    head = model.layer.head
    assert isinstance(head, NormalHead)
    loc, log_scale = head.linear(_features(model, x)).chunk(2, -1)
    z = loc + log_scale.exp() * torch.randn_like(loc)
    divergence = 0.5 * (loc**2 + (2 * log_scale).exp() - 1 - 2 * log_scale).sum(-1)
    return _log_likelihood(model, z, x) - divergence


def mixture_eq1(model: LatentVariableModel, x: Tensor) -> Tensor:
    """(B,), equation 1 of a mixture, nats."""
    head, prior = model.layer.head, model.layer.prior
    assert isinstance(head, MixtureHead)
    assert isinstance(prior, MixturePrior)
    features = _features(model, x)
    concentrations = head.sticks(features).exp()
    a, b = concentrations.chunk(2, -1)
    locs, log_scales = head.linear(features).chunk(2, -1)
    k, d = head.num_components, head.code_dim

    left, expected_left = torch.ones_like(x[:, 0]), torch.ones_like(x[:, 0])
    weights, expected = [], []
    divergence = torch.zeros_like(left)
    for stick in range(k - 1):
        a_k, b_k = a[:, stick], b[:, stick]
        v = (1 - torch.rand_like(a_k).clamp(0.01, 0.99) ** (1 / b_k)) ** (1 / a_k)
        mean = b_k * torch.exp(torch.lgamma(1 + 1 / a_k) + torch.lgamma(b_k) - torch.lgamma(1 + 1 / a_k + b_k))
        weights.append(left * v)
        expected.append(expected_left * mean)
        left, expected_left = left * (1 - v), expected_left * (1 - mean)
        alpha, beta = prior.sticks.concentration1[0, stick], prior.sticks.concentration0[0, stick]
        divergence = divergence + _stick_divergence(a_k, b_k, alpha, beta)
    weights.append(left)
    expected.append(expected_left)

    bound, densities = -divergence, []
    for component in range(k):
        part = slice(component * d, (component + 1) * d)
        loc, scale = locs[:, part], log_scales[:, part].exp()
        z = loc + scale * torch.randn_like(loc)
        m, s = prior.loc[component], prior.log_scale[component].exp()
        cross = -0.5 * (((loc - m) ** 2 + scale**2) / s**2 + 2 * s.log() + math.log(2 * math.pi)).sum(-1)
        bound = bound + expected[component] * (_log_likelihood(model, z, x) + cross)
        density = -0.5 * (((z - loc) / scale) ** 2 + 2 * scale.log() + math.log(2 * math.pi)).sum(-1)
        densities.append(torch.log(weights[component] + 1e-10) + density)
    return bound - torch.logsumexp(torch.stack(densities), 0)


def _features(model: LatentVariableModel, x: Tensor) -> Tensor:
    features: Tensor = model.encoder(x)
    return features


def _log_likelihood(model: LatentVariableModel, z: Tensor, x: Tensor) -> Tensor:
    logits = model.decoder(z).logits
    return -functional.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(-1)


def _stick_divergence(a: Tensor, b: Tensor, alpha: Tensor, beta: Tensor) -> Tensor:
    """KL(Kumaraswamy(a, b) || Beta(alpha, beta)), (B,)."""
    series = torch.zeros_like(a)
    for m in range(1, TERMS + 1):
        series = series + torch.exp(torch.lgamma(m / a) + torch.lgamma(b) - torch.lgamma(m / a + b)) / (m + a * b)
    log_beta = torch.lgamma(alpha) + torch.lgamma(beta) - torch.lgamma(alpha + beta)
    return (
        (a - alpha) / a * (-0.57721566 - torch.digamma(b) - 1 / b)
        + torch.log(a * b)
        + log_beta
        - (b - 1) / b
        + (beta - 1) * b * series
    )
