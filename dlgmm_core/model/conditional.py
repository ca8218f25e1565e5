r"""Priors and heads of the layers below the first, which read the codes of the layers above, their context c.

.. math:: p(z_l \mid c) = \sum_k E[\pi_k]\, N(z_l; m_k(c), \mathrm{diag}\, s_k^2(c)), \qquad q(z_l \mid h(x), c)

Means and scales of the prior's components are computed by a network with one deterministic ReLU layer; the weights have
the same prior as in a model of one layer. A head reads the features h(x) and the context through such a layer, too.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from dlgmm_core.model.bodies import dense_layers
from dlgmm_core.model.latents import LatentDistribution, NormalLatent
from dlgmm_core.model.layers import Head, Prior
from dlgmm_core.model.mixture_latents import MixtureLatent
from dlgmm_core.model.networks import MixturePrior, SticksPrior, full_precision, scale_of
from dlgmm_core.model.normals import DiagonalNormals

__all__ = ["ConditionalHead", "ConditionalMixturePrior", "ConditionalNormalPrior"]


class ConditionalNormalPrior(Prior):
    """Context (R, C) -> a diagonal normal over codes (R, D)."""

    def __init__(self, code_dim: int, context_dim: int, hidden: int) -> None:
        super().__init__()
        self.hidden = dense_layers(context_dim, hidden)
        self.linear = nn.Linear(hidden, 2 * code_dim)

    def forward(self, context: Tensor | None = None) -> NormalLatent:
        """p(z|context)."""
        assert context is not None
        loc, log_scale = full_precision(self.linear, self.hidden(context)).chunk(2, -1)
        return NormalLatent(loc, scale_of(log_scale))


class ConditionalMixturePrior(MixturePrior):
    """Context (R, C) -> K diagonal normals over codes (K, R, D), with weights of the sticks' prior."""

    def __init__(self, sticks: SticksPrior, num_components: int, code_dim: int, context_dim: int, hidden: int) -> None:
        super().__init__(sticks, torch.zeros(num_components), torch.ones(num_components), code_dim)
        self.hidden = dense_layers(context_dim, hidden)
        self.linear = nn.Linear(hidden, 2 * num_components * code_dim)

    def forward(self, context: Tensor | None = None) -> MixtureLatent:
        """p(z|context)."""
        assert context is not None
        # (R, 2KD) -> (2, K, R, D), relative to a standard normal
        parameters = full_precision(self.linear, self.hidden(context))
        loc, log_scale = parameters.unflatten(-1, (2, len(self.loc), self.loc.shape[-1])).movedim(0, 2)
        return MixtureLatent(self.sticks.beta(len(context)), DiagonalNormals(loc, scale_of(log_scale)))


class ConditionalHead(Head):
    """A deterministic ReLU layer over the features of an image and a context, then a head."""

    def __init__(self, in_features: int, context_dim: int, hidden: int, head: Callable[[int], Head]) -> None:
        """head: builds the head over the layer's `hidden` units."""
        super().__init__()
        self.features = nn.Linear(in_features, hidden)
        self.context = nn.Linear(context_dim, hidden, bias=False)
        self.head = head(hidden)

    def forward(self, features: Tensor, context: Tensor | None = None) -> LatentDistribution:
        """q(z|features, context) of R rows: features (B, H) of images, and contexts (R, C) of R / B paths for each."""
        assert context is not None
        # the image is the last axis of rows, so that its features are multiplied once for all of its paths
        by_path = self.context(context).unflatten(0, (-1, len(features)))
        units = torch.relu(by_path + self.features(features)).flatten(0, 1)
        distribution: LatentDistribution = self.head(units)
        return distribution
