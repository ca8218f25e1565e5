"""Networks that return distributions: the priors of the four models, and the heads of their posteriors.

A head maps the encoder's features to the posterior q(.|x). Its biases are initialised to the prior's parameters, so
that the two are alike when training starts: Kumaraswamy(1, b) is Beta(1, b). Below a = 1 the families differ: with
K = 10 and alpha = .05 the divergence starts at 3 nats.

Reference: Nalisnick, Hertel & Smyth (2016), section 2.
"""

import math
import warnings

import torch
from torch import Tensor, nn

from dlgmm_core.model.distributions import Beta, Kumaraswamy
from dlgmm_core.model.functional import soft_bound
from dlgmm_core.model.latents import NormalLatent
from dlgmm_core.model.layers import Head, Prior
from dlgmm_core.model.mixture_latents import MixtureLatent
from dlgmm_core.model.normals import DiagonalNormals, FullNormals, Normals
from dlgmm_core.model.stick_latents import SticksLatent

__all__ = [
    "MAX_LOG_SCALE",
    "MixtureHead",
    "MixturePrior",
    "NormalHead",
    "NormalPrior",
    "SticksHead",
    "SticksPrior",
    "dirichlet_sticks",
    "full_precision",
    "process_sticks",
    "scale_of",
]

MAX_LOG_CONCENTRATION = 6.0  # of log a and log b of mixture weights: E[v] reaches 0 and 1 to within 1e-5
# Where the pieces are the code, it must be precise: v = .49 +- .02 is Kumaraswamy(29, e^20).
MAX_LOG_CONCENTRATION_OF_CODE = 20.0
# Of scales in layers below the first, whose networks read codes: those that a component of hardly any weight draws may
# lie so far from all others that a scale would be zero or infinite.
MAX_LOG_SCALE = 7.0


def full_precision(layer: nn.Linear, x: Tensor) -> Tensor:
    """layer(x) in the type of the layer's weights, even where autocast uses a lower precision."""
    output: Tensor = layer(x)
    return output.to(layer.weight.dtype)


def scale_of(log_scale: Tensor, limit: float = MAX_LOG_SCALE) -> Tensor:
    """exp(log_scale), between e^-limit and e^limit."""
    return (log_scale.clamp(-limit, limit) if limit < math.inf else log_scale).exp()


def _sticks_layer(in_features: int, prior: "SticksPrior") -> nn.Linear:
    """Features (B, H) -> log a and log b of Kumaraswamy fractions, (B, 2 (T-1)), initially near the prior's."""
    start = torch.cat([prior.concentration1, prior.concentration0], -1).squeeze(0).log()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Initializing zero-element")  # one component has no stick
        layer = nn.Linear(in_features, start.numel())
    with torch.no_grad():
        layer.bias.copy_(start)
    return layer


def _kumaraswamy(parameters: Tensor, limit: float, pieces: Tensor | None = None) -> Kumaraswamy:
    """The posterior (B, T-1) of the fractions from (B, 2 (T-1)), with log a and log b in (-limit, limit)."""
    log_a, log_b = soft_bound(parameters, limit).chunk(2, -1)
    return Kumaraswamy(log_a, log_b, pieces)


class NormalPrior(Prior):
    """z ~ N(0, I)."""

    loc: Tensor
    scale: Tensor

    def __init__(self, code_dim: int) -> None:
        super().__init__()
        self.register_buffer("loc", torch.zeros(1, code_dim), persistent=False)
        self.register_buffer("scale", torch.ones(1, code_dim), persistent=False)

    def forward(self, context: Tensor | None = None) -> NormalLatent:
        """The prior, with a batch axis of length one."""
        return NormalLatent(self.loc, self.scale)


class SticksPrior(Prior):
    """v_k ~ Beta(concentration1_k, concentration0_k), independent."""

    concentration1: Tensor
    concentration0: Tensor

    def __init__(self, concentration1: Tensor, concentration0: Tensor) -> None:
        """Both of shape (T-1,)."""
        super().__init__()
        self.register_buffer("concentration1", concentration1[None], persistent=False)
        self.register_buffer("concentration0", concentration0[None], persistent=False)

    def beta(self, rows: int = 1) -> Beta:
        """The fractions' prior, of batch shape (rows, T-1)."""
        return Beta(self.concentration1.expand(rows, -1), self.concentration0.expand(rows, -1))

    def forward(self, context: Tensor | None = None) -> SticksLatent:
        """The prior over simplex points, with a batch axis of length one."""
        return SticksLatent(self.beta())


def process_sticks(pieces: int, concentration: float) -> SticksPrior:
    """v_k ~ Beta(1, alpha_0): the weights of a Dirichlet process, truncated to `pieces`."""
    return SticksPrior(torch.ones(pieces - 1), torch.full((pieces - 1,), float(concentration)))


