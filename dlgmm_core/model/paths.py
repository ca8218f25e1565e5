r"""Paths through the stochastic layers of a model: one component of each layer, and a code drawn from each.

.. math:: p(x, z_1, \dots, z_L) = p(x \mid z)\, \prod_l p(z_l \mid z_{<l}), \qquad
          q(z_1, \dots, z_L \mid x) = \prod_l q(z_l \mid x, z_{<l})

The context of a layer is the codes of all layers above it. With a code from every component of every layer there are
P = K_1 K_2 ... K_L paths for each draw and image, as many as codes are decoded. To the next layer, all paths so far are
so many images: they are flattened into R = K_1 ... K_l S B rows, with the image as the last axis.

An expectation over paths is computed from the last layer to the first (`Paths.fold`): what a layer yields for each of
its rows takes the place of log p(x|z) in the layer above. One layer is the case L = 1.

Reference: Nalisnick, Hertel & Smyth (2016), section 2 (its last paragraph).
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from dlgmm_core.model.latents import LatentDistribution, Latents

__all__ = ["Draw", "LayerDraws", "Paths", "every_component", "largest_component", "mean_code", "one_component"]

Draw = Callable[[LatentDistribution], Latents]
"""Codes (K, 1, R, D) from a distribution over R rows: how a path goes on."""


def every_component(q: LatentDistribution) -> Latents:
    """A draw from each of the K components."""
    return q.stratified_rsample(torch.Size([1]))


def one_component(q: LatentDistribution) -> Latents:
    """A draw from one component, chosen by E[pi]; K = 1."""
    return q.sample_components(q.allocate(1))


def mean_code(q: LatentDistribution) -> Latents:
    """The mean code; K = 1."""
    return _alone(q.mean)


def largest_component(q: LatentDistribution) -> Latents:
    """A draw from the component of the largest E[pi_k]; K = 1."""
    code = q.stratified_rsample().code
    largest = q.log_mean_weights.argmax(0)
    return _alone(code[largest, torch.arange(code.shape[1], device=code.device)])


def _alone(code: Tensor) -> Latents:
    """A single stratum of codes (R, D)."""
    code = code[None, None]
    return Latents(code, torch.zeros_like(code[..., 0]))


@dataclass(frozen=True)
class LayerDraws:
    """One layer of a set of paths.

    Attributes:
        q, p: posterior and prior of the layer, over R rows: images at the first layer, below it all paths so far.
        latents: codes (K, *S, R, D) that the paths go on from; S = 1 below the first layer.
    """

    q: LatentDistribution
    p: LatentDistribution
    latents: Latents


@dataclass(frozen=True)
class Paths:
    """P paths of each of S draws for B images.

    Attributes:
        layers: the draws of each layer, from the first to the last.
        code: (P, *S, B, C), the codes of all layers, one after the other.
    """

    layers: tuple[LayerDraws, ...]
    code: Tensor

    def responsibilities(self, layer: int) -> Tensor | None:
        """(J, P, *S, B): p(k|z) of the prior's components in one layer, from 0, for the codes of that layer and above.

        Only for paths that do not branch below that layer. None without components.
        """
        draws = self.layers[layer]
        found = draws.p.responsibilities(draws.latents.code)
        return None if found is None else found.reshape(-1, *self.code.shape[:-1])

    def fold(self, values: Tensor, step: Callable[[LayerDraws, Tensor], Tensor]) -> Tensor:
        """(*S, B), from values (P, *S, B) of every path.

        Args:
            values: of every path, for example log p(x|z).
            step: turns the values (K, *S, R) of one layer's strata into one of each row, (*S, R); where paths do not
                branch, K = 1 and the axis may stay.
        """
        return step(self.layers[0], self.fold_below(values, step))

    def fold_below(self, values: Tensor, step: Callable[[LayerDraws, Tensor], Tensor]) -> Tensor:
        """(K, *S, B), as `fold`, but only up to the codes of the first layer."""
        for layer in reversed(self.layers[1:]):
            values = step(layer, values.reshape(layer.latents.code.shape[:-1]))
        return values.reshape(self.layers[0].latents.code.shape[:-1])
