"""Networks that return distributions: encoder heads, priors and the Bernoulli decoder.

"500d" in the paper is one deterministic ReLU layer of 500 units, in the encoder and the decoder
alike. A head maps the encoder's features to the posterior q(.|x). Its biases start at the prior, so
that training begins with a divergence near zero: Kumaraswamy(1, b) is exactly Beta(1, b).
"""

import torch
from torch import Tensor, nn

from dlgmm_core.model.distributions import Beta, Kumaraswamy
from dlgmm_core.model.functional import bernoulli_log_prob, soft_bound
from dlgmm_core.model.latents import MixtureLatent, NormalLatent, SticksLatent

__all__ = [
    "BernoulliDecoder",
    "BernoulliLikelihood",
    "MixtureHead",
    "MixturePrior",
    "NormalHead",
    "NormalPrior",
    "SticksHead",
    "SticksPrior",
    "hidden_layer",
]

MAX_LOG_CONCENTRATION = 6.0  # of log a and log b where sticks weigh components: E[v] reaches e^-6 and 1 - e^-6
# Where the pieces are the code they must be told exactly: v = .5 +- .03 is Kumaraswamy(29, e^20).
MAX_LOG_CONCENTRATION_OF_CODE = 20.0


def hidden_layer(in_features: int, out_features: int, activation: str = "relu") -> nn.Sequential:
    """The paper's deterministic layer: affine, then ReLU or, if "linear", nothing."""
    layer = nn.Linear(in_features, out_features)
    return nn.Sequential(layer, nn.ReLU(inplace=True)) if activation == "relu" else nn.Sequential(layer)


def _full_precision(layer: nn.Linear, x: Tensor) -> Tensor:
    """layer(x) in the type of the layer's weights, also where its product is taken in a shorter one."""
    output: Tensor = layer(x)
    return output.to(layer.weight.dtype)


class NormalPrior(nn.Module):
    """z ~ N(0, I)."""

    loc: Tensor
    scale: Tensor

    def __init__(self, code_dim: int) -> None:
        super().__init__()
        self.register_buffer("loc", torch.zeros(1, code_dim), persistent=False)
        self.register_buffer("scale", torch.ones(1, code_dim), persistent=False)

    def forward(self) -> NormalLatent:
        """The prior, with a batch axis of length one."""
        return NormalLatent(self.loc, self.scale)


class SticksPrior(nn.Module):
    """v_k ~ Beta(concentration1_k, concentration0_k), independent."""

    concentration1: Tensor
    concentration0: Tensor

    def __init__(self, concentration1: Tensor, concentration0: Tensor) -> None:
        """Both of shape (T-1,)."""
        super().__init__()
        self.register_buffer("concentration1", concentration1[None], persistent=False)
        self.register_buffer("concentration0", concentration0[None], persistent=False)

    def beta(self) -> Beta:
        """The fractions' prior, of batch shape (1, T-1)."""
        return Beta(self.concentration1, self.concentration0)

    def forward(self) -> SticksLatent:
        """The prior over simplex points, with a batch axis of length one."""
        return SticksLatent(self.beta())


class MixturePrior(nn.Module):
    """z given pi ~ sum_k pi_k N(m_k 1, s_k^2 I), with pi from a `SticksPrior`.

    Where it is learnt, every coordinate has a mean and a scale of its own, and the components start apart: alike,
    they would be told apart by the encoder's noise alone.
    """

    loc: Tensor
    log_scale: Tensor

    def __init__(
        self, sticks: SticksPrior, means: Tensor, scales: Tensor, code_dim: int, learned: bool = False
    ) -> None:
        """means and scales: (K,)."""
        super().__init__()
        self.sticks = sticks
        loc, log_scale = (v[:, None, None].repeat(1, 1, code_dim) for v in (means, scales.log()))
        if learned:
            self.loc = nn.Parameter(loc + 0.5 * log_scale.exp() * torch.randn_like(loc))
            self.log_scale = nn.Parameter(log_scale)
        else:
            self.register_buffer("loc", loc, persistent=False)
            self.register_buffer("log_scale", log_scale, persistent=False)

    def forward(self) -> MixtureLatent:
        """The prior, with a batch axis of length one."""
        return MixtureLatent(self.sticks.beta(), self.loc, self.log_scale.exp())


