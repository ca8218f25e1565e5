r"""Paths through the stochastic layers of a model: one component of each layer, and a code drawn from each.

.. math:: p(x, z_1, \ldots, z_L) = p(x \mid z)\, \prod_l p(z_l \mid z_{<l}), \qquad
          q(z_1, \ldots, z_L \mid x) = \prod_l q(z_l \mid x, z_{<l})

The context of a layer is the codes of all layers above it. With a code from every component of every layer there are
P = K_1 K_2 ... K_L paths for each draw and image, as many as codes are decoded. To the next layer, all paths so far are
so many images: they are flattened into R = K_1 ... K_l S B rows, with the image as the last axis. Where only M of the
components go on (`dlgmm_core.model.strata`), there are as many fewer paths.

An expectation over paths is computed from the last layer to the first (`Paths.fold`): what a layer yields for each of
its rows takes the place of log p(x|z) in the layer above. One layer is the case L = 1.

Reference: Nalisnick, Hertel & Smyth (2016), section 2 (its last paragraph).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from dlgmm_core.model.latents import LatentDistribution, Latents
from dlgmm_core.model.strata import Strata

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
    """One layer of a set of paths. What several bounds and estimates need of it is computed once.

    Attributes:
        q, p: posterior and prior of the layer, over R rows: images at the first layer, below it all paths so far.
        latents: codes (K, *S, R, D); S = 1 below the first layer.
        strata: those of the K that paths go on from; None for all.
    """

    q: LatentDistribution
    p: LatentDistribution
    latents: Latents
    strata: Strata | None = None

    @cached_property
    def log_p(self) -> Tensor:
        """(K, *S, R), log p(z) of each code, given those above."""
        return self.p.log_prob(self.latents)

    @cached_property
    def log_q(self) -> Tensor:
        """(K, *S, R), log q(z|x) of each code, given those above."""
        return self.q.log_prob(self.latents)

    @cached_property
    def weights_kl(self) -> Tensor:
        """(R,), KL(q(v|x) || p(v)), nats; zero without sticks."""
        return self.q.weights_kl(self.p)

    @property
    def code(self) -> Tensor:
        """(K, *S, R, D), or (M, S, R, D): the codes that paths go on from."""
        return self.latents.code if self.strata is None else self.strata.of(self.latents.code)

    @property
    def shape(self) -> torch.Size:
        """(K, *S, R), or (M, S, R): the shape of their values."""
        return self.latents.code.shape[:-1] if self.strata is None else self.strata.index.shape

    def estimates(self, values: Tensor) -> Tensor:
        """(K, *S, R), values of all strata, from those that paths went on from."""
        return values if self.strata is None else self.strata.estimates(values)

    def log_estimates(self, values: Tensor) -> Tensor:
        """(K, *S, R), log values of all strata, from those that paths went on from."""
        return values if self.strata is None else self.strata.log_estimates(values)


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
            step: turns the values (K, *S, R) of the strata of one layer that paths go on from into one of each row,
                (*S, R); where paths do not branch, K = 1 and the axis may stay.
        """
        return step(self.layers[0], self.fold_below(values, step))

    def fold_below(self, values: Tensor, step: Callable[[LayerDraws, Tensor], Tensor]) -> Tensor:
        """(K, *S, B), as `fold`, but only up to the codes of the first layer."""
        for layer in reversed(self.layers[1:]):
            values = step(layer, values.reshape(layer.shape))
        return values.reshape(self.layers[0].shape)