def dirichlet_sticks(pieces: int, concentration: float) -> SticksPrior:
    """v_k ~ Beta(alpha, (K - k) alpha), so that pi ~ Dirichlet(alpha, ..., alpha)."""
    pieces_left = torch.arange(pieces - 1, 0, -1, dtype=torch.float32)
    return SticksPrior(torch.full((pieces - 1,), float(concentration)), concentration * pieces_left)


class MixturePrior(Prior):
    """z given pi ~ sum_k pi_k N_k(z), with pi from a `SticksPrior` and every N_k initially N(m_k 1, s_k^2 I).

    "fixed" components are not trained. "diagonal" ones learn a mean and a scale of every coordinate, "full" ones a
    mean and a covariance matrix. Learnt components should start at different means: if they start identical, only
    the encoder's random initialisation distinguishes them.
    """

    loc: Tensor
    log_scale: Tensor

    def __init__(
        self, sticks: SticksPrior, means: Tensor, scales: Tensor, code_dim: int, components: str = "fixed"
    ) -> None:
        """means and scales: (K,). components: "fixed", "diagonal" or "full"."""
        super().__init__()
        self.sticks = sticks
        loc, log_scale = (v[:, None, None].repeat(1, 1, code_dim) for v in (means, scales.log()))
        if components == "fixed":
            self.register_buffer("loc", loc, persistent=False)
            self.register_buffer("log_scale", log_scale, persistent=False)
        else:
            self.loc = nn.Parameter(loc + 0.5 * log_scale.exp() * torch.randn_like(loc))
            self.log_scale = nn.Parameter(log_scale)
        # entries below the diagonal of the precisions' Cholesky factors; the diagonals are e^-log_scale
        self.lower = nn.Parameter(torch.zeros(len(means), 1, code_dim, code_dim)) if components == "full" else None

    def normals(self) -> Normals:
        """The components, with a batch axis of length one."""
        if self.lower is None:
            return DiagonalNormals(self.loc, self.log_scale.exp())
        return FullNormals(self.loc, self.lower.tril(-1) + torch.diag_embed(torch.exp(-self.log_scale)))

    def forward(self, context: Tensor | None = None) -> MixtureLatent:
        """The prior, with a batch axis of length one."""
        return MixtureLatent(self.sticks.beta(), self.normals())


class NormalHead(Head):
    """Features (B, H) -> a diagonal normal over codes (B, D)."""

    def __init__(self, in_features: int, code_dim: int, max_log_scale: float = math.inf) -> None:
        super().__init__()
        self.max_log_scale = max_log_scale
        self.linear = nn.Linear(in_features, 2 * code_dim)

    def forward(self, features: Tensor, context: Tensor | None = None) -> NormalLatent:
        """q(z|x)."""
        loc, log_scale = full_precision(self.linear, features).chunk(2, -1)
        return NormalLatent(loc, scale_of(log_scale, self.max_log_scale))


class SticksHead(Head):
    """Features (B, H) -> a stick-breaking posterior over the simplex (B, T)."""

    def __init__(self, in_features: int, prior: SticksPrior) -> None:
        super().__init__()
        self.linear = _sticks_layer(in_features, prior)

    def forward(self, features: Tensor, context: Tensor | None = None) -> SticksLatent:
        """q(pi|x)."""
        return SticksLatent(_kumaraswamy(full_precision(self.linear, features), MAX_LOG_CONCENTRATION_OF_CODE))


class MixtureHead(Head):
    """Features (B, H) -> sticks (B, K-1) and K diagonal normals (K, B, D).

    Attributes:
        pieces: (K,), which piece of the stick is the weight of each component; None for their own order.
    """

    def __init__(self, in_features: int, prior: MixturePrior, max_log_scale: float = math.inf) -> None:
        super().__init__()
        self.max_log_scale = max_log_scale
        self.sticks = _sticks_layer(in_features, prior.sticks)
        self.num_components, _, self.code_dim = prior.loc.shape
        self.linear = nn.Linear(in_features, 2 * self.num_components * self.code_dim)
        with torch.no_grad():
            self.linear.bias.add_(torch.cat([prior.loc.flatten(), prior.log_scale.flatten()]))
        self.pieces: Tensor | None = None

    def forward(self, features: Tensor, context: Tensor | None = None) -> MixtureLatent:
        """q(v|x) and q(z|v, x)."""
        return self.posterior(full_precision(self.sticks, features), *self.components(features))

    def components(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Means and log scales, (K, B, D) each."""
        # (B, 2KD) -> (2, K, B, D)
        parameters = full_precision(self.linear, features).unflatten(-1, (2, self.num_components, self.code_dim))
        loc, log_scale = parameters.movedim(0, 2)
        return loc, log_scale

    def posterior(self, sticks: Tensor, loc: Tensor, log_scale: Tensor) -> MixtureLatent:
        """The mixture with log a and log b of sticks (B, 2 (K-1)), means and log scales of components (K, B, D)."""
        fractions = _kumaraswamy(sticks, MAX_LOG_CONCENTRATION, self.pieces)
        return MixtureLatent(fractions, DiagonalNormals(loc, scale_of(log_scale, self.max_log_scale)))