class KumaraswamyHead(nn.Module):
    """Features (B, H) -> Kumaraswamy fractions (B, T-1), at first near the prior."""

    limit = MAX_LOG_CONCENTRATION

    def __init__(self, hidden: int, prior: SticksPrior) -> None:
        super().__init__()
        start = torch.cat([prior.concentration1, prior.concentration0], -1).squeeze(0).log()
        self.linear = nn.Linear(hidden, start.numel())
        with torch.no_grad():
            self.linear.bias.copy_(start)

    def forward(self, features: Tensor) -> Kumaraswamy:
        """The posterior of the fractions."""
        return Kumaraswamy(*soft_bound(_full_precision(self.linear, features), self.limit).chunk(2, -1))


class NormalHead(nn.Module):
    """Features (B, H) -> a diagonal normal over codes (B, D)."""

    def __init__(self, hidden: int, code_dim: int) -> None:
        super().__init__()
        self.linear = nn.Linear(hidden, 2 * code_dim)

    def forward(self, features: Tensor) -> NormalLatent:
        """q(z|x)."""
        loc, log_scale = _full_precision(self.linear, features).chunk(2, -1)
        return NormalLatent(loc, log_scale.exp())


class SticksHead(KumaraswamyHead):
    """Features (B, H) -> a stick-breaking posterior over the simplex (B, T)."""

    limit = MAX_LOG_CONCENTRATION_OF_CODE

    def forward(self, features: Tensor) -> SticksLatent:  # type: ignore[override]
        """q(pi|x)."""
        return SticksLatent(super().forward(features))


class MixtureHead(nn.Module):
    """Features (B, H) -> sticks (B, K-1) and K diagonal normals (K, B, D)."""

    def __init__(self, hidden: int, prior: MixturePrior) -> None:
        super().__init__()
        self.sticks = KumaraswamyHead(hidden, prior.sticks)
        self.num_components, _, self.code_dim = prior.loc.shape
        self.linear = nn.Linear(hidden, 2 * self.num_components * self.code_dim)
        with torch.no_grad():
            self.linear.bias.add_(torch.cat([prior.loc.flatten(), prior.log_scale.flatten()]))

    def forward(self, features: Tensor) -> MixtureLatent:
        """q(v|x) and q(z|v, x)."""
        # (B, 2KD) -> (2, K, B, D)
        parameters = _full_precision(self.linear, features).unflatten(-1, (2, self.num_components, self.code_dim))
        loc, log_scale = parameters.movedim(0, 2)
        return MixtureLatent(self.sticks(features), loc, log_scale.exp())


class BernoulliLikelihood:
    """p(x|z) of binary images: one independent Bernoulli a pixel."""

    def __init__(self, logits: Tensor) -> None:
        """logits: (*batch, X), log odds of ink."""
        self.logits = logits

    @property
    def probs(self) -> Tensor:
        """(*batch, X), probability of ink in every pixel."""
        return torch.sigmoid(self.logits)

    def log_prob(self, x: Tensor) -> Tensor:
        """(*batch), log p(x|z) in nats; x of zeros and ones (B, X) broadcasts."""
        return bernoulli_log_prob(self.logits, x)


class BernoulliDecoder(nn.Module):
    """Codes (*batch, D) -> p(x|z); all codes of a batch go through one matrix product."""

    def __init__(self, code_dim: int, hidden: int, data_dim: int, code_scale: float = 1.0) -> None:
        """code_scale multiplies the code, so that its coordinates are of order one."""
        super().__init__()
        self.code_scale = code_scale
        self.hidden = hidden_layer(code_dim, hidden)
        self.logits = nn.Linear(hidden, data_dim)

    def forward(self, code: Tensor) -> BernoulliLikelihood:
        """The likelihood given each code."""
        # strata of several draws lie crosswise in memory, where a layer would multiply them one by one
        rows = (self.code_scale * code).reshape(-1, code.shape[-1])
        logits = _full_precision(self.logits, self.hidden(rows))
        return BernoulliLikelihood(logits.reshape(*code.shape[:-1], logits.shape[-1]))

    @torch.no_grad()
    def start_at(self, ink: Tensor) -> None:
        """Sets the output's bias so that a code of no influence decodes to `ink` (X,), probabilities in (0, 1)."""
        self.logits.bias.copy_(torch.logit(ink))
