r"""One stochastic layer: a prior over codes, and a head that predicts their posterior.

.. math:: p(z \mid c), \qquad q(z \mid h, c)

with h the encoder's features of an image and c a *context*: any further input of a prior or a head, such as the
codes of the layers above, or the prior's parameters in a model that is amortised over them. The first layer of any
other model has none.

Reference: Nalisnick, Hertel & Smyth (2016), section 2 (its last paragraph: several layers).
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor, nn

from dlgmm_core.model.latents import LatentDistribution

__all__ = ["Head", "LatentPart", "Layer", "Prior"]


class Prior(nn.Module, ABC):
    """A network that returns the prior over codes."""

    @abstractmethod
    def forward(self, context: Tensor | None = None) -> LatentDistribution:
        """p(.|context), context (B, C); without one, the batch axis has length one."""


class Head(nn.Module, ABC):
    """A network that returns the posterior over codes."""

    @abstractmethod
    def forward(self, features: Tensor, context: Tensor | None = None) -> LatentDistribution:
        """q(.|features, context) from features (B, H) and, if there is one, context (B, C)."""


@dataclass(frozen=True)
class LatentPart:
    """What a builder in `dlgmm_core.model.models` returns: the part of a model between encoder and decoder.

    Attributes:
        prior: over codes.
        head: builds, from the number of features H, the head that reads them.
        code_dim: D, the size of a code.
        code_scale: the decoder's factor for codes, so that their coordinates are of order one.
    """

    prior: Prior
    head: Callable[[int], Head]
    code_dim: int
    code_scale: float = 1.0


class Layer(nn.Module):
    """A prior over codes (B, D), and the head that predicts their posterior."""

    prior: Prior
    head: Head

    def __init__(self, prior: Prior, head: Head, code_dim: int) -> None:
        super().__init__()
        self.prior, self.head, self.code_dim = prior, head, code_dim
