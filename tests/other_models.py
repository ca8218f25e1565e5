"""Models that the package does not know: each a builder and a row, and nothing else.

The logistic-normal VAE has a code on the simplex without a stick; the other has a Student-t prior under a normal
posterior. Neither has a closed form of E_q[log p(z)]. The third is a mixture of several layers, whose components below
the first have means that are linear in the codes above.
"""

import math
from functools import partial

import torch
from torch import Tensor, nn
from torch.distributions import Normal, StudentT

from dlgmm_core.config import ModelConfig
from dlgmm_core.model.conditional import ConditionalHead
from dlgmm_core.model.latents import LatentDistribution, Latents
from dlgmm_core.model.layers import Head, LatentPart, Prior
from dlgmm_core.model.mixture_latents import MixtureLatent
from dlgmm_core.model.models import MODELS, ModelFamily
from dlgmm_core.model.networks import MixtureHead, MixturePrior, NormalHead, dirichlet_sticks
from dlgmm_core.model.normals import DiagonalNormals, gauss_hermite

DEGREES = 4.0


class LogisticNormalLatent(LatentDistribution):
    """z = softmax(y, 0) with y ~ N(loc, diag scale^2): Atchison & Shen (1980)."""

    def __init__(self, loc: Tensor, scale: Tensor) -> None:
        self.normal = Normal(loc, scale, validate_args=False)

    def stratified_rsample(self, shape: torch.Size = torch.Size()) -> Latents:
        base = self.normal.rsample(shape)
        code = _to_simplex(base)[None]
        return Latents(code, torch.zeros_like(code[..., 0]), base)

    def log_prob(self, latents: Latents) -> Tensor:
        """Of y, since the map to z is one to one and cancels in ratios."""
        assert isinstance(latents.base, Tensor)
        return self.normal.log_prob(latents.base).sum(-1)[None]

    def quadrature(self, order: int) -> tuple[Latents, Tensor]:
        """Of y, by Gauss-Hermite nodes."""
        noise, weights = gauss_hermite(order, self.normal.loc)
        base = self.normal.loc + self.normal.scale * noise[:, None]
        log_weights = torch.zeros_like(base[None, ..., 0])
        return Latents(_to_simplex(base)[None], log_weights, base), weights[:, None].expand_as(log_weights)

    @property
    def mean(self) -> Tensor:
        """Of z, to second order about the mean of y."""
        return _to_simplex(self.normal.loc / torch.sqrt(1 + math.pi / 8 * self.normal.variance))

    @property
    def weights(self) -> Tensor:
        return self.mean


def _to_simplex(y: Tensor) -> Tensor:
    return torch.softmax(torch.cat([y, torch.zeros_like(y[..., :1])], -1), -1)


class LogisticNormalPrior(Prior):
    """y ~ N(0, I)."""

    loc: Tensor

    def __init__(self, pieces: int) -> None:
        super().__init__()
        self.register_buffer("loc", torch.zeros(1, pieces - 1), persistent=False)

    def forward(self, context: Tensor | None = None) -> LogisticNormalLatent:
        return LogisticNormalLatent(self.loc, torch.ones_like(self.loc))


class LogisticNormalHead(Head):
    def __init__(self, in_features: int, pieces: int) -> None:
        super().__init__()
        self.linear = nn.Linear(in_features, 2 * (pieces - 1))

    def forward(self, features: Tensor, context: Tensor | None = None) -> LogisticNormalLatent:
        loc, log_scale = self.linear(features).to(self.linear.weight.dtype).chunk(2, -1)
        return LogisticNormalLatent(loc, log_scale.exp())


class StudentLatent(LatentDistribution):
    """Independent Student-t coordinates."""

    def __init__(self, loc: Tensor) -> None:
        self.student = StudentT(torch.full_like(loc, DEGREES), loc, validate_args=False)

    def stratified_rsample(self, shape: torch.Size = torch.Size()) -> Latents:
        code = self.student.rsample(shape)[None]
        return Latents(code, torch.zeros_like(code[..., 0]))

    def log_prob(self, latents: Latents) -> Tensor:
        return self.student.log_prob(latents.code).sum(-1)

    @property
    def mean(self) -> Tensor:
        return self.student.loc


class StudentPrior(Prior):
    loc: Tensor

    def __init__(self, code_dim: int) -> None:
        super().__init__()
        self.register_buffer("loc", torch.zeros(1, code_dim), persistent=False)

    def forward(self, context: Tensor | None = None) -> StudentLatent:
        return StudentLatent(self.loc)


def _logistic_normal_vae(config: ModelConfig) -> LatentPart:
    head = partial(LogisticNormalHead, pieces=config.code_dim)
    return LatentPart(LogisticNormalPrior(config.code_dim), head, config.code_dim, code_scale=config.code_dim)


def _student_vae(config: ModelConfig) -> LatentPart:
    return LatentPart(StudentPrior(config.code_dim), partial(NormalHead, code_dim=config.code_dim), config.code_dim)


OTHER_MODELS = {
    "logistic-normal-vae": ModelFamily(
        "Logistic-normal VAE",
        "#5f7a12",
        "A point of the simplex: softmax of normal variables.",
        _logistic_normal_vae,
        code_kind="simplex",
        smallest_code=2,
    ),
    "student-vae": ModelFamily(
        "Student-VAE", "#2f7a78", "Heavy tails: every number of the code has a Student-t distribution.", _student_vae
    ),
}


class LinearMixturePrior(MixturePrior):
    """Codes above (R, C) -> K unit normals (K, R, D), whose means are linear in these."""

    def __init__(self, config: ModelConfig, context_dim: int) -> None:
        k = config.num_components
        sticks = dirichlet_sticks(k, config.concentration)
        super().__init__(sticks, torch.zeros(k), torch.ones(k), config.code_dim)
        self.means = nn.Linear(context_dim, k * config.code_dim)

    def forward(self, context: Tensor | None = None) -> MixtureLatent:
        assert context is not None
        loc = self.means(context).unflatten(-1, (len(self.loc), -1)).movedim(1, 0)
        return MixtureLatent(self.sticks.beta(len(context)), DiagonalNormals(loc, torch.ones_like(loc)))


def _linear_below(config: ModelConfig, context_dim: int) -> LatentPart:
    prior = LinearMixturePrior(config, context_dim)
    head = partial(MixtureHead, prior=prior)
    reads = partial(ConditionalHead, context_dim=context_dim, hidden=config.hidden, head=head)
    return LatentPart(prior, reads, config.code_dim)


LAYERED = ModelFamily(
    "Linear mixture",
    "#2f7a78",
    "A mixture below a mixture, with means linear in the code above.",
    MODELS["dlgmm"].build,
    has_components=True,
    build_below=_linear_below,
)
